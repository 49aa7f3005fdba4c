package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Constant is a value that does not depend on the net's input: a position embedding, a table.
//
// No inputs; output Project(Dims), one for the whole batch: the operator that reads it repeats it.
// One parameter "value" of Dims. ONNX: Constant, or an initializer that is no weight of its reader.
type Constant struct {
	Dims  []int
	Fixed bool // not trained: a number of the formula
}

// Kind names the operator.
func (Constant) Kind() string { return "Constant" }

// Infer returns Project(Dims).
func (c Constant) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(c.Kind(), in, 0); err != nil {
		return nn.Shape{}, err
	}
	return projected(c.Kind(), nn.Shape{}, c.Dims, 1)
}

// Params returns the value.
func (c Constant) Params([]nn.Shape) []nn.ParamSpec {
	return []nn.ParamSpec{{Name: "value", Dims: c.Dims, FanIn: 1, FanOut: 1, Fixed: c.Fixed}}
}

// Forward copies the value.
func (Constant) Forward(_ []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		copy(out.Sample(n), params[0])
	}
}

// Backward adds the gradient to the value's.
func (Constant) Backward(g *nn.Grad) {
	if g.DP[0] == nil {
		return
	}
	for n := range g.DY.Shape.N {
		kernel.Add(g.DP[0], g.DY.Sample(n))
	}
}
