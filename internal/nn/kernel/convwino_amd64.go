//go:build amd64 && !noasm

package kernel

import "unsafe"

// winoArgs is what the assembly gets: winoLoop with places as pointers and steps in bytes.
// gen/winograd.go knows the offsets.
type winoArgs struct {
	src, dst, res, bias, tmp         unsafe.Pointer
	srcRow, pos, dstRow, resRow      int
	srcStep, dstStep, resStep, count int
	two, four, five, eight           float32
	lo, hi                           [Lanes]float32
}

// args turns places into pointers. The slices hold what count tiles read and write: inputs and
// outputs of whole tiles inside their planes, positions as many as a tile has.
func (l *winoLoop) args() winoArgs {
	a := winoArgs{
		src: unsafe.Pointer(&l.src[0]), dst: unsafe.Pointer(&l.dst[0]), tmp: unsafe.Pointer(&l.tmp[0]),
		srcRow: l.srcRow * 4, pos: l.pos * 4, dstRow: l.dstRow * 4,
		srcStep: l.srcStep * 4, dstStep: l.dstStep * 4, count: l.count,
		two: 2, four: 4, five: 5, eight: 8, lo: l.lo, hi: l.hi,
	}
	if l.bias != nil {
		a.bias = unsafe.Pointer(&l.bias[0])
	}
	if l.res != nil {
		a.res, a.resRow, a.resStep = unsafe.Pointer(&l.res[0]), l.resRow*4, l.resStep*4
	}
	return a
}

func (l *winoLoop) input() {
	if l.isa == portable {
		l.inputPortable()
		return
	}
	a := l.args()
	p := (*byte)(unsafe.Pointer(&a))
	switch {
	case l.isa == avx512 && l.m == 4:
		winoIn4x512(p)
	case l.isa == avx512:
		winoIn2x512(p)
	case l.m == 4:
		winoIn4x256(p)
	default:
		winoIn2x256(p)
	}
}

func (l *winoLoop) output() {
	if l.isa == portable {
		l.outputPortable()
		return
	}
	a := l.args()
	p := (*byte)(unsafe.Pointer(&a))
	switch {
	case l.isa == avx512 && l.m == 4:
		winoOut4x512(p)
	case l.isa == avx512:
		winoOut2x512(p)
	case l.m == 4:
		winoOut4x256(p)
	default:
		winoOut2x256(p)
	}
}
