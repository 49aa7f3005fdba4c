package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sliding writes the kernels behind kernel.windowRow: tiles of outputs of one row.
type sliding struct {
	mapper

	op string
}

// windows writes the pools, the depthwise convolution and the sum of a map.
func windows() {
	for _, s := range []isa{avx512, avx2} {
		for _, f := range []struct {
			op, doc string
			tiles   []int // AVX2 has registers for half as many
		}{
			{"max", "the largest; NaN wins", []int{8, 7, 4, 2, 1}},
			{"sum", "b times the sum", []int{8, 7, 4, 2, 1}},
			{"dot", "a plus the sum of weights times taps", []int{8, 7, 4, 2, 1}},
		} {
			w := sliding{mapper{isa: s, name: f.op + "Window" + s.name}, f.op}
			if s.lanes == 8 {
				f.tiles = f.tiles[2:]
			}
			if s.lanes == 8 && f.op == "max" {
				f.tiles = f.tiles[1:]
			}
			w.write(f.doc, f.tiles)
		}
		sumMap(s)
	}
}

// Offsets in kernel.windowArgs.
const (
	winDst = 8 * iota
	winSrc
	winWeight
	winResidual
	winP
	winH
	winN
	winKH
	winKW
	winPix
	winCol
	winLine
	winDstRow
	winSrcRow
	winResRow
	winAtDst
	winAtSrc
	winAtRes
)

// args loads the pointer to the arguments.
func args(r reg.Register) { build.Load(build.Param("a"), r) }

// write writes one function: of each row as many outputs as the largest tile has, while there are, then
// fewer. What moves from row to row is kept beside the pointers, which the collector looks at.
func (w sliding) write(doc string, tiles []int) {
	begin(w.name, "func(a *byte)",
		w.name+" computes a rectangle of outputs, each of kh×kw taps: "+doc+". a is kernel.windowArgs.")
	args(reg.RAX)
	build.MOVQ(at(reg.RAX, winPix), reg.R9)
	build.LEAQ(operand.Mem{Base: reg.R9, Index: reg.R9, Scale: 2}, reg.R10)
	build.MOVQ(at(reg.RAX, winCol), reg.R12)
	// From behind the last tap of a row to the first of the next.
	build.MOVQ(at(reg.RAX, winLine), reg.R13)
	build.MOVQ(at(reg.RAX, winKW), reg.RCX)
	build.IMULQ(reg.R12, reg.RCX)
	build.SUBQ(reg.RCX, reg.R13)
	build.MOVQ(at(reg.RAX, winP), reg.RDX)
	for i := range numbers {
		for part := range w.parts() {
			build.VMOVUPS(at(reg.RDX, w.offset(i)+part*w.bytes()), w.number(i, part))
		}
	}
	build.MOVQ(at(reg.RAX, winDst), reg.RDI)
	build.MOVQ(at(reg.RAX, winSrc), reg.RSI)
	build.MOVQ(at(reg.RAX, winResidual), reg.RCX)
	label(w.name + "_row")
	build.MOVQ(reg.RDI, at(reg.RAX, winAtDst))
	build.MOVQ(reg.RSI, at(reg.RAX, winAtSrc))
	build.MOVQ(reg.RCX, at(reg.RAX, winAtRes))
	build.MOVQ(at(reg.RAX, winN), reg.R8)
	for i, p := range tiles {
		this, next := fmt.Sprintf("%s_tile%d", w.name, p), w.name+"_next"
		if i+1 < len(tiles) {
			next = fmt.Sprintf("%s_tile%d", w.name, tiles[i+1])
		}
		label(this)
		build.CMPQ(reg.R8, operand.Imm(uint64(p)))
		build.JLT(to(next))
		if p == 8 { // 14 are two tiles of 7, not 8, 4 and 2
			build.CMPQ(reg.R8, operand.Imm(14))
			build.JE(to(next))
		}
		w.tile(this, p)
		build.ADDQ(operand.U32(uint32(p*pixelBytes)), reg.RDI)
		w.skip(p)
		build.SUBQ(operand.Imm(uint64(p)), reg.R8)
		build.JMP(to(this))
	}
	label(w.name + "_next")
	args(reg.RAX)
	for _, move := range []struct {
		at, by int
		r      reg.Register
	}{{winAtDst, winDstRow, reg.RDI}, {winAtSrc, winSrcRow, reg.RSI}, {winAtRes, winResRow, reg.RCX}} {
		build.MOVQ(at(reg.RAX, move.at), move.r)
		build.ADDQ(at(reg.RAX, move.by), move.r)
	}
	build.DECQ(at(reg.RAX, winH))
	build.JNE(to(w.name + "_row"))
	end()
}

// skip moves the source by so many outputs.
func (w sliding) skip(outputs int) {
	if outputs == 7 {
		build.SUBQ(reg.R9, reg.RSI)
		outputs = 8
	}
	build.LEAQ(operand.Mem{Base: reg.RSI, Index: reg.R9, Scale: uint8(outputs)}, reg.RSI)
}

// numbers are those by channel that stay in registers: the bounds, and what the function needs else.
const numbers = 3

// offset returns where a number stands in kernel.params.
func (w sliding) offset(i int) int {
	switch {
	case i < 2:
		return paramLo + i*pixelBytes
	case w.op == "sum":
		return paramA + pixelBytes
	}
	return paramA
}

// number returns the register of a number. Behind them are two for what is loaded.
func (w sliding) number(i, part int) reg.VecPhysical {
	return w.regs[len(w.regs)-2-numbers*w.parts()+i*w.parts()+part]
}

// acc is the register of a part of output p; seen that of what max has seen of its bits.
func (w sliding) acc(p, part int) int { return p*w.parts() + part }

func (w sliding) seen(outputs, p, part int) int { return outputs*w.parts() + w.acc(p, part) }

// tap returns the memory of output p's tap.
func (w sliding) tap(p, part int) operand.Mem {
	m := operand.Mem{Base: reg.RBX, Disp: part * w.bytes()}
	if p >= 4 {
		m.Base = reg.RAX
	}
	switch p % 4 {
	case 1, 2:
		m.Index, m.Scale = reg.R9, uint8(p%4)
	case 3:
		m.Index, m.Scale = reg.R10, 1
	}
	return m
}

// each calls do for every part of every output of a tile.
func (w sliding) each(outputs int, do func(p, part int)) {
	for p := range outputs {
		for part := range w.parts() {
			do(p, part)
		}
	}
}

func (w sliding) tile(name string, outputs int) {
	build.MOVQ(reg.RSI, reg.RBX)
	if outputs > 4 {
		build.LEAQ(operand.Mem{Base: reg.RSI, Index: reg.R9, Scale: 4}, reg.RAX)
	}
	w.start(outputs)
	args(reg.RCX)
	build.MOVQ(at(reg.RCX, winWeight), reg.RDX)
	build.MOVQ(at(reg.RCX, winKH), reg.R11)
	label(name + "_line")
	args(reg.RCX)
	build.MOVQ(at(reg.RCX, winKW), reg.RCX)
	label(name + "_tap")
	w.step(outputs)
	w.move(outputs, reg.R12)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_tap"))
	w.move(outputs, reg.R13)
	build.DECQ(reg.R11)
	build.JNE(to(name + "_line"))
	w.finish(name, outputs)
}

func (w sliding) move(outputs int, by reg.Register) {
	build.ADDQ(by, reg.RBX)
	if outputs > 4 {
		build.ADDQ(by, reg.RAX)
	}
}

// start fills the accumulators: with a, or zero for a sum.
func (w sliding) start(outputs int) {
	w.each(outputs, func(p, part int) {
		a := w.r(w.acc(p, part))
		if w.op == "sum" {
			build.VXORPS(a, a, a)
		} else {
			build.VMOVAPS(w.number(2, part), a)
		}
		if w.op == "max" {
			s := w.r(w.seen(outputs, p, part))
			build.VXORPS(s, s, s)
		}
	})
}

// step takes one tap of every output.
func (w sliding) step(outputs int) {
	last := len(w.regs) - 1
	if w.op == "dot" {
		for part := range w.parts() {
			build.VMOVUPS(at(reg.RDX, part*w.bytes()), w.r(last-part))
		}
		build.ADDQ(operand.Imm(pixelBytes), reg.RDX)
	}
	w.each(outputs, func(p, part int) {
		a := w.r(w.acc(p, part))
		switch w.op {
		case "dot":
			build.VFMADD231PS(w.tap(p, part), w.r(last-part), a)
		case "sum":
			build.VADDPS(w.tap(p, part), a, a)
		case "max":
			// MAXPS drops a NaN that stands first; the largest of the bits without sign tells of it.
			x, s := w.r(last-(p*w.parts()+part)%2), w.r(w.seen(outputs, p, part))
			build.VMOVUPS(w.tap(p, part), x)
			build.VMAXPS(a, x, a)
			build.VANDPS(bits(1<<31-1), x, x)
			build.VPMAXUD(x, s, s)
		}
	})
}

// finish turns the accumulators into outputs and stores them.
func (w sliding) finish(name string, outputs int) {
	t := w.r(len(w.regs) - 1)
	switch w.op {
	case "sum":
		w.each(outputs, func(p, part int) {
			a := w.r(w.acc(p, part))
			build.VMULPS(w.number(2, part), a, a)
		})
	case "max":
		build.VMOVUPS(bits(0x7f800000), t) // ∞: what is above is NaN
		w.each(outputs, func(p, part int) {
			a, s := w.r(w.acc(p, part)), w.r(w.seen(outputs, p, part))
			build.VPSUBD(s, t, s)
			build.VPSRAD(operand.Imm(31), s, s)
			build.VORPS(s, a, a)
		})
	case "dot":
		w.residual(name, outputs)
	}
	w.each(outputs, func(p, part int) {
		a := w.r(w.acc(p, part))
		build.VMAXPS(a, w.number(0, part), a)
		build.VMINPS(a, w.number(1, part), a)
		build.VMOVUPS(a, at(reg.RDI, p*pixelBytes+part*w.bytes()))
	})
}

// residual adds what stands at the same place of another row, if there is one.
func (w sliding) residual(name string, outputs int) {
	args(reg.RDX)
	build.MOVQ(at(reg.RDX, winAtRes), reg.RCX)
	build.TESTQ(reg.RCX, reg.RCX)
	build.JE(to(name + "_plain"))
	build.ADDQ(reg.RDI, reg.RCX)
	build.SUBQ(at(reg.RDX, winAtDst), reg.RCX)
	w.each(outputs, func(p, part int) {
		a := w.r(w.acc(p, part))
		build.VADDPS(at(reg.RCX, p*pixelBytes+part*w.bytes()), a, a)
	})
	label(name + "_plain")
}

// sumMap writes the sum of all pixels of a map, lane by lane, in float64.
func sumMap(s isa) {
	name := "sumMap" + s.name
	begin(name, "func(src *float32, h int, w int, row int, sum *float64)",
		name+" adds up h rows of w pixels, which are row bytes apart, lane by lane.")
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("h"), reg.R8)
	build.Load(build.Param("w"), reg.R9)
	build.Load(build.Param("row"), reg.R10)
	build.Load(build.Param("sum"), reg.RDI)
	n := 2 * s.parts() // registers of float64 for a pixel
	half := s.bytes() / 2
	for i := range n {
		build.VXORPD(s.regs[i], s.regs[i], s.regs[i])
	}
	label(name + "_row")
	build.MOVQ(reg.RSI, reg.RBX)
	build.MOVQ(reg.R9, reg.RCX)
	label(name + "_pixel")
	for i := range n {
		build.VCVTPS2PD(at(reg.RBX, i*half), s.regs[n+i])
		build.VADDPD(s.regs[n+i], s.regs[i], s.regs[i])
	}
	build.ADDQ(operand.Imm(pixelBytes), reg.RBX)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_pixel"))
	build.ADDQ(reg.R10, reg.RSI)
	build.DECQ(reg.R8)
	build.JNE(to(name + "_row"))
	for i := range n {
		build.VMOVUPD(s.regs[i], at(reg.RDI, i*s.bytes()))
	}
	end()
}
