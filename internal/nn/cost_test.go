package nn_test

import (
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

func built(t *testing.T, s nn.Shape, build func(g *nn.Graph, x *nn.Value)) *nn.Graph {
	t.Helper()
	g := nn.NewGraph("net")
	build(g, g.Input("x", s))
	g, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestFields holds receptive fields that were worked out by hand: size grows by (window − 1)
// times the stride so far, the strides multiply, padding moves the start.
func TestFields(t *testing.T) {
	g := built(t, nn.Shape{N: 1, C: 3, H: 40, W: 48}, func(g *nn.Graph, x *nn.Value) {
		x = g.Add("conv", op.Conv{Out: 4, Kernel: op.Size{H: 7, W: 3}, Stride: op.Size{H: 2, W: 1}, Pad: op.Size{H: 3, W: 1}}, x)
		a := g.Add("act", op.ReLU{}, x)
		b := g.Add("dilated", op.Conv{Out: 4, Kernel: op.Square(3), Pad: op.Square(2), Dilation: op.Square(2)}, a)
		x = g.Add("sum", op.Add{}, a, b)
		x = g.Add("pool", op.MaxPool{Kernel: op.Square(2)}, x)
		gate := g.Add("gap", op.GlobalAvgPool{}, x)
		y := g.Add("scale", op.Mul{}, x, gate)
		y = g.Add("up", op.Resize{Out: op.Size{H: 20, W: 48}}, y)
		y = g.Add("adaptive", op.AdaptiveAvgPool{Out: op.Size{H: 5, W: 6}}, y)
		g.Add("flat", op.Flatten{}, y)
	})
	fields := g.Fields()
	for name, want := range map[string]nn.Field{
		"x":       {{Size: 1, Stride: 1}, {Size: 1, Stride: 1}},
		"conv":    {{Size: 7, Stride: 2, Start: -3}, {Size: 3, Stride: 1, Start: -1}},
		"act":     {{Size: 7, Stride: 2, Start: -3}, {Size: 3, Stride: 1, Start: -1}},
		"dilated": {{Size: 15, Stride: 2, Start: -7}, {Size: 7, Stride: 1, Start: -3}},
		"sum":     {{Size: 15, Stride: 2, Start: -7}, {Size: 7, Stride: 1, Start: -3}},
		"pool":    {{Size: 17, Stride: 4, Start: -7}, {Size: 8, Stride: 2, Start: -3}},
		// 10×24 maps: 17 + 9·4 and 8 + 23·2
		"gap": {{Size: 53, Stride: 40, Start: -7}, {Size: 54, Stride: 48, Start: -3}},
		// The gate sees the whole picture from every place: at the last, 9·4 rows and 23·2 columns
		// on, it still sees row and column 0.
		"scale": {{Size: 76, Stride: 4, Start: -36}, {Size: 94, Stride: 2, Start: -46}},
		"up":    {{Size: 76, Stride: 2, Start: -36}, {Size: 94, Stride: 1, Start: -46}},
		// windows of 4 and 8
		"adaptive": {{Size: 82, Stride: 8, Start: -36}, {Size: 101, Stride: 8, Start: -46}},
		"flat":     {{Size: 114, Stride: 40, Start: -36}, {Size: 141, Stride: 48, Start: -46}},
	} {
		if got := fields[g.Value(name).Index]; got != want {
			t.Errorf("%s sees %+v, want %+v", name, got, want)
		}
	}
}

// TestFieldsOfATransposedConvolution: a 4×4 kernel at stride 2 reads two places each way.
func TestFieldsOfATransposedConvolution(t *testing.T) {
	g := built(t, nn.Shape{N: 1, C: 2, H: 5, W: 7}, func(g *nn.Graph, x *nn.Value) {
		g.Add("up", op.ConvTranspose{Out: 3, Kernel: op.Square(4), Stride: op.Square(2), Pad: op.Square(1)}, x)
	})
	want := nn.Span{Size: 2, Stride: 0.5, Start: -1}
	if got := g.Fields()[1]; got != (nn.Field{want, want}) {
		t.Errorf("sees %+v, want %+v", got, want)
	}
}

// TestMemory: 2·5·7 = 70 numbers in, three convolutions of 1×1 to 3, 4 and 1 maps of 35, a sum
// of the first two's concat with itself. Alive at once, at most: while the sum is made, the
// concat (245) and the sum (245); while the concat is made, 105 + 140 + 245.
func TestMemory(t *testing.T) {
	g := built(t, nn.Shape{N: 1, C: 2, H: 5, W: 7}, func(g *nn.Graph, x *nn.Value) {
		a := g.Add("a", op.Conv{Out: 3, Kernel: op.Square(1)}, x)
		b := g.Add("b", op.Conv{Out: 4, Kernel: op.Square(1), NoBias: true}, x)
		c := g.Add("c", op.Concat{}, a, b)
		d := g.Add("d", op.Add{}, c, c)
		d = g.Add("bn", op.BatchNorm{}, d)
		g.Add("e", op.Conv{Out: 1, Kernel: op.Square(1)}, d)
	})
	want := nn.Memory{
		Weights:     4 * (3*2 + 3 + 4*2 + 4*7 + 7 + 1),
		Activations: 4 * (70 + 105 + 140 + 245 + 245 + 245 + 35),
		Peak:        4 * (105 + 140 + 245),
	}
	if got := g.Memory(); got != want {
		t.Errorf("memory %+v, want %+v", got, want)
	}
}

// TestMemoryPeakHoldsTheShortcut: a value that is read again later stays alive meanwhile.
func TestMemoryPeakHoldsTheShortcut(t *testing.T) {
	g := built(t, nn.Shape{N: 1, C: 2, H: 5, W: 7}, func(g *nn.Graph, x *nn.Value) {
		y := g.Add("wide", op.Conv{Out: 8, Kernel: op.Square(1)}, x)
		z := g.Add("act", op.ReLU{}, y)
		z = g.Add("narrow", op.Conv{Out: 2, Kernel: op.Square(1)}, z)
		g.Add("sum", op.Add{}, x, z)
	})
	if got, want := g.Memory().Peak, int64(4*(70+280+280)); got != want {
		t.Errorf("peak of %d bytes, want %d", got, want)
	}
}

// TestCostsOfNodes: a node counts its own, and all nodes make the net's.
func TestCostsOfNodes(t *testing.T) {
	g := built(t, nn.Shape{N: 1, C: 4, H: 5, W: 7}, func(g *nn.Graph, x *nn.Value) {
		x = g.Add("conv", op.Conv{Out: 6, Kernel: op.Size{H: 3, W: 2}, Groups: 2}, x)
		x = g.Add("bn", op.BatchNorm{}, x)
		x = g.Add("flat", op.Flatten{}, x)
		g.Add("fc", op.Linear{Out: 10}, x)
	})
	for i, want := range []struct {
		trained, all int
		macs         int64
	}{
		{6*2*6 + 6, 6*2*6 + 6, 3 * 6 * 6 * 2 * 6},
		{12, 24, 0},
		{0, 0, 0},
		{1090, 1090, 1080},
	} {
		n := g.Nodes[i]
		if n.NumParams(false) != want.trained || n.NumParams(true) != want.all || n.MACs() != want.macs {
			t.Errorf("%s: %d of %d parameters trained, %d multiply-adds, want %+v", n.Name, n.NumParams(false), n.NumParams(true), n.MACs(), want)
		}
	}
	if g.NumParams(false) != 78+12+1090 || g.NumParams(true) != 78+24+1090 || g.MACs() != 3*6*6*12+1080 {
		t.Errorf("the net has %d of %d, %d", g.NumParams(false), g.NumParams(true), g.MACs())
	}
}
