package op

import (
	"math"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// elementwise is what all activations share.
type elementwise struct{}

// Infer returns the input's shape.
func (elementwise) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity("elementwise", in, 1); err != nil {
		return nn.Shape{}, err
	}
	return in[0], nil
}

// Params is empty: nothing is trained.
func (elementwise) Params([]nn.Shape) []nn.ParamSpec { return nil }

// ReLU is max(0, s). Nair and Hinton, ICML 2010. ONNX: Relu.
type ReLU struct{ elementwise }

// Kind names the operator.
func (ReLU) Kind() string { return "Relu" }

// Formula writes the function.
func (ReLU) Formula() string { return "max(0, s)" }

// ActivationName is the name on the wire.
func (ReLU) ActivationName() string { return "relu" }

// Signed says that no value is below zero.
func (ReLU) Signed() bool { return false }

// Forward cuts at zero; NaN stays, so that it shows.
func (ReLU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0].Data
	for i, v := range x {
		if v < 0 {
			v = 0
		}
		out.Data[i] = v
	}
}

// Backward lets the gradient through where the output is above zero.
func (ReLU) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	dx, dy := g.DX[0].Data, g.DY.Data
	for i, y := range g.Y.Data {
		if y > 0 {
			dx[i] += dy[i]
		}
	}
}

// Tanh is the hyperbolic tangent. ONNX: Tanh.
type Tanh struct{ elementwise }

// Kind names the operator.
func (Tanh) Kind() string { return "Tanh" }

// Formula writes the function.
func (Tanh) Formula() string { return "tanh(s)" }

// ActivationName is the name on the wire.
func (Tanh) ActivationName() string { return "tanh" }

// Signed says that values below zero occur.
func (Tanh) Signed() bool { return true }

// Forward applies the function to every value.
func (Tanh) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for i, v := range in[0].Data {
		out.Data[i] = kernel.Tanh(v)
	}
}

// Backward multiplies by 1 − y².
func (Tanh) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for i, y := range g.Y.Data {
		g.DX[0].Data[i] += g.DY.Data[i] * (1 - y*y)
	}
}

// Amplitude and slope of the scaled tanh, chosen so that f(±1) = ±1 and |f″| is
// largest at ±1: LeCun et al. 1998, Appendix A.
const (
	TanhA = 1.7159
	TanhS = 2.0 / 3.0
)

// ScaledTanh is A·tanh(S·s) with A = 1.7159 and S = 2/3. LeCun et al. 1998, eq. 6.
type ScaledTanh struct{ elementwise }

// Kind names the operator.
func (ScaledTanh) Kind() string { return "ScaledTanh" }

// Formula writes the function.
func (ScaledTanh) Formula() string { return "1.7159 tanh(2/3 s)" }

// ActivationName is the name on the wire.
func (ScaledTanh) ActivationName() string { return "scaled_tanh" }

// Signed says that values below zero occur.
func (ScaledTanh) Signed() bool { return true }

// Forward applies the function to every value.
func (ScaledTanh) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for i, v := range in[0].Data {
		out.Data[i] = TanhA * kernel.Tanh(TanhS*v)
	}
}

// Backward multiplies by S/A·(A² − y²) = A·S·(1 − tanh²).
func (ScaledTanh) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for i, y := range g.Y.Data {
		g.DX[0].Data[i] += g.DY.Data[i] * (TanhS / TanhA) * (TanhA*TanhA - y*y)
	}
}

// Sigmoid is 1/(1 + e⁻ˢ). ONNX: Sigmoid.
type Sigmoid struct{ elementwise }

// Kind names the operator.
func (Sigmoid) Kind() string { return "Sigmoid" }

// Formula writes the function.
func (Sigmoid) Formula() string { return "1 / (1 + e^(−s))" }

// ActivationName is the name on the wire.
func (Sigmoid) ActivationName() string { return "sigmoid" }

// Signed says that no value is below zero.
func (Sigmoid) Signed() bool { return false }

// Forward applies the function to every value.
func (Sigmoid) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for i, v := range in[0].Data {
		out.Data[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

// Backward multiplies by y·(1 − y).
func (Sigmoid) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for i, y := range g.Y.Data {
		g.DX[0].Data[i] += g.DY.Data[i] * y * (1 - y)
	}
}
