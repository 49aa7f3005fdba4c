package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// maxBackward gives the gradient of each window to its largest value; of equals, to the first.
func maxBackward(set *kernel.Set, w *kernel.Pool, dx, dy *nn.Tensor, x []float32) {
	s, out := dx.Shape, dy.Shape
	halves := *w == kernel.Pool{KH: 2, KW: 2, SH: 2, SW: 2, DH: 1, DW: 1} && s.H >= 2*out.H && s.W >= 2*out.W
	for p := range s.N * s.C {
		plane, to, d := x[p*s.Plane():][:s.Plane()], dx.Data[p*s.Plane():][:s.Plane()], dy.Data[p*out.Plane():][:out.Plane()]
		if halves {
			for y := range out.H {
				kernel.GradHalves(set, to[2*y*s.W:], plane[2*y*s.W:], d[y*out.W:][:out.W], s.W)
			}
			continue
		}
		for oy := range out.H {
			for ox := range out.W {
				to[winner(w, plane, s, oy*w.SH-w.PadT, ox*w.SW-w.PadL)] += d[oy*out.W+ox]
			}
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
