package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDense compares with sums in float64: every tail of rows and columns, guard words, batches; a
// batch has the bits of its samples, and all sets those of plain Go up to rounding.
func TestDense(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		r := rand.New(rand.NewPCG(3, 1))
		for in := 1; in < 70; in++ {
			for _, out := range []int{1, 2, 3, 4, 5, 31, 33, 66} {
				for _, n := range []int{1, 3} {
					checkDense(t, set, r, in, out, n)
				}
			}
		}
		checkDense(t, set, r, 4097, 37, 2)
	})
}

func checkDense(t *testing.T, set *Set, r *rand.Rand, in, out, n int) {
	t.Helper()
	_, w := guarded(r, in*out)
	_, b := guarded(r, out)
	_, x := guarded(r, in*n)
	if in == 13 {
		x[5], w[2*in%len(w)] = float32(math.NaN()), float32(math.Inf(1))
	}
	if in == 17 {
		b = nil
	}
	whole, y := guarded(r, out*n)
	want := append([]float32(nil), whole...)
	act := Clamp{Lo: -2, Hi: float32(math.Inf(1))}
	d := NewDense(set, w, b, out)
	for i := d.Items() - 1; i >= 0; i-- {
		d.Do(i, y, x, n, act)
	}
	for s := range n {
		one := make([]float32, out)
		for i := range d.Items() {
			d.Do(i, one, x[s*in:(s+1)*in], 1, act)
		}
		equalBits(t, "a sample of a batch", y[s*out:(s+1)*out], one)
		for o := range out {
			var sum, size float64
			for i := range in {
				p := float64(w[o*in+i]) * float64(x[s*in+i])
				sum += p
				size += math.Abs(p)
			}
			if b != nil {
				sum += float64(b[o])
			}
			sum = clamped(sum, act)
			got := float64(y[s*out+o])
			if !(math.Abs(got-sum) <= 1e-6*(1+size)) && got != sum && !(math.IsNaN(got) && math.IsNaN(sum)) {
				t.Fatalf("%d→%d, sample %d: y[%d] = %v, want %v", in, out, s, o, got, sum)
			}
			want[guard+s*out+o] = y[s*out+o]
		}
	}
	equalBits(t, "guard words", whole, want)
}
