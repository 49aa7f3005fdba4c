package op

import "vizserver/internal/nn"

// AvgPool takes the mean of each window.
//
// Input N×C×H×W, output N×C×H′×W′. ONNX: AveragePool; PyTorch: AvgPool2d.
type AvgPool struct {
	Kernel          Size
	Stride          Size // zero: the kernel
	Pad             Size
	Extra           Size // more at the bottom and right; may be below zero
	Dilation        Size // zero: 1
	Ceil            bool
	CountIncludePad bool // divide by the whole window, padding included (Caffe, PyTorch's default)
}

// Kind names the operator.
func (AvgPool) Kind() string { return "AveragePool" }

func (p AvgPool) window() window { return poolWindow(p.Kernel, p.Stride, p.Pad, p.Extra, p.Dilation) }

// Infer returns N×C×H′×W′.
func (p AvgPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(p.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	return inferPool("AveragePool", p.window(), in[0], p.Ceil)
}

// Params is empty: nothing is trained.
func (AvgPool) Params([]nn.Shape) []nn.ParamSpec { return nil }

// MACs counts none.
func (AvgPool) MACs([]nn.Shape) int64 { return 0 }

// Connections counts the inputs of each window.
func (p AvgPool) Connections(in []nn.Shape) int64 {
	return poolConnections(p.window(), in[0], p.Ceil, 0)
}

// coefficient returns one over the number that the sum of window r, of output (y, x), is divided by.
func (p AvgPool) coefficient(w window, in nn.Shape, r rect, y, x int) float32 {
	if !p.CountIncludePad {
		return 1 / float32(r.count(w.dilation))
	}
	// PyTorch: a window that Ceil lets reach past the padding counts only up to it.
	y0, x0 := y*w.stride.H-w.pad.H, x*w.stride.W-w.pad.W
	h := min(w.kernel.H, taps(y0, in.H+w.pad.H+w.extra.H, w.dilation.H))
	wd := min(w.kernel.W, taps(x0, in.W+w.pad.W+w.extra.W, w.dilation.W))
	return 1 / float32(h*wd)
}

// Forward sums each window, then multiplies by one over its count.
func (p AvgPool) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x, step := in[0], p.Dilation.OrOne()
	p.each(x.Shape, out.Shape, func(n, c, at int, r rect, k float32) {
		out.Data[at] = windowSum(x.Plane(n, c), x.Shape.W, r, step) * k
	})
}

func (p AvgPool) each(in, out nn.Shape, do func(n, c, at int, r rect, k float32)) {
	w := p.window()
	at := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				for x := range out.W {
					r := w.at(in, y, x)
					do(n, c, at, r, p.coefficient(w, in, r, y, x))
					at++
				}
			}
		}
	}
}

func windowSum(plane []float32, width int, r rect, step Size) float32 {
	var s float32
	for y := r.y0; y < r.y1; y += step.H {
		row := plane[y*width+r.x0 : y*width+r.x1]
		if step.W == 1 {
			for _, v := range row {
				s += v
			}
			continue
		}
		for i := 0; i < len(row); i += step.W {
			s += row[i]
		}
	}
	return s
}

func windowAdd(plane []float32, width int, r rect, step Size, v float32) {
	for y := r.y0; y < r.y1; y += step.H {
		row := plane[y*width+r.x0 : y*width+r.x1]
		for i := 0; i < len(row); i += step.W {
			row[i] += v
		}
	}
}

// Backward spreads the gradient evenly over the window.
func (p AvgPool) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	s, step := g.X[0].Shape, p.Dilation.OrOne()
	p.each(s, g.DY.Shape, func(n, c, at int, r rect, k float32) {
		windowAdd(g.DX[0].Plane(n, c), s.W, r, step, g.DY.Data[at]*k)
	})
}

// Sees returns the window.
func (p AvgPool) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return p.window().sees(in[0], out) }

// Feeds returns the windows that hold the area.
func (p AvgPool) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return poolFeeds(p.window(), in[0], p.Ceil, area)
}

// Explain lists the inputs, their sum and what it is multiplied by; with dilation the result alone.
func (p AvgPool) Explain(in []*nn.Tensor, _ [][]float32, y *nn.Tensor, c, row, col int) nn.Terms {
	w := p.window()
	if w.dilation != Square(1) {
		return nn.Terms{Repeated: y.At(0, c, row, col)}
	}
	pool, r := pooling("average", w, in[0], c, row, col)
	pool.Coefficient = p.coefficient(w, in[0].Shape, r, row, col)
	return nn.Terms{Pool: pool, Repeated: pool.Sum * pool.Coefficient}
}

// GlobalAvgPool averages each feature map over its whole area:
//
//	y[n,c,0,0] = 1/(H·W) · Σᵧₓ x[n,c,y,x]
//
// Input N×C×H×W, output N×C×1×1. ONNX: GlobalAveragePool.
// Lin et al., "Network in Network", ICLR 2014, §3.2.
type GlobalAvgPool struct{}

// Kind names the operator.
func (GlobalAvgPool) Kind() string { return "GlobalAveragePool" }

// Infer returns N×C×1×1.
func (GlobalAvgPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity("GlobalAveragePool", in, 1); err != nil {
		return nn.Shape{}, err
	}
	s := in[0]
	return nn.Shape{N: s.N, C: s.C, H: 1, W: 1}, nil
}

// Params is empty: nothing is trained.
func (GlobalAvgPool) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (GlobalAvgPool) pool(s nn.Shape) AvgPool { return AvgPool{Kernel: Size{s.H, s.W}} }

// Forward averages each map.
func (o GlobalAvgPool) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	o.pool(in[0].Shape).Forward(in, params, out)
}

// Backward spreads the gradient evenly over the map.
func (o GlobalAvgPool) Backward(g *nn.Grad) { o.pool(g.X[0].Shape).Backward(g) }

// Sees returns the whole map.
func (o GlobalAvgPool) Sees(i int, in []nn.Shape, out nn.Area) nn.Area {
	return o.pool(in[0]).Sees(i, in, out)
}

// Feeds returns the map's mean.
func (o GlobalAvgPool) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	return o.pool(in[0]).Feeds(i, in, area)
}

// Explain lists the map, its sum and 1/(H·W).
func (o GlobalAvgPool) Explain(in []*nn.Tensor, p [][]float32, y *nn.Tensor, c, row, col int) nn.Terms {
	return o.pool(in[0].Shape).Explain(in, p, y, c, row, col)
}
