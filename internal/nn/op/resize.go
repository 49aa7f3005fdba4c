package op

import (
	"math"

	"vizserver/internal/nn"
)

// Resize scales each map to Out, mixing input values around the place that an output place comes
// from. Its zero value takes the nearest value as torch.nn.Upsample does.
//
// Input N×C×H×W, output N×C×H′×W′. ONNX: Resize but for tf_crop_and_resize, which reads a region
// from an input; PyTorch: interpolate.
type Resize struct {
	Out    Size
	Linear bool   // in short for Mode "linear"
	Mode   string // "nearest" (also ""), "linear", "cubic"

	// Coords says where output place i comes from: ONNX's coordinate_transformation_mode, one of
	// "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric";
	// "" is asymmetric for the nearest value, else half_pixel.
	Coords string
	// Nearest rounds that place: "floor" (also ""), "ceil", "round_prefer_floor", "round_prefer_ceil".
	Nearest string
	// Scale is the factor of height and width where it is not the ratio of the sizes, which are
	// rounded. Zero: the ratio.
	Scale [2]float64

	CubicA         float64 // the cubic's coefficient; zero: −0.75
	ExcludeOutside bool    // weigh only places inside the map; else those outside repeat the border
	Antialias      bool    // widen linear and cubic windows by 1/scale where the map shrinks
}

// Kind names the operator.
func (Resize) Kind() string { return "Resize" }

// Infer returns N×C×H′×W′.
func (r Resize) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(r.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s := in[0]
	if min(r.Out.H, r.Out.W) < 1 || max(r.Out.H, r.Out.W) > maxAttr {
		return nn.Shape{}, wrong(r.Kind(), s, "an output of at least 1×1")
	}
	switch r.mode() {
	case "linear", "cubic":
	case "nearest":
		if r.Antialias {
			return nn.Shape{}, wrong(r.Kind(), s, "the mode linear or cubic for antialias")
		}
	default:
		return nn.Shape{}, wrong(r.Kind(), s, "the mode nearest, linear or cubic, not %.40q", r.Mode)
	}
	switch r.coords() {
	case "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric":
	default:
		return nn.Shape{}, wrong(r.Kind(), s, "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners or asymmetric places, not %.40q", r.Coords)
	}
	switch r.Nearest {
	case "", "floor", "ceil", "round_prefer_floor", "round_prefer_ceil":
	default:
		return nn.Shape{}, wrong(r.Kind(), s, "the nearest value by floor, ceil, round_prefer_floor or round_prefer_ceil, not %.40q", r.Nearest)
	}
	h, w := r.axes(s)
	for _, a := range [...]resizeAxis{h, w} {
		// A scale that fits the sizes also bounds the work of antialias: windows × places ≈ the map.
		if a.scale != 0 && !(math.Abs(a.size()-float64(a.out)) < 1 && a.size() >= 0.5) {
			return nn.Shape{}, wrong(r.Kind(), s, "a scale that makes %d of %d, not %v", a.out, a.in, a.scale)
		}
	}
	if !(math.Abs(r.CubicA) < maxAttr) {
		return nn.Shape{}, wrong(r.Kind(), s, "a cubic coefficient that is a number, not %v", r.CubicA)
	}
	return nn.Shape{N: s.N, C: s.C, H: r.Out.H, W: r.Out.W}, nil
}

func (r Resize) mode() string {
	switch {
	case r.Mode != "":
		return r.Mode
	case r.Linear:
		return "linear"
	}
	return "nearest"
}

func (r Resize) coords() string {
	switch {
	case r.Coords != "":
		return r.Coords
	case r.mode() == "nearest":
		return "asymmetric"
	}
	return "half_pixel"
}

func (r Resize) axes(in nn.Shape) (h, w resizeAxis) {
	a := resizeAxis{
		coords: r.coords(), nearest: r.Nearest, cubic: r.CubicA, linear: r.mode() == "linear", point: r.mode() == "nearest",
		exclude: r.ExcludeOutside, antialias: r.Antialias,
	}
	if a.cubic == 0 {
		a.cubic = -0.75
	}
	h, w = a, a
	h.in, h.out, h.scale = in.H, r.Out.H, r.Scale[0]
	w.in, w.out, w.scale = in.W, r.Out.W, r.Scale[1]
	return h, w
}

// Params is empty.
func (Resize) Params([]nn.Shape) []nn.ParamSpec { return nil }

// each calls do for every output value and all input places that it mixes: stripe by stripe of
// columns, so that what a column mixes is computed once for all maps.
func (r Resize) each(in, out nn.Shape, do func(o, i int, w float32)) {
	h, w := r.axes(in)
	var stripe [32]resizeTaps
	for x0 := 0; x0 < out.W; x0 += len(stripe) {
		columns := stripe[:min(len(stripe), out.W-x0)]
		for x := range columns {
			columns[x] = w.taps(x0 + x)
		}
		for plane := range out.N * out.C {
			for y := range out.H {
				rows := h.taps(y)
				o := (plane*out.H+y)*out.W + x0
				for x := range columns {
					for j := range rows.n {
						iy, wy := h.tap(&rows, j)
						row := (plane*in.H + iy) * in.W
						for k := range columns[x].n {
							ix, wx := w.tap(&columns[x], k)
							do(o+x, row+ix, wy*wx)
						}
					}
				}
			}
		}
	}
}

// Forward mixes the values.
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
	h, w := r.axes(in[0])
	a.Y0, _ = h.reach(out.Y0)
	_, a.Y1 = h.reach(out.Y1)
	a.X0, _ = w.reach(out.X0)
	_, a.X1 = w.reach(out.X1)
	return a
}

// Feeds returns the outputs that read a part of the area.
func (r Resize) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	a := nn.Area{Channels: area.Channels}
	h, w := r.axes(in[0])
	a.Y0, a.Y1 = h.feeds(area.Y0, area.Y1)
	a.X0, a.X1 = w.feeds(area.X0, area.X1)
	if a.Y1 < 0 || a.X1 < 0 {
		a.Channels = nil
	}
	return a
}

// Slide returns the steps between the input places that are mixed.
func (r Resize) Slide(in []nn.Shape) [2]nn.Slide {
	h, w := r.axes(in[0])
	return [2]nn.Slide{h.slide(), w.slide()}
}
