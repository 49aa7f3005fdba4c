package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sums is how many partial sums a dot product has: kernel.dotLanes.
const sums = 16

// dotter writes groups of rows of weights times one vector. All groups add in the same order, so that a row
// gives the same bits in each.
type dotter struct {
	turner

	rows int
}

// dense writes the kernels behind kernel.denseRows: of 8 rows, of 4 (AVX2), of one.
func dense() {
	for _, s := range []isa{avx512, avx2} {
		for _, rows := range []int{s.lanes / 2, 1} {
			d := dotter{turner{isa: s}, rows}
			d.write()
		}
	}
}

// acc is a register of partial sums; x one of the vector.
func (d *dotter) acc(row, part int) reg.VecPhysical { return d.regs[row*d.parts()+part] }

func (d *dotter) x(part int) reg.VecPhysical { return d.regs[8+part] }

// weight returns the memory of weights of a row.
func (d *dotter) weight(row, part int) operand.Mem {
	m := at(reg.RDI, part*d.bytes())
	if row >= 4 {
		m.Base = reg.RBX
	}
	switch row % 4 {
	case 1, 2:
		m.Index, m.Scale = reg.R9, uint8(row%4)
	case 3:
		m.Index, m.Scale = reg.R10, 1
	}
	return m
}

func (d *dotter) write() {
	name := fmt.Sprintf("dense%dx%s", d.rows, d.name)
	begin(name, "func(w *float32, x *float32, n int, row int, groups int, y *float32, bias *float32, clamp *float32)",
		fmt.Sprintf("%s computes y = clamp(w·x + bias) of groups of %d rows of n weights, row bytes apart; bias may be nil.", name, d.rows))
	build.Load(build.Param("w"), reg.R12)
	build.Load(build.Param("row"), reg.R9)
	build.LEAQ(operand.Mem{Base: reg.R9, Index: reg.R9, Scale: 2}, reg.R10)
	build.Load(build.Param("groups"), reg.R13)
	build.Load(build.Param("y"), reg.RDX)
	build.Load(build.Param("bias"), reg.RAX)
	label(name + "_group")
	build.MOVQ(reg.R12, reg.RDI)
	if d.rows > 4 {
		build.LEAQ(operand.Mem{Base: reg.RDI, Index: reg.R9, Scale: 4}, reg.RBX)
	}
	build.Load(build.Param("x"), reg.RSI)
	build.Load(build.Param("n"), reg.R8)
	for r := range d.rows {
		for p := range d.parts() {
			build.VXORPS(d.acc(r, p), d.acc(r, p), d.acc(r, p))
		}
	}
	label(name + "_whole")
	build.CMPQ(reg.R8, operand.Imm(sums))
	build.JLT(to(name + "_rest"))
	for p := range d.parts() {
		build.VMOVUPS(at(reg.RSI, p*d.bytes()), d.x(p))
		for r := range d.rows {
			build.VFMADD231PS(d.weight(r, p), d.x(p), d.acc(r, p))
		}
	}
	build.ADDQ(operand.Imm(4*sums), reg.RSI)
	build.ADDQ(operand.Imm(4*sums), reg.RDI)
	if d.rows > 4 {
		build.ADDQ(operand.Imm(4*sums), reg.RBX)
	}
	build.SUBQ(operand.Imm(sums), reg.R8)
	build.JMP(to(name + "_whole"))
	label(name + "_rest")
	build.TESTQ(reg.R8, reg.R8)
	build.JE(to(name + "_add"))
	d.rest()
	label(name + "_add")
	d.finish(name)
	build.IMUL3Q(operand.Imm(uint64(d.rows)), reg.R9, reg.RCX)
	build.ADDQ(reg.RCX, reg.R12)
	build.ADDQ(operand.Imm(uint64(4*d.rows)), reg.RDX)
	build.DECQ(reg.R13)
	build.JNE(to(name + "_group"))
	end()
}

// rest takes the last, fewer than 16, elements by masks: lanes behind are zero on both sides. R11 is lost.
func (d *dotter) rest() {
	build.MOVQ(reg.RBX, reg.R11) // mask needs BX
	d.mask(reg.R8)
	build.MOVQ(reg.R11, reg.RBX)
	w := d.regs[10]
	for p := range d.parts() {
		d.loadPart(at(reg.RSI, p*d.bytes()), p, d.x(p))
		for r := range d.rows {
			d.loadPart(d.weight(r, p), p, w)
			build.VFMADD231PS(w, d.x(p), d.acc(r, p))
		}
	}
}

// loadPart loads the lanes of a part of 16 that the mask has.
func (d *dotter) loadPart(m operand.Mem, part int, r reg.VecPhysical) {
	if d.lanes == 16 {
		build.VMOVUPS_Z(m, reg.K1, r)
		return
	}
	build.VMASKMOVPS(m, d.regs[15-part], r)
}

// asY and asX return the lower parts of a register.
func asY(r reg.VecPhysical) reg.VecPhysical { return r.AsY().(reg.VecPhysical) }
func asX(r reg.VecPhysical) reg.VecPhysical { return r.AsX().(reg.VecPhysical) }

// finish adds up the lanes of every row (halves, then neighbours twice, then halves), the bias, and clamps.
func (d *dotter) finish(name string) {
	t := d.regs[8]
	y := make([]reg.VecPhysical, d.rows)
	for r := range y {
		a := d.acc(r, 0)
		if d.lanes == 16 {
			build.VEXTRACTF64X4(operand.Imm(1), a, t.AsY())
			build.VADDPS(t.AsY(), a.AsY(), a.AsY())
		} else {
			build.VADDPS(d.acc(r, 1), a, a)
		}
		y[r] = asY(a)
	}
	for len(y) > 2 { // rows side by side
		var half []reg.VecPhysical
		for i := 0; i < len(y); i += 2 {
			build.VHADDPS(y[i+1], y[i], y[i])
			half = append(half, y[i])
		}
		y = half
	}
	out, size := asX(y[0]), 4*d.rows
	switch d.rows {
	case 8: // y holds rows 0…3 and 4…7, a half of each sum in each half of the register
		build.VPERM2F128(operand.U8(0x31), y[1], y[0], t.AsY())
		build.VPERM2F128(operand.U8(0x20), y[1], y[0], y[0])
		build.VADDPS(t.AsY(), y[0], y[0])
		d.last(name, y[0], asY(t), size)
		return
	case 4:
		build.VHADDPS(y[1], y[0], y[0])
	case 1:
		build.VHADDPS(y[0], y[0], y[0])
		build.VHADDPS(y[0], y[0], y[0])
	}
	build.VEXTRACTF128(operand.Imm(1), y[0], t.AsX())
	build.VADDPS(t.AsX(), out, out)
	d.last(name, out, asX(t), size)
}

// last adds the bias, clamps (NaN passes) and stores as many bytes.
func (d *dotter) last(name string, y, t reg.VecPhysical, size int) {
	read := func(m operand.Mem, r reg.VecPhysical) { build.VMOVUPS(m, r) }
	if size == 4 {
		read = func(m operand.Mem, r reg.VecPhysical) { build.VMOVSS(m, r) }
	}
	build.TESTQ(reg.RAX, reg.RAX)
	build.JE(to(name + "_bare"))
	read(at(reg.RAX, 0), t)
	build.VADDPS(t, y, y)
	build.ADDQ(operand.Imm(uint64(size)), reg.RAX)
	label(name + "_bare")
	build.Load(build.Param("clamp"), reg.RCX)
	build.VBROADCASTSS(at(reg.RCX, 0), t)
	build.VMAXPS(y, t, y)
	build.VBROADCASTSS(at(reg.RCX, 4), t)
	build.VMINPS(y, t, y)
	if size == 4 {
		build.VMOVSS(y, at(reg.RDX, 0))
	} else {
		build.VMOVUPS(y, at(reg.RDX, 0))
	}
}
