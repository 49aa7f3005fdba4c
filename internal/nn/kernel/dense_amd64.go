//go:build amd64 && !noasm

package kernel

//go:generate go run ./gen -group dense -out dense_amd64.s -stubs dense_stubs_amd64.go -pkg kernel

// denseRowsOf computes y = clamp(W·x + bias) of len(y) rows; bias may be nil.
func denseRowsOf(set *Set, y, w, x, bias []float32, act Clamp) {
	n := len(x)
	if set.isa == portable || n == 0 {
		denseRowsGo(y, w, x, bias, act)
		return
	}
	w = w[:len(y)*n]
	group := 8
	if set.isa == avx2 {
		group = 4
	}
	whole := len(y) / group * group
	clamp := [2]float32{act.Lo, act.Hi}
	if whole > 0 {
		if b := first(bias, 0); set.isa == avx512 {
			dense8x512(&w[0], &x[0], n, 4*n, whole/group, &y[0], b, &clamp[0])
		} else {
			dense4x256(&w[0], &x[0], n, 4*n, whole/group, &y[0], b, &clamp[0])
		}
	}
	if rest := len(y) - whole; rest > 0 {
		if b := first(bias, whole); set.isa == avx512 {
			dense1x512(&w[whole*n], &x[0], n, 4*n, rest, &y[whole], b, &clamp[0])
		} else {
			dense1x256(&w[whole*n], &x[0], n, 4*n, rest, &y[whole], b, &clamp[0])
		}
	}
}

// first returns the address of element i, or nil of no slice.
func first(x []float32, i int) *float32 {
	if x == nil {
		return nil
	}
	return &x[i]
}
