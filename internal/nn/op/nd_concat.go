package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// ConcatAxis puts samples one after the other along dimension Axis; all other sizes are equal.
// Batch left out. An input with N = 1 is the same for every sample of the batch: the class token
// of a vision transformer. ONNX: Concat.
type ConcatAxis struct {
	Dims [][]int // of each input
	Axis int
}

// Kind names the operator.
func (ConcatAxis) Kind() string { return "ConcatAxis" }

// Infer demands equal sizes but along Axis, and adds those.
func (c ConcatAxis) Infer(in []nn.Shape) (nn.Shape, error) {
	if len(c.Dims) == 0 {
		return nn.Shape{}, &nn.ShapeError{Op: c.Kind(), Want: "at least one input"}
	}
	if err := arity(c.Kind(), in, len(c.Dims)); err != nil {
		return nn.Shape{}, err
	}
	first := c.Dims[0]
	if c.Axis < 0 || c.Axis >= len(first) {
		return nn.Shape{}, wrong(c.Kind(), in[0], "an axis of %s, not %d", dimsText(first), c.Axis)
	}
	long := 0
	for i, dims := range c.Dims {
		if err := holds(c.Kind(), in[i], dims); err != nil {
			return nn.Shape{}, err
		}
		for k, d := range dims {
			if len(dims) != len(first) || k != c.Axis && d != first[k] {
				return nn.Shape{}, wrong(c.Kind(), in[i], "the sizes of %v but along axis %d, not %v", first, c.Axis, dims)
			}
		}
		if len(dims) == 0 {
			return nn.Shape{}, wrong(c.Kind(), in[i], "the sizes of %v but along axis %d", first, c.Axis)
		}
		if long += dims[c.Axis]; long > maxElems {
			break // projected refuses it
		}
	}
	n, err := batchOf(c.Kind(), in)
	if err != nil {
		return nn.Shape{}, err
	}
	return projected(c.Kind(), in[0], replaced(first, c.Axis, c.Axis+1, long), n)
}

// Params is empty.
func (ConcatAxis) Params([]nn.Shape) []nn.ParamSpec { return nil }

// each calls do for every run of values that lie together: n values of input i from src on go
// to the output from dst on.
func (c ConcatAxis) each(do func(i, dst, src, n int)) {
	dst := 0
	for outer := range product(c.Dims[0][:c.Axis]) {
		for i, dims := range c.Dims {
			n := product(dims[c.Axis:])
			do(i, dst, outer*n, n)
			dst += n
		}
	}
}

// Forward copies the inputs side by side.
func (c ConcatAxis) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for s := range out.Shape.N {
		y := out.Sample(s)
		c.each(func(i, dst, src, n int) { copy(y[dst:dst+n], sample(in[i], s)[src:src+n]) })
	}
}

// Backward gives each input its part of the gradient.
func (c ConcatAxis) Backward(g *nn.Grad) {
	for s := range g.DY.Shape.N {
		dy := g.DY.Sample(s)
		c.each(func(i, dst, src, n int) {
			if dx := g.DX[i]; dx != nil {
				kernel.Add(sample(dx, s)[src:src+n], dy[dst:dst+n])
			}
		})
	}
}

func (c ConcatAxis) joins(i int, in nn.Shape) joins {
	var before, all int
	inner := product(c.Dims[0][c.Axis+1:])
	for k, dims := range c.Dims {
		if k < i {
			before += dims[c.Axis] * inner
		}
		all += dims[c.Axis] * inner
	}
	own := product(c.Dims[i][c.Axis:])
	return joins{groups: in.Sample(), in: itself, out: func(e int) int {
		at := e%all - before
		if at < 0 || at >= own {
			return -1
		}
		return e/all*own + at
	}}
}

// Sees returns the input's units among the output's.
func (c ConcatAxis) Sees(i int, in []nn.Shape, out nn.Area) nn.Area {
	return c.joins(i, in[i]).sees(in[i], outOf(c, in), out)
}

// Feeds returns the units' places in the output.
func (c ConcatAxis) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	return c.joins(i, in[i]).feeds(in[i], outOf(c, in), area)
}
