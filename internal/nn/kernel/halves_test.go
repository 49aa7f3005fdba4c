package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHalves compares maxima of 2×2 and their gradients with the definition, with equals and with what is
// no number, for every length.
func TestHalves(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 4))
	for _, set := range Sets() {
		for n := range 29 {
			width := 2*n + n%3
			_, x := guarded(r, width+2*n)
			for i := range x {
				x[i] = float32(r.IntN(3)) - 1
				if r.IntN(20) == 0 {
					x[i] = float32(math.NaN())
				}
			}
			whole, y := guarded(r, n)
			outer, dx := guarded(r, width+2*n)
			_, dy := guarded(r, n)
			wantY, wantD := slices.Clone(whole), slices.Clone(outer)
			for i := range n {
				best := 2 * i
				for _, at := range []int{2*i + 1, width + 2*i, width + 2*i + 1} {
					if b, v := x[best], x[at]; b == b && (v > b || v != v) {
						best = at
					}
				}
				wantY[guard+i] = x[best]
				wantD[guard+best] += dy[i]
			}
			MaxHalves(set, y, x, width)
			GradHalves(set, dx, x, dy, width)
			for i, v := range whole {
				if w := wantY[i]; v != w && (v == v || w == w) {
					t.Fatalf("%s, %d windows: maximum %d is %v, want %v", set.Name, n, i-guard, v, w)
				}
			}
			same(t, set.Name+": gradient", outer, wantD)
		}
	}
}
