package kernel

// Columns lays the windows of a convolution out as a matrix, so that it becomes a product of
// matrices: row (c·KH + ky)·KW + kx holds, for every output place, the input value that the kernel's
// tap (ky, kx) of channel c reads there, or zero in the padding.
type Columns struct {
	C, H, W        int // of the input
	OutH, OutW     int
	KH, KW         int
	SH, SW, DH, DW int
	PadT, PadL     int
}

// Rows and Places are the sizes of the matrix.
func (w *Columns) Rows() int { return w.C * w.KH * w.KW }

// Places is the number of output places.
func (w *Columns) Places() int { return w.OutH * w.OutW }

// Plain says that the matrix is the input itself: 1×1 taps, nothing skipped.
func (w *Columns) Plain() bool {
	return w.KH == 1 && w.KW == 1 && w.SH == 1 && w.SW == 1 && w.PadT == 0 && w.PadL == 0 && w.OutH == w.H && w.OutW == w.W
}

// inside returns the outputs from…to−1 whose input at·stride + offset lies in 0…size−1.
func inside(outs, stride, offset, size int) (from, to int) {
	if stride == 1 { // a division would take longer than all else
		from, to = max(0, -offset), max(0, min(outs, size-offset))
		return min(from, to), to
	}
	if offset < 0 {
		from = (-offset + stride - 1) / stride
	}
	if last := size - 1 - offset; last >= 0 {
		to = last/stride + 1
	}
	to = min(to, outs)
	return min(from, to), to
}

// tap is where one row of the matrix meets its map: outputs y0…y1−1 and x0…x1−1 read inside of it, the
// first of them at at.
type tap struct{ y0, y1, x0, x1, at int }

func (w *Columns) tap(row int) tap {
	ky, kx := row/w.KW%w.KH, row%w.KW
	var t tap
	t.y0, t.y1 = inside(w.OutH, w.SH, ky*w.DH-w.PadT, w.H)
	t.x0, t.x1 = inside(w.OutW, w.SW, kx*w.DW-w.PadL, w.W)
	t.at = (t.y0*w.SH+ky*w.DH-w.PadT)*w.W + t.x0*w.SW + kx*w.DW - w.PadL
	return t
}

// From writes rows first…last−1 of the matrix of one sample, C×H×W planar.
func (w *Columns) From(set *Set, dst, src []float32, first, last int) {
	for r := first; r < last; r++ {
		t := w.tap(r)
		row := dst[(r-first)*w.Places():][:w.Places()]
		if t.x1-t.x0 < w.OutW || t.y1-t.y0 < w.OutH {
			clear(row)
		}
		if t.y0 == t.y1 || t.x0 == t.x1 {
			continue
		}
		from, to := src[r/(w.KH*w.KW)*w.H*w.W+t.at:], row[t.y0*w.OutW+t.x0:]
		if w.SW == 1 {
			copyLines(set.isa, to, from, t.y1-t.y0, t.x1-t.x0, w.OutW, w.SH*w.W)
			continue
		}
		for y := range t.y1 - t.y0 {
			for x := range t.x1 - t.x0 {
				to[y*w.OutW+x] = from[y*w.SH*w.W+x*w.SW]
			}
		}
	}
}

// AddTo adds the rows of channels first…last−1 of a matrix of gradients back to the channels of one sample.
func (w *Columns) AddTo(set *Set, dst, src []float32, first, last int) {
	taps := w.KH * w.KW
	for r := first * taps; r < last*taps; r++ {
		t := w.tap(r)
		if t.y0 == t.y1 || t.x0 == t.x1 {
			continue
		}
		to, from := dst[r/taps*w.H*w.W+t.at:], src[(r-first*taps)*w.Places()+t.y0*w.OutW+t.x0:]
		if w.SW == 1 {
			addLines(set.isa, to, from, t.y1-t.y0, t.x1-t.x0, w.SH*w.W, w.OutW)
			continue
		}
		for y := range t.y1 - t.y0 {
			for x := range t.x1 - t.x0 {
				to[y*w.SH*w.W+x*w.SW] += from[y*w.OutW+x]
			}
		}
	}
}

func linesGo(dst, src []float32, h, w, dstRow, srcRow int, add bool) {
	for y := range h {
		d, s := dst[y*dstRow:][:w], src[y*srcRow:][:w]
		if !add {
			copy(d, s)
			continue
		}
		Add(d, s)
	}
}

func gateClampGo(dx, dy, y []float32, act Clamp) {
	for i, v := range y {
		if v > act.Lo && v < act.Hi {
			dx[i] += dy[i]
		}
	}
}
