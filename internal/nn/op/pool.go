package op

import (
	"math"

	"vizserver/internal/nn"
)

// MaxPool takes the largest value of each window; padding never wins.
//
// Input N×C×H×W, output N×C×H′×W′. ONNX: MaxPool; PyTorch: MaxPool2d.
type MaxPool struct {
	Kernel Size
	Stride Size // zero: the kernel
	Pad    Size
	Extra  Size // more at the bottom and right; may be below zero
	Ceil   bool // round the output's size up

	Dilation Size // zero: 1
}

// Kind names the operator.
func (MaxPool) Kind() string { return "MaxPool" }

func (p MaxPool) window() window { return poolWindow(p.Kernel, p.Stride, p.Pad, p.Extra, p.Dilation) }

func poolWindow(kernel, stride, pad, extra, dilation Size) window {
	if stride == (Size{}) {
		stride = kernel
	}
	return window{kernel, stride, pad, extra, dilation.OrOne()}
}

// inferPool checks what all pooling operators ask for: no window lies in the padding alone.
func inferPool(kind string, w window, s nn.Shape, ceil bool) (nn.Shape, error) {
	if w.pad.H >= w.kernel.H || w.pad.W >= w.kernel.W || w.pad.H+w.extra.H >= w.kernel.H || w.pad.W+w.extra.W >= w.kernel.W {
		return nn.Shape{}, &nn.ShapeError{Op: kind, Got: s, Want: "padding smaller than the kernel"}
	}
	h, wd, err := w.out(kind, s, ceil)
	if err != nil {
		return nn.Shape{}, err
	}
	if w.pad.H > 0 && w.dilation.H > s.H || w.pad.W > 0 && w.dilation.W > s.W {
		return nn.Shape{}, &nn.ShapeError{Op: kind, Got: s, Want: "a dilation of at most the map's size where there is padding"}
	}
	return nn.Shape{N: s.N, C: s.C, H: h, W: wd}, nil
}

// Infer returns N×C×H′×W′.
func (p MaxPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(p.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	return inferPool("MaxPool", p.window(), in[0], p.Ceil)
}

// Params is empty: nothing is trained.
func (MaxPool) Params([]nn.Shape) []nn.ParamSpec { return nil }

// MACs counts none.
func (MaxPool) MACs([]nn.Shape) int64 { return 0 }

// Connections counts the inputs of each window.
func (p MaxPool) Connections(in []nn.Shape) int64 {
	return poolConnections(p.window(), in[0], p.Ceil, 0)
}

func poolConnections(w window, in nn.Shape, ceil bool, biases int) int64 {
	h, wd, err := w.out("pool", in, ceil)
	if err != nil {
		return 0
	}
	n := 0
	for y := range h {
		for x := range wd {
			r := w.at(in, y, x)
			n += r.count(w.dilation) + biases
		}
	}
	return int64(in.N) * int64(in.C) * int64(n)
}

// Forward takes the maximum; NaN wins, so that it shows.
func (p MaxPool) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x, w := in[0], p.window()
	eachWindow(w, x.Shape, out.Shape, func(n, c, at int, r rect) {
		out.Data[at] = x.Plane(n, c)[winner(x.Plane(n, c), x.Shape.W, r, w.dilation)]
	})
}

// eachWindow calls do for every output unit; at is its place in the output.
func eachWindow(w window, in, out nn.Shape, do func(n, c, at int, r rect)) {
	at := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				for x := range out.W {
					do(n, c, at, w.at(in, y, x))
					at++
				}
			}
		}
	}
}

// winner returns the place of the window's largest value; of equals, the first.
func winner(plane []float32, width int, r rect, step Size) int {
	best, m := r.y0*width+r.x0, float32(math.Inf(-1))
	for y := r.y0; y < r.y1; y += step.H {
		for x := r.x0; x < r.x1; x += step.W {
			if v := plane[y*width+x]; v > m || v != v {
				best, m = y*width+x, v
				if v != v {
					return best
				}
			}
		}
	}
	return best
}

// Backward gives the whole gradient to the winner.
func (p MaxPool) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	x := g.X[0]
	w := p.window()
	eachWindow(w, x.Shape, g.DY.Shape, func(n, c, at int, r rect) {
		g.DX[0].Plane(n, c)[winner(x.Plane(n, c), x.Shape.W, r, w.dilation)] += g.DY.Data[at]
	})
}

// Sees returns the window.
func (p MaxPool) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return p.window().sees(in[0], out) }

// Feeds returns the windows that hold the area.
func (p MaxPool) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return poolFeeds(p.window(), in[0], p.Ceil, area)
}

func poolFeeds(w window, in nn.Shape, ceil bool, area nn.Area) nn.Area {
	h, wd, err := w.out("pool", in, ceil)
	if err != nil {
		return nn.Area{}
	}
	return w.feeds(h, wd, area)
}

// Explain lists the candidates and says which of them won; with dilation the result alone.
func (p MaxPool) Explain(in []*nn.Tensor, _ [][]float32, y *nn.Tensor, c, row, col int) nn.Terms {
	if p.window().dilation != Square(1) {
		return nn.Terms{Repeated: y.At(0, c, row, col)}
	}
	x := in[0]
	pool, r := pooling("max", p.window(), x, c, row, col)
	best := winner(x.Plane(0, c), x.Shape.W, r, Square(1))
	pool.Winner = (best/x.Shape.W-r.y0)*pool.W + best%x.Shape.W - r.x0
	return nn.Terms{Pool: pool, Repeated: pool.Inputs[pool.Winner]}
}

func pooling(kind string, w window, x *nn.Tensor, c, row, col int) (*nn.Pooling, rect) {
	r := w.at(x.Shape, row, col)
	p := &nn.Pooling{Kind: kind, Y: r.y0, X: r.x0, H: r.y1 - r.y0, W: r.x1 - r.x0, Winner: -1}
	for y := r.y0; y < r.y1; y++ {
		for xx := r.x0; xx < r.x1; xx++ {
			v := x.At(0, c, y, xx)
			p.Inputs = append(p.Inputs, v)
			p.Sum += v
		}
	}
	return p, r
}
