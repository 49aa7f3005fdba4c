package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.winoArgs, in its order.
const (
	winoSrc = 8 * iota
	winoDst
	winoRes
	winoBias
	winoTmp
	winoSrcRow
	winoPos
	winoDstRow
	winoResRow
	winoSrcStep
	winoDstStep
	winoResStep
	winoCount
	winoFactors // 2, 4, 5, 8 as float32
	_
	winoLo
	winoHi = winoLo + 64
)

// wino is one pair of transforms F(m×m, 3×3).
type wino struct {
	isa
	m int
}

func winograd() {
	for _, s := range []isa{avx512, avx2} {
		for _, m := range []int{4, 2} {
			w := wino{isa: s, m: m}
			w.input()
			w.output()
		}
	}
}

// side is the side of a tile of the input.
func (w wino) side() int { return w.m + 2 }

func (w wino) factor(i int, r reg.VecPhysical) {
	build.VBROADCASTSS(at(reg.RAX, winoFactors+4*i), r)
}

// tmp is place (i, j) of the transform of one direction, as a row of side() columns.
func (w wino) tmp(i, j int) operand.Mem { return at(reg.R13, (i*w.side()+j)*w.bytes()) }

// input writes V = Bᵀ·d·B of n tiles: position j·side + i of the transformed tile goes to
// dst + (j·side + i)·pos.
func (w wino) input() {
	name := fmt.Sprintf("winoIn%dx%s", w.m, w.name)
	w.open(name, "transforms inputs", 2)
	n := w.side()
	for half := range 64 / w.bytes() {
		build.MOVQ(reg.RSI, reg.RBX)
		for i := range n {
			for j := range n {
				build.VMOVUPS(at(reg.RBX, j*64+half*w.bytes()), w.regs[j])
			}
			w.inputLine(func(j int, r reg.VecPhysical) { build.VMOVUPS(r, w.tmp(i, j)) })
			if i < n-1 {
				build.ADDQ(at(reg.RAX, winoSrcRow), reg.RBX)
			}
		}
		build.MOVQ(reg.RDI, reg.RBX)
		for j := range n {
			for i := range n {
				build.VMOVUPS(w.tmp(i, j), w.regs[i])
			}
			w.inputLine(func(_ int, r reg.VecPhysical) {
				build.VMOVUPS(r, at(reg.RBX, half*w.bytes()))
				build.ADDQ(reg.R9, reg.RBX)
			})
		}
	}
	w.close(name, false)
}

// open begins a function that loops over tiles.
// Registers 13…15 hold 2, 4 and one factor more.
func (w wino) open(name, what string, third int) {
	begin(name, "func(a *byte)", fmt.Sprintf("%s %s of Winograd's F(%d×%d, 3×3).", name, what, w.m, w.m))
	build.Load(build.Param("a"), reg.RAX)
	for i, r := range []reg.GPPhysical{reg.RSI, reg.RDI, reg.RDX} {
		build.MOVQ(at(reg.RAX, winoSrc+8*i), r)
	}
	build.MOVQ(at(reg.RAX, winoTmp), reg.R13)
	build.MOVQ(at(reg.RAX, winoPos), reg.R9)
	build.MOVQ(at(reg.RAX, winoCount), reg.RCX)
	if w.m == 4 {
		for i, f := range []int{0, 1, third} {
			w.factor(f, w.regs[13+i])
		}
	}
	label(name + "_l")
}

func (w wino) close(name string, residual bool) {
	build.ADDQ(at(reg.RAX, winoSrcStep), reg.RSI)
	build.ADDQ(at(reg.RAX, winoDstStep), reg.RDI)
	if residual {
		build.ADDQ(at(reg.RAX, winoResStep), reg.RDX) // 0 where there is none
	}
	build.DECQ(reg.RCX)
	build.JNE(to(name + "_l"))
	end()
}

// inputLine multiplies registers 0…side−1 by Bᵀ and hands out the results in order.
func (w wino) inputLine(out func(int, reg.VecPhysical)) {
	d, a, b, o := w.regs, w.regs[6], w.regs[7], w.regs[8]
	if w.m == 2 {
		for i, p := range [4][2]int{{2, 0}, {2, 1}, {1, 2}, {3, 1}} { // d0−d2, d1+d2, d2−d1, d1−d3
			if i == 1 {
				build.VADDPS(d[p[0]], d[p[1]], o)
			} else {
				build.VSUBPS(d[p[0]], d[p[1]], o)
			}
			out(i, o)
		}
		return
	}
	two, four, five := w.regs[13], w.regs[14], w.regs[15]
	build.VMOVAPS(d[4], o)
	build.VFMADD231PS(four, d[0], o)
	build.VFNMADD231PS(five, d[2], o)
	out(0, o)
	build.VMOVAPS(d[4], a)
	build.VFNMADD231PS(four, d[2], a)
	build.VMOVAPS(d[3], b)
	build.VFNMADD231PS(four, d[1], b)
	build.VADDPS(b, a, o)
	out(1, o)
	build.VSUBPS(b, a, o)
	out(2, o)
	build.VSUBPS(d[2], d[4], a)
	build.VSUBPS(d[1], d[3], b)
	build.VMOVAPS(a, o)
	build.VFMADD231PS(two, b, o)
	out(3, o)
	build.VFNMADD231PS(two, b, a)
	out(4, a)
	build.VMOVAPS(d[5], o)
	build.VFMADD231PS(four, d[1], o)
	build.VFNMADD231PS(five, d[3], o)
	out(5, o)
}

// output writes y = clamp(Aᵀ·M·A + bias + residual) of n tiles.
func (w wino) output() {
	name := fmt.Sprintf("winoOut%dx%s", w.m, w.name)
	w.open(name, "transforms products", 3)
	n := w.side()
	bias, lo, hi := w.regs[12], w.regs[10], w.regs[11]
	for half := range 64 / w.bytes() {
		shift := half * w.bytes()
		build.MOVQ(at(reg.RAX, winoBias), reg.RBX)
		build.VMOVUPS(at(reg.RBX, shift), bias)
		build.VMOVUPS(at(reg.RAX, winoLo+shift), lo)
		build.VMOVUPS(at(reg.RAX, winoHi+shift), hi)
		build.MOVQ(reg.RSI, reg.RBX)
		for j := range n {
			for i := range n {
				build.VMOVUPS(at(reg.RBX, shift), w.regs[i])
				build.ADDQ(reg.R9, reg.RBX)
			}
			for i, r := range w.outputLine() {
				build.VMOVUPS(r, w.tmp(i, j))
			}
		}
		build.MOVQ(reg.RDI, reg.RBX)
		build.MOVQ(reg.RDX, reg.R11)
		for i := range w.m {
			for j := range n {
				build.VMOVUPS(w.tmp(i, j), w.regs[j])
			}
			list := w.outputLine()
			for _, r := range list {
				build.VADDPS(bias, r, r)
			}
			bare := fmt.Sprintf("%s_bare%d_%d", name, half, i)
			build.TESTQ(reg.RDX, reg.RDX)
			build.JE(to(bare))
			for j, r := range list {
				build.VADDPS(at(reg.R11, j*64+shift), r, r)
			}
			build.ADDQ(at(reg.RAX, winoResRow), reg.R11)
			label(bare)
			for j, r := range list {
				build.VMAXPS(r, lo, r) // what is not a number passes
				build.VMINPS(r, hi, r)
				build.VMOVUPS(r, at(reg.RBX, j*64+shift))
			}
			build.ADDQ(at(reg.RAX, winoDstRow), reg.RBX)
		}
	}
	w.close(name, true)
}

// outputLine multiplies registers 0…side−1 by Aᵀ, and says where the results are.
func (w wino) outputLine() []reg.VecPhysical {
	m := w.regs
	if w.m == 2 {
		build.VADDPS(m[1], m[0], m[6])
		build.VADDPS(m[2], m[6], m[6])
		build.VSUBPS(m[2], m[1], m[7])
		build.VSUBPS(m[3], m[7], m[7])
		return m[6:8]
	}
	two, four, eight := m[13], m[14], m[15]
	s1, d1, s2, d2 := m[6], m[7], m[8], m[9]
	build.VADDPS(m[2], m[1], s1)
	build.VSUBPS(m[2], m[1], d1)
	build.VADDPS(m[4], m[3], s2)
	build.VSUBPS(m[4], m[3], d2)
	build.VADDPS(s1, m[0], m[1])
	build.VADDPS(s2, m[1], m[1])
	build.VMOVAPS(d1, m[2])
	build.VFMADD231PS(two, d2, m[2])
	build.VMOVAPS(s1, m[3])
	build.VFMADD231PS(four, s2, m[3])
	build.VADDPS(m[5], d1, m[4])
	build.VFMADD231PS(eight, d2, m[4])
	return m[1:5]
}
