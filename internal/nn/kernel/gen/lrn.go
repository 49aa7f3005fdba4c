package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lrn writes local response normalisation with the exponent ¾, by square roots. AVX-512 takes the functions
// of AVX2 too: its loads of neighbours all lie across cache lines, which took three times as long.
func lrn() {
	squaresOf(avx2)
	normalise(avx2)
}

// squareStep is the bytes of three blocks' squares of a pixel.
const squareStep = 3 * pixelBytes

func squaresOf(s isa) {
	name := "squares" + s.name
	begin(name, "func(dst *float32, src *float32, w int)", name+" writes the squares of w pixels, 48 floats apart.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("w"), reg.RCX)
	label(name + "_pixel")
	for part := range s.parts() {
		build.VMOVUPS(at(reg.RSI, part*s.bytes()), s.regs[part])
		build.VMULPS(s.regs[part], s.regs[part], s.regs[part])
		build.VMOVUPS(s.regs[part], at(reg.RDI, part*s.bytes()))
	}
	build.ADDQ(operand.U32(squareStep), reg.RDI)
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_pixel"))
	end()
}

func normalise(s isa) {
	name := "lrn" + s.name
	begin(name, "func(dst *float32, src *float32, sq *float32, w int, size int, k *float32)",
		name+" computes dst = src·(k[0] + k[1]·Σ sq[j])^−¾ of w pixels, sq being 48 floats apart, over j < size.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("src"), reg.RSI)
	build.Load(build.Param("sq"), reg.RDX)
	build.Load(build.Param("w"), reg.R8)
	build.Load(build.Param("size"), reg.R9)
	build.Load(build.Param("k"), reg.RAX)
	k0, k1 := s.regs[14], s.regs[15]
	build.VBROADCASTSS(at(reg.RAX, 0), k0)
	build.VBROADCASTSS(at(reg.RAX, 4), k1)
	label(name + "_pixel")
	for part := range s.parts() {
		build.VXORPS(s.regs[part], s.regs[part], s.regs[part])
	}
	build.MOVQ(reg.RDX, reg.RBX)
	build.MOVQ(reg.R9, reg.RCX)
	label(name + "_near")
	for part := range s.parts() {
		build.VADDPS(at(reg.RBX, part*s.bytes()), s.regs[part], s.regs[part])
	}
	build.ADDQ(operand.Imm(4), reg.RBX)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_near"))
	for part := range s.parts() {
		a, root, fourth, x := s.regs[part], s.regs[2+part], s.regs[4+part], s.regs[6+part]
		build.VFMADD213PS(k0, k1, a)
		build.VSQRTPS(a, root)
		build.VSQRTPS(root, fourth)
		build.VMULPS(fourth, root, root)
		build.VMOVUPS(at(reg.RSI, part*s.bytes()), x)
		build.VDIVPS(root, x, x)
		build.VMOVUPS(x, at(reg.RDI, part*s.bytes()))
	}
	build.ADDQ(operand.U32(squareStep), reg.RDX)
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.ADDQ(operand.Imm(pixelBytes), reg.RDI)
	build.DECQ(reg.R8)
	build.JNE(to(name + "_pixel"))
	end()
}
