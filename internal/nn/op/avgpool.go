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
	Ceil            bool
	CountIncludePad bool // divide by the whole window, padding included (Caffe, PyTorch's default)
}

// Kind names the operator.
func (AvgPool) Kind() string { return "AveragePool" }

func (p AvgPool) window() window { return poolWindow(p.Kernel, p.Stride, p.Pad, p.Extra) }

// Infer returns N×C×H′×W′.
func (p AvgPool) Infer(in []nn.Shape) (nn.Shape, error) {
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

// coefficient returns one over the number that the window's sum is divided by.
func (p AvgPool) coefficient(in nn.Shape, y, x int) float32 {
	w := p.window()
	r := w.at(in, y, x)
	if !p.CountIncludePad {
		return 1 / float32((r.y1-r.y0)*(r.x1-r.x0))
	}
	// PyTorch: a window that Ceil lets reach past the padding counts only up to it.
	y0, x0 := y*w.stride.H-w.pad.H, x*w.stride.W-w.pad.W
	h := min(y0+w.kernel.H, in.H+w.pad.H+w.extra.H) - y0
	wd := min(x0+w.kernel.W, in.W+w.pad.W+w.extra.W) - x0
	return 1 / float32(h*wd)
}

// Forward sums each window, then multiplies by one over its count.
func (p AvgPool) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0]
	p.each(x.Shape, out.Shape, func(n, c, at int, r rect, k float32) {
		out.Data[at] = windowSum(x.Plane(n, c), x.Shape.W, r) * k
	})
}

func (p AvgPool) each(in, out nn.Shape, do func(n, c, at int, r rect, k float32)) {
	w := p.window()
	at := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				for x := range out.W {
					do(n, c, at, w.at(in, y, x), p.coefficient(in, y, x))
					at++
				}
			}
		}
	}
}

func windowSum(plane []float32, width int, r rect) float32 {
	var s float32
	for y := r.y0; y < r.y1; y++ {
		for _, v := range plane[y*width+r.x0 : y*width+r.x1] {
			s += v
		}
	}
	return s
}

func windowAdd(plane []float32, width int, r rect, v float32) {
	for y := r.y0; y < r.y1; y++ {
		row := plane[y*width+r.x0 : y*width+r.x1]
		for i := range row {
			row[i] += v
		}
	}
}

// Backward spreads the gradient evenly over the window.
func (p AvgPool) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	s := g.X[0].Shape
	p.each(s, g.DY.Shape, func(n, c, at int, r rect, k float32) {
		windowAdd(g.DX[0].Plane(n, c), s.W, r, g.DY.Data[at]*k)
	})
}

// Sees returns the window.
func (p AvgPool) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return p.window().sees(in[0], out) }

// Feeds returns the windows that hold the area.
func (p AvgPool) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return poolFeeds(p.window(), in[0], p.Ceil, area)
}

// Explain lists the inputs, their sum and what it is multiplied by.
func (p AvgPool) Explain(in []*nn.Tensor, _ [][]float32, _ *nn.Tensor, c, row, col int) nn.Terms {
	pool, _ := pooling("average", p.window(), in[0], c, row, col)
	pool.Coefficient = p.coefficient(in[0].Shape, row, col)
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
