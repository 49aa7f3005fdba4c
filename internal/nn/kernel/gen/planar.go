package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// turner writes the functions that go between planar and blocked memory, square by square: 16 pixels by
// 16 channels with AVX-512, 8 by 8 with AVX2. It takes registers from a list and gives them back.
type turner struct {
	isa

	free []reg.VecPhysical
}

// planars writes the kernels behind kernel.toPlanar, fromPlanar, moveLanes and Quantise.
func planars() {
	for _, s := range []isa{avx512, avx2} {
		t := &turner{isa: s}
		t.toPlanar()
		t.fromPlanar()
		t.moveLanes()
	}
	quantise()
}

func (t *turner) take() reg.VecPhysical {
	r := t.free[0]
	t.free = t.free[1:]
	return r
}

// pairs replaces registers k and k+step of x, where bit step of k is not set, by two mixtures of them.
func (t *turner) pairs(x []reg.VecPhysical, step int, low, high func(a, b, to reg.VecPhysical)) {
	for k := range x {
		if k&step != 0 {
			continue
		}
		a, b := x[k], x[k+step]
		lo, hi := t.take(), t.take()
		low(a, b, lo)
		high(a, b, hi)
		x[k], x[k+step] = lo, hi
		t.free = append(t.free, a, b)
	}
}

// transpose turns a square of registers: row k, lane l becomes row l, lane k. Afterwards x is in order,
// in other registers.
func (t *turner) transpose(x []reg.VecPhysical) {
	t.pairs(x, 1,
		func(a, b, to reg.VecPhysical) { build.VUNPCKLPS(b, a, to) },
		func(a, b, to reg.VecPhysical) { build.VUNPCKHPS(b, a, to) })
	t.pairs(x, 2,
		func(a, b, to reg.VecPhysical) { build.VUNPCKLPD(b, a, to) },
		func(a, b, to reg.VecPhysical) { build.VUNPCKHPD(b, a, to) })
	// The two rounds gave columns 0, 2, 1, 3 of each quarter.
	for k := range x {
		if k%4 == 1 {
			x[k], x[k+1] = x[k+1], x[k]
		}
	}
	if t.lanes == 8 {
		t.pairs(x, 4,
			func(a, b, to reg.VecPhysical) { build.VPERM2F128(operand.U8(0x20), b, a, to) },
			func(a, b, to reg.VecPhysical) { build.VPERM2F128(operand.U8(0x31), b, a, to) })
		return
	}
	for _, step := range []int{4, 8} {
		t.pairs(x, step,
			func(a, b, to reg.VecPhysical) { build.VSHUFF32X4(operand.U8(0x88), b, a, to) },
			func(a, b, to reg.VecPhysical) { build.VSHUFF32X4(operand.U8(0xdd), b, a, to) })
	}
}

// squareBytes is how far a square of pixels reaches in blocked memory.
func (t *turner) squareBytes() uint32 { return uint32(t.lanes * pixelBytes) }

// open loads the arguments that both directions have.
func (t *turner) open(name, doc string) {
	begin(name, "func(dst *float32, src *float32, w int, lanes int, plane int)", name+doc)
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("w"), reg.R8)
	build.Load(build.Param("lanes"), reg.R9)
	build.Load(build.Param("plane"), reg.R10)
}

// squares writes the loop over whole squares, and the last one, which is cut.
func (t *turner) squares(name string, square func(name string, cut bool), planarSide, blockedSide reg.Register) {
	label(name + "_whole")
	build.CMPQ(reg.R8, operand.Imm(uint64(t.lanes)))
	build.JLT(to(name + "_rest"))
	square(name+"_w", false)
	build.ADDQ(operand.U32(uint32(t.bytes())), planarSide)
	build.ADDQ(operand.U32(t.squareBytes()), blockedSide)
	build.SUBQ(operand.Imm(uint64(t.lanes)), reg.R8)
	build.JMP(to(name + "_whole"))
	label(name + "_rest")
	build.TESTQ(reg.R8, reg.R8)
	build.JE(to(name + "_done"))
	t.mask(reg.R8)
	square(name+"_r", true)
	label(name + "_done")
	end()
}

// maskTable is 32 words of ones and 32 of zeros.
var maskTable *operand.Mem

// masks returns memory of the table for AVX2's masks.
func masks() operand.Mem {
	if maskTable == nil {
		m := build.GLOBL("masks", attr.RODATA|attr.NOPTR)
		for i := range 64 {
			v := uint32(0)
			if i < 32 {
				v = 1<<32 - 1
			}
			build.DATA(4*i, operand.U32(v))
		}
		maskTable = &m
	}
	return *maskTable
}

// mask makes the mask of the first n lanes: K1, or the last register of AVX2 and, for lanes 8…15, the one
// before. CX and BX are lost.
func (t *turner) mask(n reg.GPPhysical) {
	if t.lanes == 16 {
		build.MOVQ(n, reg.RCX)
		build.MOVL(operand.U32(1), reg.EBX)
		build.SHLL(reg.CL, reg.EBX)
		build.DECL(reg.EBX)
		build.KMOVW(reg.EBX, reg.K1)
		return
	}
	build.LEAQ(masks(), reg.RBX)
	build.SHLQ(operand.Imm(2), n)
	build.SUBQ(n, reg.RBX)
	build.SHRQ(operand.Imm(2), n)
	build.VMOVUPS(at(reg.RBX, 128), t.regs[15])
	build.VMOVUPS(at(reg.RBX, 160), t.regs[14])
}

// load and store take the masked lanes alone where cut is set; lanes that are not loaded are zero.
func (t *turner) load(m operand.Mem, r reg.VecPhysical, cut bool) {
	switch {
	case !cut:
		build.VMOVUPS(m, r)
	case t.lanes == 16:
		build.VMOVUPS_Z(m, reg.K1, r)
	default:
		build.VMASKMOVPS(m, t.regs[15], r)
	}
}

func (t *turner) store(r reg.VecPhysical, m operand.Mem, cut bool) {
	switch {
	case !cut:
		build.VMOVUPS(r, m)
	case t.lanes == 16:
		build.VMOVUPS(r, reg.K1, m)
	default:
		build.VMASKMOVPS(r, t.regs[15], m)
	}
}

// registers begins a square: n registers for its rows, all others but the masks free.
func (t *turner) registers() []reg.VecPhysical {
	x := make([]reg.VecPhysical, t.lanes)
	copy(x, t.regs)
	t.free = append([]reg.VecPhysical(nil), t.regs[t.lanes:]...)
	if t.lanes == 8 {
		t.free = t.free[:6]
	}
	return x
}

// toPlanar reads whole pixels, up to a square behind the last one, and writes w of each of the channels.
func (t *turner) toPlanar() {
	name := "toPlanar" + t.name
	t.open(name, " takes a row of w pixels apart: its first lanes go to channels that are plane bytes apart.")
	t.squares(name, func(name string, cut bool) {
		build.MOVQ(reg.RDI, reg.R11)
		build.MOVQ(reg.R9, reg.RCX)
		for part := range t.parts() {
			x := t.registers()
			for i := range x {
				build.VMOVUPS(at(reg.RSI, i*pixelBytes+part*t.bytes()), x[i])
			}
			t.transpose(x)
			for _, r := range x {
				t.store(r, at(reg.R11, 0), cut)
				build.ADDQ(reg.R10, reg.R11)
				build.DECQ(reg.RCX)
				build.JE(to(name + "_end"))
			}
		}
		label(name + "_end")
	}, reg.RDI, reg.RSI)
}

// fromPlanar reads w floats of each of the channels, and writes w pixels, zeros in the lanes behind.
func (t *turner) fromPlanar() {
	name := "fromPlanar" + t.name
	t.open(name, " puts a row of w pixels together of channels that are plane bytes apart; further lanes become zero.")
	t.squares(name, func(name string, cut bool) {
		build.MOVQ(reg.RSI, reg.R11)
		build.MOVQ(reg.R9, reg.RDX)
		for part := range t.parts() {
			x := t.registers()
			loaded := fmt.Sprintf("%s_loaded%d", name, part)
			for i := range x {
				build.VXORPS(x[i], x[i], x[i])
			}
			build.TESTQ(reg.RDX, reg.RDX)
			build.JE(to(loaded))
			for i := range x {
				t.load(at(reg.R11, 0), x[i], cut)
				build.ADDQ(reg.R10, reg.R11)
				build.DECQ(reg.RDX)
				build.JE(to(loaded))
			}
			label(loaded)
			t.transpose(x)
			stored := fmt.Sprintf("%s_stored%d", name, part)
			build.MOVQ(reg.R8, reg.RCX)
			for i, r := range x {
				build.VMOVUPS(r, at(reg.RDI, i*pixelBytes+part*t.bytes()))
				if cut {
					build.DECQ(reg.RCX)
					build.JE(to(stored))
				}
			}
			label(stored)
		}
	}, reg.RSI, reg.RDI)
}

// moveLanes copies some lanes of every pixel.
func (t *turner) moveLanes() {
	name := "moveLanes" + t.name
	begin(name, "func(dst *float32, src *float32, h int, w int, dstRow int, srcRow int, lanes int)",
		name+" copies the first lanes of h rows of w pixels, rows being so many bytes apart.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("h"), reg.R8)
	build.Load(build.Param("w"), reg.R9)
	build.Load(build.Param("dstRow"), reg.R10)
	build.Load(build.Param("srcRow"), reg.R11)
	build.Load(build.Param("lanes"), reg.R12)
	t.mask(reg.R12)
	build.MOVQ(reg.R9, reg.RAX)
	build.SHLQ(operand.Imm(6), reg.RAX)
	build.SUBQ(reg.RAX, reg.R10)
	build.SUBQ(reg.RAX, reg.R11)
	label(name + "_row")
	build.MOVQ(reg.R9, reg.RCX)
	label(name + "_pixel")
	t.load(at(reg.RSI, 0), t.regs[0], true)
	t.store(t.regs[0], at(reg.RDI, 0), true)
	if t.lanes == 8 {
		build.VMASKMOVPS(at(reg.RSI, 32), t.regs[14], t.regs[1])
		build.VMASKMOVPS(t.regs[1], t.regs[14], at(reg.RDI, 32))
	}
	build.ADDQ(operand.Imm(pixelBytes), reg.RDI)
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_pixel"))
	build.ADDQ(reg.R10, reg.RDI)
	build.ADDQ(reg.R11, reg.RSI)
	build.DECQ(reg.R8)
	build.JNE(to(name + "_row"))
	end()
}
