package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestNothingAllocates runs what a plan runs, with tails everywhere, on every set.
func TestNothingAllocates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	in, _ := randomValue(r, 1, 21, 9, 7, 1, 0)
	out := NewBlocked(1, 21, 9, 7, 0)
	half := NewBlocked(1, 21, 5, 4, 0)
	point := NewBlocked(1, 21, 1, 1, 0)
	wide := NewBlocked(1, 40, 9, 7, 0)
	planar, bytes := make([]float32, 21*9*7), make([]byte, 21*9*7)
	k := make([]float32, 21)
	pool := Pool{KH: 3, KW: 3, SH: 2, SW: 2, DH: 1, DW: 1, PadT: 1, PadL: 1, PadB: 1, PadR: 1}
	s := ConvSpec{In: 21, Out: 21, Groups: 21, H: 9, W: 7, OutH: 9, OutW: 7, KH: 3, KW: 3, SH: 1, SW: 1, DH: 1, DW: 1, PadT: 1, PadL: 1}
	weights := make([]float32, 21*21)
	eachSet(t, func(t *testing.T, set *Set) {
		depthwise, dense := NewDepthwise(set, s, weights, nil), NewDense(set, weights, k, 21)
		for _, c := range []struct {
			name string
			do   func()
		}{
			{"Affine", func() { Affine(set, out, in, k, k, ReLU, 0, 2) }},
			{"Sum", func() { Sum(set, out, in, out, ReLU, 0, 2) }},
			{"Mul", func() { Mul(set, out, in, out, ReLU, 0, 2) }},
			{"Gate", func() { Gate(set, out, in, point, ReLU, 0, 2) }},
			{"Copy", func() { Copy(set, wide, 5, in, 0, 2) }},
			{"ZeroBorder", func() { ZeroBorder(in, 0, 2) }},
			{"FromPlanar", func() { FromPlanar(set, out, 0, planar, 0, 2) }},
			{"ToPlanar", func() { ToPlanar(set, planar, in, 0, Box{C1: 21, Y1: 9, X1: 7}) }},
			{"Curve.Maps", func() { c := Curve{Fn: CurveLeaky, Slopes: k}; c.Maps(set, out, in, ReLU, 0, 2) }},
			{"Curve.Planar", func() { c := Curve{Fn: CurveGELU}; c.Planar(set, planar, planar) }},
			{"Softmax", func() { Softmax(set, planar, planar) }},
			{"Max", func() { pool.Max(set, half, in, NoClamp, 0, 2) }},
			{"Avg", func() { pool.Avg(set, half, in, true, NoClamp, 0, 2) }},
			{"GlobalAvg", func() { GlobalAvg(set, point, in, 0, 2) }},
			{"Depthwise", func() { depthwise.Do(0, in, out, out, ReLU) }},
			{"Dense", func() { dense.Do(0, planar, k, 1, ReLU) }},
			{"LRN", func() { l := LRN{Size: 5, Alpha: 1, Beta: 0.75, K: 1}; l.Maps(set, out, in, 0, 2) }},
			{"Quantise", func() { Quantise(set, bytes, planar) }},
		} {
			if n := testing.AllocsPerRun(10, c.do); n != 0 {
				t.Errorf("%s allocates %v times", c.name, n)
			}
		}
	})
}
