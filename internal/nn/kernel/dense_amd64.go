//go:build amd64 && !noasm

package kernel

//go:generate go run ./gen -group dense -out dense_amd64.s -stubs dense_stubs_amd64.go -pkg kernel

// dots computes y[r] = Σᵢ w[r,i]·x[i] of up to 4 rows. A row gives the same bits alone and among others.
func dots(set *Set, y, w, x []float32) {
	n := len(x)
	if set.isa == portable || n == 0 {
		dotsGo(y, w, x)
		return
	}
	w = w[:len(y)*n]
	for r := 0; r < len(y); {
		p, q, rest := &w[r*n], &x[0], len(y)-r
		switch {
		case set.isa == avx512 && rest >= 4:
			dots4x512(p, q, n, 4*n, &y[r])
			r += 4
		case set.isa == avx512 && rest >= 2:
			dots2x512(p, q, n, 4*n, &y[r])
			r += 2
		case set.isa == avx512:
			dots1x512(p, q, n, 4*n, &y[r])
			r++
		case rest >= 2:
			dots2x256(p, q, n, 4*n, &y[r])
			r += 2
		default:
			dots1x256(p, q, n, 4*n, &y[r])
			r++
		}
	}
}
