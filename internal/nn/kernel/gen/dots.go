package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dotTile writes the kernel of C = A·Bᵀ for a few rows of A and of B: each sum has a register, whose
// lanes are added up at the end. The sums run over blocks of k values.
type dotTile struct {
	isa
	rows, cols int
}

func dotTiles(s isa) {
	list := [][2]int{{6, 4}, {3, 4}, {1, 4}, {6, 1}, {3, 1}, {1, 1}}
	if s.lanes == 8 {
		list = [][2]int{{3, 3}, {1, 3}, {3, 1}, {1, 1}}
	}
	for _, l := range list {
		dotTile{s, l[0], l[1]}.write()
	}
}

func (d dotTile) acc(i, j int) reg.VecPhysical { return d.regs[5+i*d.cols+j] }

// rowAt is where row i begins: one is the bytes of a row, three and five that many.
func rowAt(base, one, three, five reg.GPPhysical, i int) operand.Mem {
	m := at(base, 0)
	switch i {
	case 1, 2, 4:
		m.Index, m.Scale = one, uint8(i)
	case 3:
		m.Index, m.Scale = three, 1
	case 5:
		m.Index, m.Scale = five, 1
	}
	return m
}

// Registers: RSI, RDI: places in A and B; R8, R9, R10: one, three and five rows of A; R11, R12: one and
// three rows of B; RDX: blocks left; RCX: vectors left of a block.
func (d dotTile) write() {
	name := fmt.Sprintf("dot%sx%dx%d", d.name, d.rows, d.cols)
	begin(name, "func(a *float32, b *float32, out *float32, k int, blocks int, aRow int, bRow int, aBlock int, bBlock int)",
		name+" computes dot products of rows. Distances of rows and blocks are in bytes.")
	build.Load(build.Param("a"), reg.RSI)
	build.Load(build.Param("b"), reg.RDI)
	build.Load(build.Param("aRow"), reg.R8)
	build.Load(build.Param("bRow"), reg.R11)
	build.LEAQ(operand.Mem{Base: reg.R8, Index: reg.R8, Scale: 2}, reg.R9)
	build.LEAQ(operand.Mem{Base: reg.R8, Index: reg.R8, Scale: 4}, reg.R10)
	build.LEAQ(operand.Mem{Base: reg.R11, Index: reg.R11, Scale: 2}, reg.R12)
	build.Load(build.Param("blocks"), reg.RDX)
	build.Load(build.Param("k"), reg.R13)
	build.ANDQ(operand.Imm(uint64(d.lanes-1)), reg.R13)
	prepareMask(d.isa, 1)
	for i := range d.rows {
		for j := range d.cols {
			build.VXORPS(d.acc(i, j), d.acc(i, j), d.acc(i, j))
		}
	}
	label(name + "_block")
	build.Load(build.Param("k"), reg.RCX)
	build.SHRQ(operand.Imm(uint64(log2(d.lanes))), reg.RCX)
	build.JE(to(name + "_tail"))
	label(name + "_k")
	d.products(false)
	build.ADDQ(operand.Imm(uint64(d.bytes())), reg.RSI)
	build.ADDQ(operand.Imm(uint64(d.bytes())), reg.RDI)
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_k"))
	label(name + "_tail")
	build.TESTQ(reg.R13, reg.R13)
	build.JE(to(name + "_next"))
	d.products(true)
	label(name + "_next")
	// From where the whole vectors of a block end to the next block.
	build.Load(build.Param("k"), reg.RAX)
	build.SUBQ(reg.R13, reg.RAX)
	build.SHLQ(operand.Imm(2), reg.RAX)
	build.SUBQ(reg.RAX, reg.RSI)
	build.SUBQ(reg.RAX, reg.RDI)
	build.Load(build.Param("aBlock"), reg.RAX)
	build.ADDQ(reg.RAX, reg.RSI)
	build.Load(build.Param("bBlock"), reg.RAX)
	build.ADDQ(reg.RAX, reg.RDI)
	build.DECQ(reg.RDX)
	build.JNE(to(name + "_block"))
	build.Load(build.Param("out"), reg.RDI)
	for i := range d.rows {
		for j := range d.cols {
			d.total(d.acc(i, j), (i*d.cols+j)*4)
		}
	}
	end()
}

func log2(n int) int {
	if n == 16 {
		return 4
	}
	return 3
}

func (d dotTile) load(m operand.Mem, r reg.VecPhysical, tail bool) {
	switch {
	case !tail:
		build.VMOVUPS(m, r)
	case d.lanes == 16:
		build.VMOVUPS_Z(m, reg.K1, r)
	default:
		build.VMOVUPS(at(reg.RBX, 0), r)
		build.VMASKMOVPS(m, r, r)
	}
}

func (d dotTile) products(tail bool) {
	for j := range d.cols {
		d.load(rowAt(reg.RDI, reg.R11, reg.R12, reg.R12, j), d.regs[j], tail)
	}
	for i := range d.rows {
		d.load(rowAt(reg.RSI, reg.R8, reg.R9, reg.R10, i), d.regs[4], tail)
		for j := range d.cols {
			build.VFMADD231PS(d.regs[4], d.regs[j], d.acc(i, j))
		}
	}
}

// total adds up the lanes of a register, halves first, and stores the sum.
func (d dotTile) total(r reg.VecPhysical, disp int) {
	if d.lanes == 16 {
		build.VEXTRACTF32X8(operand.Imm(1), r, reg.Y0)
		build.VMOVAPS(r, reg.Z1)
		build.VADDPS(reg.Y0, reg.Y1, reg.Y1)
	} else {
		build.VMOVAPS(r, reg.Y1)
	}
	build.VEXTRACTF128(operand.Imm(1), reg.Y1, reg.X0)
	build.VADDPS(reg.X0, reg.X1, reg.X1)
	build.VMOVHLPS(reg.X1, reg.X1, reg.X0)
	build.VADDPS(reg.X0, reg.X1, reg.X1)
	build.VMOVSHDUP(reg.X1, reg.X0)
	build.VADDSS(reg.X0, reg.X1, reg.X1)
	build.VMOVSS(reg.X1, at(reg.RDI, disp))
}

// vectors writes loops over n values, a multiple of the lanes.
func vectors(s isa) {
	loop := func(name, signature, doc string, pointers []string, body func(r []reg.VecPhysical, at func(i int) operand.Mem)) {
		name += s.name
		begin(name, signature, name+" "+doc)
		regs := []reg.GPPhysical{reg.RDI, reg.RSI, reg.RDX}
		for i, p := range pointers {
			build.Load(build.Param(p), regs[i])
		}
		build.Load(build.Param("n"), reg.RCX)
		build.XORQ(reg.RAX, reg.RAX)
		if name == "axpy"+s.name {
			build.VBROADCASTSS(operand.NewParamAddr("a", 24), s.regs[4])
		}
		if name == "gateClamp"+s.name {
			build.VBROADCASTSS(operand.NewParamAddr("lo", 32), s.regs[4])
			build.VBROADCASTSS(operand.NewParamAddr("hi", 36), s.regs[5])
		}
		label(name + "_l")
		body(s.regs, func(i int) operand.Mem { return operand.Mem{Base: regs[i], Index: reg.RAX, Scale: 4} })
		build.ADDQ(operand.Imm(uint64(s.lanes)), reg.RAX)
		build.CMPQ(reg.RAX, reg.RCX)
		build.JLT(to(name + "_l"))
		end()
	}
	loop("axpy", "func(y *float32, x *float32, n int, a float32)", "adds a·x to y.", []string{"y", "x"},
		func(r []reg.VecPhysical, at func(i int) operand.Mem) {
			build.VMOVUPS(at(0), r[0])
			build.VFMADD231PS(at(1), r[4], r[0])
			build.VMOVUPS(r[0], at(0))
		})
	loop("gateClamp", "func(dx *float32, dy *float32, y *float32, n int, lo float32, hi float32)",
		"adds dy to dx where lo < y < hi.", []string{"dx", "dy", "y"},
		func(r []reg.VecPhysical, at func(i int) operand.Mem) {
			build.VMOVUPS(at(2), r[0])
			if s.lanes == 16 {
				build.VCMPPS(operand.Imm(0x1e), r[4], r[0], reg.K1) // greater, ordered
				build.VCMPPS(operand.Imm(0x11), r[5], r[0], reg.K1, reg.K1)
				build.VMOVUPS_Z(at(1), reg.K1, r[1])
			} else {
				build.VCMPPS(operand.Imm(0x1e), r[4], r[0], r[1])
				build.VCMPPS(operand.Imm(0x11), r[5], r[0], r[2])
				build.VANDPS(r[1], r[2], r[1])
				build.VANDPS(at(1), r[1], r[1])
			}
			build.VADDPS(at(0), r[1], r[1])
			build.VMOVUPS(r[1], at(0))
		})
}
