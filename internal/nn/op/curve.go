package op

import (
	"fmt"
	"math"

	"vizserver/internal/nn"
)

// apply writes f of every value.
func apply(in []*nn.Tensor, out *nn.Tensor, f func(float64) float64) {
	for i, v := range in[0].Data {
		out.Data[i] = float32(f(float64(v)))
	}
}

// applyBackward adds dy·f′(x) for every value.
func applyBackward(g *nn.Grad, slope func(float64) float64) {
	if g.DX[0] == nil {
		return
	}
	for i, v := range g.X[0].Data {
		g.DX[0].Data[i] += float32(float64(g.DY.Data[i]) * slope(float64(v)))
	}
}

// Clip keeps values between Low and High; ReLU6 is Clip{0, 6}. ONNX: Clip.
type Clip struct {
	elementwise
	Low, High float64
}

// Kind names the operator.
func (Clip) Kind() string { return "Clip" }

// Formula writes the function.
func (c Clip) Formula() string { return fmt.Sprintf("min(max(s, %g), %g)", c.Low, c.High) }

// ActivationName is the name on the wire.
func (c Clip) ActivationName() string {
	if c.Low == 0 && c.High == 6 {
		return "relu6"
	}
	return "clip"
}

// Signed says whether values below zero occur.
func (c Clip) Signed() bool { return c.Low < 0 }

// Infer demands Low ≤ High.
func (c Clip) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(c.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if !(c.Low <= c.High) {
		return nn.Shape{}, &nn.ShapeError{Op: "Clip", Got: in[0], Want: "a lower bound at most the upper one"}
	}
	return in[0], nil
}

// Forward cuts at both bounds; NaN stays.
func (c Clip) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return min(max(v, c.Low), c.High) })
}

// Backward lets the gradient through between the bounds, both included as in PyTorch.
func (c Clip) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v < c.Low || v > c.High {
			return 0
		}
		return 1
	})
}

// LeakyReLU is s above zero and Slope·s below. Maas et al., ICML 2013. ONNX: LeakyRelu.
type LeakyReLU struct {
	elementwise
	Slope float64
}

// Kind names the operator.
func (LeakyReLU) Kind() string { return "LeakyRelu" }

// Formula writes the function.
func (l LeakyReLU) Formula() string { return fmt.Sprintf("max(0, s) + %g min(0, s)", l.Slope) }

// ActivationName is the name on the wire.
func (LeakyReLU) ActivationName() string { return "leaky_relu" }

// Signed says that values below zero occur.
func (LeakyReLU) Signed() bool { return true }

// Forward bends at zero.
func (l LeakyReLU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return max(v, 0) + l.Slope*min(v, 0) })
}

// Backward multiplies by 1 above zero and by Slope below.
func (l LeakyReLU) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v > 0 {
			return 1
		}
		return l.Slope
	})
}

// ELU is s above zero and Alpha·(eˢ − 1) below. Clevert et al., ICLR 2016. ONNX: Elu.
type ELU struct {
	elementwise
	Alpha float64
}

// Kind names the operator.
func (ELU) Kind() string { return "Elu" }

// Formula writes the function.
func (e ELU) Formula() string { return fmt.Sprintf("s > 0: s; else %g (e^s − 1)", e.Alpha) }

// ActivationName is the name on the wire.
func (ELU) ActivationName() string { return "elu" }

// Signed says that values below zero occur.
func (ELU) Signed() bool { return true }

// Forward bends at zero.
func (e ELU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 {
		if v > 0 {
			return v
		}
		return e.Alpha * math.Expm1(v)
	})
}

// Backward multiplies by 1 above zero and by Alpha·eˢ below.
func (e ELU) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v > 0 {
			return 1
		}
		return e.Alpha * math.Exp(v)
	})
}

// HardSigmoid is min(max(Alpha·s + Beta, 0), 1). ONNX: HardSigmoid (its default Alpha is
// 0.2); PyTorch has 1/6 and 1/2.
type HardSigmoid struct {
	elementwise
	Alpha, Beta float64
}

// Kind names the operator.
func (HardSigmoid) Kind() string { return "HardSigmoid" }

// Formula writes the function.
func (h HardSigmoid) Formula() string {
	return fmt.Sprintf("min(max(%.4g s + %.4g, 0), 1)", h.Alpha, h.Beta)
}

// ActivationName is the name on the wire.
func (HardSigmoid) ActivationName() string { return "hard_sigmoid" }

// Signed says that no value is below zero.
func (HardSigmoid) Signed() bool { return false }

// Forward cuts the line at 0 and 1.
func (h HardSigmoid) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return min(max(h.Alpha*v+h.Beta, 0), 1) })
}

// Backward multiplies by Alpha between the cuts.
func (h HardSigmoid) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if y := h.Alpha*v + h.Beta; y <= 0 || y >= 1 {
			return 0
		}
		return h.Alpha
	})
}

// HardSwish is s·min(max(s/6 + 1/2, 0), 1). Howard et al., ICCV 2019. ONNX: HardSwish.
type HardSwish struct{ elementwise }

// Kind names the operator.
func (HardSwish) Kind() string { return "HardSwish" }

// Formula writes the function.
func (HardSwish) Formula() string { return "s · min(max(s/6 + 1/2, 0), 1)" }

// ActivationName is the name on the wire.
func (HardSwish) ActivationName() string { return "hard_swish" }

// Signed says that values below zero occur.
func (HardSwish) Signed() bool { return true }

// Forward applies the function to every value.
func (HardSwish) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return v * min(max(v/6+0.5, 0), 1) })
}

// Backward multiplies by s/3 + 1/2 between the cuts.
func (HardSwish) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		switch {
		case v <= -3:
			return 0
		case v >= 3:
			return 1
		}
		return v/3 + 0.5
	})
}

// Swish is s·sigmoid(Alpha·s); with Alpha 1 it is also called SiLU. Ramachandran et al. 2017.
// ONNX: Swish; PyTorch: SiLU.
type Swish struct {
	elementwise
	Alpha float64 // zero: 1
}

// Kind names the operator.
func (Swish) Kind() string { return "Swish" }

func (w Swish) alpha() float64 {
	if w.Alpha == 0 {
		return 1
	}
	return w.Alpha
}

// Formula writes the function.
func (w Swish) Formula() string {
	if w.alpha() == 1 {
		return "s / (1 + e^(−s))"
	}
	return fmt.Sprintf("s / (1 + e^(−%.4g s))", w.Alpha)
}

// ActivationName is the name on the wire.
func (Swish) ActivationName() string { return "swish" }

// Signed says that values below zero occur.
func (Swish) Signed() bool { return true }

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// Forward applies the function to every value.
func (w Swish) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	a := w.alpha()
	apply(in, out, func(v float64) float64 { return v * sigmoid(a*v) })
}

// Backward multiplies by σ·(1 + Alpha·s·(1 − σ)).
func (w Swish) Backward(g *nn.Grad) {
	a := w.alpha()
	applyBackward(g, func(v float64) float64 {
		s := sigmoid(a * v)
		return s * (1 + a*v*(1-s))
	})
}

// GELU is s·Φ(s), Φ the normal distribution's function. Hendrycks and Gimpel 2016.
// ONNX: Gelu.
type GELU struct {
	elementwise
	Tanh bool // Φ by the paper's tanh, ½(1 + tanh(√(2/π)(s + 0.044715 s³))), not exact
}

// Kind names the operator.
func (GELU) Kind() string { return "Gelu" }

// Formula writes the function.
func (e GELU) Formula() string {
	if e.Tanh {
		return "s/2 · (1 + tanh(√(2/π) (s + 0.044715 s³)))"
	}
	return "s/2 · (1 + erf(s/√2))"
}

// ActivationName is the name on the wire.
func (GELU) ActivationName() string { return "gelu" }

// Signed says that values below zero occur.
func (GELU) Signed() bool { return true }

// geluTanh is the argument of the tanh, and its derivative.
func geluTanh(v float64) (u, slope float64) {
	const c = 0.044715
	k := math.Sqrt(2 / math.Pi)
	return k * (v + c*v*v*v), k * (1 + 3*c*v*v)
}

// Forward applies the function to every value. The complementary error function keeps
// the digits of the left tail, where 1 + erf cancels; so does the sigmoid, ½(1 + tanh u) = σ(2u).
func (e GELU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	if !e.Tanh {
		apply(in, out, func(v float64) float64 { return v / 2 * math.Erfc(-v/math.Sqrt2) })
		return
	}
	apply(in, out, func(v float64) float64 {
		u, _ := geluTanh(v)
		return v * sigmoid(2*u)
	})
}

// Backward multiplies by Φ(s) + s·Φ′(s).
func (e GELU) Backward(g *nn.Grad) {
	if !e.Tanh {
		applyBackward(g, func(v float64) float64 {
			return math.Erfc(-v/math.Sqrt2)/2 + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi)
		})
		return
	}
	applyBackward(g, func(v float64) float64 {
		u, slope := geluTanh(v)
		p := sigmoid(2 * u)
		return p + v*2*p*(1-p)*slope
	})
}
