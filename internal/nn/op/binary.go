package op

import (
	"math"

	"vizserver/internal/nn"
)

// binary is an elementwise operation on two tensors whose sizes are equal or 1 in each
// dimension; a size of 1 is repeated (broadcasting as in ONNX and NumPy).
type binary struct{}

// Params is empty.
func (binary) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (binary) infer(kind string, in []nn.Shape) (nn.Shape, error) {
	if len(in) != 2 {
		return nn.Shape{}, &nn.ShapeError{Op: kind, Want: "two inputs"}
	}
	return commonShape(kind, in, 2)
}

func dims(s nn.Shape) [4]int { return [4]int{s.N, s.C, s.H, s.W} }

// strides returns the steps of a tensor in each dimension of a larger one: 0 where it is repeated.
func strides(s nn.Shape) [4]int {
	steps := [4]int{s.Sample(), s.Plane(), s.W, 1}
	for i, d := range dims(s) {
		if d == 1 {
			steps[i] = 0
		}
	}
	return steps
}

// eachPair calls do with the places in the output and in both inputs.
func eachPair(out, a, b nn.Shape, do func(o, i, j int)) {
	sa, sb := strides(a), strides(b)
	o := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				i := n*sa[0] + c*sa[1] + y*sa[2]
				j := n*sb[0] + c*sb[1] + y*sb[2]
				for x := range out.W {
					do(o, i+x*sa[3], j+x*sb[3])
					o++
				}
			}
		}
	}
}

// Sees returns the area, cut to the sizes of 1 that were repeated.
func (binary) Sees(i int, in []nn.Shape, out nn.Area) nn.Area {
	if in[i].C == 1 {
		out.Channels = []int{0}
	}
	if in[i].H == 1 {
		out.Y0, out.Y1 = 0, 0
	}
	if in[i].W == 1 {
		out.X0, out.X1 = 0, 0
	}
	return out
}

// Feeds returns the area, spread where it is repeated.
func (binary) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	return spreadArea(in[i], in[1-i], area)
}

// Mul is the product of two tensors: the scaling of a squeeze-and-excitation block. ONNX: Mul.
type Mul struct{ binary }

// Kind names the operator.
func (Mul) Kind() string { return "Mul" }

// Infer returns the broadcast shape.
func (m Mul) Infer(in []nn.Shape) (nn.Shape, error) { return m.infer("Mul", in) }

// Forward multiplies.
func (Mul) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	a, b := in[0].Data, in[1].Data
	eachPair(out.Shape, in[0].Shape, in[1].Shape, func(o, i, j int) { out.Data[o] = a[i] * b[j] })
}

// Backward gives each factor the gradient times the other.
func (Mul) Backward(g *nn.Grad) {
	a, b := g.X[0].Data, g.X[1].Data
	eachPair(g.DY.Shape, g.X[0].Shape, g.X[1].Shape, func(o, i, j int) {
		if g.DX[0] != nil {
			g.DX[0].Data[i] += g.DY.Data[o] * b[j]
		}
		if g.DX[1] != nil {
			g.DX[1].Data[j] += g.DY.Data[o] * a[i]
		}
	})
}

// Sub is the difference of two tensors. ONNX: Sub.
type Sub struct{ binary }

// Kind names the operator.
func (Sub) Kind() string { return "Sub" }

// Infer returns the broadcast shape.
func (s Sub) Infer(in []nn.Shape) (nn.Shape, error) { return s.infer("Sub", in) }

// Forward subtracts.
func (Sub) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	a, b := in[0].Data, in[1].Data
	eachPair(out.Shape, in[0].Shape, in[1].Shape, func(o, i, j int) { out.Data[o] = a[i] - b[j] })
}

// Backward gives the gradient to the first and its negative to the second.
func (Sub) Backward(g *nn.Grad) {
	eachPair(g.DY.Shape, g.X[0].Shape, g.X[1].Shape, func(o, i, j int) {
		if g.DX[0] != nil {
			g.DX[0].Data[i] += g.DY.Data[o]
		}
		if g.DX[1] != nil {
			g.DX[1].Data[j] -= g.DY.Data[o]
		}
	})
}

// Div is the quotient of two tensors. ONNX: Div.
type Div struct{ binary }

// Kind names the operator.
func (Div) Kind() string { return "Div" }

// Infer returns the broadcast shape.
func (d Div) Infer(in []nn.Shape) (nn.Shape, error) { return d.infer("Div", in) }

// Forward divides; by zero as IEEE 754 has it.
func (Div) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	a, b := in[0].Data, in[1].Data
	eachPair(out.Shape, in[0].Shape, in[1].Shape, func(o, i, j int) { out.Data[o] = a[i] / b[j] })
}

// Backward gives dy/b to the first and −dy·a/b² to the second.
func (Div) Backward(g *nn.Grad) {
	a, b := g.X[0].Data, g.X[1].Data
	eachPair(g.DY.Shape, g.X[0].Shape, g.X[1].Shape, func(o, i, j int) {
		if g.DX[0] != nil {
			g.DX[0].Data[i] += g.DY.Data[o] / b[j]
		}
		if g.DX[1] != nil {
			g.DX[1].Data[j] -= g.DY.Data[o] * a[i] / (b[j] * b[j])
		}
	})
}

// Pow is the power of two tensors, aᵇ. A base below zero with an exponent that is no whole
// number gives NaN. ONNX: Pow.
type Pow struct{ binary }

// Kind names the operator.
func (Pow) Kind() string { return "Pow" }

// Infer returns the broadcast shape.
func (p Pow) Infer(in []nn.Shape) (nn.Shape, error) { return p.infer("Pow", in) }

// Forward raises to the power, in float64.
func (Pow) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	a, b := in[0].Data, in[1].Data
	eachPair(out.Shape, in[0].Shape, in[1].Shape, func(o, i, j int) {
		out.Data[o] = float32(math.Pow(float64(a[i]), float64(b[j])))
	})
}

// Backward gives dy·b·aᵇ⁻¹ to the base and dy·aᵇ·ln a to the exponent, nothing of a base of 0.
func (Pow) Backward(g *nn.Grad) {
	eachPair(g.DY.Shape, g.X[0].Shape, g.X[1].Shape, func(o, i, j int) {
		a, b, dy := float64(g.X[0].Data[i]), float64(g.X[1].Data[j]), float64(g.DY.Data[o])
		if g.DX[0] != nil {
			g.DX[0].Data[i] += float32(dy * powSlope(a, b))
		}
		if g.DX[1] != nil && a != 0 {
			g.DX[1].Data[j] += float32(dy * math.Pow(a, b) * math.Log(a))
		}
	})
}
