package op

import "vizserver/internal/nn"

// Size is a pair (height, width): a kernel size, a stride, a padding or a dilation.
type Size struct{ H, W int }

// Square returns the pair (n, n).
func Square(n int) Size { return Size{n, n} }

// OrOne returns the pair, or (1, 1) where it is zero: strides and dilations that were left out.
func (s Size) OrOne() Size {
	if s == (Size{}) {
		return Square(1)
	}
	return s
}

// window is a kernel that slides over a map. The padding at the bottom and right is
// pad + extra.
type window struct{ kernel, stride, pad, extra, dilation Size }

// maxAttr bounds sizes that come from a file, so that no product of two of them overflows.
const maxAttr = 1 << 30

// bounded demands sizes between −maxAttr and maxAttr.
func bounded(kind string, s nn.Shape, sizes ...Size) error {
	for _, p := range sizes {
		if min(p.H, p.W) < -maxAttr || max(p.H, p.W) > maxAttr {
			return &nn.ShapeError{Op: kind, Got: s, Want: "kernel, stride, dilation and padding of at most 2³⁰"}
		}
	}
	return nil
}

// out returns the size of the output: ⌊(in + 2·pad + extra − dilation·(kernel−1) − 1)/stride⌋ + 1,
// with ⌈⌉ where ceil is set, as in PyTorch.
func (w window) out(kind string, s nn.Shape, ceil bool) (h, wd int, err error) {
	if err := bounded(kind, s, w.kernel, w.stride, w.pad, w.extra, w.dilation); err != nil {
		return 0, 0, err
	}
	bad := w.kernel.H < 1 || w.kernel.W < 1 || w.stride.H < 1 || w.stride.W < 1 ||
		w.dilation.H < 1 || w.dilation.W < 1 || w.pad.H < 0 || w.pad.W < 0 ||
		w.pad.H+w.extra.H < 0 || w.pad.W+w.extra.W < 0
	if bad {
		return 0, 0, &nn.ShapeError{Op: kind, Got: s, Want: "kernel, stride and dilation ≥ 1 and padding ≥ 0"}
	}
	h = steps(s.H+w.pad.H, w.kernel.H, w.stride.H, w.pad.H+w.extra.H, w.dilation.H, ceil)
	wd = steps(s.W+w.pad.W, w.kernel.W, w.stride.W, w.pad.W+w.extra.W, w.dilation.W, ceil)
	if h < 1 || wd < 1 {
		return 0, 0, &nn.ShapeError{Op: kind, Got: s, Want: "a map at least as large as the kernel"}
	}
	return h, wd, nil
}

// steps counts the places of a window over in values, of which the first are padding,
// and end more of padding behind them.
func steps(in, kernel, stride, end, dilation int, ceil bool) int {
	room := in + end - dilation*(kernel-1) - 1
	if room < 0 {
		return 0
	}
	if !ceil {
		return room/stride + 1
	}
	n := (room+stride-1)/stride + 1
	if (n-1)*stride >= in { // PyTorch: the last window starts inside the map or its left padding
		n--
	}
	return n
}

// rect is a window's place in a map, clipped to it; ends excluded. With dilation the window reads
// one row and one column in so many of it, the first ones among them.
type rect struct{ y0, y1, x0, x1 int }

// count returns the number of values that a window with this dilation reads.
func (r rect) count(step Size) int { return taps(r.y0, r.y1, step.H) * taps(r.x0, r.x1, step.W) }

// taps counts lo, lo+step, … below hi.
func taps(lo, hi, step int) int {
	if step == 1 {
		return hi - lo // a division would take longer than all else
	}
	return (hi - lo + step - 1) / step
}

// at returns the part of the window of output (y, x) that lies inside the map.
func (w window) at(s nn.Shape, y, x int) rect {
	y0, x0 := y*w.stride.H-w.pad.H, x*w.stride.W-w.pad.W
	if w.dilation == Square(1) {
		return rect{max(y0, 0), min(y0+w.kernel.H, s.H), max(x0, 0), min(x0+w.kernel.W, s.W)}
	}
	d := w.dilation
	y1, x1 := y0+d.H*(w.kernel.H-1)+1, x0+d.W*(w.kernel.W-1)+1
	return rect{inMap(y0, d.H), min(y1, s.H), inMap(x0, d.W), min(x1, s.W)}
}

// inMap returns the first of at, at+step, … that is not below zero.
func inMap(at, step int) int {
	if at >= 0 {
		return at
	}
	return at + (-at+step-1)/step*step
}

// sees returns the input rows and columns that an output area reads.
func (w window) sees(s nn.Shape, a nn.Area) nn.Area {
	rh, rw := w.dilation.H*(w.kernel.H-1), w.dilation.W*(w.kernel.W-1)
	a.Y0, a.Y1 = a.Y0*w.stride.H-w.pad.H, a.Y1*w.stride.H-w.pad.H+rh
	a.X0, a.X1 = a.X0*w.stride.W-w.pad.W, a.X1*w.stride.W-w.pad.W+rw
	a.Y0, a.X0 = max(a.Y0, 0), max(a.X0, 0)
	a.Y1, a.X1 = min(a.Y1, s.H-1), min(a.X1, s.W-1)
	return a
}

// feeds returns the output rows and columns that read an input area; no channels where none do.
func (w window) feeds(h, wd int, a nn.Area) nn.Area {
	rh, rw := w.dilation.H*(w.kernel.H-1), w.dilation.W*(w.kernel.W-1)
	a.Y0, a.Y1 = ceilDiv(a.Y0+w.pad.H-rh, w.stride.H), (a.Y1+w.pad.H)/w.stride.H
	a.X0, a.X1 = ceilDiv(a.X0+w.pad.W-rw, w.stride.W), (a.X1+w.pad.W)/w.stride.W
	a.Y0, a.X0 = max(a.Y0, 0), max(a.X0, 0)
	a.Y1, a.X1 = min(a.Y1, h-1), min(a.X1, wd-1)
	if a.Y0 > a.Y1 || a.X0 > a.X1 {
		a.Channels = nil
	}
	return a
}

// ceilDiv rounds up; a below zero gives zero or less.
func ceilDiv(a, b int) int {
	if a <= 0 {
		return a / b
	}
	return (a + b - 1) / b
}
