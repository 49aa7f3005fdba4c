package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// halves writes the largest values of windows of 2×2 side by side, and the step back from them, eight
// windows at a time. Even and odd columns of two registers come apart as 0 2 8 10 | 4 6 12 14; the
// outputs are put in order by halves of a lane (VPERMPD), and what is laid together again is in order.
//
// Registers: RSI, RDX: the two rows; RDI: their gradients; R8: those of the second row; R9: outputs;
// RCX: outputs left.
func halves(back bool) {
	name := "maxHalves256"
	if back {
		name = "gradHalves256"
		begin(name, "func(dx *float32, x *float32, dy *float32, n int, width int)",
			name+" adds n gradients to the places of the largest values of windows of 2×2; rows are width bytes apart.")
		build.Load(build.Param("dx"), reg.RDI)
		build.Load(build.Param("dy"), reg.R9)
	} else {
		begin(name, "func(y *float32, x *float32, n int, width int)",
			name+" finds the largest values of n windows of 2×2; rows are width bytes apart.")
		build.Load(build.Param("y"), reg.R9)
	}
	build.Load(build.Param("x"), reg.RSI)
	build.Load(build.Param("n"), reg.RCX)
	build.Load(build.Param("width"), reg.R8)
	build.LEAQ(operand.Mem{Base: reg.RSI, Index: reg.R8, Scale: 1}, reg.RDX)
	if back {
		build.ADDQ(reg.RDI, reg.R8)
	}
	label(name + "_l")
	build.CMPQ(reg.RCX, operand.Imm(8))
	build.JLT(to(name + "_tail"))
	halvesOf(back, false)
	build.ADDQ(operand.Imm(64), reg.RSI)
	build.ADDQ(operand.Imm(64), reg.RDX)
	build.ADDQ(operand.Imm(32), reg.R9)
	if back {
		build.ADDQ(operand.Imm(64), reg.RDI)
		build.ADDQ(operand.Imm(64), reg.R8)
	}
	build.SUBQ(operand.Imm(8), reg.RCX)
	build.JMP(to(name + "_l"))
	label(name + "_tail")
	build.TESTQ(reg.RCX, reg.RCX)
	build.JE(to(name + "_end"))
	// RBX: the mask of the outputs, RAX: of the inputs.
	build.LEAQ(masks(), reg.RBX)
	build.SHLQ(operand.Imm(2), reg.RCX)
	build.SUBQ(reg.RCX, reg.RBX)
	build.MOVQ(reg.RBX, reg.RAX)
	build.SUBQ(reg.RCX, reg.RAX)
	build.ADDQ(operand.U32(32*4), reg.RBX)
	build.ADDQ(operand.U32(32*4), reg.RAX)
	halvesOf(back, true)
	label(name + "_end")
	end()
}

// halvesOf writes one turn. Y0…Y3: the four values of the windows; Y4: the largest; Y15, Y14: masks of
// the inputs; Y13: of the outputs.
func halvesOf(back, tail bool) {
	load := func(m operand.Mem, r, mask reg.VecPhysical) {
		if tail {
			build.VMASKMOVPS(m, mask, r)
		} else {
			build.VMOVUPS(m, r)
		}
	}
	store := func(r reg.VecPhysical, m operand.Mem, mask reg.VecPhysical) {
		if tail {
			build.VMASKMOVPS(r, mask, m)
		} else {
			build.VMOVUPS(r, m)
		}
	}
	if tail {
		build.VMOVUPS(at(reg.RBX, 0), reg.Y13)
		build.VMOVUPS(at(reg.RAX, 0), reg.Y15)
		build.VMOVUPS(at(reg.RAX, 32), reg.Y14)
	}
	row := func(base reg.GPPhysical, even, odd reg.VecPhysical) {
		load(at(base, 0), reg.Y5, reg.Y15)
		load(at(base, 32), reg.Y6, reg.Y14)
		build.VSHUFPS(operand.U8(0x88), reg.Y6, reg.Y5, even)
		build.VSHUFPS(operand.U8(0xdd), reg.Y6, reg.Y5, odd)
	}
	row(reg.RSI, reg.Y0, reg.Y1)
	row(reg.RDX, reg.Y2, reg.Y3)
	// The largest; all ones where one is no number.
	build.VMAXPS(reg.Y1, reg.Y0, reg.Y4)
	build.VMAXPS(reg.Y3, reg.Y2, reg.Y5)
	build.VMAXPS(reg.Y5, reg.Y4, reg.Y4)
	build.VCMPPS(operand.Imm(3), reg.Y1, reg.Y0, reg.Y5)
	build.VCMPPS(operand.Imm(3), reg.Y3, reg.Y2, reg.Y6)
	build.VORPS(reg.Y5, reg.Y6, reg.Y5)
	build.VORPS(reg.Y5, reg.Y4, reg.Y4)
	if !back {
		build.VPERMPD(operand.U8(0xd8), reg.Y4, reg.Y4)
		store(reg.Y4, at(reg.R9, 0), reg.Y13)
		return
	}
	load(at(reg.R9, 0), reg.Y7, reg.Y13)
	build.VPERMPD(operand.U8(0xd8), reg.Y7, reg.Y7)
	// Each in turn takes the gradient where it is the largest, or no number; what is taken is gone.
	for _, r := range []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2} {
		build.VCMPPS(operand.Imm(0), r, reg.Y4, reg.Y5)
		build.VCMPPS(operand.Imm(3), r, r, reg.Y6)
		build.VORPS(reg.Y5, reg.Y6, reg.Y5)
		build.VANDPS(reg.Y7, reg.Y5, r)
		build.VANDNPS(reg.Y7, reg.Y5, reg.Y7)
	}
	lay := func(base reg.GPPhysical, even, odd reg.VecPhysical) {
		build.VUNPCKLPS(odd, even, reg.Y5)
		build.VUNPCKHPS(odd, even, reg.Y6)
		load(at(base, 0), reg.Y8, reg.Y15)
		load(at(base, 32), reg.Y9, reg.Y14)
		build.VADDPS(reg.Y8, reg.Y5, reg.Y5)
		build.VADDPS(reg.Y9, reg.Y6, reg.Y6)
		store(reg.Y5, at(base, 0), reg.Y15)
		store(reg.Y6, at(base, 32), reg.Y14)
	}
	lay(reg.RDI, reg.Y0, reg.Y1)
	lay(reg.R8, reg.Y2, reg.Y7)
}
