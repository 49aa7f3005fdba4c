package op

import "vizserver/internal/nn"

// Scale multiplies every value by a constant: the survival probability of a residual branch
// (Huang et al., ECCV 2016, eq. 5), the small factor before an Inception-ResNet's addition
// (Szegedy et al., AAAI 2017, §3.3).
//
// Input and output N×C×H×W. ONNX: Mul by a constant.
type Scale struct {
	elementwise
	Factor float64
}

// Kind names the operator.
func (Scale) Kind() string { return "Scale" }

// Forward multiplies.
func (s Scale) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return v * s.Factor })
}

// Backward multiplies the gradient.
func (s Scale) Backward(g *nn.Grad) {
	applyBackward(g, func(float64) float64 { return s.Factor })
}
