package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lines writes the loops over short rows of planar maps: copy them, or add them.
//
// Registers: RDI, RSI: rows; RDX: rows left; R13: values of the last, broken vector; R8, R9: bytes from
// a row to the next; RAX: place in the row.
func lines(s isa, add bool) {
	name, doc := "copyLines"+s.name, "copies h rows of w values"
	if add {
		name, doc = "addLines"+s.name, "adds h rows of w values to others"
	}
	begin(name, "func(dst *float32, src *float32, h int, w int, dstRow int, srcRow int)", name+" "+doc+"; rows are so many bytes apart.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("h"), reg.RDX)
	build.Load(build.Param("w"), reg.R12)
	build.Load(build.Param("dstRow"), reg.R8)
	build.Load(build.Param("srcRow"), reg.R9)
	build.MOVQ(reg.R12, reg.R13)
	build.ANDQ(operand.Imm(uint64(s.lanes-1)), reg.R13)
	prepareMask(s, 1)
	if s.lanes == 8 {
		build.VMOVUPS(at(reg.RBX, 0), reg.Y2)
	}
	build.SHRQ(operand.Imm(uint64(log2(s.lanes))), reg.R12)
	dst, src := operand.Mem{Base: reg.RDI, Index: reg.RAX, Scale: 1}, operand.Mem{Base: reg.RSI, Index: reg.RAX, Scale: 1}
	label(name + "_row")
	build.XORQ(reg.RAX, reg.RAX)
	build.MOVQ(reg.R12, reg.RCX)
	build.TESTQ(reg.RCX, reg.RCX)
	build.JE(to(name + "_tail"))
	label(name + "_vector")
	build.VMOVUPS(src, s.regs[0])
	if add {
		build.VADDPS(dst, s.regs[0], s.regs[0])
	}
	build.VMOVUPS(s.regs[0], dst)
	build.ADDQ(operand.Imm(uint64(s.bytes())), reg.RAX)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_vector"))
	label(name + "_tail")
	build.TESTQ(reg.R13, reg.R13)
	build.JE(to(name + "_next"))
	if s.lanes == 16 {
		build.VMOVUPS_Z(src, reg.K1, reg.Z0)
		if add {
			build.VMOVUPS_Z(dst, reg.K1, reg.Z1)
			build.VADDPS(reg.Z1, reg.Z0, reg.Z0)
		}
		build.VMOVUPS(reg.Z0, reg.K1, dst)
	} else {
		build.VMASKMOVPS(src, reg.Y2, reg.Y0)
		if add {
			build.VMASKMOVPS(dst, reg.Y2, reg.Y1)
			build.VADDPS(reg.Y1, reg.Y0, reg.Y0)
		}
		build.VMASKMOVPS(reg.Y0, reg.Y2, dst)
	}
	label(name + "_next")
	build.ADDQ(reg.R8, reg.RDI)
	build.ADDQ(reg.R9, reg.RSI)
	build.DECQ(reg.RDX)
	build.JNE(to(name + "_row"))
	end()
}
