package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.tileArgs, in its order.
const (
	argSrc = 8 * iota
	_
	argDst
	_
	argRes
	_
	argFrom
	_
	argTo
	_
	argW
	argBias
	argPix
	argN0
	argN1
	argN2
	argN3
	argN3Last
	argStep0
	argStep1
	argStep2
	argStep2Last
	argDstBlock
	argResBlock
	argCount
	argSrcStep
	argDstStep
	argResStep
	argLeft
	argLo
	argHi = argLo + 32*4
)

// tile writes one kernel: the products of two rows of half pixels with vectors of outputs. The
// kernel of a single pixel has four sums for each output, by turns, since one would wait for itself.
type tile struct {
	isa
	name    string
	bases   []reg.GPPhysical
	half    int // pixels of a base
	vectors int // of outputs
	unroll  int // input channels, or columns of the kernel, of the innermost loop
	chains  int // sums of an output
}

func convolutions() {
	for _, unroll := range []int{8, 2, 1} {
		for _, half := range []int{7, 4} {
			newTile(avx512, half, 2, unroll).write()
			newTile(avx512, half, 1, unroll).write()
			newTile(avx2, half, 1, unroll).write()
		}
		for _, half := range []int{3, 2} {
			newTile(avx2, half, 2, unroll).write()
		}
	}
	for _, vectors := range []int{2, 1} {
		newSingle(avx512, vectors).write()
	}
	newSingle(avx2, 2).write()
	newSingle(avx2, 1).write()
	winograd()
	peak()
}

func newTile(s isa, half, vectors, unroll int) *tile {
	t := &tile{isa: s, bases: []reg.GPPhysical{reg.RSI, reg.RDI}, half: half, vectors: vectors, unroll: unroll, chains: 1}
	t.name = fmt.Sprintf("tile%dx2x%dx%du%d", s.lanes*32, half, vectors*s.lanes, unroll)
	return t
}

func newSingle(s isa, vectors int) *tile {
	t := &tile{isa: s, bases: []reg.GPPhysical{reg.RSI}, half: 1, vectors: vectors, unroll: 8, chains: 4}
	t.name = fmt.Sprintf("tile%dx1x1x%du8", s.lanes*32, vectors*s.lanes)
	return t
}

// acc is the first sum of a pixel and vector; others of a single pixel follow by vectors.
func (t *tile) acc(base, p, v int) reg.VecPhysical { return t.regs[(base*t.half+p)*t.vectors+v] }

// free are the registers that hold no sums.
func (t *tile) free() []reg.VecPhysical { return t.regs[len(t.bases)*t.half*t.vectors*t.chains:] }

func (t *tile) write() {
	begin(t.name, "func(a *byte)", fmt.Sprintf(
		"%s computes tiles of %d times %d pixels by %d outputs.", t.name, len(t.bases), t.half, t.vectors*t.lanes))
	build.Load(build.Param("a"), reg.RAX)
	label(t.name + "_tile")
	t.start()
	t.sums()
	for k := t.chains - 1; k > 0; k-- {
		for v := range t.vectors {
			build.VADDPS(t.acc(0, k, v), t.acc(0, k-1, v), t.acc(0, k-1, v))
		}
	}
	for i := range t.bases {
		t.store(i)
	}
	t.advance()
	end()
}

// start loads the pointers, and the bias into the sums.
func (t *tile) start() {
	for i, b := range t.bases {
		build.MOVQ(at(reg.RAX, argSrc+8*i), b)
	}
	build.MOVQ(at(reg.RAX, argW), reg.RBX)
	build.MOVQ(at(reg.RAX, argPix), reg.R8)
	build.LEAQ(operand.Mem{Base: reg.R8, Index: reg.R8, Scale: 2}, reg.R9)
	build.LEAQ(operand.Mem{Base: reg.R8, Index: reg.R8, Scale: 4}, reg.R10)
	build.MOVQ(at(reg.RAX, argBias), reg.RCX)
	for v := range t.vectors {
		build.VMOVUPS(at(reg.RCX, v*t.bytes()), t.acc(0, 0, v))
		for p := 1; p < len(t.bases)*t.half; p++ {
			build.VMOVAPS(t.acc(0, 0, v), t.acc(0, p, v))
		}
		for k := 1; k < t.chains; k++ {
			build.VXORPS(t.acc(0, k, v), t.acc(0, k, v), t.acc(0, k, v))
		}
	}
	build.MOVQ(at(reg.RAX, argN0), reg.RCX)
	build.MOVQ(reg.RCX, at(reg.RAX, argLeft))
}

// pixel is where input p of a base stands: R8 is the distance of pixels, R9 three and R10 five times it.
func pixel(b reg.GPPhysical, p, disp int) operand.Mem {
	m := at(b, disp)
	switch p {
	case 1, 2, 4:
		m.Index, m.Scale = reg.R8, uint8(p)
	case 3, 6:
		m.Index, m.Scale = reg.R9, uint8(p/3)
	case 5:
		m.Index, m.Scale = reg.R10, 1
	}
	return m
}

// sums writes the four loops: blocks of inputs, rows and columns of the kernel, inputs of a block.
// The last block may have fewer inputs.
func (t *tile) sums() {
	l := func(n int) string { return fmt.Sprintf("%s_%d", t.name, n) }
	label(l(0))
	build.MOVQ(at(reg.RAX, argN3), reg.R12)
	build.MOVQ(at(reg.RAX, argStep2), reg.R11)
	build.CMPQ(at(reg.RAX, argLeft), operand.Imm(1))
	build.CMOVQEQ(at(reg.RAX, argN3Last), reg.R12)
	build.CMOVQEQ(at(reg.RAX, argStep2Last), reg.R11)
	build.MOVQ(at(reg.RAX, argN1), reg.RDX)
	label(l(1))
	build.MOVQ(at(reg.RAX, argN2), reg.RCX)
	label(l(2))
	build.MOVQ(reg.R12, reg.R13)
	label(l(3))
	t.products()
	build.DECQ(reg.R13)
	build.JNE(to(l(3)))
	for _, b := range t.bases {
		build.ADDQ(reg.R11, b)
	}
	build.DECQ(reg.RCX)
	build.JNE(to(l(2)))
	for _, b := range t.bases {
		build.ADDQ(at(reg.RAX, argStep1), b)
	}
	build.DECQ(reg.RDX)
	build.JNE(to(l(1)))
	for _, b := range t.bases {
		build.ADDQ(at(reg.RAX, argStep0), b)
	}
	build.DECQ(at(reg.RAX, argLeft))
	build.JNE(to(l(0)))
}

// products writes the innermost body.
func (t *tile) products() {
	free := t.free()
	w, spread := free[:t.vectors], free[t.vectors:min(len(free), t.vectors+4)]
	n := 0
	for u := range t.unroll {
		for v := range t.vectors {
			build.VMOVUPS(at(reg.RBX, (u*t.vectors+v)*t.bytes()), w[v])
		}
		for i, b := range t.bases {
			for p := range t.half {
				sum := p + u%t.chains
				if t.vectors == 1 && t.lanes == 16 { // 1.35 times as fast as to load a number that serves only once
					build.VFMADD231PS_BCST(pixel(b, p, u*4), w[0], t.acc(i, sum, 0))
					continue
				}
				x := spread[n%len(spread)]
				n++
				build.VBROADCASTSS(pixel(b, p, u*4), x)
				for v := range t.vectors {
					build.VFMADD231PS(x, w[v], t.acc(i, sum, v))
				}
			}
		}
	}
	for _, b := range t.bases {
		build.ADDQ(operand.U32(t.unroll*4), b)
	}
	build.ADDQ(operand.U32(t.unroll*t.vectors*t.bytes()), reg.RBX)
}

// store adds the residual, clamps, and stores the pixels from…to−1 of a base.
func (t *tile) store(i int) {
	build.MOVQ(at(reg.RAX, argDst+8*i), reg.RDI)
	build.MOVQ(at(reg.RAX, argRes+8*i), reg.RSI)
	build.MOVQ(at(reg.RAX, argFrom+8*i), reg.R8)
	build.MOVQ(at(reg.RAX, argTo+8*i), reg.R9)
	if i == 0 {
		build.MOVQ(at(reg.RAX, argDstBlock), reg.R11)
		build.MOVQ(at(reg.RAX, argResBlock), reg.R12)
		for v := range t.vectors {
			build.VMOVUPS(at(reg.RAX, argLo+v*t.bytes()), t.free()[v])
			build.VMOVUPS(at(reg.RAX, argHi+v*t.bytes()), t.free()[t.vectors+v])
		}
	}
	for p := range t.half {
		skip, bare := fmt.Sprintf("%s_skip%d_%d", t.name, i, p), fmt.Sprintf("%s_bare%d_%d", t.name, i, p)
		build.CMPQ(reg.R8, operand.Imm(uint64(p)))
		build.JGT(to(skip))
		build.CMPQ(reg.R9, operand.Imm(uint64(p)))
		build.JLE(to(skip))
		build.TESTQ(reg.RSI, reg.RSI)
		build.JE(to(bare))
		for v := range t.vectors {
			build.VADDPS(t.output(reg.RSI, reg.R12, p, v), t.acc(i, p, v), t.acc(i, p, v))
		}
		label(bare)
		for v := range t.vectors {
			// The sum is the second source: where it is not a number, it passes.
			build.VMAXPS(t.acc(i, p, v), t.free()[v], t.acc(i, p, v))
			build.VMINPS(t.acc(i, p, v), t.free()[t.vectors+v], t.acc(i, p, v))
			build.VMOVUPS(t.acc(i, p, v), t.output(reg.RDI, reg.R11, p, v))
		}
		if t.vectors*t.bytes() < 64 { // the other lanes of the block have no channels
			build.VXORPS(t.acc(i, p, 0), t.acc(i, p, 0), t.acc(i, p, 0))
			build.VMOVUPS(t.acc(i, p, 0), at(reg.RDI, p*64+t.bytes()))
		}
		label(skip)
	}
}

// output is where vector v of pixel p stands: AVX2 needs two for a block of 16.
func (t *tile) output(base, block reg.GPPhysical, p, v int) operand.Mem {
	m := at(base, p*64+v*t.bytes()%64)
	if v*t.bytes() >= 64 {
		m.Index, m.Scale = block, 1
	}
	return m
}

// advance goes to the next tile.
func (t *tile) advance() {
	step := func(arg, by int) {
		build.MOVQ(at(reg.RAX, by), reg.RCX)
		for i := range t.bases {
			build.ADDQ(reg.RCX, at(reg.RAX, arg+8*i))
		}
	}
	step(argSrc, argSrcStep)
	step(argDst, argDstStep)
	step(argRes, argResStep) // stays nil where there is none: the step is 0
	build.DECQ(at(reg.RAX, argCount))
	build.JNE(to(t.name + "_tile"))
}
