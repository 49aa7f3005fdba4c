package nn_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// branches is a small graph with all that a viewer must cope with: two branches that
// meet in a concat, a shortcut, a layer of two nodes.
func branches(t *testing.T) *nn.Graph {
	t.Helper()
	g := nn.NewGraph("branches")
	x := g.Input("x", nn.Shape{N: 1, C: 2, H: 5, W: 7})
	var a, b *nn.Value
	g.In("mix", "inception", func() {
		g.Layer("A", "conv", func() {
			a = g.Add("a", op.Conv{Out: 3, Kernel: op.Square(1)}, x)
			a = g.Add("a.act", op.ReLU{}, a)
		})
		g.Layer("B", "conv", func() {
			b = g.Add("b", op.Conv{Out: 4, Kernel: op.Size{H: 3, W: 1}, Pad: op.Size{H: 1}}, x)
		})
		g.Layer("AB", "concat", func() { x = g.Add("ab", op.Concat{}, a, b) })
	})
	g.Layer("sum", "add", func() { g.Add("sum", op.Add{}, x, x) })
	g, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBlocksAndLayers(t *testing.T) {
	g := branches(t)
	var names []string
	for _, l := range g.Layers {
		names = append(names, l.Name)
	}
	if !slices.Equal(names, []string{"Input", "A", "B", "AB", "sum"}) {
		t.Errorf("layers %v", names)
	}
	a, ab := g.Layers[1], g.Layers[3]
	if a.Main.Name != "a" || a.Act.Name != "a.act" || a.Pre.Name != "a" || a.Out.Name != "a.act" {
		t.Errorf("layer A is %+v", a)
	}
	if !slices.Equal(ab.Inputs, []int{1, 2}) {
		t.Errorf("AB reads layers %v", ab.Inputs)
	}
	mix := g.Root.Children[1]
	if mix.Kind != "inception" || len(mix.Children) != 3 || mix.Children[0].Parent != mix {
		t.Errorf("block tree %+v", mix)
	}
}

// TestReachThroughBranches: the concat's channels 0…2 come from A alone (1×1), the
// others from B (3 rows).
func TestReachThroughBranches(t *testing.T) {
	g := branches(t)
	sees, err := g.Sees(nn.Unit{Layer: 3, Channel: 4, Y: 0, X: 6})
	if err != nil {
		t.Fatal(err)
	}
	if len(sees) != 2 || sees[0].Layer != 0 || sees[1].Layer != 2 {
		t.Fatalf("sees %+v, want the input and B", sees)
	}
	if in := sees[0]; in.Y0 != 0 || in.Y1 != 1 || in.X0 != 6 || in.X1 != 6 || len(in.Channels) != 2 {
		t.Errorf("of the input it sees %+v", in)
	}
	feeds, err := g.Feeds(nn.Unit{Layer: 2, Channel: 1, Y: 2, X: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(feeds) != 2 || !slices.Equal(feeds[0].Channels, []int{4}) {
		t.Errorf("B map 1 feeds %+v, want channel 4 of AB and of the sum", feeds)
	}
}

func TestGraphErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		build func(g *nn.Graph)
		want  string
	}{
		"no input":     {func(*nn.Graph) {}, "has no input"},
		"no nodes":     {func(g *nn.Graph) { g.Input("x", nn.Vec(3)) }, "has no nodes"},
		"second input": {func(g *nn.Graph) { g.Input("x", nn.Vec(3)); g.Input("y", nn.Vec(3)) }, "second input"},
		"zero size":    {func(g *nn.Graph) { g.Input("x", nn.Shape{N: 1, C: 0, H: 1, W: 1}) }, "every size ≥ 1"},
		"too large":    {func(g *nn.Graph) { g.Input("x", nn.Shape{N: 1, C: 1 << 20, H: 1 << 20, W: 1 << 20}) }, "at most"},
		"name twice": {func(g *nn.Graph) {
			x := g.Add("a", op.ReLU{}, g.Input("x", nn.Vec(3)))
			g.Add("a", op.ReLU{}, x)
		}, "stands twice"},
		"kernel larger than the map": {func(g *nn.Graph) {
			g.Add("c", op.Conv{Out: 1, Kernel: op.Square(5)}, g.Input("x", nn.Shape{N: 1, C: 1, H: 4, W: 9}))
		}, `Conv "c"`},
		"groups do not divide": {func(g *nn.Graph) {
			g.Add("c", op.Conv{Out: 4, Kernel: op.Square(1), Groups: 2}, g.Input("x", nn.Shape{N: 1, C: 3, H: 4, W: 9}))
		}, "2 groups divide"},
		"table out of range": {func(g *nn.Graph) {
			c := op.Conv{Out: 1, Kernel: op.Square(1), Table: [][]int{{0, 3}}}
			g.Add("c", c, g.Input("x", nn.Shape{N: 1, C: 3, H: 4, W: 9}))
		}, "connection table"},
		"fully connected on maps": {func(g *nn.Graph) {
			g.Add("f", op.Linear{Out: 2}, g.Input("x", nn.Shape{N: 1, C: 1, H: 4, W: 9}))
		}, "a vector"},
		"sum of two shapes": {func(g *nn.Graph) {
			x := g.Input("x", nn.Shape{N: 1, C: 1, H: 4, W: 9})
			g.Add("s", op.Add{}, x, g.Add("p", op.MaxPool{Kernel: op.Square(2)}, x))
		}, "or 1 in every dimension"},
		"padding over half": {func(g *nn.Graph) {
			p := op.MaxPool{Kernel: op.Square(2), Pad: op.Square(2)}
			g.Add("p", p, g.Input("x", nn.Shape{N: 1, C: 1, H: 4, W: 9}))
		}, "smaller than the kernel"},
		"empty layer": {func(g *nn.Graph) {
			g.Add("r", op.ReLU{}, g.Input("x", nn.Vec(3)))
			g.Layer("L", "conv", func() {})
		}, "has no nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			g := nn.NewGraph("bad")
			tt.build(g)
			_, err := g.Build()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestViews(t *testing.T) {
	g := branches(t)
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			data := make([]float32, p.Len())
			for i := range data {
				data[i] = float32(i%5) - 2
			}
			w[p.Name] = nn.Param{Dims: p.Dims, Data: data}
		}
	}
	plan, err := nn.Compile(&nn.Model{Name: "branches", Graph: g, Weights: w}, nn.Options{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := plan.NewRun()
	defer r.Release()
	var told []string
	r.OnValue = func(v *nn.Value) { told = append(told, v.Name) }
	input := make([]float32, 2*2*5*7)
	for i := range input {
		input[i] = float32(i) / 10
	}
	if err := r.Execute(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	if want := []string{"x", "a", "a.act", "b", "ab", "sum"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	v, err := r.Value("x")
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 4)
	if err := v.Read(got, nn.Region{N: 1, C0: 1, C1: 2, Y0: 2, Y1: 4, X0: 3, X1: 5}); err != nil {
		t.Fatal(err)
	}
	// Sample 1, channel 1, rows 2 and 3, columns 3 and 4: ((1·2+1)·5+2)·7+3 = 122.
	if want := []float32{12.2, 12.3, 12.9, 13.0}; !slices.Equal(got, want) {
		t.Errorf("region %v, want %v", got, want)
	}
	s, err := v.Stats(nn.Region{C0: 0, C1: 1, Y0: 0, Y1: 1, X0: 0, X1: 4})
	if err != nil || s.Min != 0 || s.Max != 0.3 || s.Mean != 0.15 || s.Zeros != 0.25 {
		t.Errorf("stats %+v, %v", s, err)
	}
	var bad *nn.RegionError
	for _, r := range []nn.Region{{}, {N: 2, C1: 1, Y1: 1, X1: 1}, {C1: 3, Y1: 1, X1: 1}, {C1: 1, Y0: -1, Y1: 1, X1: 1}} {
		if err := v.Read(got, r); !errors.As(err, &bad) {
			t.Errorf("region %+v: got %v", r, err)
		}
	}
}
