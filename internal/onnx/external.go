package onnx

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
)

// external reads the size bytes of a tensor from the other file that it names. That file must lie
// in the model's own folder and be an ordinary one: p.dir keeps every path inside, and symbolic
// links and files with a second name are refused as the ONNX checker does, for they may stand for
// something outside.
func (p *parser) external(t *onnxpb.TensorProto, where string, size int64) ([]byte, error) {
	if len(t.GetRawData()) > 0 {
		return nil, damaged("%s has its values twice: here and in another file", where)
	}
	ref, err := externalRef(t.GetExternalData(), where)
	if err != nil {
		return nil, err
	}
	if p.dir == nil {
		return nil, fault.New(fault.Unprocessable, "%s lies in another file, %s, and only the model's own file is here", where, show(ref.location)).
			WithHint("save the model in one file (onnx.save with save_as_external_data=False), or open it from its folder with the vizserver command")
	}
	f, err := p.openExternal(ref.location, where)
	if err != nil {
		return nil, err
	}
	switch rest := f.size - ref.offset; {
	case rest < 0 || ref.length > rest:
		return nil, damaged("%s lies at byte %d of %s, which has %d bytes: outside of the file", where, ref.offset, show(ref.location), f.size)
	case ref.length < 0:
		ref.length = rest
	}
	if ref.length != size {
		return nil, damaged("%s takes %d bytes, and %d of %s belong to it", where, size, ref.length, show(ref.location))
	}
	if p.externalBytes += size; p.externalBytes > maxExternal {
		return nil, tooLarge("%s: the tensors in other files have more than %d bytes together", where, maxExternal)
	}
	raw := make([]byte, size)
	if _, err := f.ReadAt(raw, ref.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, damaged("%s cannot be read from %s", where, show(ref.location)).WithCause(err)
	}
	return raw, nil
}

// externalPlace is where a tensor's bytes are; length is −1 where they go on to the file's end.
type externalPlace struct {
	location       string
	offset, length int64
}

func externalRef(entries []*onnxpb.StringStringEntryProto, where string) (externalPlace, error) {
	ref := externalPlace{length: -1}
	seen := map[string]bool{}
	for _, e := range entries {
		key, value := e.GetKey(), e.GetValue()
		if seen[key] {
			return ref, damaged("%s: its external_data has %s twice", where, show(key))
		}
		seen[key] = true
		var err error
		switch key {
		case "location":
			ref.location = value
		case "offset":
			ref.offset, err = strconv.ParseInt(value, 10, 64)
		case "length":
			ref.length, err = strconv.ParseInt(value, 10, 64)
		case "checksum": // SHA-1 of the whole file; optional and rarely written
		default:
			return ref, damaged("%s: its external_data has the unknown key %s", where, show(key))
		}
		if err != nil || ref.offset < 0 || key == "length" && ref.length < 0 {
			return ref, damaged("%s: its external_data has %s as %s, want a whole number ≥ 0", where, show(value), key)
		}
	}
	return ref, checkLocation(ref.location, where)
}

// checkLocation refuses every path but a plain relative one, by the rules of all systems at once:
// a model that was made on one must not behave otherwise on another.
func checkLocation(location, where string) error {
	bad := location == "" || len(location) > maxName || strings.ContainsAny(location, "\\:\x00") ||
		path.IsAbs(location) || path.Clean(location) == "." ||
		slices.Contains(strings.Split(location, "/"), "..")
	if bad {
		return outside(location, where)
	}
	return nil
}

func outside(location, where string) *fault.Error {
	return fault.New(fault.Unprocessable, "%s lies in %s, which is outside the model's folder or no ordinary file in it", where, show(location)).
		WithHint("external data must be an ordinary file in the folder of the model, without symbolic or hard links")
}

// externalFile is an opened file of tensors.
type externalFile struct {
	*os.File
	name string
	size int64
}

// openExternal opens the file, or returns the one of the tensor before: mostly all are in one.
func (p *parser) openExternal(location, where string) (*externalFile, error) {
	name := path.Clean(location)
	if p.file != nil && p.file.name == name {
		return p.file, nil
	}
	p.closeExternal()
	before, err := p.dir.Lstat(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Unprocessable, "%s lies in %s, and there is no such file in the model's folder", where, show(location)).
				WithHint("put the file beside the model, or save the model in one file").WithCause(err)
		}
		return nil, outside(location, where).WithCause(err)
	}
	if !before.Mode().IsRegular() { // a symbolic link, a folder; a FIFO would block the opening
		return nil, outside(location, where)
	}
	f, err := p.dir.OpenFile(name, openFlags, 0)
	if err != nil {
		return nil, outside(location, where).WithCause(err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || links(f, info) > 1 {
		_ = f.Close() // it was only opened
		return nil, outside(location, where).WithCause(err)
	}
	p.file = &externalFile{File: f, name: name, size: info.Size()}
	return p.file, nil
}

func (p *parser) closeExternal() {
	if p.file != nil {
		_ = p.file.Close() // it was only read
		p.file = nil
	}
}
