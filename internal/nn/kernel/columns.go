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
	if offset < 0 {
		from = (-offset + stride - 1) / stride
	}
	if last := size - 1 - offset; last >= 0 {
		to = last/stride + 1
	}
	to = min(to, outs)
	return min(from, to), to
}

// From writes rows first…last−1 of the matrix of one sample, C×H×W planar.
func (w *Columns) From(dst, src []float32, first, last int) {
	for r := first; r < last; r++ {
		c, ky, kx := r/(w.KH*w.KW), r/w.KW%w.KH, r%w.KW
		plane := src[c*w.H*w.W:][:w.H*w.W]
		row := dst[(r-first)*w.Places():][:w.Places()]
		y0, y1 := inside(w.OutH, w.SH, ky*w.DH-w.PadT, w.H)
		x0, x1 := inside(w.OutW, w.SW, kx*w.DW-w.PadL, w.W)
		clear(row[:y0*w.OutW])
		for y := y0; y < y1; y++ {
			at := (y*w.SH+ky*w.DH-w.PadT)*w.W + x0*w.SW + kx*w.DW - w.PadL
			line := row[y*w.OutW:][:w.OutW]
			clear(line[:x0])
			clear(line[x1:])
			line = line[x0:x1]
			if w.SW == 1 {
				copy(line, plane[at:])
				continue
			}
			for i := range line {
				line[i] = plane[at+i*w.SW]
			}
		}
		clear(row[y1*w.OutW:])
	}
}

// AddTo adds the rows of channels first…last−1 of a matrix of gradients back to the channels of one sample.
func (w *Columns) AddTo(set *Set, dst, src []float32, first, last int) {
	taps := w.KH * w.KW
	for r := first * taps; r < last*taps; r++ {
		c, ky, kx := r/taps, r/w.KW%w.KH, r%w.KW
		plane := dst[c*w.H*w.W:][:w.H*w.W]
		row := src[(r-first*taps)*w.Places():][:w.Places()]
		y0, y1 := inside(w.OutH, w.SH, ky*w.DH-w.PadT, w.H)
		x0, x1 := inside(w.OutW, w.SW, kx*w.DW-w.PadL, w.W)
		for y := y0; y < y1; y++ {
			at := (y*w.SH+ky*w.DH-w.PadT)*w.W + x0*w.SW + kx*w.DW - w.PadL
			line := row[y*w.OutW+x0 : y*w.OutW+x1]
			if w.SW == 1 {
				AddScaled(set, plane[at:at+len(line)], line, 1)
				continue
			}
			for i, v := range line {
				plane[at+i*w.SW] += v
			}
		}
	}
}

func gateClampGo(dx, dy, y []float32, act Clamp) {
	for i, v := range y {
		if v > act.Lo && v < act.Hi {
			dx[i] += dy[i]
		}
	}
}
