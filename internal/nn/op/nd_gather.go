package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Gather picks slices of a sample along dimension Axis: slice j of the output is slice
// Indices[j] of the input. In the output's dims Shape, the dims of the indices, stands in the
// place of Dims[Axis]; [] takes one slice and drops the dimension. Batch left out, indices
// counted from 0 (no negative ones). ONNX: Gather with constant indices.
type Gather struct {
	Dims    []int // of the input
	Axis    int
	Indices []int
	Shape   []int // dims of the indices
}

// Kind names the operator.
func (Gather) Kind() string { return "Gather" }

// Infer demands indices inside the dimension, as many as Shape says.
func (g Gather) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(g.Kind(), in, g.Dims); err != nil {
		return nn.Shape{}, err
	}
	if g.Axis < 0 || g.Axis >= len(g.Dims) {
		return nn.Shape{}, wrong(g.Kind(), in[0], "an axis of %v, not %d", g.Dims, g.Axis)
	}
	if n, ok := count(g.Shape); !ok || n != len(g.Indices) {
		return nn.Shape{}, wrong(g.Kind(), in[0], "indices of %s, not %d of them", dimsText(g.Shape), len(g.Indices))
	}
	for _, i := range g.Indices {
		if i < 0 || i >= g.Dims[g.Axis] {
			return nn.Shape{}, wrong(g.Kind(), in[0], "indices from 0 to %d, not %d", g.Dims[g.Axis]-1, i)
		}
	}
	return projected(g.Kind(), in[0], replaced(g.Dims, g.Axis, g.Axis+1, g.Shape...), in[0].N)
}

// Params is empty.
func (Gather) Params([]nn.Shape) []nn.ParamSpec { return nil }

// each calls do for every slice of a sample: n values from dst on come from those from src on.
func (g Gather) each(do func(dst, src, n int)) {
	inner := product(g.Dims[g.Axis+1:])
	for outer := range product(g.Dims[:g.Axis]) {
		for j, i := range g.Indices {
			do((outer*len(g.Indices)+j)*inner, (outer*g.Dims[g.Axis]+i)*inner, inner)
		}
	}
}

// Forward copies the slices.
func (g Gather) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		x, y := sample(in[0], n), out.Sample(n)
		g.each(func(dst, src, n int) { copy(y[dst:dst+n], x[src:src+n]) })
	}
}

// Backward adds the gradient to the slices; one that was picked twice gets both.
func (g Gather) Backward(gr *nn.Grad) {
	if gr.DX[0] == nil {
		return
	}
	for n := range gr.DY.Shape.N {
		dx, dy := gr.DX[0].Sample(n), gr.DY.Sample(n)
		g.each(func(dst, src, n int) { kernel.Add(dx[src:src+n], dy[dst:dst+n]) })
	}
}

func (g Gather) joins(in nn.Shape) joins {
	inner, picked, size := product(g.Dims[g.Axis+1:]), len(g.Indices), g.Dims[g.Axis]
	return joins{groups: in.Sample(), in: itself, out: func(e int) int {
		return (e/inner/picked*size+g.Indices[e/inner%picked])*inner + e%inner
	}}
}

// Sees returns the picked units.
func (g Gather) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return g.joins(in[0]).sees(in[0], outOf(g, in), out)
}

// Feeds returns the places that picked them.
func (g Gather) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return g.joins(in[0]).feeds(in[0], outOf(g, in), area)
}
