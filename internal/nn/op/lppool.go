package op

import (
	"math"

	"vizserver/internal/nn"
)

// LpPool takes the p-norm of each window, (Σ |x|ᵖ)^(1/p); padding counts as zero.
//
// Input N×C×H×W, output N×C×H′×W′. ONNX: LpPool. Sermanet et al., ICPR 2012.
type LpPool struct {
	P        int // zero: 2
	Kernel   Size
	Stride   Size // zero: the kernel
	Pad      Size
	Extra    Size // more at the bottom and right; may be below zero
	Dilation Size // zero: 1
	Ceil     bool // round the output's size up
}

// Kind names the operator.
func (LpPool) Kind() string { return "LpPool" }

func (p LpPool) window() window { return poolWindow(p.Kernel, p.Stride, p.Pad, p.Extra, p.Dilation) }

// order returns p.
func (p LpPool) order() float64 {
	if p.P == 0 {
		return 2
	}
	return float64(p.P)
}

// Infer returns N×C×H′×W′.
func (p LpPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(p.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if p.P < 0 {
		return nn.Shape{}, &nn.ShapeError{Op: "LpPool", Got: in[0], Want: "p of at least 1"}
	}
	return inferPool("LpPool", p.window(), in[0], p.Ceil)
}

// Params is empty: nothing is trained.
func (LpPool) Params([]nn.Shape) []nn.ParamSpec { return nil }

// MACs counts none.
func (LpPool) MACs([]nn.Shape) int64 { return 0 }

// Connections counts the inputs of each window.
func (p LpPool) Connections(in []nn.Shape) int64 {
	return poolConnections(p.window(), in[0], p.Ceil, 0)
}

// Forward sums the powers of each window in float64 and takes the root.
func (p LpPool) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x, order, step := in[0], p.order(), p.Dilation.OrOne()
	eachWindow(p.window(), x.Shape, out.Shape, func(n, c, at int, r rect) {
		plane := x.Plane(n, c)
		var total float64
		for y := r.y0; y < r.y1; y += step.H {
			for i := y*x.Shape.W + r.x0; i < y*x.Shape.W+r.x1; i += step.W {
				total += math.Pow(math.Abs(float64(plane[i])), order)
			}
		}
		out.Data[at] = float32(math.Pow(total, 1/order))
	})
}

// Backward gives each input dy·sign(x)·(|x|/y)ᵖ⁻¹; nothing where the norm is 0.
func (p LpPool) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	x, order, step := g.X[0], p.order(), p.Dilation.OrOne()
	eachWindow(p.window(), x.Shape, g.DY.Shape, func(n, c, at int, r rect) {
		norm := float64(g.Y.Data[at])
		if norm == 0 {
			return
		}
		plane, dx := x.Plane(n, c), g.DX[0].Plane(n, c)
		for y := r.y0; y < r.y1; y += step.H {
			for i := y*x.Shape.W + r.x0; i < y*x.Shape.W+r.x1; i += step.W {
				v := float64(plane[i])
				dx[i] += float32(float64(g.DY.Data[at]) * sign(v) * math.Pow(math.Abs(v)/norm, order-1))
			}
		}
	})
}

// Sees returns the window.
func (p LpPool) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return p.window().sees(in[0], out) }

// Feeds returns the windows that hold the area.
func (p LpPool) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return poolFeeds(p.window(), in[0], p.Ceil, area)
}
