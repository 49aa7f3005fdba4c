package caffe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/fault"
)

// net makes a model with an input of 1×3×8×6 and these layers.
func net(layers ...*caffepb.LayerParameter) *caffepb.NetParameter {
	return &caffepb.NetParameter{
		Input: []string{"data"}, InputShape: []*caffepb.BlobShape{{Dim: []int64{1, 3, 8, 6}}}, Layer: layers,
	}
}

// make1 makes a layer that reads and writes one blob.
func make1(name, kind, bottom, top string) *caffepb.LayerParameter {
	return &caffepb.LayerParameter{Name: &name, Type: &kind, Bottom: []string{bottom}, Top: []string{top}}
}

// conv makes a convolution that fits the input, and lets change spoil it.
func conv(change func(*caffepb.LayerParameter, *caffepb.ConvolutionParameter)) *caffepb.LayerParameter {
	l := make1("conv", "Convolution", "data", "conv")
	l.ConvolutionParam = &caffepb.ConvolutionParameter{NumOutput: new(uint32(4)), KernelSize: []uint32{3}}
	l.Blobs = []*caffepb.BlobProto{blob(4, 3, 3, 3), blob(4)}
	if change != nil {
		change(l, l.ConvolutionParam)
	}
	return l
}

func blob(dims ...int64) *caffepb.BlobProto {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return &caffepb.BlobProto{Shape: &caffepb.BlobShape{Dim: dims}, Data: make([]float32, n)}
}

func encode(t testing.TB, n *caffepb.NetParameter) []byte {
	t.Helper()
	b, err := proto.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type (
	layerParam = caffepb.LayerParameter
	convParam  = caffepb.ConvolutionParameter
)

func badConv(change func(*layerParam, *convParam)) *caffepb.NetParameter { return net(conv(change)) }

// pool makes a pooling layer over the input.
func pool(p *caffepb.PoolingParameter) *caffepb.NetParameter {
	l := make1("pool", "Pooling", "data", "pool")
	l.PoolingParam = p
	return net(l)
}

// TestBadNets: what makes no sense is refused in words that name the layer.
func TestBadNets(t *testing.T) {
	t.Parallel()
	u := func(v uint32) *uint32 { return &v }
	for _, c := range []struct {
		name string
		net  *caffepb.NetParameter
		kind fault.Kind
		text string
	}{
		{"no layers", net(), fault.Unprocessable, "no layers"},
		{"both forms", &caffepb.NetParameter{
			Layer: []*layerParam{conv(nil)}, Layers: []*caffepb.V1LayerParameter{{Name: new("a"), Type: new(int32(18))}},
		}, fault.Unprocessable, "older and in the newer form"},
		{"form of 2013", &caffepb.NetParameter{Layers: []*caffepb.V1LayerParameter{{Layer: []byte{}}}}, fault.Unsupported, "before 2014"},
		{"no input", &caffepb.NetParameter{Layer: []*layerParam{conv(nil)}}, fault.Unprocessable, "no input"},
		{"input without size", &caffepb.NetParameter{Input: []string{"data"}, Layer: []*layerParam{conv(nil)}}, fault.Unprocessable, "size of its input"},
		{"input of 5 axes", &caffepb.NetParameter{
			Input: []string{"data"}, InputShape: []*caffepb.BlobShape{{Dim: []int64{1, 3, 4, 5, 6}}}, Layer: []*layerParam{conv(nil)},
		}, fault.Unsupported, "5 axes"},
		{"input of no rows", &caffepb.NetParameter{
			Input: []string{"data"}, InputShape: []*caffepb.BlobShape{{Dim: []int64{1, 3, 0, 6}}}, Layer: []*layerParam{conv(nil)},
		}, fault.Unprocessable, "[1 3 0 6]"},
		{"huge input", &caffepb.NetParameter{
			Input: []string{"data"}, InputShape: []*caffepb.BlobShape{{Dim: []int64{1, 3, 1 << 30, 1 << 30}}}, Layer: []*layerParam{conv(nil)},
		}, fault.TooLarge, "more numbers than"},
		{"unknown types", net(
			conv(nil), make1("p", "Python", "conv", "x"), make1("q", "Python", "x", "y"), make1("d", "DetectionOutput", "y", "z"),
		), fault.Unsupported, `"DetectionOutput" in "d"; "Python" in "p", "q"`},
		{"missing blobs", net(make1("a", "ReLU", "nothing", "x"), make1("b", "ReLU", "never", "y")), fault.Unprocessable, `"nothing", read by "a"; "never", read by "b"`},
		{"cycle", net(make1("a", "ReLU", "y", "x"), make1("b", "ReLU", "x", "y")), fault.Unprocessable, `"y", read by "a"`},
		{"second input", &caffepb.NetParameter{
			Input: []string{"data", "rois"}, InputDim: []int32{1, 3, 8, 6, 1, 1, 1, 5}, Layer: []*layerParam{make1("a", "ReLU", "rois", "x")},
		}, fault.Unsupported, `"rois"`},
		{"label as input", net(
			&layerParam{Name: new("d"), Type: new("Data"), Top: []string{"x", "label"}}, make1("a", "ReLU", "label", "y"),
		), fault.Unsupported, `"label"`},
		{"reads nothing", net(&layerParam{Name: new("a"), Type: new("ReLU"), Top: []string{"x"}}), fault.Unprocessable, "reads nothing"},
		{"reads two", net(&layerParam{Name: new("a"), Type: new("ReLU"), Bottom: []string{"data", "data"}, Top: []string{"x"}}), fault.Unprocessable, "reads 2 blobs"},
		{"writes nothing", net(&layerParam{Name: new("a"), Type: new("ReLU"), Bottom: []string{"data"}}), fault.Unprocessable, "writes 0 blobs"},
		{"computes nothing", net(make1("a", "Dropout", "data", "x")), fault.Unprocessable, "computes nothing"},
		{"long name", net(make1(strings.Repeat("n", 600), "ReLU", "data", "x")), fault.TooLarge, "600 bytes"},

		{"no weights", badConv(func(l *layerParam, _ *convParam) { l.Blobs = nil }), fault.Unprocessable, "0 blobs of weights and needs 2"},
		{"one blob too many", badConv(func(l *layerParam, p *convParam) { p.BiasTerm = new(false) }), fault.Unprocessable, "2 blobs of weights and needs 1"},
		{"blob without data", badConv(func(l *layerParam, _ *convParam) { l.Blobs[0].Data = nil }), fault.Unprocessable, "[4 3 3 3] and 0 values"},
		{"blob too short", badConv(func(l *layerParam, _ *convParam) { l.Blobs[0].Data = l.Blobs[0].Data[1:] }), fault.Unprocessable, "107 values"},
		{"blob overflows", badConv(func(l *layerParam, _ *convParam) { l.Blobs[0].Shape.Dim = []int64{1 << 32, 1 << 32, 108} }), fault.Unprocessable, "108 values"},
		{"blob of negative size", badConv(func(l *layerParam, _ *convParam) { l.Blobs[0].Shape.Dim = []int64{-4, -27} }), fault.Unprocessable, "[-4 -27]"},
		{"blob turned", badConv(func(l *layerParam, _ *convParam) { l.Blobs[0].Shape.Dim = []int64{3, 4, 3, 3} }), fault.Unprocessable, "weight is [3 4 3 3] and must be [4 3 3 3]"},
		{"two kinds of numbers", badConv(func(l *layerParam, _ *convParam) { l.Blobs[1].DoubleData = make([]float64, 4) }), fault.Unprocessable, "as float and as double"},
		{"no outputs", badConv(func(_ *layerParam, p *convParam) { p.NumOutput = nil }), fault.Unprocessable, "groups divide"},
		{"4e9 outputs", badConv(func(_ *layerParam, p *convParam) { p.NumOutput = u(4e9) }), fault.Unprocessable, "4000000000 outputs"},
		{"groups", badConv(func(_ *layerParam, p *convParam) { p.Group = u(2) }), fault.Unprocessable, "2 groups divide"},
		{"group 0", badConv(func(_ *layerParam, p *convParam) { p.Group = u(0) }), fault.Unprocessable, "0 groups"},
		{"no kernel", badConv(func(_ *layerParam, p *convParam) { p.KernelSize = nil }), fault.Unprocessable, "kernel size is 0×0"},
		{"kernel twice", badConv(func(_ *layerParam, p *convParam) { p.KernelH, p.KernelW = u(3), u(3) }), fault.Unprocessable, "kernel size twice"},
		{"huge kernel", badConv(func(_ *layerParam, p *convParam) { p.KernelSize[0] = 4e9 }), fault.Unprocessable, "kernel size is 4000000000"},
		{"stride 0", badConv(func(_ *layerParam, p *convParam) { p.Stride = []uint32{0} }), fault.Unprocessable, "stride is 0×0"},
		{"dilation 0", badConv(func(_ *layerParam, p *convParam) { p.Dilation = []uint32{0} }), fault.Unprocessable, "dilation is 0×0"},
		{"kernel above the map", badConv(func(_ *layerParam, p *convParam) { p.KernelSize[0] = 7 }), fault.Unprocessable, "at least as large as the kernel"},
		{"three axes", badConv(func(_ *layerParam, p *convParam) { p.KernelSize = []uint32{3, 3, 3} }), fault.Unsupported, "3 axes"},
		{"axis", badConv(func(_ *layerParam, p *convParam) { p.Axis = new(int32(2)) }), fault.Unsupported, "axis 2"},
		{"axis below", badConv(func(_ *layerParam, p *convParam) { p.Axis = new(int32(-5)) }), fault.Unprocessable, "axis -5"},
		{"no settings", net(make1("c", "Convolution", "data", "x")), fault.Unprocessable, "no convolution_param"},

		{"pool: no settings", pool(nil), fault.Unprocessable, "no pooling_param"},
		{"pool: padding", pool(&caffepb.PoolingParameter{KernelSize: u(2), Pad: u(2)}), fault.Unprocessable, "padding 2×2"},
		{"pool: stochastic", pool(&caffepb.PoolingParameter{KernelSize: u(2), Pool: caffepb.PoolingParameter_STOCHASTIC.Enum()}), fault.Unsupported, "stochastic"},
		{"pool: whole and kernel", pool(&caffepb.PoolingParameter{KernelSize: u(2), GlobalPooling: new(true)}), fault.Unprocessable, "over the whole map"},
		{"pool: steps over the map", pool(&caffepb.PoolingParameter{KernelSize: u(1), Stride: u(5)}), fault.Unsupported, "leave the map"},
		{"pool: kernel far above the map", pool(&caffepb.PoolingParameter{KernelSize: u(20)}), fault.Unsupported, "leave the map"},

		{"lrn over an unknown region", net(func() *layerParam {
			l := make1("n", "LRN", "data", "n")
			l.LrnParam = &caffepb.LRNParameter{NormRegion: new(caffepb.LRNParameter_NormRegion(7))}
			return l
		}()), fault.Unsupported, "region 7"},
		{"lrn of even size", net(func() *layerParam {
			l := make1("n", "LRN", "data", "n")
			l.LrnParam = &caffepb.LRNParameter{LocalSize: u(4)}
			return l
		}()), fault.Unprocessable, "must be odd"},
		{"batch norm with 5 blobs", net(func() *layerParam {
			l := make1("n", "BatchNorm", "data", "n")
			l.Blobs = []*caffepb.BlobProto{blob(3), blob(3), blob(1), blob(3), blob(3)}
			return l
		}()), fault.Unsupported, "5 blobs"},
		{"reshape to nothing that fits", net(func() *layerParam {
			l := make1("r", "Reshape", "data", "r")
			l.ReshapeParam = &caffepb.ReshapeParameter{Shape: &caffepb.BlobShape{Dim: []int64{0, 7, -1}}}
			return l
		}()), fault.Unprocessable, "[0 7 -1]"},
		{"reshape to a trillion", net(func() *layerParam {
			l := make1("r", "Reshape", "data", "r")
			l.ReshapeParam = &caffepb.ReshapeParameter{Shape: &caffepb.BlobShape{Dim: []int64{0, 1e6, 1e6}}}
			return l
		}()), fault.Unprocessable, "[0 1000000 1000000]"},
		{"slice past the end", net(func() *layerParam {
			l := make1("s", "Slice", "data", "a")
			l.Top = []string{"a", "b"}
			l.SliceParam = &caffepb.SliceParameter{SlicePoint: []uint32{9}}
			return l
		}()), fault.Unprocessable, "cuts 3 channels at [9]"},
		{"sum of two sizes", net(
			conv(nil), &layerParam{Name: new("e"), Type: new("Eltwise"), Bottom: []string{"data", "conv"}, Top: []string{"e"}},
		), fault.Unprocessable, "1×3×8×6 and 1×4×6×4"},
		{"axpy of three sizes", net(
			conv(nil), &layerParam{Name: new("x"), Type: new("Axpy"), Bottom: []string{"data", "conv", "conv"}, Top: []string{"x"}},
		), fault.Unprocessable, "1×3×8×6, 1×4×6×4 and 1×4×6×4"},
		{"log to base 1", net(func() *layerParam {
			l := make1("l", "Log", "data", "x")
			l.LogParam = &caffepb.LogParameter{Base: new(float32(1))}
			return l
		}()), fault.Unprocessable, "base is 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, encode(t, c.net), c.kind, c.text)
		})
	}
}

// refused demands an error of a kind, from reading or from building, that says so.
func refused(t *testing.T, b []byte, kind fault.Kind, text string) {
	t.Helper()
	d, err := Read(b, Options{})
	if err == nil {
		_, _, err = d.Build()
	}
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v (%v), want %v with %q", err, fault.KindOf(err), kind, text)
	}
}

// TestText: a .prototxt is told apart from a damaged model.
func TestText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"name: \"AlexNet\"\nlayer {", "# a net\n  input: \"data\"", "layers {\n"} {
		refused(t, []byte(s), fault.Unsupported, "text of a Caffe net")
	}
}

// TestDamaged cuts the goldens short at every 64th byte, spoils single bytes, and sends what
// is no model at all.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"layers", "old", "pools"} {
		whole := golden(t, name+".caffemodel")
		for n := 0; n < len(whole); n += 64 {
			survives(t, fmt.Sprintf("%s cut to %d bytes", name, n), whole[:n])
		}
		for at := range min(len(whole), 2000) {
			b := append([]byte(nil), whole...)
			b[at] ^= 0x5a
			survives(t, fmt.Sprintf("%s with byte %d spoilt", name, at), b)
		}
	}
	for _, s := range []string{"", "GIF89a", "\x80\x02}q\x00.", strings.Repeat("\xff", 64), strings.Repeat("\x00", 64)} {
		refused(t, []byte(s), fault.Unprocessable, "")
	}
}

// survives demands a net that builds, or an error that is not our own fault.
func survives(t testing.TB, what string, b []byte) {
	t.Helper()
	d, err := Read(b, Options{})
	if err == nil {
		_, _, err = d.Build()
	}
	if err != nil && fault.KindOf(err) == fault.Internal {
		t.Errorf("%s: %v is not our fault", what, err)
	}
}

// TestBombs: many small parts cost neither memory nor time.
func TestBombs(t *testing.T) {
	t.Parallel()
	field := func(n protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), content)
	}
	many := func(part []byte, n int) []byte { return []byte(strings.Repeat(string(part), n)) }
	layer := func(content []byte) []byte { return field(100, content) }
	same := make([]*caffepb.LayerParameter, maxLayers)
	for i := range same {
		same[i] = make1("x", "ReLU", "data", "data")
	}
	for name, b := range map[string][]byte{
		"layers":      many(layer(nil), maxLayers+1),
		"old layers":  many(field(2, nil), maxLayers+1),
		"blobs":       layer(many(field(7, nil), 1<<20)),
		"rules":       layer(many(field(8, nil), 1<<20)),
		"bottoms":     layer(many(field(3, nil), 2<<20)),
		"sizes":       layer(field(7, field(7, field(1, make([]byte, 4<<20))))),
		"input names": many(field(3, nil), 2<<20),
	} {
		refused(t, b, fault.TooLarge, "")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	start := time.Now()
	d, err := Read(encode(t, net(same...)), Options{})
	if err != nil || len(d.Nodes) != maxLayers {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%d layers of one name took %v", maxLayers, took)
	}
}
