package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemm writes the loops behind kernel.Gemm, kernel.Dots and the vectors of gradients.
func gemm() {
	for _, s := range []isa{avx512, avx2} {
		outer{isa: s, vectors: 2}.write()
		outer{isa: s, vectors: 2, edge: true}.write()
		outer{isa: s, vectors: 1, edge: true}.write()
		dotTiles(s)
		vectors(s)
		lines(s, false)
		lines(s, true)
	}
	halves(false)
	halves(true)
}

// outer writes the kernel of C (+)= A·B: the sums of some rows and one or two vectors of columns stay
// in registers; each step adds the product of a column of A and a row of B.
type outer struct {
	isa
	vectors int
	edge    bool // n columns only
}

func (o outer) name() string {
	if o.edge {
		return fmt.Sprintf("gemm%sx%dedge", o.isa.name, o.vectors)
	}
	return fmt.Sprintf("gemm%sx%d", o.isa.name, o.vectors)
}

// heights are the numbers of rows that there are bodies for.
func (s isa) heights() []int {
	if s.lanes == 16 {
		return []int{14, 12, 10, 8, 6, 4, 2, 1}
	}
	return []int{6, 5, 4, 3, 2, 1}
}

func (o outer) acc(i, v int) reg.VecPhysical { return o.regs[4+i*o.vectors+v] }

// Registers: RSI, RDI: A and B; RDX: C; RCX: steps left; R8, R9: bytes from a step to the next in A and
// B; R10: bytes of a row of C; R12: whether to add.
func (o outer) write() {
	begin(o.name(), "func(a *float32, b *float32, c *float32, k int, rows int, n int, aStep int, bStep int, cRow int, add int)",
		o.name()+" computes some rows of C (+)= A·B. Steps and rows are in bytes.")
	for _, p := range []struct {
		name string
		to   reg.GPPhysical
	}{
		{"a", reg.RSI},
		{"b", reg.RDI},
		{"c", reg.RDX},
		{"k", reg.RCX},
		{"rows", reg.R11},
		{"aStep", reg.R8},
		{"bStep", reg.R9},
		{"cRow", reg.R10},
		{"add", reg.R12},
	} {
		build.Load(build.Param(p.name), p.to)
	}
	if o.edge {
		build.Load(build.Param("n"), reg.R13)
		prepareMask(o.isa, o.vectors)
	}
	for _, h := range o.heights() {
		build.CMPQ(reg.R11, operand.Imm(uint64(h)))
		build.JE(to(fmt.Sprintf("%s_%d", o.name(), h)))
	}
	end()
	for _, h := range o.heights() {
		o.body(h)
	}
}

// prepareMask prepares the loads of the first R13 of some vectors: K1, K2, or the address of the words of the
// first vector in RBX.
func prepareMask(s isa, vectors int) {
	if s.lanes == 16 {
		build.XORQ(reg.RAX, reg.RAX)
		build.NOTQ(reg.RAX)
		build.BZHIQ(reg.R13, reg.RAX, reg.RAX)
		build.KMOVW(reg.EAX, reg.K1)
		if vectors == 2 {
			build.SHRQ(operand.Imm(16), reg.RAX)
			build.KMOVW(reg.EAX, reg.K2)
		}
		return
	}
	build.LEAQ(masks(), reg.RBX)
	build.MOVQ(operand.U32(32), reg.RAX)
	build.SUBQ(reg.R13, reg.RAX)
	build.LEAQ(operand.Mem{Base: reg.RBX, Index: reg.RAX, Scale: 4}, reg.RBX)
}

// load reads vector v of a row; of an edge only what is there, with register t for the mask.
func (o outer) load(m operand.Mem, v int, r, t reg.VecPhysical) {
	switch {
	case !o.edge:
		build.VMOVUPS(m, r)
	case o.lanes == 16:
		build.VMOVUPS_Z(m, []reg.OpmaskPhysical{reg.K1, reg.K2}[v], r)
	default:
		build.VMOVUPS(at(reg.RBX, v*o.bytes()), t)
		build.VMASKMOVPS(m, t, r)
	}
}

func (o outer) store(r reg.VecPhysical, v int, m operand.Mem, t reg.VecPhysical) {
	switch {
	case !o.edge:
		build.VMOVUPS(r, m)
	case o.lanes == 16:
		build.VMOVUPS(r, []reg.OpmaskPhysical{reg.K1, reg.K2}[v], m)
	default:
		build.VMOVUPS(at(reg.RBX, v*o.bytes()), t)
		build.VMASKMOVPS(r, t, m)
	}
}

func (o outer) body(rows int) {
	name := fmt.Sprintf("%s_%d", o.name(), rows)
	b, spread := o.regs[:2], o.regs[2:4]
	label(name)
	for i := range rows {
		for v := range o.vectors {
			build.VXORPS(o.acc(i, v), o.acc(i, v), o.acc(i, v))
		}
	}
	label(name + "_k")
	for v := range o.vectors {
		o.load(at(reg.RDI, v*o.bytes()), v, b[v], spread[v])
	}
	for i := range rows {
		build.VBROADCASTSS(at(reg.RSI, 4*i), spread[i%2])
		for v := range o.vectors {
			build.VFMADD231PS(spread[i%2], b[v], o.acc(i, v))
		}
	}
	build.ADDQ(reg.R8, reg.RSI)
	build.ADDQ(reg.R9, reg.RDI)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_k"))
	build.TESTQ(reg.R12, reg.R12)
	build.JE(to(name + "_store"))
	build.MOVQ(reg.RDX, reg.RAX)
	for i := range rows {
		for v := range o.vectors {
			o.load(at(reg.RAX, v*o.bytes()), v, b[v], spread[v])
			build.VADDPS(b[v], o.acc(i, v), o.acc(i, v))
		}
		build.ADDQ(reg.R10, reg.RAX)
	}
	label(name + "_store")
	for i := range rows {
		for v := range o.vectors {
			o.store(o.acc(i, v), v, at(reg.RDX, v*o.bytes()), spread[v])
		}
		build.ADDQ(reg.R10, reg.RDX)
	}
	end()
}
