package op

import (
	"fmt"
	"math"

	"vizserver/internal/nn"
)

// SELU is Gamma·s above zero and Gamma·Alpha·(eˢ − 1) below. Klambauer et al., NeurIPS 2017
// (Alpha 1.67326, Gamma 1.05070). ONNX: Selu.
type SELU struct {
	elementwise
	Alpha, Gamma float64
}

// Kind names the operator.
func (SELU) Kind() string { return "Selu" }

// Formula writes the function.
func (e SELU) Formula() string {
	return fmt.Sprintf("%.4g · (s > 0: s; else %.4g (e^s − 1))", e.Gamma, e.Alpha)
}

// ActivationName is the name on the wire.
func (SELU) ActivationName() string { return "selu" }

// Signed says that values below zero occur.
func (SELU) Signed() bool { return true }

// Forward bends at zero.
func (e SELU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 {
		if v > 0 {
			return e.Gamma * v
		}
		return e.Gamma * e.Alpha * math.Expm1(v)
	})
}

// Backward multiplies by Gamma above zero and by Gamma·Alpha·eˢ below.
func (e SELU) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v > 0 {
			return e.Gamma
		}
		return e.Gamma * e.Alpha * math.Exp(v)
	})
}

// CELU is s above zero and Alpha·(e^(s/Alpha) − 1) below: smooth at zero for every Alpha.
// Barron 2017, arXiv:1704.07483. ONNX: Celu.
type CELU struct {
	elementwise
	Alpha float64 // not zero
}

// Kind names the operator.
func (CELU) Kind() string { return "Celu" }

// Infer demands an Alpha that divides.
func (e CELU) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(e.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if e.Alpha == 0 {
		return nn.Shape{}, &nn.ShapeError{Op: "Celu", Got: in[0], Want: "an alpha other than 0"}
	}
	return in[0], nil
}

// Formula writes the function.
func (e CELU) Formula() string {
	return fmt.Sprintf("max(0, s) + min(0, %.4g (e^(s/%.4g) − 1))", e.Alpha, e.Alpha)
}

// ActivationName is the name on the wire.
func (CELU) ActivationName() string { return "celu" }

// Signed says that values below zero occur.
func (CELU) Signed() bool { return true }

// Forward bends at zero.
func (e CELU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return max(v, 0) + min(e.Alpha*math.Expm1(v/e.Alpha), 0) })
}

// Backward multiplies by 1 above zero and by e^(s/Alpha) below.
func (e CELU) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v > 0 {
			return 1
		}
		return math.Exp(v / e.Alpha)
	})
}

// ThresholdedReLU is s above Alpha and 0 at and below it. Konda et al. 2014,
// arXiv:1402.3337. ONNX: ThresholdedRelu.
type ThresholdedReLU struct {
	elementwise
	Alpha float64
}

// Kind names the operator.
func (ThresholdedReLU) Kind() string { return "ThresholdedRelu" }

// Formula writes the function.
func (t ThresholdedReLU) Formula() string { return fmt.Sprintf("s > %.4g: s; else 0", t.Alpha) }

// ActivationName is the name on the wire.
func (ThresholdedReLU) ActivationName() string { return "thresholded_relu" }

// Signed says whether values below zero occur: with a threshold below zero.
func (t ThresholdedReLU) Signed() bool { return t.Alpha < 0 }

// Forward cuts at the threshold; NaN stays, so that it shows.
func (t ThresholdedReLU) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 {
		if v <= t.Alpha {
			return 0
		}
		return v
	})
}

// Backward lets the gradient through above the threshold.
func (t ThresholdedReLU) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v <= t.Alpha {
			return 0
		}
		return 1
	})
}

// Shrink pulls values towards zero: s + Bias below −Lambd, s − Bias above Lambd, and 0
// between. ONNX: Shrink; PyTorch: Hardshrink (Bias 0) and Softshrink (Bias = Lambd).
type Shrink struct {
	elementwise
	Lambd, Bias float64
}

// Kind names the operator.
func (Shrink) Kind() string { return "Shrink" }

// Formula writes the function.
func (k Shrink) Formula() string {
	return fmt.Sprintf("s < −%.4g: s + %.4g; s > %.4g: s − %.4g; else 0", k.Lambd, k.Bias, k.Lambd, k.Bias)
}

// ActivationName is the name on the wire.
func (Shrink) ActivationName() string { return "shrink" }

// Signed says that values below zero occur.
func (Shrink) Signed() bool { return true }

// Forward shifts both tails; NaN stays, so that it shows.
func (k Shrink) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 {
		switch {
		case v < -k.Lambd:
			return v + k.Bias
		case v > k.Lambd:
			return v - k.Bias
		case v != v:
			return v
		}
		return 0
	})
}

// Backward lets the gradient of the tails through.
func (k Shrink) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 {
		if v < -k.Lambd || v > k.Lambd {
			return 1
		}
		return 0
	})
}
