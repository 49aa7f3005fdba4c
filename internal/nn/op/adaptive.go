package op

import "vizserver/internal/nn"

// AdaptiveAvgPool averages maps of any size down to a fixed one: output row y is the
// mean of input rows ⌊y·H/H′⌋ to ⌈(y+1)·H/H′⌉ − 1, columns alike.
//
// Input N×C×H×W, output N×C×H′×W′. PyTorch: AdaptiveAvgPool2d (torchvision's VGG and AlexNet).
type AdaptiveAvgPool struct{ Out Size }

// Kind names the operator.
func (AdaptiveAvgPool) Kind() string { return "AdaptiveAveragePool" }

// Infer returns N×C×H′×W′.
func (a AdaptiveAvgPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(a.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if a.Out.H < 1 || a.Out.W < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: a.Kind(), Got: in[0], Want: "an output of at least 1×1"}
	}
	return nn.Shape{N: in[0].N, C: in[0].C, H: a.Out.H, W: a.Out.W}, nil
}

// Params is empty: nothing is trained.
func (AdaptiveAvgPool) Params([]nn.Shape) []nn.ParamSpec { return nil }

// at returns the window of output (y, x).
func (a AdaptiveAvgPool) at(s nn.Shape, y, x int) rect {
	lo := func(i, in, out int) int { return i * in / out }
	hi := func(i, in, out int) int { return ((i+1)*in + out - 1) / out }
	return rect{lo(y, s.H, a.Out.H), hi(y, s.H, a.Out.H), lo(x, s.W, a.Out.W), hi(x, s.W, a.Out.W)}
}

func (a AdaptiveAvgPool) each(in, out nn.Shape, do func(n, c, at int, r rect, k float32)) {
	at := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				for x := range out.W {
					r := a.at(in, y, x)
					do(n, c, at, r, 1/float32(r.count(Square(1))))
					at++
				}
			}
		}
	}
}

// Forward averages each window.
func (a AdaptiveAvgPool) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0]
	a.each(x.Shape, out.Shape, func(n, c, at int, r rect, k float32) {
		out.Data[at] = windowSum(x.Plane(n, c), x.Shape.W, r, Square(1)) * k
	})
}

// Backward spreads the gradient evenly over each window.
func (a AdaptiveAvgPool) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	s := g.X[0].Shape
	a.each(s, g.DY.Shape, func(n, c, at int, r rect, k float32) {
		windowAdd(g.DX[0].Plane(n, c), s.W, r, Square(1), g.DY.Data[at]*k)
	})
}

// Sees returns the windows' box.
func (a AdaptiveAvgPool) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	first, last := a.at(in[0], out.Y0, out.X0), a.at(in[0], out.Y1, out.X1)
	out.Y0, out.X0, out.Y1, out.X1 = first.y0, first.x0, last.y1-1, last.x1-1
	return out
}

// Feeds returns the windows that hold a part of the area.
func (a AdaptiveAvgPool) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	out := nn.Area{Channels: area.Channels, Y0: a.Out.H, X0: a.Out.W, Y1: -1, X1: -1}
	for y := range a.Out.H {
		if r := a.at(in[0], y, 0); r.y0 <= area.Y1 && r.y1 > area.Y0 {
			out.Y0, out.Y1 = min(out.Y0, y), y
		}
	}
	for x := range a.Out.W {
		if r := a.at(in[0], 0, x); r.x0 <= area.X1 && r.x1 > area.X0 {
			out.X0, out.X1 = min(out.X0, x), x
		}
	}
	return out
}
