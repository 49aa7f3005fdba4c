package kernel

// Span is how one row of a convolution moves over its input.
type Span struct{ Stride, Pad, Dilation int }

// inside returns the outputs [lo, hi) of a row whose taps all lie inside the input.
func (s Span) inside(dst, src, taps int) (lo, hi int) {
	lo = (s.Pad + s.Stride - 1) / s.Stride
	last := src - 1 - (taps-1)*s.Dilation + s.Pad // largest start of a window, in padded columns
	hi = 0
	if last >= 0 {
		hi = last/s.Stride + 1
	}
	hi = min(hi, dst)
	if lo > hi {
		lo = hi
	}
	return lo, hi
}

// ConvRow adds to each output of a row the products of one row of weights:
//
//	dst[x] += Σₖ w[k] · src[x·stride + k·dilation − pad], k ascending
//
// Places outside src count as zero.
func ConvRow(dst, src, w []float32, s Span) {
	lo, hi := s.inside(len(dst), len(src), len(w))
	for x := range lo {
		dst[x] = edge(dst[x], src, w, x*s.Stride-s.Pad, s.Dilation)
	}
	for x := hi; x < len(dst); x++ {
		dst[x] = edge(dst[x], src, w, x*s.Stride-s.Pad, s.Dilation)
	}
	if lo == hi {
		return
	}
	in := src[lo*s.Stride-s.Pad:]
	switch {
	case len(w) == 5 && s.Stride == 1 && s.Dilation == 1:
		row5(dst[lo:hi], in, (*[5]float32)(w))
	case len(w) == 3 && s.Stride == 1 && s.Dilation == 1:
		row3(dst[lo:hi], in, (*[3]float32)(w))
	default:
		for x := lo; x < hi; x++ {
			a, at := dst[x], (x-lo)*s.Stride
			for _, wk := range w {
				a += float32(wk * in[at])
				at += s.Dilation
			}
			dst[x] = a
		}
	}
}

// edge is one output whose window reaches over the border.
func edge(a float32, src, w []float32, at, dilation int) float32 {
	for _, wk := range w {
		if at >= 0 && at < len(src) {
			a += float32(wk * src[at])
		}
		at += dilation
	}
	return a
}

// row5 keeps the window in registers: one load for five products.
func row5(dst, src []float32, w *[5]float32) {
	w0, w1, w2, w3, w4 := w[0], w[1], w[2], w[3], w[4]
	x0, x1, x2, x3 := src[0], src[1], src[2], src[3]
	src = src[4:]
	src = src[:len(dst)]
	for i, a := range dst {
		x4 := src[i]
		a += float32(w0 * x0)
		a += float32(w1 * x1)
		a += float32(w2 * x2)
		a += float32(w3 * x3)
		a += float32(w4 * x4)
		dst[i] = a
		x0, x1, x2, x3 = x1, x2, x3, x4
	}
}

func row3(dst, src []float32, w *[3]float32) {
	w0, w1, w2 := w[0], w[1], w[2]
	x0, x1 := src[0], src[1]
	src = src[2:]
	src = src[:len(dst)]
	for i, a := range dst {
		x2 := src[i]
		a += float32(w0 * x0)
		a += float32(w1 * x1)
		a += float32(w2 * x2)
		dst[i] = a
		x0, x1 = x1, x2
	}
}

// ConvRowGradWeight adds to dw the gradient by one row of weights:
//
//	dw[k] += Σₓ dy[x] · src[x·stride + k·dilation − pad]
func ConvRowGradWeight(dw, dy, src []float32, s Span) {
	if len(dw) == 5 && s == (Span{Stride: 1, Dilation: 1}) && len(src) >= len(dy)+4 {
		gradWeight5((*[5]float32)(dw), dy, src)
		return
	}
	for k := range dw {
		at := k*s.Dilation - s.Pad
		a := dw[k]
		for _, d := range dy {
			if at >= 0 && at < len(src) {
				a += float32(d * src[at])
			}
			at += s.Stride
		}
		dw[k] = a
	}
}

func gradWeight5(dw *[5]float32, dy, src []float32) {
	a0, a1, a2, a3, a4 := dw[0], dw[1], dw[2], dw[3], dw[4]
	x0, x1, x2, x3 := src[0], src[1], src[2], src[3]
	src = src[4:]
	src = src[:len(dy)]
	for i, d := range dy {
		x4 := src[i]
		a0 += float32(d * x0)
		a1 += float32(d * x1)
		a2 += float32(d * x2)
		a3 += float32(d * x3)
		a4 += float32(d * x4)
		x0, x1, x2, x3 = x1, x2, x3, x4
	}
	dw[0], dw[1], dw[2], dw[3], dw[4] = a0, a1, a2, a3, a4
}

// ConvRowGradInput adds to dx the gradient by one row of the input:
//
//	dx[x·stride + k·dilation − pad] += dy[x] · w[k]
func ConvRowGradInput(dx, dy, w []float32, s Span) {
	if len(w) == 5 && s == (Span{Stride: 1, Dilation: 1}) && len(dx) >= len(dy)+4 {
		gradInput5(dx, dy, (*[5]float32)(w))
		return
	}
	for x, d := range dy {
		at := x*s.Stride - s.Pad
		for _, wk := range w {
			if at >= 0 && at < len(dx) {
				dx[at] += float32(d * wk)
			}
			at += s.Dilation
		}
	}
}

// gradInput5 carries the five open sums in registers: one store for five products.
func gradInput5(dx, dy []float32, w *[5]float32) {
	w0, w1, w2, w3, w4 := w[0], w[1], w[2], w[3], w[4]
	var a0, a1, a2, a3 float32
	n := len(dy)
	out := dx[:n]
	for i, d := range dy {
		out[i] += a0 + float32(d*w0)
		a0 = a1 + float32(d*w1)
		a1 = a2 + float32(d*w2)
		a2 = a3 + float32(d*w3)
		a3 = float32(d * w4)
	}
	dx[n] += a0
	dx[n+1] += a1
	dx[n+2] += a2
	dx[n+3] += a3
}
