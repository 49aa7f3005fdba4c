//go:build amd64 && !noasm

package kernel

import "unsafe"

//go:generate go run ./gen -group conv -out conv_amd64.s -stubs conv_stubs_amd64.go -pkg kernel

// tileArgs is what the assembly gets: tileLoop and tileRun with places as pointers and steps in
// bytes. gen/tile.go knows the offsets.
type tileArgs struct {
	src, dst, res                    [2]uintptr // the assembly moves them, at last past the end: no pointers for the collector
	from, to                         [2]int
	w, bias                          unsafe.Pointer
	pix, n0, n1, n2, n3, n3Last      int
	step0, step1, step2, step2Last   int
	dstBlock, resBlock               int
	count, srcStep, dstStep, resStep int
	left                             int // the assembly counts blocks here
	lo, hi                           [2 * Lanes]float32
}

// prepare writes the arguments that all series of the loop share.
func (l *tileLoop) prepare() {
	if l.isa == portable {
		return
	}
	a := &l.args
	a.bias = unsafe.Pointer(&l.bias[0])
	a.pix, a.n0, a.n1, a.n2, a.n3, a.n3Last = l.pix*4, l.n0, l.n1, l.n2, l.n3, l.n3Last
	a.step0, a.step1, a.step2, a.step2Last = l.step0*4, l.step1*4, l.step2*4, l.step2Last*4
	a.dstBlock, a.resBlock = l.outBlock*4, l.resBlock*4
	a.lo, a.hi = l.lo, l.hi
}

// run computes a series of tiles with halves of so many pixels.
func (l *tileLoop) run(half int, r *tileRun) {
	if l.isa == portable {
		l.runPortable(r)
		return
	}
	// The pointers are into in, out and res, whose lengths cover the grid that cover was given:
	// indexing checks the first place of each; tiles read at most tail floats behind the last.
	a := &l.args
	a.w = unsafe.Pointer(&l.w[0])
	a.from, a.to = r.from, r.to
	a.count, a.srcStep, a.dstStep = r.count, r.srcStep*4, r.dstStep*4
	for i := range a.src {
		a.src[i] = uintptr(unsafe.Pointer(&l.in[r.src[i]]))
		a.dst[i] = uintptr(unsafe.Pointer(&l.out[r.dst[i]]))
		if l.res != nil {
			a.res[i], a.resStep = uintptr(unsafe.Pointer(&l.res[r.res[i]])), r.resStep*4
		}
	}
	l.assembly(half, (*byte)(unsafe.Pointer(a)))
}

// assembly calls the kernel of the loop's panel. The calls are direct, so that the arguments stay
// on the stack.
func (l *tileLoop) assembly(half int, a *byte) {
	big := half == 7
	switch {
	case half == 1:
		l.assembly1(a)
	case l.lanes == halfPanel && big:
		l.half7x8(a)
	case l.lanes == halfPanel:
		l.half4x8(a)
	case half == 3:
		l.half3x16(a)
	case half == 2:
		l.half2x16(a)
	case l.lanes == 2*Lanes && big:
		l.half7x32(a)
	case l.lanes == 2*Lanes:
		l.half4x32(a)
	case big:
		l.half7x16(a)
	default:
		l.half4x16(a)
	}
}

// assembly1 calls the kernels of a single pixel.
func (l *tileLoop) assembly1(a *byte) {
	switch {
	case l.lanes == halfPanel:
		tile256x1x1x8u8(a)
	case l.isa == avx2:
		tile256x1x1x16u8(a)
	case l.lanes == Lanes:
		tile512x1x1x16u8(a)
	default:
		tile512x1x1x32u8(a)
	}
}

func (l *tileLoop) half3x16(a *byte) {
	switch l.unroll {
	case 8:
		tile256x2x3x16u8(a)
	case 2:
		tile256x2x3x16u2(a)
	default:
		tile256x2x3x16u1(a)
	}
}

func (l *tileLoop) half2x16(a *byte) {
	switch l.unroll {
	case 8:
		tile256x2x2x16u8(a)
	case 2:
		tile256x2x2x16u2(a)
	default:
		tile256x2x2x16u1(a)
	}
}

func (l *tileLoop) half7x32(a *byte) {
	switch l.unroll {
	case 8:
		tile512x2x7x32u8(a)
	case 2:
		tile512x2x7x32u2(a)
	default:
		tile512x2x7x32u1(a)
	}
}

func (l *tileLoop) half4x32(a *byte) {
	switch l.unroll {
	case 8:
		tile512x2x4x32u8(a)
	case 2:
		tile512x2x4x32u2(a)
	default:
		tile512x2x4x32u1(a)
	}
}

func (l *tileLoop) half7x16(a *byte) {
	switch l.unroll {
	case 8:
		tile512x2x7x16u8(a)
	case 2:
		tile512x2x7x16u2(a)
	default:
		tile512x2x7x16u1(a)
	}
}

func (l *tileLoop) half4x16(a *byte) {
	switch l.unroll {
	case 8:
		tile512x2x4x16u8(a)
	case 2:
		tile512x2x4x16u2(a)
	default:
		tile512x2x4x16u1(a)
	}
}

func (l *tileLoop) half7x8(a *byte) {
	switch l.unroll {
	case 8:
		tile256x2x7x8u8(a)
	case 2:
		tile256x2x7x8u2(a)
	default:
		tile256x2x7x8u1(a)
	}
}

func (l *tileLoop) half4x8(a *byte) {
	switch l.unroll {
	case 8:
		tile256x2x4x8u8(a)
	case 2:
		tile256x2x4x8u2(a)
	default:
		tile256x2x4x8u1(a)
	}
}

// burn does multiply-adds, n turns of what the set's registers hold, and returns how many
// operations that were.
func (s isa) burn(n int) int {
	switch s {
	case avx512:
		peak512(n)
		return n * 12 * 16 * 2
	case avx2:
		peak256(n)
		return n * 12 * 8 * 2
	default:
		return burnPortable(n)
	}
}
