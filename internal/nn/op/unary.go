package op

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"vizserver/internal/nn"
)

// Unary applies a function of one variable to every value. Fn is the name of its ONNX
// operator: "Erf", "Exp", "Sqrt", …; Unaries lists them all.
//
// Input and output N×C×H×W. Values outside the domain give NaN or ±Inf as IEEE 754 has it.
type Unary struct {
	elementwise
	Fn string
}

// unary is a function with its derivative. Where there is none (a kink, a step) the slope is
// what PyTorch's autograd takes.
type unary struct {
	formula  string // of s
	unsigned bool   // no value is below zero
	f, slope func(float64) float64
}

// unaries are the functions of Unary by the names of their ONNX operators.
var unaries = map[string]unary{
	"Erf":        {formula: "erf(s)", f: math.Erf, slope: func(x float64) float64 { return 2 / math.Sqrt(math.Pi) * math.Exp(-x*x) }},
	"Exp":        {formula: "e^s", unsigned: true, f: math.Exp, slope: math.Exp},
	"Log":        {formula: "ln s", f: math.Log, slope: reciprocal},
	"Sqrt":       {formula: "√s", unsigned: true, f: math.Sqrt, slope: func(x float64) float64 { return 0.5 / math.Sqrt(x) }},
	"Abs":        {formula: "|s|", unsigned: true, f: math.Abs, slope: sign},
	"Neg":        {formula: "−s", f: func(x float64) float64 { return -x }, slope: func(float64) float64 { return -1 }},
	"Reciprocal": {formula: "1 / s", f: reciprocal, slope: func(x float64) float64 { return -1 / (x * x) }},

	"Floor": {formula: "⌊s⌋", f: math.Floor, slope: flat},
	"Ceil":  {formula: "⌈s⌉", f: math.Ceil, slope: flat},
	"Round": {formula: "round(s)", f: math.RoundToEven, slope: flat}, // halves to the even neighbour
	"Sign":  {formula: "sign(s)", f: sign, slope: flat},

	"Softplus": {formula: "ln(1 + e^s)", unsigned: true, f: softplus, slope: sigmoid},
	"Softsign": {formula: "s / (1 + |s|)", f: func(x float64) float64 { return x / (1 + math.Abs(x)) }, slope: softsignSlope},
	"Mish":     {formula: "s · tanh(ln(1 + e^s))", f: mish, slope: mishSlope}, // Misra, BMVC 2020

	"Sin":   {formula: "sin s", f: math.Sin, slope: math.Cos},
	"Cos":   {formula: "cos s", f: math.Cos, slope: func(x float64) float64 { return -math.Sin(x) }},
	"Tan":   {formula: "tan s", f: math.Tan, slope: func(x float64) float64 { t := math.Tan(x); return 1 + t*t }},
	"Asin":  {formula: "arcsin s", f: math.Asin, slope: func(x float64) float64 { return 1 / math.Sqrt(1-x*x) }},
	"Acos":  {formula: "arccos s", unsigned: true, f: math.Acos, slope: func(x float64) float64 { return -1 / math.Sqrt(1-x*x) }},
	"Atan":  {formula: "arctan s", f: math.Atan, slope: func(x float64) float64 { return 1 / (1 + x*x) }},
	"Sinh":  {formula: "sinh s", f: math.Sinh, slope: math.Cosh},
	"Cosh":  {formula: "cosh s", unsigned: true, f: math.Cosh, slope: math.Sinh},
	"Asinh": {formula: "arsinh s", f: math.Asinh, slope: func(x float64) float64 { return 1 / math.Sqrt(x*x+1) }},
	"Acosh": {formula: "arcosh s", unsigned: true, f: math.Acosh, slope: func(x float64) float64 { return 1 / math.Sqrt(x*x-1) }},
	"Atanh": {formula: "artanh s", f: math.Atanh, slope: func(x float64) float64 { return 1 / (1 - x*x) }},
}

func reciprocal(x float64) float64 { return 1 / x }

func flat(float64) float64 { return 0 }

// sign is −1, 0 or 1; NaN stays.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // NaN or a zero
}

// softplus is ln(1 + eˣ) without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func softsignSlope(x float64) float64 {
	d := 1 + math.Abs(x)
	return 1 / (d * d)
}

func mish(x float64) float64 { return x * math.Tanh(softplus(x)) }

func mishSlope(x float64) float64 {
	t := math.Tanh(softplus(x))
	return t + x*(1-t*t)*sigmoid(x)
}

// IsUnary says whether Unary has a function for the ONNX operator of this name.
func IsUnary(name string) bool {
	_, ok := unaries[name]
	return ok
}

// Unaries lists the functions of Unary, in the order of the alphabet.
func Unaries() []string { return slices.Sorted(maps.Keys(unaries)) }

// Kind names the operator: the function's ONNX name.
func (u Unary) Kind() string { return u.Fn }

// Formula writes the function.
func (u Unary) Formula() string { return unaries[u.Fn].formula }

// ActivationName is the name on the wire.
func (u Unary) ActivationName() string { return strings.ToLower(u.Fn) }

// Signed says whether values below zero occur.
func (u Unary) Signed() bool { return !unaries[u.Fn].unsigned }

// Infer demands a function that is there.
func (u Unary) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(u.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if !IsUnary(u.Fn) {
		return nn.Shape{}, &nn.ShapeError{Op: "Unary", Got: in[0], Want: fmt.Sprintf("a function of the table, not %.40q", u.Fn)}
	}
	return in[0], nil
}

// Forward applies the function to every value, in float64.
func (u Unary) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, unaries[u.Fn].f)
}

// Backward multiplies by the derivative.
func (u Unary) Backward(g *nn.Grad) { applyBackward(g, unaries[u.Fn].slope) }

// Power is (Shift + Scale·s)^Power for every value. ONNX: Pow by a constant, with Scale 1;
// Caffe: Power. A base below zero with a power that is no whole number gives NaN.
type Power struct {
	elementwise
	Power, Scale, Shift float64
}

// Kind names the operator.
func (Power) Kind() string { return "Power" }

// Formula writes the function.
func (p Power) Formula() string {
	return fmt.Sprintf("(%.4g + %.4g s)^%.4g", p.Shift, p.Scale, p.Power)
}

// ActivationName is the name on the wire.
func (Power) ActivationName() string { return "power" }

// Signed says whether values below zero occur: not with an even power.
func (p Power) Signed() bool { return math.Mod(p.Power, 2) != 0 }

// Forward raises every value to the power.
func (p Power) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	apply(in, out, func(v float64) float64 { return math.Pow(p.Shift+p.Scale*v, p.Power) })
}

// Backward multiplies by Power·Scale·(Shift + Scale·s)^(Power−1).
func (p Power) Backward(g *nn.Grad) {
	applyBackward(g, func(v float64) float64 { return p.Scale * powSlope(p.Shift+p.Scale*v, p.Power) })
}

// powSlope is the derivative of xᵖ by x; that of x⁰ is 0, at zero too.
func powSlope(x, p float64) float64 {
	if p == 0 {
		return 0
	}
	return p * math.Pow(x, p-1)
}
