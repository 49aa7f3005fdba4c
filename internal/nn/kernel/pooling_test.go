package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// pools have windows with all kinds of tails; some reach past the padding (ceil), some are larger
// than the map.
var pools = []Pool{
	{KH: 2, KW: 2, SH: 2, SW: 2, DH: 1, DW: 1},
	{KH: 3, KW: 3, SH: 2, SW: 2, DH: 1, DW: 1, PadT: 1, PadL: 1, PadB: 1, PadR: 1},
	{KH: 3, KW: 2, SH: 1, SW: 2, DH: 1, DW: 1, PadT: 2, PadL: 0, PadB: 1, PadR: 1},
	{KH: 2, KW: 5, SH: 3, SW: 1, DH: 2, DW: 1, PadT: 1, PadL: 4, PadB: 0, PadR: 2},
	{KH: 3, KW: 3, SH: 1, SW: 1, DH: 1, DW: 2, PadT: 1, PadL: 1, PadB: 1, PadR: 1},
	{KH: 7, KW: 3, SH: 2, SW: 3, DH: 1, DW: 1, PadT: 6, PadL: 2, PadB: 6, PadR: 2},
}

// outOf is the size of a pool's output, rounded down or up.
func outOf(size, k, s, d, lo, hi int, ceil bool) int {
	room := size + lo + hi - d*(k-1) - 1
	if room < 0 {
		return 0
	}
	n := room/s + 1
	if ceil && room%s != 0 && n*s < size+lo {
		n++
	}
	return n
}

// TestPools compares Max and Avg with the definition, the border of the input being full of NaN:
// it may not be read as data.
func TestPools(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for k := range pools {
			for i := range sizes {
				for _, ceil := range []bool{false, true} {
					p, s := &pools[k], sizes[i]
					h := outOf(s.h, p.KH, p.SH, p.DH, p.PadT, p.PadB, ceil)
					w := outOf(s.w, p.KW, p.SW, p.DW, p.PadL, p.PadR, ceil)
					if h > 0 && w > 0 {
						t.Run(fmt.Sprint(*p, s, ceil), func(t *testing.T) { checkPool(t, set, p, i, h, w) })
					}
				}
			}
		}
	})
}

func checkPool(t *testing.T, set *Set, p *Pool, i, h, w int) {
	s := sizes[i]
	r := rand.New(rand.NewPCG(uint64(i), 5))
	nan := float32(math.NaN())
	in, px := randomValue(r, s.n, s.c, s.h, s.w, i%3, 1)
	in.Set(0, s.c-1, s.h-1, s.w-1, nan)
	*px.at(0, s.c-1, s.h-1, s.w-1) = math.NaN()
	in.Set(s.n-1, 0, 0, 0, -nan)
	*px.at(s.n-1, 0, 0, 0) = math.NaN()
	in.Set(0, 1, 0, s.w/2, float32(math.Inf(-1)))
	*px.at(0, 1, 0, s.w/2) = math.Inf(-1)
	for y := -in.Pad; y < in.H+in.Pad; y++ { // poison the border
		for x := -in.Pad; x < in.W+in.Pad; x++ {
			if y < 0 || x < 0 || y >= in.H || x >= in.W {
				in.Set(0, 0, y, x, nan)
			}
		}
	}
	maxima, means, padded := newPlanar(s.n, s.c, h, w), newPlanar(s.n, s.c, h, w), newPlanar(s.n, s.c, h, w)
	maxima.each(func(n, c, y, x int, v *float64) {
		*v = math.Inf(-1)
		var sum float64
		inside, whole := 0, 0
		for ky := range p.KH {
			for kx := range p.KW {
				yy, xx := y*p.SH-p.PadT+ky*p.DH, x*p.SW-p.PadL+kx*p.DW
				if yy < s.h+p.PadB && xx < s.w+p.PadR {
					whole++
				}
				if yy >= 0 && xx >= 0 && yy < s.h && xx < s.w {
					inside++
					sum += *px.at(n, c, yy, xx)
					*v = max(*v, *px.at(n, c, yy, xx))
				}
			}
		}
		*means.at(n, c, y, x) = sum / float64(inside)
		*padded.at(n, c, y, x) = sum / float64(whole)
	})
	if h*w*s.n > 0 && anyInf(maxima) {
		return // a window of nothing: the operators refuse such sizes
	}
	to := func() *Blocked { return target(s.n, s.c, h, w, 1, 1) }
	compare(t, inParts(t, to, func(out *Blocked, first, last int) { p.Max(set, out, in, NoClamp, first, last) }), maxima, 0)
	compare(t, inParts(t, to, func(out *Blocked, first, last int) { p.Avg(set, out, in, false, NoClamp, first, last) }), means, 2e-6)
	compare(t, inParts(t, to, func(out *Blocked, first, last int) { p.Avg(set, out, in, true, NoClamp, first, last) }), padded, 2e-6)
}

func anyInf(p *planarOf) bool {
	for _, v := range p.v {
		if math.IsInf(v, -1) {
			return true
		}
	}
	return false
}

// TestGlobalAvg compares with the mean in float64; all sets give the same bits.
func TestGlobalAvg(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for i, s := range sizes {
			in, p := randomValue(rand.New(rand.NewPCG(uint64(i), 5)), s.n, s.c, s.h, s.w, i%2, 1)
			want := newPlanar(s.n, s.c, 1, 1)
			p.each(func(n, c, _, _ int, v *float64) { *want.at(n, c, 0, 0) += *v / float64(s.h*s.w) })
			to := func() *Blocked { return target(s.n, s.c, 1, 1, 0, 1) }
			run := func(set *Set) *Blocked {
				return inParts(t, to, func(out *Blocked, first, last int) { GlobalAvg(set, out, in, first, last) })
			}
			got := run(set)
			compare(t, got, want, 1e-7)
			equalBits(t, "plain Go", got.Data, run(&Set{}).Data)
		}
	})
}

// TestDepthwise compares with the definition: strides, dilation, uneven padding, residual, clamp.
func TestDepthwise(t *testing.T) {
	specs := []ConvSpec{
		{KH: 3, KW: 3, SH: 1, SW: 1, DH: 1, DW: 1, PadT: 1, PadL: 1},
		{KH: 3, KW: 3, SH: 2, SW: 2, DH: 1, DW: 1, PadT: 0, PadL: 1},
		{KH: 5, KW: 5, SH: 2, SW: 1, DH: 1, DW: 1, PadT: 2, PadL: 1},
		{KH: 7, KW: 2, SH: 1, SW: 3, DH: 1, DW: 1, PadT: 3, PadL: 0},
		{KH: 3, KW: 2, SH: 1, SW: 1, DH: 2, DW: 3, PadT: 2, PadL: 2},
		{KH: 1, KW: 1, SH: 1, SW: 1, DH: 1, DW: 1},
	}
	eachSet(t, func(t *testing.T, set *Set) {
		for _, spec := range specs {
			for i, s := range sizes {
				spec.In, spec.Out, spec.Groups, spec.H, spec.W = s.c, s.c, s.c, s.h, s.w
				spec.OutH = (s.h+2*spec.PadT)/spec.SH + i%2
				spec.OutW = max((s.w+spec.PadL+1)/spec.SW, 1)
				if spec.OutH < 1 {
					continue
				}
				t.Run(fmt.Sprint(spec), func(t *testing.T) { checkDepthwise(t, set, spec, s.n) })
			}
		}
	})
}

func checkDepthwise(t *testing.T, set *Set, s ConvSpec, n int) {
	r := rand.New(rand.NewPCG(uint64(s.W), 11))
	_, w := guarded(r, s.Out*s.KH*s.KW)
	_, bias := guarded(r, s.Out)
	d := NewDepthwise(set, s, w, bias)
	in, px := randomValue(r, n, s.In, s.H, s.W, d.Pad(), 1)
	res, pr := randomValue(r, n, s.Out, s.OutH, s.OutW, 0, 0)
	want, plain := newPlanar(n, s.Out, s.OutH, s.OutW), newPlanar(n, s.Out, s.OutH, s.OutW)
	act := Clamp{Lo: -0.5, Hi: 6}
	want.each(func(n, c, y, x int, v *float64) {
		sum := float64(bias[c])
		for ky := range s.KH {
			for kx := range s.KW {
				yy, xx := y*s.SH-s.PadT+ky*s.DH, x*s.SW-s.PadL+kx*s.DW
				if yy >= 0 && xx >= 0 && yy < s.H && xx < s.W {
					sum += float64(w[(c*s.KH+ky)*s.KW+kx]) * *px.at(n, c, yy, xx)
				}
			}
		}
		*plain.at(n, c, y, x) = sum
		*v = clamped(sum+*pr.at(n, c, y, x), act)
	})
	out := target(n, s.Out, s.OutH, s.OutW, 1, 1)
	for i := range d.Items(n) {
		d.Do(i, in, out, nil, NoClamp)
	}
	compare(t, out, plain, 4e-6)
	out = target(n, s.Out, s.OutH, s.OutW, 1, 1)
	for i := d.Items(n) - 1; i >= 0; i-- {
		d.Do(i, in, out, res, act)
	}
	compare(t, out, want, 4e-6)
	for i := range d.Items(n) {
		d.Do(i, in, res, res, act)
	}
	if res.H*res.W > 1 { // of a vector there is nothing else in the buffer
		compare(t, res, want, 4e-6)
	}
}
