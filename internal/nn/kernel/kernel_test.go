package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// guard surrounds a slice with words that no kernel may touch.
const guard = 8

func guarded(r *rand.Rand, n int) (whole, inner []float32) {
	whole = make([]float32, n+2*guard)
	for i := range whole {
		whole[i] = float32(r.NormFloat64())
	}
	return whole, whole[guard : guard+n : guard+n]
}

func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: [%d] is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= 1e-5+1e-5*math.Abs(float64(want[i]))) {
			t.Fatalf("%s: [%d] is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestConvRows compares the three row kernels with the definition for every length,
// window, stride, padding and dilation in a box of cases.
func TestConvRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	for src := 1; src <= 19; src++ {
		for taps := 1; taps <= 6; taps++ {
			for _, s := range []Span{
				{1, 0, 1}, {2, 0, 1}, {3, 1, 1}, {1, 2, 1}, {1, 0, 2}, {2, 3, 2}, {1, 4, 1},
			} {
				room := src + 2*s.Pad - s.Dilation*(taps-1) - 1
				if room < 0 {
					continue
				}
				checkRows(t, r, src, taps, room/s.Stride+1, s)
			}
		}
	}
}

func checkRows(t *testing.T, r *rand.Rand, src, taps, outs int, s Span) {
	t.Helper()
	_, x := guarded(r, src)
	_, w := guarded(r, taps)
	wholeY, y := guarded(r, outs)
	wantY := append([]float32(nil), wholeY...)
	each := func(do func(o, k, i int)) {
		for o := range outs {
			for k := range taps {
				if i := o*s.Stride + k*s.Dilation - s.Pad; i >= 0 && i < src {
					do(o, k, i)
				}
			}
		}
	}
	each(func(o, k, i int) { wantY[guard+o] += float32(w[k] * x[i]) })
	ConvRow(y, x, w, s)
	same(t, "ConvRow", wholeY, wantY) // the order of the sum is part of the contract

	_, dy := guarded(r, outs)
	wholeW, dw := guarded(r, taps)
	wantW := append([]float32(nil), wholeW...)
	wholeX, dx := guarded(r, src)
	wantX := append([]float32(nil), wholeX...)
	each(func(o, k, i int) {
		wantW[guard+k] += dy[o] * x[i]
		wantX[guard+i] += dy[o] * w[k]
	})
	ConvRowGradWeight(dw, dy, x, s)
	ConvRowGradInput(dx, dy, w, s)
	near(t, "ConvRowGradWeight", wholeW, wantW)
	near(t, "ConvRowGradInput", wholeX, wantX)
}

// TestLinear checks every remainder of the four rows side by side, with and without bias.
func TestLinear(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for n := range 9 {
		for outs := range 11 {
			_, x := guarded(r, n)
			_, w := guarded(r, n*outs)
			_, b := guarded(r, outs)
			whole, y := guarded(r, outs)
			want := append([]float32(nil), whole...)
			for _, bias := range [][]float32{b, nil} {
				for o := range outs {
					var a float32
					if bias != nil {
						a = bias[o]
					}
					for i := range n {
						a += float32(w[o*n+i] * x[i])
					}
					want[guard+o] = a
				}
				Linear(y, w, bias, x)
				same(t, "Linear", whole, want)
			}
		}
	}
}

// TestTanh compares with float64 over the whole range: the error stays below six units
// in the last place, also near zero, and the function is odd.
func TestTanh(t *testing.T) {
	worst := 0.0
	for i := -100000; i <= 100000; i++ {
		x := float32(i) * 1e-4
		got, want := float64(Tanh(x)), math.Tanh(float64(x))
		if Tanh(-x) != -Tanh(x) {
			t.Fatalf("tanh(%v) is not odd", x)
		}
		if x != 0 {
			worst = math.Max(worst, math.Abs(got-want)/math.Abs(want))
		}
	}
	if !(worst < 6*0x1p-24) {
		t.Errorf("worst relative error %.3g", worst)
	}
	for _, x := range []float32{1e-30, -1e-30, 0} {
		if got := Tanh(x); math.Abs(float64(got-x)) > 1e-36 {
			t.Errorf("tanh(%v) = %v", x, got)
		}
	}
	if inf := float32(math.Inf(1)); math.Abs(float64(Tanh(inf))-1) > 1e-6 || Tanh(inf) != -Tanh(-inf) {
		t.Error("tanh(±Inf) is not ±1")
	}
	if nan := float32(math.NaN()); Tanh(nan) == Tanh(nan) {
		t.Error("tanh(NaN) is a number")
	}
}
