package modelfile

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"

	"vizserver/internal/fault"
)

// Format is a kind of model file.
type Format string

// The formats that can be read.
const (
	Safetensors Format = "safetensors"
	PyTorch     Format = "pytorch" // zip of a pickle and its storages; the older forms are refused by the same reader
	ONNX        Format = "onnx"
	Keras       Format = "keras" // .keras, and .h5
	Caffe       Format = "caffe"
	Bundle      Format = "bundle" // our own: a safetensors file with the graph in it
)

// sniffed is how much of a file tells what it is.
const sniffed = 512

var (
	zipMagic = []byte("PK\x03\x04")
	hdfMagic = []byte("\x89HDF\r\n\x1a\n")
)

// sniff tells the format from the first bytes. Protobuf has no mark of its own: there the
// file's name helps.
func sniff(head []byte, path string) (Format, error) {
	switch {
	case bytes.HasPrefix(head, zipMagic) && kerasMember(head):
		return Keras, nil
	case bytes.HasPrefix(head, zipMagic), isPickle(head), isTar(head):
		return PyTorch, nil
	case bytes.HasPrefix(head, hdfMagic):
		return Keras, nil
	case isSafetensors(head):
		return Safetensors, nil
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".pth", ext == ".pt": // also an empty one: its reader says how to save it
		return PyTorch, nil
	case len(head) == 0:
	case ext == ".onnx":
		return ONNX, nil
	case ext == ".caffemodel":
		return Caffe, nil
	case ext == ".bin" && head[0] == 0x80:
		return PyTorch, nil
	case ext == ".h5", ext == ".hdf5", ext == ".keras":
		return Keras, nil
	case ext == ".safetensors":
		return Safetensors, nil
	case head[0] == 0x08 && len(head) > 2 && head[2] == 0x12: // ir_version, then producer_name
		return ONNX, nil
	case head[0] == 0x0a && len(head) > 1 && int(head[1]) < len(head): // the net's name
		return Caffe, nil
	}
	if len(head) == 0 {
		return "", fault.New(fault.Unprocessable, "the file is empty").WithHint("copy or download it again, or export the model again")
	}
	return "", fault.New(fault.Unprocessable, "this is not a model file that we know").
		WithHint("known are ONNX (.onnx), safetensors, PyTorch (.pth, .pt), Keras (.keras, .h5) and Caffe (.caffemodel)")
}

// kerasMember says whether the zip's first member is one of Keras: its name stands 30 bytes in.
func kerasMember(head []byte) bool {
	if len(head) < 30 {
		return false
	}
	n := int(binary.LittleEndian.Uint16(head[26:]))
	name := string(head[30:min(len(head), 30+n)])
	return name == "metadata.json" || name == "config.json" || name == "model.weights.h5"
}

// isPickle recognises PROTO 2…5, how torch wrote files before the zip.
func isPickle(head []byte) bool {
	return len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5
}

func isTar(head []byte) bool {
	return len(head) > 262 && bytes.HasPrefix(head[257:], []byte("ustar"))
}

// isSafetensors looks at the length of the header and its first byte.
func isSafetensors(head []byte) bool {
	return len(head) > 8 && binary.LittleEndian.Uint64(head) < 1<<32 && head[8] == '{'
}
