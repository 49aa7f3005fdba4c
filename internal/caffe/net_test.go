package caffe

import (
	"slices"
	"testing"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// TestAnswer: of several ends the last is the answer; losses, accuracies and what only they
// read are left out.
func TestAnswer(t *testing.T) {
	t.Parallel()
	loss := func(name, kind string) *caffepb.LayerParameter {
		l := make1(name, kind, "conv", name)
		l.Bottom = append(l.Bottom, "label")
		return l
	}
	early := make1("early", "Sigmoid", "conv", "early")
	for name, c := range map[string]struct {
		layers []*caffepb.LayerParameter
		want   string
	}{
		"loss":          {[]*caffepb.LayerParameter{conv(nil), early, loss("accuracy", "Accuracy"), loss("loss", "SoftmaxWithLoss"), loss("top5", "Accuracy")}, "loss"},
		"no softmax":    {[]*caffepb.LayerParameter{conv(nil), loss("loss", "EuclideanLoss")}, "conv"},
		"the last":      {[]*caffepb.LayerParameter{conv(nil), early, make1("late", "TanH", "conv", "late")}, "late"},
		"handed on":     {[]*caffepb.LayerParameter{conv(nil), make1("drop", "Dropout", "conv", "conv"), make1("split", "Split", "conv", "x")}, "conv"},
		"arg max":       {[]*caffepb.LayerParameter{conv(nil), make1("prob", "Softmax", "conv", "prob"), make1("arg", "ArgMax", "prob", "arg")}, "prob"},
		"label as name": {[]*caffepb.LayerParameter{conv(nil), make1("label", "ReLU", "conv", "label"), make1("out", "TanH", "label", "out")}, "out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := net(c.layers...)
			n.Input, n.InputDim, n.InputShape = []string{"data", "label"}, []int32{1, 3, 8, 6, 1, 1, 1, 1}, nil
			d, err := Read(encode(t, n), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d.Output != c.want {
				t.Errorf("the answer is %q, want %q", d.Output, c.want)
			}
			if _, _, err := d.Build(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestInPlace: layers that write the blob they read are values of their own, under the names
// of the layers; equal names get a number.
func TestInPlace(t *testing.T) {
	t.Parallel()
	d, err := Read(encode(t, net(
		conv(nil), make1("act", "ReLU", "conv", "conv"), make1("act", "TanH", "conv", "conv"), make1("", "Sigmoid", "conv", "end"),
	)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range d.Nodes {
		got = append(got, n.Inputs[0]+" → "+n.Name)
	}
	if want := []string{"data → conv", "conv → act", "act → act#2", "act#2 → end"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPoolAboveTheMap: a window that is larger than the map with its padding sees all of it,
// and an average divides by what lies in map and padding, as PoolingLayer::Forward_cpu has it.
func TestPoolAboveTheMap(t *testing.T) {
	t.Parallel()
	u := func(v uint32) *uint32 { return &v }
	for _, c := range []struct {
		method caffepb.PoolingParameter_PoolMethod
		pad    uint32
		want   float32 // of a map of 8×6 ones
	}{
		{caffepb.PoolingParameter_MAX, 0, 1},
		{caffepb.PoolingParameter_AVE, 0, 1},
		{caffepb.PoolingParameter_AVE, 1, 48.0 / 80}, // 10×8 with the padding
	} {
		p := &caffepb.PoolingParameter{Pool: c.method.Enum(), KernelH: u(8 + 2*c.pad + 1), KernelW: u(6 + 2*c.pad + 2), Stride: u(3), PadH: u(c.pad), PadW: u(c.pad)}
		m := model(t, encode(t, pool(p)), Options{})
		in := make([]float32, 3*8*6)
		for i := range in {
			in[i] = 1
		}
		r := run(t, m, in)
		got := read(t, r, m.Graph.OutputValue())
		r.Release()
		if want := []float32{c.want, c.want, c.want}; !slices.Equal(got, want) {
			t.Errorf("%v with padding %d: %v, want %v", c.method, c.pad, got, want)
		}
	}
}

// TestDepthwise: the layer of MobileNet's Caffe models is a convolution with groups.
func TestDepthwise(t *testing.T) {
	t.Parallel()
	l := conv(func(l *caffepb.LayerParameter, p *caffepb.ConvolutionParameter) {
		l.Type, p.NumOutput, p.Group = new("DepthwiseConvolution"), new(uint32(3)), new(uint32(3))
		l.Blobs = []*caffepb.BlobProto{blob(3, 1, 3, 3), blob(3)}
	})
	d, err := Read(encode(t, net(l)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := d.Nodes[0].Op.(op.Conv); !ok || o.Groups != 3 || o.Out != 3 {
		t.Errorf("got %+v", d.Nodes[0].Op)
	}
	if s, err := d.Nodes[0].Op.Infer([]nn.Shape{d.Shape}); err != nil || s != (nn.Shape{N: 1, C: 3, H: 6, W: 4}) {
		t.Errorf("%v, %v", s, err)
	}
}
