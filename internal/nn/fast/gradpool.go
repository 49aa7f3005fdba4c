package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// maxBackward gives the gradient of each window to its largest value; of equals, to the first.
func maxBackward(w *kernel.Pool, dx, dy *nn.Tensor, x []float32) {
	s, out := dx.Shape, dy.Shape
	halves := *w == kernel.Pool{KH: 2, KW: 2, SH: 2, SW: 2, DH: 1, DW: 1} && s.H >= 2*out.H && s.W >= 2*out.W
	for p := range s.N * s.C {
		plane, to, d := x[p*s.Plane():][:s.Plane()], dx.Data[p*s.Plane():][:s.Plane()], dy.Data[p*out.Plane():][:out.Plane()]
		if halves {
			maxHalves(to, plane, d, s.W, out)
			continue
		}
		for oy := range out.H {
			for ox := range out.W {
				to[winner(w, plane, s, oy*w.SH-w.PadT, ox*w.SW-w.PadL)] += d[oy*out.W+ox]
			}
		}
	}
}

// maxHalves is windows of 2×2 side by side. Places are chosen without branches, whose outcome nobody
// could foresee.
func maxHalves(dx, x, dy []float32, width int, out nn.Shape) {
	for oy := range out.H {
		a, b := x[2*oy*width:][:width], x[(2*oy+1)*width:][:width]
		row := dx[2*oy*width:][:2*width]
		for ox, d := range dy[oy*out.W:][:out.W] {
			p, q, r, s := a[2*ox], a[2*ox+1], b[2*ox], b[2*ox+1]
			m := max(p, q, r, s)
			at := width + 1
			if r == m || r != r {
				at = width
			}
			if q == m || q != q {
				at = 1
			}
			if p == m || p != p {
				at = 0
			}
			row[2*ox+at] += d
		}
	}
}

// winner returns the place of the largest value of the window at (y0, x0); one that is no number wins.
func winner(w *kernel.Pool, plane []float32, s nn.Shape, y0, x0 int) int {
	best, found := 0, false
	var m float32
	for ky := range w.KH {
		y := y0 + ky*w.DH
		if y < 0 || y >= s.H {
			continue
		}
		for kx := range w.KW {
			x := x0 + kx*w.DW
			if x < 0 || x >= s.W {
				continue
			}
			v := plane[y*s.W+x]
			if v != v {
				return y*s.W + x
			}
			if !found || v > m {
				best, m, found = y*s.W+x, v, true
			}
		}
	}
	return best
}
