package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak writes the loops that measure how fast multiply-adds can be: 12 sums that wait for nothing.
func peak() {
	for _, s := range []isa{avx512, avx2} {
		name := "peak" + s.name
		begin(name, "func(n int)", name+" does 12 multiply-adds of a register n times.")
		build.Load(build.Param("n"), reg.RCX)
		build.VXORPS(reg.Y0, reg.Y0, reg.Y0)
		for _, r := range s.regs[1:14] {
			build.VMOVAPS(s.regs[0], r)
		}
		label(name + "_l")
		for _, r := range s.regs[2:14] {
			build.VFMADD231PS(s.regs[0], s.regs[1], r)
		}
		build.SUBQ(operand.Imm(1), reg.RCX)
		build.JNE(to(name + "_l"))
		end()
	}
}
