package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.params.
const (
	paramA  = 0
	paramLo = 128
)

// pixelBytes is the size of 16 floats.
const pixelBytes = 64

// mapper writes functions that go over rectangles of pixels: x in register 0, y in 1, the result in 0;
// 2…7 are free. The channels' numbers stay in registers behind.
type mapper struct {
	isa

	part int // which lanes of the pixel: AVX2 does it in two parts
	name string
}

// maps writes the kernels behind kernel.mapRows.
func maps() {
	for _, s := range []isa{avx512, avx2} {
		for _, f := range []struct {
			name, doc string
			two       bool
			body      func(m mapper)
		}{
			{"affine", "x·a + b, rounded twice", false, mapper.affine},
			{"add", "x + y", true, func(m mapper) { build.VADDPS(m.r(1), m.r(0), m.r(0)) }},
			{"mul", "x · y", true, func(m mapper) { build.VMULPS(m.r(1), m.r(0), m.r(0)) }},
			{"sigmoid", "1/(1 + e⁻ˣ)", false, mapper.sigmoid},
			{"swish", "x/(1 + e^(−a·x))", false, mapper.swish},
			{"tanh", "b·tanh(a·x), the function of kernel.Tanh", false, mapper.tanh},
			{"elu", "x > 0: x; else a·(eˣ − 1)", false, mapper.elu},
			{"leaky", "max(x, 0) + a·min(x, 0)", false, mapper.leaky},
			{"hardSigmoid", "min(max(a·x + b, 0), 1)", false, mapper.hardSigmoid},
			{"hardSwish", "x·min(max(x + 3, 0), 6)/6", false, mapper.hardSwish},
			{"gelu", "x·Φ(x)", false, mapper.gelu},
			{"geluTanh", "x·sigmoid(2√(2/π)·(x + 0.044715·x³))", false, mapper.geluTanh},
			{"exp", "e^(x − a)", false, func(m mapper) {
				build.VSUBPS(m.a(), m.r(0), m.r(0))
				m.exp(0, 1, 2, 3)
			}},
		} {
			mapper{isa: s, name: f.name + s.name}.rows(f.doc, f.two, f.body)
		}
	}
}

func (m mapper) r(i int) reg.VecPhysical { return m.regs[i] }

// parts is how many registers a pixel fills.
func (s isa) parts() int { return 16 / s.lanes }

// param returns the register of a number by channel: 0, 1: a, b; 2, 3: the bounds.
func (m mapper) param(i int) reg.VecPhysical {
	return m.regs[len(m.regs)-4*m.parts()+i*m.parts()+m.part]
}

func (m mapper) a() reg.VecPhysical { return m.param(0) }
func (m mapper) b() reg.VecPhysical { return m.param(1) }

// rows writes the loops over rows and pixels around a function, and the clamp.
func (m mapper) rows(doc string, two bool, body func(m mapper)) {
	begin(m.name, "func(dst *float32, x *float32, y *float32, h int, w int, dstRow int, xRow int, yRow int, p *float32)",
		m.name+" computes dst = clamp("+doc+") of h rows of w pixels; rows are so many bytes apart.")
	build.Load(build.Param("dst"), reg.RDI)
	build.Load(build.Param("x"), reg.RSI)
	build.Load(build.Param("y"), reg.RDX)
	build.Load(build.Param("h"), reg.R8)
	build.Load(build.Param("w"), reg.R9)
	build.Load(build.Param("dstRow"), reg.R10)
	build.Load(build.Param("xRow"), reg.R11)
	build.Load(build.Param("yRow"), reg.R12)
	build.Load(build.Param("p"), reg.RBX)
	for i := range 4 {
		for part := range m.parts() {
			m.part = part
			build.VMOVUPS(at(reg.RBX, paramA+i*pixelBytes+part*m.bytes()), m.param(i))
		}
	}
	// From the end of a row to the next.
	build.MOVQ(reg.R9, reg.RAX)
	build.SHLQ(operand.Imm(6), reg.RAX)
	for _, r := range []reg.Register{reg.R10, reg.R11, reg.R12} {
		build.SUBQ(reg.RAX, r)
	}
	label(m.name + "_row")
	build.MOVQ(reg.R9, reg.RCX)
	label(m.name + "_pixel")
	for part := range m.parts() {
		m.part = part
		build.VMOVUPS(at(reg.RSI, part*m.bytes()), m.r(0))
		if two {
			build.VMOVUPS(at(reg.RDX, part*m.bytes()), m.r(1))
		}
		body(m)
		m.clamp(0)
		build.VMOVUPS(m.r(0), at(reg.RDI, part*m.bytes()))
	}
	build.ADDQ(operand.Imm(pixelBytes), reg.RDI)
	build.ADDQ(operand.Imm(pixelBytes), reg.RSI)
	build.ADDQ(operand.Imm(pixelBytes), reg.RDX)
	build.DECQ(reg.RCX)
	build.JNE(to(m.name + "_pixel"))
	build.ADDQ(reg.R10, reg.RDI)
	build.ADDQ(reg.R11, reg.RSI)
	build.ADDQ(reg.R12, reg.RDX)
	build.DECQ(reg.R8)
	build.JNE(to(m.name + "_row"))
	end()
}

// clamp cuts a register at the bounds. NaN passes, as it stands second: MAXPS and MINPS return that.
func (m mapper) clamp(x int) {
	build.VMAXPS(m.r(x), m.param(2), m.r(x))
	build.VMINPS(m.r(x), m.param(3), m.r(x))
}

func (m mapper) affine() {
	build.VMULPS(m.a(), m.r(0), m.r(0))
	build.VADDPS(m.b(), m.r(0), m.r(0))
}

func (m mapper) leaky() {
	m.load(0, 1)
	build.VMAXPS(m.r(0), m.r(1), m.r(2))
	build.VMINPS(m.r(0), m.r(1), m.r(0))
	build.VFMADD213PS(m.r(2), m.a(), m.r(0))
}

func (m mapper) hardSigmoid() {
	build.VFMADD132PS(m.a(), m.b(), m.r(0))
	m.between(0, 0, 1, 1)
}

func (m mapper) hardSwish() {
	build.VADDPS(m.vec(3), m.r(0), m.r(2))
	m.between(2, 0, 6, 1)
	build.VMULPS(m.r(2), m.r(0), m.r(0))
	build.VMULPS(m.vec(1.0/6), m.r(0), m.r(0))
}
