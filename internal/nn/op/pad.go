package op

import "vizserver/internal/nn"

// Pad surrounds each map with a constant, or with its own values. Negative amounts cut instead,
// before anything is repeated.
//
// Input N×C×H×W, output N×C×(H+Top+Bottom)×(W+Left+Right). ONNX: Pad; PyTorch: pad.
type Pad struct {
	Top, Left, Bottom, Right int
	Value                    float32
	// Mode is ONNX's: "" pads with Value; "reflect" mirrors without repeating the border, "edge"
	// repeats the border, "wrap" goes on at the other side.
	Mode string
}

// Kind names the operator.
func (Pad) Kind() string { return "Pad" }

// Infer demands that something is left, and in a mode that repeats values, something to repeat.
func (p Pad) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(p.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	for _, n := range [...]int{p.Top, p.Left, p.Bottom, p.Right} {
		if n > maxAttr || n < -maxAttr {
			return nn.Shape{}, wrong(p.Kind(), in[0], "padding of at most 2³⁰, not %d", n)
		}
	}
	out := in[0]
	out.H += p.Top + p.Bottom
	out.W += p.Left + p.Right
	if out.H < 1 || out.W < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "Pad", Got: in[0], Want: "padding that leaves at least one value"}
	}
	switch p.Mode {
	case "":
	case "reflect", "edge", "wrap":
		if h, w := p.axes(in[0]); h.last < h.first || w.last < w.first {
			return nn.Shape{}, wrong(p.Kind(), in[0], "a map of which something is left to %s", p.Mode)
		}
	default:
		return nn.Shape{}, wrong(p.Kind(), in[0], "the mode reflect, edge or wrap, or none, not %.40q", p.Mode)
	}
	return out, nil
}

// Params is empty.
func (Pad) Params([]nn.Shape) []nn.ParamSpec { return nil }

// padAxis is one axis of a map that is padded with its own values: those from first to last.
type padAxis struct {
	before, first, last int
	mode                string
}

func (p Pad) axes(s nn.Shape) (h, w padAxis) {
	axis := func(n, before, after int) padAxis {
		return padAxis{before, max(0, -before), n - 1 - max(0, -after), p.Mode}
	}
	return axis(s.H, p.Top, p.Bottom), axis(s.W, p.Left, p.Right)
}

// source returns the place that output place i repeats.
func (a padAxis) source(i int) int {
	n := a.last - a.first + 1
	i -= a.before + a.first
	switch {
	case i >= 0 && i < n:
	case a.mode == "edge" || n == 1:
		i = min(max(i, 0), n-1)
	case a.mode == "wrap":
		i = modulo(i, n)
	default:
		i = modulo(i, 2*n-2)
		i = min(i, 2*n-2-i)
	}
	return a.first + i
}

// modulo is the rest that is never below zero.
func modulo(i, n int) int { return (i%n + n) % n }

// sees returns the places between which output places lo to hi have their values.
func (a padAxis) sees(lo, hi int) (first, last int) {
	first, last = a.last, a.first
	for i := lo; i <= hi; i++ {
		first, last = min(first, a.source(i)), max(last, a.source(i))
	}
	return first, last
}

// feeds returns the output places, of n, between which those are that repeat places lo to hi.
func (a padAxis) feeds(n, lo, hi int) (first, last int) {
	first, last = n, -1
	for i := range n {
		if s := a.source(i); s >= lo && s <= hi {
			first, last = min(first, i), i
		}
	}
	return first, last
}

// repeated calls do for every output place with the input place that it repeats.
func (p Pad) repeated(in, out nn.Shape, do func(src, dst int)) {
	h, w := p.axes(in)
	dst := 0
	for plane := range out.N * out.C {
		for y := range out.H {
			row := (plane*in.H + h.source(y)) * in.W
			for x := range out.W {
				do(row+w.source(x), dst)
				dst++
			}
		}
	}
}

// rows calls do for every row that input and output share: from the first shared
// column on, n values.
func (p Pad) rows(in, out nn.Shape, do func(src, dst, n int)) {
	x0, x1 := max(0, -p.Left), min(in.W, out.W-p.Left)
	for plane := range in.N * in.C {
		for y := max(0, -p.Top); y < min(in.H, out.H-p.Top); y++ {
			if x1 > x0 {
				do((plane*in.H+y)*in.W+x0, (plane*out.H+y+p.Top)*out.W+x0+p.Left, x1-x0)
			}
		}
	}
}

// Forward fills with the constant, then copies the rows; or repeats values.
func (p Pad) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	if p.Mode != "" {
		p.repeated(in[0].Shape, out.Shape, func(src, dst int) { out.Data[dst] = in[0].Data[src] })
		return
	}
	fill(out.Data, p.Value)
	p.rows(in[0].Shape, out.Shape, func(src, dst, n int) {
		copy(out.Data[dst:dst+n], in[0].Data[src:src+n])
	})
}

// Backward adds the gradient of the shared part, and of what was repeated.
func (p Pad) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	if p.Mode != "" {
		p.repeated(g.X[0].Shape, g.DY.Shape, func(src, dst int) { g.DX[0].Data[src] += g.DY.Data[dst] })
		return
	}
	p.rows(g.X[0].Shape, g.DY.Shape, func(src, dst, n int) {
		for i := range n {
			g.DX[0].Data[src+i] += g.DY.Data[dst+i]
		}
	})
}

// Sees returns the part of the area that is not padding, and what the padding repeats.
func (p Pad) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	if p.Mode == "" {
		return shift(out, -p.Top, -p.Left, in[0].H, in[0].W)
	}
	h, w := p.axes(in[0])
	out.Y0, out.Y1 = h.sees(out.Y0, out.Y1)
	out.X0, out.X1 = w.sees(out.X0, out.X1)
	return out
}

// Feeds returns the area's place in the output, and those that repeat it.
func (p Pad) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	if p.Mode == "" {
		return shift(area, p.Top, p.Left, in[0].H+p.Top+p.Bottom, in[0].W+p.Left+p.Right)
	}
	h, w := p.axes(in[0])
	area.Y0, area.Y1 = h.feeds(in[0].H+p.Top+p.Bottom, area.Y0, area.Y1)
	area.X0, area.X1 = w.feeds(in[0].W+p.Left+p.Right, area.X0, area.X1)
	if area.Y1 < 0 || area.X1 < 0 {
		area.Channels = nil
	}
	return area
}

// shift moves an area and cuts it to a map; no channels where nothing is left.
func shift(a nn.Area, dy, dx, h, w int) nn.Area {
	a.Y0, a.Y1 = max(a.Y0+dy, 0), min(a.Y1+dy, h-1)
	a.X0, a.X1 = max(a.X0+dx, 0), min(a.X1+dx, w-1)
	if a.Y0 > a.Y1 || a.X0 > a.X1 {
		a.Channels = nil
	}
	return a
}
