package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sums is how many partial sums a dot product has: kernel.dotLanes.
const sums = 32

// dotter writes dot products of some rows of weights with one vector.
type dotter struct {
	turner

	rows int
}

// dense writes the kernels behind kernel.dots.
func dense() {
	for _, s := range []isa{avx512, avx2} {
		for _, rows := range []int{4, 2, 1} {
			if d := (dotter{turner{isa: s}, rows}); rows*d.chunk() <= 8 { // AVX2 has registers for two rows
				d.write()
			}
		}
	}
}

// chunk is how many registers hold the partial sums of a row.
func (d *dotter) chunk() int { return sums / d.lanes }

// base returns the register that points at a row.
func (d *dotter) base(row int) reg.Register {
	return []reg.Register{reg.RDI, reg.R9, reg.R10, reg.R11}[row]
}

func (d *dotter) acc(row, part int) reg.VecPhysical { return d.regs[row*d.chunk()+part] }

func (d *dotter) write() {
	name := fmt.Sprintf("dots%dx%s", d.rows, d.name)
	begin(name, "func(w *float32, x *float32, n int, row int, y *float32)",
		fmt.Sprintf("%s writes the dot products of %d rows of n weights, row bytes apart, with x.", name, d.rows))
	build.Load(build.Param("w"), reg.RDI)
	build.Load(build.Param("x"), reg.RSI)
	build.Load(build.Param("n"), reg.R8)
	build.Load(build.Param("row"), reg.RDX)
	for r := 1; r < d.rows; r++ {
		build.LEAQ(operand.Mem{Base: d.base(r - 1), Index: reg.RDX, Scale: 1}, d.base(r))
	}
	for r := range d.rows {
		for p := range d.chunk() {
			a := d.acc(r, p)
			build.VXORPS(a, a, a)
		}
	}
	label(name + "_whole")
	build.CMPQ(reg.R8, operand.Imm(sums))
	build.JLT(to(name + "_rest"))
	for p := range d.chunk() {
		x := d.regs[8+p%4]
		build.VMOVUPS(at(reg.RSI, p*d.bytes()), x)
		for r := range d.rows {
			build.VFMADD231PS(at(d.base(r), p*d.bytes()), x, d.acc(r, p))
		}
	}
	build.ADDQ(operand.U32(4*sums), reg.RSI)
	for r := range d.rows {
		build.ADDQ(operand.U32(4*sums), d.base(r))
	}
	build.SUBQ(operand.Imm(sums), reg.R8)
	build.JMP(to(name + "_whole"))
	label(name + "_rest")
	build.TESTQ(reg.R8, reg.R8)
	build.JE(to(name + "_add"))
	d.rest()
	label(name + "_add")
	build.Load(build.Param("y"), reg.RDX)
	for r := range d.rows {
		d.reduce(r)
	}
	end()
}

// rest takes the last, fewer than 32, elements by masks: lanes behind are zero on both sides.
func (d *dotter) rest() {
	x, w := d.regs[8], d.regs[9]
	if d.lanes == 16 {
		// The low 32 of 64 bits: ones for the elements there are.
		build.MOVQ(reg.R8, reg.RCX)
		build.MOVL(operand.U32(1), reg.EBX)
		build.SHLQ(reg.CL, reg.RBX)
		build.DECQ(reg.RBX)
	} else {
		build.LEAQ(masks(), reg.RBX)
		build.SHLQ(operand.Imm(2), reg.R8)
		build.SUBQ(reg.R8, reg.RBX)
	}
	for p := range d.chunk() {
		if d.lanes == 16 {
			build.KMOVW(reg.EBX, reg.K1)
			build.SHRQ(operand.Imm(16), reg.RBX)
		} else {
			build.VMOVUPS(at(reg.RBX, 128+p*32), d.regs[15])
		}
		d.load(at(reg.RSI, p*d.bytes()), x, true)
		for r := range d.rows {
			d.load(at(d.base(r), p*d.bytes()), w, true)
			build.VFMADD231PS(w, x, d.acc(r, p))
		}
	}
}

// reduce adds the upper half of the sums to the lower until one is left, and stores it.
func (d *dotter) reduce(row int) {
	for n := d.chunk() / 2; n > 0; n /= 2 {
		for p := range n {
			build.VADDPS(d.acc(row, p+n), d.acc(row, p), d.acc(row, p))
		}
	}
	a, t := d.acc(row, 0), d.regs[8]
	if d.lanes == 16 {
		build.VEXTRACTF64X4(operand.Imm(1), a, t.AsY())
		build.VADDPS(t.AsY(), a.AsY(), a.AsY())
	}
	build.VEXTRACTF128(operand.Imm(1), a.AsY(), t.AsX())
	build.VADDPS(t.AsX(), a.AsX(), a.AsX())
	build.VMOVHLPS(a.AsX(), a.AsX(), t.AsX())
	build.VADDPS(t.AsX(), a.AsX(), a.AsX())
	build.VMOVSHDUP(a.AsX(), t.AsX())
	build.VADDSS(t.AsX(), a.AsX(), a.AsX())
	build.VMOVSS(a.AsX(), at(reg.RDX, 4*row))
}
