package op

import (
	"math"

	"vizserver/internal/nn"
)

// Resize scales each map to Out by the nearest or the four nearest values. Places are
// half-pixel centres: output y reads input (y + ½)·H/H′ − ½.
//
// Input N×C×H×W, output N×C×H′×W′. ONNX: Resize, half_pixel (nearest: floor, asymmetric,
// as torch.nn.Upsample); PyTorch: interpolate with align_corners=False.
type Resize struct {
	Out    Size
	Linear bool
}

// Kind names the operator.
func (Resize) Kind() string { return "Resize" }

// Infer returns N×C×H′×W′.
func (r Resize) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(r.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if r.Out.H < 1 || r.Out.W < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "Resize", Got: in[0], Want: "an output of at least 1×1"}
	}
	return nn.Shape{N: in[0].N, C: in[0].C, H: r.Out.H, W: r.Out.W}, nil
}

// Params is empty.
func (Resize) Params([]nn.Shape) []nn.ParamSpec { return nil }

// tap is where one output row or column reads: between lo and hi, w of it from hi.
func (r Resize) tap(i, in, out int) (lo, hi int, w float32) {
	if !r.Linear {
		lo = min(i*in/out, in-1)
		return lo, lo, 0
	}
	p := math.Max((float64(i)+0.5)*float64(in)/float64(out)-0.5, 0)
	lo = min(int(p), in-1)
	return lo, min(lo+1, in-1), float32(p - float64(lo))
}

// each calls do for every output value and the four input places that it mixes.
func (r Resize) each(in, out nn.Shape, do func(o, i int, w float32)) {
	o := 0
	for plane := range out.N * out.C {
		base := plane * in.Plane()
		for y := range out.H {
			y0, y1, wy := r.tap(y, in.H, out.H)
			for x := range out.W {
				x0, x1, wx := r.tap(x, in.W, out.W)
				do(o, base+y0*in.W+x0, (1-wy)*(1-wx))
				if r.Linear {
					do(o, base+y0*in.W+x1, (1-wy)*wx)
					do(o, base+y1*in.W+x0, wy*(1-wx))
					do(o, base+y1*in.W+x1, wy*wx)
				}
				o++
			}
		}
	}
}

// Forward mixes the nearest values.
func (r Resize) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	clear(out.Data)
	r.each(in[0].Shape, out.Shape, func(o, i int, w float32) { out.Data[o] += float32(w * in[0].Data[i]) })
}

// Backward spreads the gradient over the values that were mixed.
func (r Resize) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	r.each(g.X[0].Shape, g.DY.Shape, func(o, i int, w float32) { g.DX[0].Data[i] += w * g.DY.Data[o] })
}

// Sees returns the values that the area mixes.
func (r Resize) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	a := out
	a.Y0, _, _ = r.tap(out.Y0, in[0].H, r.Out.H)
	_, a.Y1, _ = r.tap(out.Y1, in[0].H, r.Out.H)
	a.X0, _, _ = r.tap(out.X0, in[0].W, r.Out.W)
	_, a.X1, _ = r.tap(out.X1, in[0].W, r.Out.W)
	return a
}

// Feeds returns the outputs that read a part of the area.
func (r Resize) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	a := nn.Area{Channels: area.Channels, Y0: r.Out.H, X0: r.Out.W, Y1: -1, X1: -1}
	for y := range r.Out.H {
		if lo, hi, _ := r.tap(y, in[0].H, r.Out.H); lo <= area.Y1 && hi >= area.Y0 {
			a.Y0, a.Y1 = min(a.Y0, y), y
		}
	}
	for x := range r.Out.W {
		if lo, hi, _ := r.tap(x, in[0].W, r.Out.W); lo <= area.X1 && hi >= area.X0 {
			a.X0, a.X1 = min(a.X0, x), x
		}
	}
	if a.Y1 < 0 || a.X1 < 0 {
		a.Channels = nil
	}
	return a
}
