package main

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// quantise writes the kernels behind kernel.Quantise, for AVX2, which AVX-512 takes too.
func quantise() {
	rangeOf()
	toBytes()
}

// rangeOf looks for the ends of what is finite: all else becomes +∞ for the smallest, −∞ for the largest.
func rangeOf() {
	s := avx2
	begin("range256", "func(src *float32, n int, ends *float32)",
		"range256 writes the smallest finite values of n times 16 by lane, 8, and behind them the largest; ±∞ where there is none.")
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("n"), reg.RCX)
	lo, hi := s.regs[0:2], s.regs[2:4]
	sign, most, up, down := s.regs[12], s.regs[13], s.regs[14], s.regs[15]
	build.VMOVUPS(bits(1<<31-1), sign)
	build.VMOVUPS(bits(math.Float32bits(math.MaxFloat32)), most)
	build.VMOVUPS(bits(0x7f800000), up)
	build.VMOVUPS(bits(0xff800000), down)
	for i := range lo {
		build.VMOVAPS(up, lo[i])
		build.VMOVAPS(down, hi[i])
	}
	label("range256_l")
	for i := range lo {
		x, ok, t := s.regs[4+i], s.regs[6+i], s.regs[8+i]
		build.VMOVUPS(at(reg.RSI, 32*i), x)
		build.VANDPS(sign, x, ok)
		build.VCMPPS(operand.U8(18), most, ok, ok) // ≤, false for NaN, quiet
		build.VBLENDVPS(ok, x, up, t)
		build.VMINPS(t, lo[i], lo[i])
		build.VBLENDVPS(ok, x, down, t)
		build.VMAXPS(t, hi[i], hi[i])
	}
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.DECQ(reg.RCX)
	build.JNE(to("range256_l"))
	build.VMINPS(lo[1], lo[0], lo[0])
	build.VMAXPS(hi[1], hi[0], hi[0])
	build.Load(build.Param("ends"), reg.RDI)
	build.VMOVUPS(lo[0], at(reg.RDI, 0))
	build.VMOVUPS(hi[0], at(reg.RDI, 32))
	end()
}

// toBytes works in float64, four values at a time.
func toBytes() {
	s := avx2
	begin("quantise256", "func(dst *byte, src *float32, n int, base float64, inverse float64)",
		"quantise256 writes (src − base)·inverse + ½, cut to 0…255 and down to a whole number, of n times 16; NaN becomes 0.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("n"), reg.RCX)
	base, inverse, half, most, zero := s.regs[15], s.regs[14], s.regs[13], s.regs[12], s.regs[11]
	build.Load(build.Param("base"), reg.X15)
	build.VBROADCASTSD(reg.X15, base)
	build.Load(build.Param("inverse"), reg.X14)
	build.VBROADCASTSD(reg.X14, inverse)
	for _, c := range []struct {
		v float64
		r reg.VecPhysical
	}{{0.5, half}, {255, most}} {
		build.MOVQ(operand.U64(math.Float64bits(c.v)), reg.RAX)
		build.MOVQ(reg.RAX, c.r.AsX())
		build.VBROADCASTSD(c.r.AsX(), c.r)
	}
	build.VXORPS(zero, zero, zero)
	label("quantise256_l")
	for i := range 4 {
		q := s.regs[i]
		build.VCVTPS2PD(at(reg.RSI, 16*i), q)
		build.VSUBPD(base, q, q)
		build.VMULPD(inverse, q, q)
		build.VADDPD(half, q, q)
		build.VMAXPD(zero, q, q) // of NaN, the second: zero
		build.VMINPD(most, q, q)
		build.VCVTTPD2DQY(q, q.AsX())
	}
	build.VPACKUSDW(reg.X1, reg.X0, reg.X0)
	build.VPACKUSDW(reg.X3, reg.X2, reg.X2)
	build.VPACKUSWB(reg.X2, reg.X0, reg.X0)
	build.VMOVDQU(reg.X0, at(reg.RDI, 0))
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.ADDQ(operand.Imm(16), reg.RDI)
	build.DECQ(reg.RCX)
	build.JNE(to("quantise256_l"))
	end()
}
