package caffe

import (
	"bytes"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/wire"
)

// Options are what a file may leave open. The zero value asks for what the file says.
type Options struct {
	// Input is the size of the input, N×C×H×W; zero: as in the file. A model that was saved
	// in training says only the side of its crop, or nothing.
	Input [4]int
}

// Limits above every net of the Caffe model zoo (ResNet-152 has 516 layers).
const (
	maxLayers = 20_000
	maxBytes  = 1<<31 - 1 // of protocol buffers themselves
	maxName   = 512       // bytes of a layer's or blob's name
	maxSize   = 1 << 20   // of a kernel, stride, padding or dilation
)

// limits on the parts of a file, before it is decoded. A layer has some ten messages and names.
var limits = wire.Limits{
	Depth: 8, Messages: 20 * maxLayers, Values: 20 * maxLayers, Packed: 20 * maxLayers,
	Of: map[string]int{"NetParameter.layer": maxLayers, "NetParameter.layers": maxLayers},
}

// Read reads a model. The weights of layers that store float are not copied again: they lie
// in memory that the draft owns. b is not kept.
//
// Kinds of errors: fault.Unprocessable for damaged files and nets without sense,
// fault.Unsupported for layers that cannot be run (all named at once), fault.TooLarge.
func Read(b []byte, o Options) (*draft.Net, error) {
	net, err := parse(b)
	if err != nil {
		return nil, err
	}
	layers, err := list(net)
	if err != nil {
		return nil, err
	}
	w, err := connect(net, layers)
	if err != nil {
		return nil, err
	}
	shape, rank, err := w.inputShape(net, o)
	if err != nil {
		return nil, err
	}
	d, err := convert(w, clean(net.GetName()), shape, rank)
	if err != nil {
		return nil, err
	}
	d.Image = w.photo(shape)
	return d, nil
}

// parse decodes the message and demands that it is a net.
func parse(b []byte) (*caffepb.NetParameter, error) {
	if len(b) > maxBytes {
		return nil, fault.New(fault.TooLarge, "the Caffe model has %d bytes, at most %d can be read", len(b), maxBytes)
	}
	if looksLikeText(b) {
		return nil, fault.New(fault.Unsupported, "this is the text of a Caffe net, without its weights").
			WithHint("open the .caffemodel that belongs to the .prototxt")
	}
	net := &caffepb.NetParameter{}
	if err := wire.Scan(b, net.ProtoReflect().Descriptor(), limits); err != nil {
		return nil, fmt.Errorf("read the Caffe model: %w", err)
	}
	// Unknown fields (the gradients of a blob, for example) would be copied.
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, net); err != nil {
		return nil, fault.New(fault.Unprocessable, "the file is not a Caffe model").WithCause(err)
	}
	if len(net.GetLayer())+len(net.GetLayers()) == 0 {
		return nil, fault.New(fault.Unprocessable, "the file holds no layers of a Caffe model")
	}
	return net, nil
}

// looksLikeText says whether the file is a .prototxt: its first word is a field's name.
func looksLikeText(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	for bytes.HasPrefix(b, []byte("#")) {
		_, rest, _ := bytes.Cut(b, []byte("\n"))
		b = bytes.TrimLeft(rest, " \t\r\n")
	}
	for _, word := range []string{"name:", "name :", "layer {", "layer{", "layers {", "layers{", "input:", "input :", "force_backward:"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return true
		}
	}
	return false
}

// clean makes a name of the file fit for showing: files from China may be in GBK.
func clean(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// shown is a name for a message, shortened.
func shown(name string) string {
	if r := []rune(clean(name)); len(r) > 80 {
		return fmt.Sprintf("%q…", string(r[:80]))
	}
	return fmt.Sprintf("%q", clean(name))
}

// bad is the error of a layer that makes no sense.
func (l *layer) bad(format string, args ...any) error {
	return fault.New(fault.Unprocessable, "layer %s (%s): %s", shown(l.GetName()), clean(l.GetType()), fmt.Sprintf(format, args...))
}

// unsupported is the error of a layer that asks for what cannot be run here.
func (l *layer) unsupported(format string, args ...any) error {
	return fault.New(fault.Unsupported, "layer %s (%s): %s", shown(l.GetName()), clean(l.GetType()), fmt.Sprintf(format, args...))
}

// vector says whether a shape is N×C×1×1.
func vector(s nn.Shape) bool { return s.Plane() == 1 }
