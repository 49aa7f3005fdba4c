//go:build amd64 && !noasm

package kernel

//go:generate go run ./gen -group gemm -out gemm_amd64.s -stubs gemm_stubs_amd64.go -pkg kernel

// run computes one tile.
func (t *gemmTask) run(s isa) {
	if s == portable {
		t.portable()
		return
	}
	// The last elements that the assembly touches lie inside the slices.
	_ = t.a[(t.k-1)*t.aStep+t.rows-1]
	_ = t.b[(t.k-1)*t.bStep+t.n-1]
	_ = t.c[(t.rows-1)*t.ldc+t.n-1]
	a, b, c, add := &t.a[0], &t.b[0], &t.c[0], 0
	if t.add {
		add = 1
	}
	as, bs, cr := 4*t.aStep, 4*t.bStep, 4*t.ldc
	_, columns := s.gemmTile()
	narrow := t.n <= columns/2
	switch {
	case s == avx512 && t.n == columns:
		gemm512x2(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	case s == avx512 && narrow:
		gemm512x1edge(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	case s == avx512:
		gemm512x2edge(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	case t.n == columns:
		gemm256x2(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	case narrow:
		gemm256x1edge(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	default:
		gemm256x2edge(a, b, c, t.k, t.rows, t.n, as, bs, cr, add)
	}
}

// tile computes h×w elements into out.
func (d *Dots) tile(s isa, out, a, b []float32, h, w int) {
	if s == portable {
		out[0] = d.dotGo(a, b)
		return
	}
	_ = a[(h-1)*d.LDA+(d.Blocks-1)*d.ABlock+d.K-1]
	_ = b[(w-1)*d.LDB+(d.Blocks-1)*d.BBlock+d.K-1]
	x, y, o := &a[0], &b[0], &out[0]
	ar, br, ab, bb := 4*d.LDA, 4*d.LDB, 4*d.ABlock, 4*d.BBlock
	switch {
	case s == avx2 && h == 3 && w == 3:
		dot256x3x3(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case s == avx2 && h == 3:
		dot256x3x1(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case s == avx2 && w == 3:
		dot256x1x3(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case s == avx2:
		dot256x1x1(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case h == 6 && w == 4:
		dot512x6x4(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case h == 3 && w == 4:
		dot512x3x4(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case w == 4:
		dot512x1x4(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case h == 6:
		dot512x6x1(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	case h == 3:
		dot512x3x1(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	default:
		dot512x1x1(x, y, o, d.K, d.Blocks, ar, br, ab, bb)
	}
}

// AddScaled adds a·x to y.
func AddScaled(set *Set, y, x []float32, a float32) {
	x = x[:len(y)]
	n := len(y) &^ (Lanes - 1)
	switch {
	case n == 0 || set.isa == portable:
		n = 0
	case set.isa == avx512:
		axpy512(&y[0], &x[0], n, a)
	default:
		axpy256(&y[0], &x[0], n, a)
	}
	Axpy(y[n:], a, x[n:])
}

// GateClamp adds dy to dx where y lies between the bounds: the gradient of a clamp whose result is y.
// At a bound, and where y is no number, there is none.
func GateClamp(set *Set, dx, dy, y []float32, act Clamp) {
	dy, y = dy[:len(dx)], y[:len(dx)]
	n := len(dx) &^ (Lanes - 1)
	switch {
	case n == 0 || set.isa == portable:
		n = 0
	case set.isa == avx512:
		gateClamp512(&dx[0], &dy[0], &y[0], n, act.Lo, act.Hi)
	default:
		gateClamp256(&dx[0], &dy[0], &y[0], n, act.Lo, act.Hi)
	}
	gateClampGo(dx[n:], dy[n:], y[n:], act)
}

// copyLines copies h rows of w values.
func copyLines(s isa, dst, src []float32, h, w, dstRow, srcRow int) {
	if s == portable || h < 1 || w < 1 {
		linesGo(dst, src, h, w, dstRow, srcRow, false)
		return
	}
	to, from := &dst[:(h-1)*dstRow+w][0], &src[:(h-1)*srcRow+w][0]
	if s == avx512 {
		copyLines512(to, from, h, w, 4*dstRow, 4*srcRow)
		return
	}
	copyLines256(to, from, h, w, 4*dstRow, 4*srcRow)
}

// addLines adds h rows of w values.
func addLines(s isa, dst, src []float32, h, w, dstRow, srcRow int) {
	if s == portable || h < 1 || w < 1 {
		linesGo(dst, src, h, w, dstRow, srcRow, true)
		return
	}
	to, from := &dst[:(h-1)*dstRow+w][0], &src[:(h-1)*srcRow+w][0]
	if s == avx512 {
		addLines512(to, from, h, w, 4*dstRow, 4*srcRow)
		return
	}
	addLines256(to, from, h, w, 4*dstRow, 4*srcRow)
}

// MaxHalves finds the largest values of windows of 2×2 side by side in two rows of x, width floats apart.
// What is no number wins.
func MaxHalves(set *Set, y, x []float32, width int) {
	if set.isa == portable || len(y) == 0 {
		maxHalvesGo(y, x, width)
		return
	}
	maxHalves256(&y[0], &x[:width+2*len(y)][0], len(y), 4*width)
}

// GradHalves adds the gradients dy of MaxHalves to those of x: each goes to the largest value of its
// window; of equals, to the first.
func GradHalves(set *Set, dx, x, dy []float32, width int) {
	if set.isa == portable || len(dy) == 0 {
		gradHalvesGo(dx, x, dy, width)
		return
	}
	gradHalves256(&dx[:width+2*len(dy)][0], &x[:width+2*len(dy)][0], &dy[0], len(dy), 4*width)
}
