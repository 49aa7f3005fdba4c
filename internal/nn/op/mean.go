package op

import "vizserver/internal/nn"

// Mean is the mean of tensors, element by element: a fractal block's join. A size of 1 is
// repeated.
//
// Input and output N×C×H×W. ONNX: Mean. Larsson et al., ICLR 2017, §3.
type Mean struct{ several }

// Kind names the operator.
func (Mean) Kind() string { return "Mean" }

// Infer returns the broadcast shape of at least one input.
func (Mean) Infer(in []nn.Shape) (nn.Shape, error) { return commonShape("Mean", in, 1) }

// Forward sums in the order of the inputs, then divides by their number.
func (Mean) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	total(out, in)
	n := float32(len(in))
	for i := range out.Data {
		out.Data[i] /= n
	}
}

// Backward gives every input its share of the gradient.
func (Mean) Backward(g *nn.Grad) { share(g, 1/float32(len(g.X))) }
