package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Mean is the mean of tensors of one shape, element by element: a fractal block's join.
//
// Input and output N×C×H×W. ONNX: Mean. Larsson et al., ICLR 2017, §3.
type Mean struct{}

// Kind names the operator.
func (Mean) Kind() string { return "Mean" }

// Infer demands at least one input and equal shapes.
func (Mean) Infer(in []nn.Shape) (nn.Shape, error) {
	if len(in) == 0 {
		return nn.Shape{}, &nn.ShapeError{Op: "Mean", Want: "at least one input"}
	}
	for _, s := range in[1:] {
		if s != in[0] {
			return nn.Shape{}, &nn.ShapeError{Op: "Mean", Got: s, Want: "the first input's shape " + in[0].String()}
		}
	}
	return in[0], nil
}

// Params is empty.
func (Mean) Params([]nn.Shape) []nn.ParamSpec { return nil }

// Forward sums in the order of the inputs, then divides by their number.
func (Mean) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	copy(out.Data, in[0].Data)
	for _, t := range in[1:] {
		kernel.Add(out.Data, t.Data)
	}
	n := float32(len(in))
	for i := range out.Data {
		out.Data[i] /= n
	}
}

// Backward gives every input its share of the gradient.
func (Mean) Backward(g *nn.Grad) {
	share := 1 / float32(len(g.X))
	for _, dx := range g.DX {
		if dx != nil {
			kernel.Axpy(dx.Data, share, g.DY.Data)
		}
	}
}
