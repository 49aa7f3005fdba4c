package trace

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// testNets are two small nets whose sizes are all different, so that swapped axes show:
// "maps" 30×30 → 3×26×27 → 3×13×9 → 7 (softmax), "flat" 28×28 → 5 (tanh).
type testNets map[string]*Net

func (n testNets) Load(name string) (*Net, error) {
	if net, ok := n[name]; ok {
		return net, nil
	}
	return nil, fault.New(fault.NotFound, "no network is called %q", name)
}

func newTestNets(tb testing.TB) testNets {
	tb.Helper()
	return testNets{
		"maps": testNet(tb, "maps", nn.Preprocess{Width: 28, Height: 28, Pad: 1, Scale: 1.275, Offset: -0.1}, nn.Head{Kind: "softmax"}, buildMaps),
		"flat": testNet(tb, "flat", nn.Preprocess{Width: 28, Height: 28, Scale: 1}, nn.Head{Kind: "tanh"}, buildFlat),
	}
}

func buildMaps(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 30, W: 30})
	g.In("features", "stage", func() {
		g.Layer("C1", "conv", func() {
			x = g.Add("c1", op.Conv{Out: 3, Kernel: op.Size{H: 5, W: 4}}, x)
			x = g.Add("c1.act", op.ScaledTanh{}, x)
		})
		g.Layer("S2", "pool", func() { x = g.Add("s2", op.MaxPool{Kernel: op.Size{H: 2, W: 3}}, x) })
	})
	g.Layer("C3", "conv", func() {
		x = g.Add("c3", op.Conv{Out: 2, Kernel: op.Size{H: 3, W: 2}, Table: [][]int{{0, 2}, {1}}}, x)
		x = g.Add("c3.act", op.Tanh{}, x)
	})
	g.Layer("Output", "fc", func() {
		x = g.Add("output.flatten", op.Flatten{}, x)
		x = g.Add("output", op.Linear{Out: 7}, x)
		x = g.Add("output.act", op.Softmax{}, x)
	})
}

func buildFlat(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 28, W: 28})
	g.Layer("Output", "fc", func() {
		x = g.Add("output.flatten", op.Flatten{}, x)
		x = g.Add("output", op.Linear{Out: 5}, x)
		x = g.Add("output.act", op.Tanh{}, x)
	})
}

func testNet(tb testing.TB, name string, pre nn.Preprocess, head nn.Head, build func(*nn.Graph)) *Net {
	tb.Helper()
	g := nn.NewGraph(name)
	build(g)
	g, err := g.Build()
	if err != nil {
		tb.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1998, uint64(len(name))))
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			data := make([]float32, p.Len())
			for i := range data {
				data[i] = float32(rnd.NormFloat64() * 0.4)
			}
			w[p.Name] = nn.Param{Dims: p.Dims, Data: data}
		}
	}
	m := &nn.Model{Name: name, Title: "Net " + name, Graph: g, Weights: w, Pre: pre, Head: head}
	last := g.OutputValue().Shape.C
	for c := range last {
		m.Labels = append(m.Labels, fmt.Sprint(c))
	}
	return &Net{Model: m, WeightsURL: "/weights/" + name, WeightsSHA256: "00ff", Accuracy: 0.5}
}

// testDrawing returns greys that depend on the seed; seed 0 is a blank drawing.
func testDrawing(seed uint64) []byte {
	greys := make([]byte, drawingSide*drawingSide)
	if seed == 0 {
		return greys
	}
	rnd := rand.New(rand.NewPCG(seed, 7))
	for range 60 {
		greys[rnd.IntN(len(greys))] = byte(1 + rnd.IntN(255))
	}
	return greys
}

// runOf executes a net directly, past all of this package.
func runOf(tb testing.TB, n *Net, greys []byte, edits ...nn.Edit) *nn.Run {
	tb.Helper()
	plan, err := nn.Compile(n.Model, nn.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	run := plan.NewRun()
	x := make([]float32, len(run.Input()))
	n.Model.Pre.Apply(x, greys)
	if err := run.Execute(tb.Context(), x, edits...); err != nil {
		tb.Fatal(err)
	}
	return run
}
