package kernel

import "math"

// LRN divides each value by a power of the squares of its neighbours among the channels:
//
//	y[c] = x[c] · (K + Alpha/Size · Σ x[j]²)^−Beta, j = c−(Size−1)/2 … c+Size/2
//
// Krizhevsky et al., NIPS 2012, §3.3.
type LRN struct {
	Size           int
	Alpha, Beta, K float64
}

// lrnPixels is how many pixels are done at once: their squares stay on the stack.
const lrnPixels = 16

// Maps computes whole maps; out is not in.
func (l *LRN) Maps(set *Set, out, in *Blocked, first, last int) {
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		for y := range out.H {
			for x := 0; x < out.W; x += lrnPixels {
				l.run(set, out, in, n, c, y, x, min(lrnPixels, out.W-x))
			}
		}
	}
}

// far computes a run of pixels by the definition, in float64.
func (l *LRN) far(out, in *Blocked, n, c, y, x0, w int) {
	for x := x0; x < x0+w; x++ {
		for k := c; k < min(c+Lanes, out.C); k++ {
			var sq float64
			for j := max(k-(l.Size-1)/2, 0); j < min(k+l.Size/2+1, in.C); j++ {
				v := float64(in.At(n, j, y, x))
				sq += v * v
			}
			s := l.K + l.Alpha/float64(l.Size)*sq
			out.Set(n, k, y, x, float32(float64(in.At(n, k, y, x))*math.Pow(s, -l.Beta)))
		}
	}
}
