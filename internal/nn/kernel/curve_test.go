package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// curves are all functions with their definition in float64 and the largest error, in units in the
// last place of a value.
var curves = []struct {
	name string
	c    Curve
	f    func(v float64) float64
	ulps float64
}{
	{"sigmoid", Curve{Fn: CurveSigmoid}, logistic, 3},
	{"swish", Curve{Fn: CurveSwish, A: 1}, func(v float64) float64 { return v * logistic(v) }, 4},
	{"swish 1.7", Curve{Fn: CurveSwish, A: 1.702}, func(v float64) float64 { return v * logistic(float64(float32(1.702))*v) }, 60},
	{"tanh", Curve{Fn: CurveTanh}, math.Tanh, 7},
	{"scaled tanh", Curve{Fn: CurveScaledTanh, A: 0.5, B: 1.5}, func(v float64) float64 { return 1.5 * math.Tanh(0.5*v) }, 7},
	{"elu", Curve{Fn: CurveELU, A: 0.75}, func(v float64) float64 {
		if v > 0 {
			return v
		}
		return 0.75 * math.Expm1(v)
	}, 3},
	{"leaky", Curve{Fn: CurveLeaky, A: 0.125}, func(v float64) float64 { return max(v, 0) + 0.125*min(v, 0) }, 0.5},
	{"hard sigmoid", Curve{Fn: CurveHardSigmoid, A: 0.25, B: 0.5}, func(v float64) float64 { return min(max(0.25*v+0.5, 0), 1) }, 1},
	{"hard swish", Curve{Fn: CurveHardSwish}, func(v float64) float64 { return v * min(max(v/6+0.5, 0), 1) }, 4},
	{"gelu", Curve{Fn: CurveGELU}, func(v float64) float64 { return v / 2 * math.Erfc(-v/math.Sqrt2) }, 16},
	{"gelu tanh", Curve{Fn: CurveGELUTanh}, func(v float64) float64 {
		return v * logistic(2*math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))
	}, 160},
}

// smallest is the magnitude below which errors are counted like there: denormal factors lose digits.
const smallest = 0x1p-100

// TestCurves goes over many numbers and compares with float64. An error is counted in units of the
// last place of the right value. That of an exponential grows with its rounded argument.
func TestCurves(t *testing.T) {
	var x []float32
	for i := -40000; i <= 40000; i++ {
		x = append(x, float32(i)*3e-4)
	}
	for e := -30; e < 7; e++ {
		for m := range 64 {
			v := float32(math.Ldexp(1+float64(m)/64, e))
			x = append(x, v, -v)
		}
	}
	inf := float32(math.Inf(1))
	x = append(x, inf, -inf, float32(math.NaN()), 0, float32(math.Copysign(0, -1)), 88.5, 89, -88.5, -103, -110, 1e30, -1e30)
	eachSet(t, func(t *testing.T, set *Set) {
		for _, c := range curves {
			t.Run(c.name, func(t *testing.T) {
				got := make([]float32, len(x))
				c.c.Planar(set, got, x)
				worst, where := 0.0, float32(0)
				for i, v := range x {
					want, g := c.f(float64(v)), float64(got[i])
					if math.IsInf(float64(v), -1) && math.IsNaN(want) {
						continue // −∞·0: the limit, 0, is right too
					}
					if math.IsNaN(want) != math.IsNaN(g) || math.IsInf(want, 0) != math.IsInf(g, 0) {
						t.Fatalf("f(%v) = %v, want %v", v, g, want)
					}
					if g == want || math.IsNaN(want) {
						continue
					}
					_, e := math.Frexp(max(math.Abs(want), smallest))
					if d := math.Abs(g-want) / math.Ldexp(1, e-24); d > worst {
						worst, where = d, v
					}
				}
				t.Logf("worst error %.2f units at %v", worst, where)
				if !(worst <= c.ulps) {
					t.Errorf("worst error %.2f units at %v, want at most %v", worst, where, c.ulps)
				}
			})
		}
	})
}

// TestCurveMaps compares curves over blocked maps with those over planar memory, and PReLU with its
// definition; lanes beyond the last channel stay zero.
func TestCurveMaps(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for i, s := range sizes {
			r := rand.New(rand.NewPCG(uint64(i), 8))
			in, p := randomValue(r, s.n, s.c, s.h, s.w, 1, 1)
			want := newPlanar(s.n, s.c, s.h, s.w)
			to := func() *Blocked { return target(s.n, s.c, s.h, s.w, 0, 1) }
			for _, c := range curves {
				t.Run(fmt.Sprint(c.name, s), func(t *testing.T) {
					want.each(func(n, ch, y, x int, v *float64) { *v = clamped(c.f(*p.at(n, ch, y, x)), Clamp{Lo: -1, Hi: 3}) })
					compare(t, inParts(t, to, func(out *Blocked, first, last int) {
						c.c.Maps(set, out, in, Clamp{Lo: -1, Hi: 3}, first, last)
					}), want, 3e-6)
				})
			}
			_, slopes := guarded(r, s.c)
			want.each(func(n, c, y, x int, v *float64) {
				*v = *p.at(n, c, y, x)
				if *v < 0 {
					*v *= float64(slopes[c])
				}
			})
			prelu := Curve{Fn: CurveLeaky, Slopes: slopes}
			compare(t, inParts(t, to, func(out *Blocked, first, last int) { prelu.Maps(set, out, in, NoClamp, first, last) }), want, 1e-7)
		}
	})
}

// TestSoftmax compares with float64, near the ends of the numbers too; NaN makes all NaN.
func TestSoftmax(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		r := rand.New(rand.NewPCG(5, 8))
		for n := range 68 {
			for _, shift := range []float32{0, 1000, -3e5} {
				whole, x := guarded(r, n)
				for i := range x {
					x[i] = x[i]*8 + shift
				}
				want := append([]float32(nil), whole...)
				var sum, top float64
				top = math.Inf(-1)
				for _, v := range x {
					top = max(top, float64(v))
				}
				for _, v := range x {
					sum += math.Exp(float64(v) - top)
				}
				for i, v := range x {
					want[guard+i] = float32(math.Exp(float64(v)-top) / sum)
				}
				Softmax(set, x, x)
				for i, v := range want {
					if !(math.Abs(float64(whole[i]-v)) <= 4e-6*math.Abs(float64(v))+1e-40) {
						t.Fatalf("%d numbers near %v: [%d] is %v, want %v", n, shift, i-guard, whole[i], v)
					}
				}
			}
		}
		x := []float32{1, float32(math.NaN()), 2}
		if Softmax(set, x, x); x[0] == x[0] || x[2] == x[2] {
			t.Errorf("softmax with NaN is %v", x)
		}
	})
}

// TestLRN compares with the definition: channels over several blocks, even sizes, other exponents.
func TestLRN(t *testing.T) {
	norms := []LRN{
		{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1},
		{Size: 5, Alpha: 0.5, Beta: 0.75, K: 2},
		{Size: 4, Alpha: 0.3, Beta: 0.75, K: 1},
		{Size: 1, Alpha: 2, Beta: 0.75, K: 1},
		{Size: 3, Alpha: 1, Beta: 0.5, K: 1},
		{Size: 32, Alpha: 1, Beta: 0.75, K: 1},
		{Size: 45, Alpha: 1, Beta: 0.75, K: 1},
		{Size: 3, Alpha: 1, Beta: 0.75, K: 0},
	}
	eachSet(t, func(t *testing.T, set *Set) {
		for _, l := range norms {
			for i, s := range sizes {
				t.Run(fmt.Sprint(l, s), func(t *testing.T) {
					in, p := randomValue(rand.New(rand.NewPCG(uint64(i), 5)), s.n, s.c, s.h, s.w, 1, 1)
					want := newPlanar(s.n, s.c, s.h, s.w)
					want.each(func(n, c, y, x int, v *float64) {
						var sq float64
						for j := max(c-(l.Size-1)/2, 0); j <= min(c+l.Size/2, s.c-1); j++ {
							sq += *p.at(n, j, y, x) * *p.at(n, j, y, x)
						}
						*v = *p.at(n, c, y, x) * math.Pow(l.K+l.Alpha/float64(l.Size)*sq, -l.Beta)
					})
					to := func() *Blocked { return target(s.n, s.c, s.h, s.w, 0, 1) }
					compare(t, inParts(t, to, func(out *Blocked, first, last int) { l.Maps(set, out, in, first, last) }), want, 1e-6)
				})
			}
		}
	})
}
