package op

import (
	"math"

	"vizserver/internal/nn"
)

// resizeAxis is one axis of a Resize: where its output places come from, and what they mix.
type resizeAxis struct {
	in, out         int
	scale           float64 // zero: out/in
	coords, nearest string
	point, linear   bool // one place, or two; else four with the cubic's coefficient
	cubic           float64
	exclude         bool
	antialias       bool
}

// size is the output's size before rounding.
func (a *resizeAxis) size() float64 {
	if a.scale == 0 {
		return float64(a.out)
	}
	return a.scale * float64(a.in)
}

// back takes x in the output to the input: x/scale, with the ratio of the sizes in one division,
// so that whole places stay whole.
func (a *resizeAxis) back(x float64) float64 {
	if a.scale == 0 {
		return x * float64(a.in) / float64(a.out)
	}
	return x / a.scale
}

// place returns where in the input output place i comes from.
func (a *resizeAxis) place(i int) float64 {
	x, in, size := float64(i), float64(a.in), a.size()
	switch a.coords {
	case "asymmetric":
		return a.back(x)
	case "align_corners":
		if a.out == 1 {
			return 0
		}
		return x * (in - 1) / (size - 1)
	case "pytorch_half_pixel":
		if a.out == 1 {
			return 0
		}
	case "half_pixel_symmetric":
		return in/2*(1-float64(a.out)/size) + a.back(x+0.5) - 0.5
	}
	return a.back(x+0.5) - 0.5
}

// round returns the input place that is nearest to p. A scale in a file has 24 bits: by one of
// 1/3 the place 3 comes out as 2.9999999, which must not be rounded down to 2.
func (a *resizeAxis) round(p float64) int {
	if half := math.Round(2*p) / 2; math.Abs(p-half) <= (1+math.Abs(p))/(1<<22) {
		p = half
	}
	switch a.nearest {
	case "ceil":
		p = math.Ceil(p)
	case "round_prefer_floor":
		p = math.Ceil(p - 0.5)
	case "round_prefer_ceil":
		p = math.Floor(p + 0.5)
	}
	return int(math.Floor(p))
}

// resizeTaps are the n places from first on that one output place mixes. Their weights are w, or
// where there may be more than four, the window's at each place times norm.
type resizeTaps struct {
	first, n int
	w        [4]float32
	p, norm  float64
}

// taps returns what output place i mixes.
func (a *resizeAxis) taps(i int) resizeTaps {
	p := a.place(i)
	switch {
	case a.point:
		return resizeTaps{first: a.round(p), n: 1, w: [4]float32{1}}
	case a.antialias:
		return a.window(p)
	case a.linear:
		p = math.Max(p, 0) // before the first place its value stands alone
		first := min(int(p), a.in-1)
		w := float32(p - float64(first))
		return resizeTaps{first: first, n: 2, w: [4]float32{1 - w, w}}
	}
	t := resizeTaps{first: int(math.Floor(p)) - 1, n: 4}
	var w [4]float64
	var sum float64
	for k := range w {
		w[k] = a.weight(float64(t.first+k) - p)
		if a.outside(t.first + k) {
			w[k] = 0
		}
		sum += w[k]
	}
	for k := range w {
		if a.exclude && sum != 0 {
			w[k] /= sum
		}
		t.w[k] = float32(w[k])
	}
	return t
}

// outside says that a place is not in the map and must not count.
func (a *resizeAxis) outside(i int) bool { return a.exclude && (i < 0 || i >= a.in) }

// weight is the window's height at a distance: a triangle, or the cubic of Keys, 1981.
func (a *resizeAxis) weight(d float64) float64 {
	d = math.Abs(d)
	c := a.cubic
	switch {
	case a.linear:
		return max(0, 1-d)
	case d <= 1:
		return ((c+2)*d-(c+3))*d*d + 1
	case d < 2:
		return ((c*d-5*c)*d+8*c)*d - 4*c
	}
	return 0
}

// shrink is what antialias multiplies distances by: the scale where it is below 1.
func (a *resizeAxis) shrink() float64 { return min(a.size()/float64(a.in), 1) }

// radius is half of the window, in input places.
func (a *resizeAxis) radius() float64 {
	if a.linear {
		return 1 / a.shrink()
	}
	return 2 / a.shrink()
}

// window returns the places within the widened window around p.
func (a *resizeAxis) window(p float64) resizeTaps {
	r, s := a.radius(), a.shrink()
	t := resizeTaps{first: int(math.Ceil(p - r)), p: p}
	t.n = int(math.Floor(p+r)) - t.first + 1
	var sum float64
	for i := t.first; i < t.first+t.n; i++ {
		if !a.outside(i) {
			sum += a.weight(s * (float64(i) - p))
		}
	}
	if sum != 0 {
		t.norm = 1 / sum
	}
	return t
}

// tap returns the k-th place that is mixed, inside the map, and its weight.
func (a *resizeAxis) tap(t *resizeTaps, k int) (i int, w float32) {
	i = t.first + k
	switch {
	case !a.antialias:
		w = t.w[k]
	case !a.outside(i):
		w = float32(a.weight(a.shrink()*(float64(i)-t.p)) * t.norm)
	}
	return min(max(i, 0), a.in-1), w
}

// reach returns the first and the last place that output place i mixes.
func (a *resizeAxis) reach(i int) (lo, hi int) {
	t := a.taps(i)
	return min(max(t.first, 0), a.in-1), min(max(t.first+t.n-1, 0), a.in-1)
}

// feeds returns the first and the last output place that mixes one of the places lo to hi, or −1.
func (a *resizeAxis) feeds(lo, hi int) (first, last int) {
	first, last = a.out, -1
	for i := range a.out {
		if from, to := a.reach(i); from <= hi && to >= lo {
			first, last = min(first, i), i
		}
	}
	return first, last
}

// slide returns the step between output places in the input, and how many are mixed.
func (a *resizeAxis) slide() nn.Slide {
	s := nn.Slide{Extent: 1, Stride: a.back(1), Pad: -a.place(0)}
	if a.coords == "align_corners" && a.out > 1 {
		s.Stride = a.place(1)
	}
	switch {
	case a.point:
	case a.antialias:
		s.Extent, s.Pad = int(math.Ceil(2*a.radius())), s.Pad+a.radius()-1
	case a.linear:
		s.Extent = 2
	default:
		s.Extent, s.Pad = 4, s.Pad+1
	}
	s.Extent = min(s.Extent, a.in)
	return s
}
