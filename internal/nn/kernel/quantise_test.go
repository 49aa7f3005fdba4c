package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// quantiseByDefinition is what Quantise promises, value by value.
func quantiseByDefinition(src []float32) (bytes []byte, lo, scale float32) {
	bytes = make([]byte, len(src))
	lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range src {
		if !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if lo > hi {
		return bytes, 0, 0
	}
	if scale = hi/255 - lo/255; scale <= 0 {
		return bytes, lo, 0
	}
	for i, v := range src {
		q := math.Floor((float64(v)-float64(lo))/float64(scale) + 0.5)
		if !math.IsNaN(q) {
			bytes[i] = byte(min(max(q, 0), 255))
		}
	}
	return bytes, lo, scale
}

// TestQuantise compares with the definition: all lengths, guard bytes, values that are not finite, ranges
// from denormals to the largest numbers; a value at the edge of two bytes may be either. All sets agree.
func TestQuantise(t *testing.T) {
	inf := float32(math.Inf(1))
	odd := []float32{inf, -inf, float32(math.NaN()), 0, float32(math.Copysign(0, -1)), math.MaxFloat32, -math.MaxFloat32, 1e-45}
	eachSet(t, func(t *testing.T, set *Set) {
		r := rand.New(rand.NewPCG(3, 9))
		for n := range 100 {
			for _, size := range []float64{1, 1e-40, 1e38, 0} {
				src := make([]float32, n)
				for i := range src {
					src[i] = float32(r.NormFloat64() * size)
					if n%3 == 0 && r.IntN(5) == 0 {
						src[i] = odd[r.IntN(len(odd)-n%2*3)]
					}
				}
				whole := make([]byte, n+2)
				whole[0], whole[n+1] = 77, 77
				lo, scale := Quantise(set, whole[1:n+1], src)
				want, wantLo, wantScale := quantiseByDefinition(src)
				if lo != wantLo || scale != wantScale || math.Signbit(float64(lo)) && lo == 0 {
					t.Fatalf("%d values of size %v: range %v, %v, want %v, %v", n, size, lo, scale, wantLo, wantScale)
				}
				plain := make([]byte, n)
				Quantise(&Set{}, plain, src)
				for i, b := range want {
					got := whole[1+i]
					edge := math.Abs(math.Mod((float64(src[i])-float64(lo))/float64(scale), 1)-0.5) < 1e-9
					if got != b && !edge || got != plain[i] {
						t.Fatalf("%d values of size %v: [%d] = %v is %d, want %d (plain Go: %d)", n, size, i, src[i], got, b, plain[i])
					}
				}
				if whole[0] != 77 || whole[n+1] != 77 {
					t.Fatal("guard bytes are gone")
				}
			}
		}
	})
}

// BenchmarkQuantise has a channel of 56×56.
func BenchmarkQuantise(b *testing.B) {
	src, dst := make([]float32, 56*56), make([]byte, 56*56)
	for i := range src {
		src[i] = float32(i % 251)
	}
	benchSets(b, 4*len(src), 0, func(set *Set) func() { return func() { Quantise(set, dst, src) } })
}
