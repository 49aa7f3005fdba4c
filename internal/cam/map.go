package cam

import "math"

// Map is the evidence of each place. The caller owns it.
type Map struct {
	Method string
	Layers []string // names of the values that it is made of; the input's for methods of pixels
	H, W   int
	// Values are the evidence row by row: signed, unscaled, and before the ReLU that some papers
	// end with, so that nothing is thrown away silently and two classes can be compared.
	Values []float32
	// Rectified says that the paper draws only what is above zero; Paper does so.
	Rectified bool
	// Colours are, for methods of pixels, the values of each channel of the input, C×H×W, that
	// Values sum up; else nil.
	Colours []float32
	// Score is what the map explains: the logit of the class, or the difference.
	Score float64
	// Bias is what the map does not hold, for methods that are complete: of CAM, mean of the map +
	// Bias = Score; of FullGrad and integrated gradients, its sum + Bias = Score.
	Bias float64
}

// Evidence says which share of a map speaks for the class and which against it: Σ|v| over the
// values above and below zero, over Σ|v| of all. Both are 0 for a map of zeros.
type Evidence struct{ Positive, Negative float64 }

// Evidence sums up the signs of the map.
func (m *Map) Evidence() Evidence {
	var p, n float64
	for _, v := range m.Values {
		if v > 0 {
			p += float64(v)
		} else {
			n -= float64(v)
		}
	}
	if p+n == 0 {
		return Evidence{}
	}
	return Evidence{Positive: p / (p + n), Negative: n / (p + n)}
}

// Mean returns the mean of the map.
func (m *Map) Mean() float64 { return m.Sum() / float64(len(m.Values)) }

// Sum returns the sum of the map, in float64.
func (m *Map) Sum() float64 {
	var s float64
	for _, v := range m.Values {
		s += float64(v)
	}
	return s
}

// Max returns the largest value.
func (m *Map) Max() float32 {
	top := float32(math.Inf(-1))
	for _, v := range m.Values {
		top = max(top, v)
	}
	return top
}

// At returns the value of row y, column x.
func (m *Map) At(y, x int) float32 { return m.Values[y*m.W+x] }

// Paper returns the map as the paper of its method defines it: max(0, v) where Rectified, else a copy.
func (m *Map) Paper() *Map {
	p := *m
	p.Values = append([]float32(nil), m.Values...)
	if m.Rectified {
		for i, v := range p.Values {
			p.Values[i] = max(0, v)
		}
	}
	return &p
}

// Resize returns the map at another size by bilinear interpolation between the middles of cells, as
// the papers enlarge maps (PyTorch: align_corners=False): place (y+½)·H/h − ½ of the map, at the
// border the outermost cell. Smaller sizes take samples, no means. h and w are at least 1.
func (m *Map) Resize(h, w int) *Map {
	r := *m
	r.Colours = nil
	r.H, r.W, r.Values = h, w, bilinear(m.Values, m.H, m.W, h, w)
	return &r
}

// bilinear resizes one plane.
func bilinear(src []float32, sh, sw, h, w int) []float32 {
	out := make([]float32, h*w)
	x0, x1, fx := taps(sw, w)
	y0, y1, fy := taps(sh, h)
	for y := range h {
		a, b, f := src[y0[y]*sw:], src[y1[y]*sw:], fy[y]
		for x := range w {
			top := a[x0[x]]*(1-fx[x]) + a[x1[x]]*fx[x]
			low := b[x0[x]]*(1-fx[x]) + b[x1[x]]*fx[x]
			out[y*w+x] = top*(1-f) + low*f
		}
	}
	return out
}

// taps returns, for each of n places, the two cells of m that it lies between and the second's weight.
func taps(m, n int) (low, high []int, weight []float32) {
	low, high, weight = make([]int, n), make([]int, n), make([]float32, n)
	for i := range n {
		at := min(max((float64(i)+0.5)*float64(m)/float64(n)-0.5, 0), float64(m-1))
		low[i] = int(at)
		high[i] = min(low[i]+1, m-1)
		weight[i] = float32(at - float64(low[i]))
	}
	return low, high, weight
}
