package op

import (
	"slices"

	"vizserver/internal/nn"
)

// Transpose orders the dimensions of a sample anew: dimension k of the output is dimension
// Perm[k] of the input. Batch left out. ONNX: Transpose with perm[0] = 0, the others less 1.
type Transpose struct {
	Dims []int // of the input
	Perm []int
}

// Kind names the operator.
func (Transpose) Kind() string { return "Transpose" }

// Infer demands a permutation.
func (t Transpose) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(t.Kind(), in, t.Dims); err != nil {
		return nn.Shape{}, err
	}
	fits := len(t.Perm) == len(t.Dims)
	for k, p := range slices.Sorted(slices.Values(t.Perm)) {
		fits = fits && k == p
	}
	if !fits {
		return nn.Shape{}, wrong(t.Kind(), in[0], "each dimension of %v once, not %s", t.Dims, dimsText(t.Perm))
	}
	out := make([]int, len(t.Perm))
	for k, p := range t.Perm {
		out[k] = t.Dims[p]
	}
	return projected(t.Kind(), in[0], out, in[0].N)
}

// Params is empty.
func (Transpose) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (t Transpose) view() view {
	var v view
	steps := rowMajor(t.Dims)
	for _, p := range t.Perm {
		v.push(t.Dims[p], steps[p])
	}
	return v
}

// Forward copies each value to its new place.
func (t Transpose) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { t.view().read(in[0], out) }

// Backward adds the gradient at each value's old place.
func (t Transpose) Backward(g *nn.Grad) { t.view().back(g) }

// Sees returns the units' places in the input.
func (t Transpose) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return t.view().joins(in[0]).sees(in[0], outOf(t, in), out)
}

// Feeds returns the units' places in the output.
func (t Transpose) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return t.view().joins(in[0]).feeds(in[0], outOf(t, in), area)
}
