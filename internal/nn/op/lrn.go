package op

import (
	"math"

	"vizserver/internal/nn"
)

// LRN is local response normalisation across neighbouring channels:
//
//	y[c] = x[c] / (K + Alpha/Size · Σ x[j]²)^Beta,  j from c − ⌊(Size−1)/2⌋ to c + ⌈(Size−1)/2⌉
//
// Input and output N×C×H×W. Krizhevsky et al. 2012, §3.3, has Alpha without the
// division by Size and K = 2; Caffe, PyTorch and ONNX divide, and K is 1 by default. The
// window of an even Size is ONNX's; PyTorch's lies one channel lower.
type LRN struct {
	elementwise
	Size           int
	Alpha, Beta, K float64
}

// Kind names the operator.
func (LRN) Kind() string { return "LRN" }

// Infer demands a window of at least one channel.
func (l LRN) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(l.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if l.Size < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "LRN", Got: in[0], Want: "a size of at least 1"}
	}
	return in[0], nil
}

// span returns the channels that channel c is divided by, end excluded.
func (l LRN) span(c, channels int) (lo, hi int) {
	return max(c-(l.Size-1)/2, 0), min(c+l.Size/2+1, channels)
}

// scale returns K + Alpha/Size · Σ x² at place p of channel c.
func (l LRN) scale(x *nn.Tensor, n, c, p int) float64 {
	lo, hi := l.span(c, x.Shape.C)
	var sq float64
	for j := lo; j < hi; j++ {
		v := float64(x.Data[(n*x.Shape.C+j)*x.Shape.Plane()+p])
		sq += v * v
	}
	return l.K + l.Alpha/float64(l.Size)*sq
}

// Forward divides each value by the power of its neighbours' squares.
func (l LRN) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0]
	for n := range out.Shape.N {
		for c := range out.Shape.C {
			src, dst := x.Plane(n, c), out.Plane(n, c)
			for p, v := range src {
				dst[p] = float32(float64(v) * math.Pow(l.scale(x, n, c, p), -l.Beta))
			}
		}
	}
}

// Backward adds dy·s^−β − 2αβ/Size · x · Σ dy·x·s^(−β−1) over the channels that x[c] stands in.
func (l LRN) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	x, s := g.X[0], g.X[0].Shape
	for n := range s.N {
		for p := range s.Plane() {
			for k := range s.C { // output channel
				at := (n*s.C+k)*s.Plane() + p
				scale := l.scale(x, n, k, p)
				dy := float64(g.DY.Data[at])
				g.DX[0].Data[at] += float32(dy * math.Pow(scale, -l.Beta))
				common := -2 * l.Alpha * l.Beta / float64(l.Size) * dy * float64(x.Data[at]) * math.Pow(scale, -l.Beta-1)
				lo, hi := l.span(k, s.C)
				for c := lo; c < hi; c++ {
					i := (n*s.C+c)*s.Plane() + p
					g.DX[0].Data[i] += float32(common * float64(x.Data[i]))
				}
			}
		}
	}
}

// Sees returns the neighbouring channels at the same places.
func (l LRN) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return l.neighbours(in[0].C, out, func(c, j int) bool {
		lo, hi := l.span(c, in[0].C)
		return j >= lo && j < hi
	})
}

// Feeds returns the channels that have one of the area in their window.
func (l LRN) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return l.neighbours(in[0].C, area, func(c, j int) bool {
		lo, hi := l.span(j, in[0].C)
		return c >= lo && c < hi
	})
}

func (LRN) neighbours(channels int, a nn.Area, near func(c, j int) bool) nn.Area {
	out := a
	out.Channels = nil
	for j := range channels {
		for _, c := range a.Channels {
			if near(c, j) {
				out.Channels = append(out.Channels, j)
				break
			}
		}
	}
	return out
}
