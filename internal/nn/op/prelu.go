package op

import "vizserver/internal/nn"

// PReLU is s above zero and weight[c]·s below, one slope for each channel.
//
// Input and output N×C×H×W, weight C. He et al., ICCV 2015. ONNX: PRelu.
type PReLU struct{ elementwise }

// Kind names the operator.
func (PReLU) Kind() string { return "PRelu" }

// Formula writes the function.
func (PReLU) Formula() string { return "max(0, s) + a min(0, s)" }

// ActivationName is the name on the wire.
func (PReLU) ActivationName() string { return "prelu" }

// Signed says that values below zero occur.
func (PReLU) Signed() bool { return true }

// Params returns the slope of each channel.
func (PReLU) Params(in []nn.Shape) []nn.ParamSpec {
	return []nn.ParamSpec{{Name: "weight", Dims: []int{in[0].C}, FanIn: 1, FanOut: 1}}
}

// Forward bends at zero.
func (PReLU) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		for c := range out.Shape.C {
			y, a := out.Plane(n, c), params[0][c]
			for i, v := range in[0].Plane(n, c) {
				if v < 0 {
					v *= a
				}
				y[i] = v
			}
		}
	}
}

// Backward adds the gradients by input and slope.
func (PReLU) Backward(g *nn.Grad) {
	for n := range g.DY.Shape.N {
		for c := range g.DY.Shape.C {
			dy, a := g.DY.Plane(n, c), g.Params[0][c]
			for i, v := range g.X[0].Plane(n, c) {
				slope := float32(1)
				if v <= 0 {
					slope = a
					if g.DP[0] != nil {
						g.DP[0][c] += dy[i] * v
					}
				}
				if g.DX[0] != nil {
					g.DX[0].Plane(n, c)[i] += dy[i] * slope
				}
			}
		}
	}
}
