package nn_test

import (
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// chain is 6 convolutions in a row.
func chain(t *testing.T) *nn.Model {
	t.Helper()
	g := nn.NewGraph("chain")
	x := g.Input("input", nn.Shape{N: 1, C: 2, H: 5, W: 7})
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		x = g.Add(name, op.Conv{Out: 2, Kernel: op.Size{H: 3, W: 1}, Pad: op.Size{H: 1}}, x)
	}
	if _, err := g.Build(); err != nil {
		t.Fatal(err)
	}
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			data := make([]float32, p.Len())
			for i := range data {
				data[i] = float32(i%5)/4 - 0.4
			}
			w[p.Name] = nn.Param{Dims: p.Dims, Data: data}
		}
	}
	return &nn.Model{Name: "chain", Graph: g, Weights: w}
}

func backward(t *testing.T, p *nn.Plan, set func(b *nn.Backprop)) *nn.Backprop {
	t.Helper()
	run := p.NewRun()
	x := make([]float32, len(run.Input()))
	for i := range x {
		x[i] = float32(i%7) / 3
	}
	if err := run.Execute(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	b := p.NewBackprop()
	set(b)
	out := p.Model.Graph.OutputValue()
	seed := make([]float32, out.Shape.Len())
	for i := range seed {
		seed[i] = float32(i%3) - 1
	}
	for range 2 { // the second finds used memory
		b.Zero()
		if err := b.Run(run, nn.Seed{Value: out, Grad: seed}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestBackpropOfSome asks for one value: it is the same as when all are asked for, and takes the
// memory of the gradients that are live.
func TestBackpropOfSome(t *testing.T) {
	m := chain(t)
	p, err := nn.Compile(m, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := backward(t, p, func(b *nn.Backprop) { b.Want, b.WantInput = m.Graph.Values, true })
	d := m.Graph.Value("d")
	some := backward(t, p, func(b *nn.Backprop) { b.Want, b.NoParams = []*nn.Value{d}, true })
	if !slices.Equal(some.Value(d).Data, all.Value(d).Data) {
		t.Error("the gradient differs")
	}
	if some.Value(m.Graph.Value("c")) != nil || some.Value(m.Graph.InputValue()) != nil {
		t.Error("worked out more than was asked for")
	}
	if some.ParamGrads != nil {
		t.Error("made gradients of parameters")
	}
	one := 4 * d.Shape.Len()
	if some.Bytes() > 2*one || all.Bytes() < 7*one {
		t.Errorf("gradients of %d bytes each take %d and %d", one, some.Bytes(), all.Bytes())
	}
	params := backward(t, p, func(*nn.Backprop) {})
	for i, node := range params.ParamGrads {
		for k, g := range node {
			if !slices.Equal(g, all.ParamGrads[i][k]) || g[0] == 0 {
				t.Errorf("parameter %d of node %d: %v, want %v", k, i, g, all.ParamGrads[i][k])
			}
		}
	}
}
