package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Add sums tensors element by element: a residual block's F(x) + x. A size of 1 is repeated.
// ONNX: Add (Sum for more than two).
type Add struct{ several }

// Kind names the operator.
func (Add) Kind() string { return "Add" }

// Infer returns the broadcast shape of at least two inputs.
func (Add) Infer(in []nn.Shape) (nn.Shape, error) { return commonShape("Add", in, 2) }

// Forward sums in the order of the inputs.
func (Add) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { total(out, in) }

// Backward gives the gradient to every input.
func (Add) Backward(g *nn.Grad) { share(g, 1) }

// Concat puts the channels of its inputs one after the other: an Inception module's
// branches, a dense block's features. ONNX: Concat, axis 1.
type Concat struct{}

// Kind names the operator.
func (Concat) Kind() string { return "Concat" }

// Infer demands equal batch, height and width, and adds the channels.
func (Concat) Infer(in []nn.Shape) (nn.Shape, error) {
	if len(in) == 0 {
		return nn.Shape{}, &nn.ShapeError{Op: "Concat", Want: "at least one input"}
	}
	out := in[0]
	for _, s := range in[1:] {
		if s.N != out.N || s.H != out.H || s.W != out.W {
			want := "the first input's batch, height and width " + in[0].String()
			return nn.Shape{}, &nn.ShapeError{Op: "Concat", Got: s, Want: want}
		}
		out.C += s.C
	}
	return out, nil
}

// Params is empty.
func (Concat) Params([]nn.Shape) []nn.ParamSpec { return nil }

// eachPart calls do for every input of every sample with its place in the output's sample.
func (Concat) eachPart(in []*nn.Tensor, samples int, do func(n, i, at int)) {
	for n := range samples {
		at := 0
		for i, t := range in {
			do(n, i, at)
			at += t.Shape.Sample()
		}
	}
}

// Forward copies the inputs side by side.
func (c Concat) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	c.eachPart(in, out.Shape.N, func(n, i, at int) {
		copy(out.Sample(n)[at:], in[i].Sample(n))
	})
}

// Backward gives each input its part of the gradient.
func (c Concat) Backward(g *nn.Grad) {
	c.eachPart(g.X, g.DY.Shape.N, func(n, i, at int) {
		if dx := g.DX[i]; dx != nil {
			kernel.Add(dx.Sample(n), g.DY.Sample(n)[at:])
		}
	})
}

// offset returns the first channel of input i in the output.
func (Concat) offset(i int, in []nn.Shape) int {
	o := 0
	for _, s := range in[:i] {
		o += s.C
	}
	return o
}

// Sees returns the input's channels among the output's.
func (c Concat) Sees(i int, in []nn.Shape, out nn.Area) nn.Area {
	o := c.offset(i, in)
	a := out
	a.Channels = nil
	for _, ch := range out.Channels {
		if ch >= o && ch < o+in[i].C {
			a.Channels = append(a.Channels, ch-o)
		}
	}
	return a
}

// Feeds returns the channels' places in the output.
func (c Concat) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	o := c.offset(i, in)
	a := area
	a.Channels = nil
	for _, ch := range area.Channels {
		a.Channels = append(a.Channels, ch+o)
	}
	return a
}
