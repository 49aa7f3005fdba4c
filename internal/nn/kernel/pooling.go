package kernel

import "math"

// Pool is a window that slides over a map: sizes of the kernel, stride, dilation (both at least 1)
// and padding on all four sides. Windows are cut at the map: its border need not be there.
type Pool struct {
	KH, KW, SH, SW, DH, DW int
	PadT, PadL, PadB, PadR int
}

// span returns the taps lo…hi−1 of a window at place at that lie in 0…size−1.
func span(at, size, taps, step int) (lo, hi int) {
	if at < 0 {
		lo = min((-at+step-1)/step, taps)
	}
	hi = taps
	if end := at + (taps-1)*step; end >= size {
		hi = max((size-at+step-1)/step, lo)
	}
	return lo, hi
}

// window is a rectangle of outputs whose windows have the same taps. Steps are in floats.
type window struct {
	dst, src       []float32 // from the first output, and from the first tap of its window, on
	weight         []float32 // [tap][16], of a depthwise convolution
	residual       []float32 // like dst, added before the clamp; nil: none
	h, n           int       // rows of outputs, and outputs of a row
	kh, kw         int       // taps
	pix, col, line int       // in src: from output to output, from tap to tap, from row of taps to row
	dstRow, srcRow int       // from a row of outputs to the next, in dst and in src
	resRow         int       // in residual
}

// checked returns the window with its slices cut to what is read and written.
func (w *window) checked() *window {
	w.dst = w.dst[:(w.h-1)*w.dstRow+w.n*Lanes]
	w.src = w.src[:(w.h-1)*w.srcRow+(w.n-1)*w.pix+(w.kh-1)*w.line+(w.kw-1)*w.col+Lanes]
	if w.residual != nil {
		w.residual = w.residual[:(w.h-1)*w.resRow+w.n*Lanes]
	}
	return w
}

// windowOp is what a window is made of its taps.
type windowOp uint8

const (
	windowMax windowOp = iota // the largest; NaN wins
	windowSum                 // b times the sum
	windowDot                 // a plus the sum of weights times taps
)

// Max writes clamp(the largest value of each window); NaN wins, so that it shows. out is not in.
func (p *Pool) Max(set *Set, out, in *Blocked, act Clamp, first, last int) {
	var q params
	fill(&q.a, float32(math.Inf(-1)))
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		q.clamp(act, c, out.C)
		p.block(set, windowMax, out, in, n, c, &q, nil)
	}
}

// Avg writes clamp(the mean of each window): the sum times one over the number of its values. With
// includePad padding counts too, but not what a window reaches past it. out is not in.
func (p *Pool) Avg(set *Set, out, in *Blocked, includePad bool, act Clamp, first, last int) {
	var q params
	per := blocksOf(out.C)
	count := func(y, x int) int {
		y0, x0 := y*p.SH-p.PadT, x*p.SW-p.PadL
		if includePad {
			_, h := span(y0+p.PadT, in.H+p.PadT+p.PadB, p.KH, p.DH)
			_, w := span(x0+p.PadL, in.W+p.PadL+p.PadR, p.KW, p.DW)
			return h * w
		}
		y1, y2 := span(y0, in.H, p.KH, p.DH)
		x1, x2 := span(x0, in.W, p.KW, p.DW)
		return (y2 - y1) * (x2 - x1)
	}
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		q.clamp(act, c, out.C)
		p.block(set, windowSum, out, in, n, c, &q, count)
	}
}

// whole returns the outputs lo…hi−1 of a side whose windows have all their taps inside the map.
func whole(out, in, taps, stride, dilation, pad int) (lo, hi int) {
	lo = min((pad+stride-1)/stride, out)
	hi = lo
	if room := in - 1 - (taps-1)*dilation + pad; room >= 0 {
		hi = min(max(room/stride+1, lo), out)
	}
	return lo, hi
}

// block computes a block of outputs, in rectangles: the whole windows at once, those at the sides, which
// are cut, a row or a column at a time. count says what a mean is divided by.
func (p *Pool) block(set *Set, op windowOp, out, in *Blocked, n, c int, q *params, count func(y, x int) int) {
	top, bottom := whole(out.H, in.H, p.KH, p.SH, p.DH, p.PadT)
	left, right := whole(out.W, in.W, p.KW, p.SW, p.DW, p.PadL)
	for y := 0; y < out.H; {
		rows := 1
		if y == top && bottom > top {
			rows = bottom - top
		}
		y0 := y*p.SH - p.PadT
		ky, kyEnd := span(y0, in.H, p.KH, p.DH)
		for x := 0; x < out.W; {
			run := 1
			if x == left && right > left {
				run = right - left
			}
			x0 := x*p.SW - p.PadL
			kx, kxEnd := span(x0, in.W, p.KW, p.DW)
			if count != nil {
				fill(&q.b, 1/float32(count(y, x)))
			}
			w := window{
				h: rows, n: run, kh: kyEnd - ky, kw: kxEnd - kx,
				pix: p.SW * Lanes, col: p.DW * Lanes, line: p.DH * in.PW * Lanes,
				dstRow: out.PW * Lanes, srcRow: p.SH * in.PW * Lanes,
				dst: out.Data[out.Index(n, c, y, x):], src: in.Data[in.Index(n, c, y0+ky*p.DH, x0+kx*p.DW):],
			}
			windows(set, op, w.checked(), q)
			x += run
		}
		y += rows
	}
}

// windowsGo computes a rectangle of outputs.
func windowsGo(op windowOp, w *window, p *params) {
	for y := range w.h {
		for x := range w.n {
			acc := p.a
			if op == windowSum {
				acc = [Lanes]float32{}
			}
			for ky := range w.kh {
				for kx := range w.kw {
					w.tap(op, &acc, y*w.srcRow+x*w.pix+ky*w.line+kx*w.col, (ky*w.kw+kx)*Lanes)
				}
			}
			w.finish(op, y, x, &acc, p)
		}
	}
}

// tap takes one pixel of the source; at is its place, weight that of its weights.
func (w *window) tap(op windowOp, acc *[Lanes]float32, at, weight int) {
	px := (*[Lanes]float32)(w.src[at:])
	switch op {
	case windowMax:
		for l, v := range px {
			acc[l] = max(acc[l], v)
		}
	case windowSum:
		for l, v := range px {
			acc[l] += v
		}
	case windowDot:
		k := (*[Lanes]float32)(w.weight[weight:])
		for l, v := range px {
			acc[l] += float32(v * k[l])
		}
	}
}

func (w *window) finish(op windowOp, y, x int, acc *[Lanes]float32, p *params) {
	dst := (*[Lanes]float32)(w.dst[y*w.dstRow+x*Lanes:])
	for l, v := range acc {
		if op == windowSum {
			v *= p.b[l]
		}
		if w.residual != nil {
			v += w.residual[y*w.resRow+x*Lanes+l]
		}
		dst[l] = min(max(v, p.lo[l]), p.hi[l])
	}
}

// GlobalAvg writes the mean of each map, summed in float64 row by row, to N×C×1×1.
func GlobalAvg(set *Set, out, in *Blocked, first, last int) {
	per := blocksOf(in.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		var sum [Lanes]float64
		sumRows(set, in.H, in.W, in.patch(n, c), &sum)
		dst := out.Data[out.Index(n, c, 0, 0):][:Lanes]
		k := 1 / float64(in.H*in.W)
		for l, v := range sum {
			dst[l] = float32(v * k)
		}
	}
}

// sumRowsGo adds up all pixels, lane by lane.
func sumRowsGo(h, w int, src patch, sum *[Lanes]float64) {
	for y := range h {
		for i, v := range src.data[y*src.row:][:w*Lanes] {
			sum[i%Lanes] += float64(v)
		}
	}
}
