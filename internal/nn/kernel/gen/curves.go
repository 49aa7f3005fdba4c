package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// constants are the vectors of equal numbers that stand in the file already, by their bits.
var constants = map[uint32]operand.Mem{}

// bits returns memory of 16 times the same word.
func bits(u uint32) operand.Mem {
	if m, ok := constants[u]; ok {
		return m
	}
	m := build.GLOBL(fmt.Sprintf("vec%08x", u), attr.RODATA|attr.NOPTR)
	for i := range 16 {
		build.DATA(4*i, operand.U32(u))
	}
	constants[u] = m
	return m
}

// vec returns memory of 16 times the same number.
func (mapper) vec(v float64) operand.Mem { return bits(math.Float32bits(float32(v))) }

// load fills a register with a number.
func (m mapper) load(v float64, r int) { build.VMOVUPS(m.vec(v), m.r(r)) }

// between cuts register x at two numbers; NaN passes. t is lost.
func (m mapper) between(x int, lo, hi float64, t int) {
	m.load(lo, t)
	build.VMAXPS(m.r(x), m.r(t), m.r(x))
	m.load(hi, t)
	build.VMINPS(m.r(x), m.r(t), m.r(x))
}

// magic is added to round to an integer, which then stands in the low bits.
const magic = 3 << 22

// reduce splits x into n·ln 2 + r, |r| ≤ ½ ln 2: r stays in x, magic + n goes to n. t is lost.
func (m mapper) reduce(x, n, t int) {
	hi := float64(float32(math.Ln2))
	m.load(magic, n)
	build.VFMADD231PS(m.vec(math.Log2E), m.r(x), m.r(n))
	build.VSUBPS(m.vec(magic), m.r(n), m.r(t))
	build.VFNMADD231PS(m.vec(hi), m.r(t), m.r(x))
	build.VFNMADD231PS(m.vec(math.Ln2-hi), m.r(t), m.r(x))
}

// expSeries is (eʳ − 1 − r)/r² for |r| ≤ ½ ln 2, highest power first: Cephes, expf.c (S. Moshier).
var expSeries = []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// expMinusOne computes eʳ − 1 of a reduced r into y. t is lost, r stays.
func (m mapper) expMinusOne(r, y, t int) {
	m.load(expSeries[0], y)
	for _, k := range expSeries[1:] {
		build.VFMADD213PS(m.vec(k), m.r(r), m.r(y))
	}
	build.VMULPS(m.r(r), m.r(r), m.r(t))
	build.VFMADD213PS(m.r(r), m.r(t), m.r(y))
}

// exp computes e^x in place, to about one unit in the last place, with ±∞, denormals and NaN. The power of
// two is multiplied on in two steps, as 2⁻¹⁴⁹ and 2¹²⁸ are no normal numbers.
func (m mapper) exp(x, n, y, t int) {
	m.between(x, -104, 89, t)
	m.reduce(x, n, t)
	m.expMinusOne(x, y, t)
	build.VADDPS(m.vec(1), m.r(y), m.r(y))
	build.VPSUBD(m.vec(magic), m.r(n), m.r(n))
	build.VPSRAD(operand.Imm(1), m.r(n), m.r(t))
	build.VPSUBD(m.r(t), m.r(n), m.r(n))
	m.power(t)
	m.power(n)
	build.VMULPS(m.r(t), m.r(y), m.r(y))
	build.VMULPS(m.r(n), m.r(y), m.r(x))
}

// power turns an integer of −126…127 into that power of two.
func (m mapper) power(n int) {
	build.VPADDD(bits(127), m.r(n), m.r(n))
	build.VPSLLD(operand.Imm(23), m.r(n), m.r(n))
}

// logistic turns z, in register z, into 1/(1 + e⁻ᶻ), by e = e^−|z| so that nothing overflows: the result
// is e/(1 + e) below zero and 1/(1 + e) above. Registers 2…5 are lost.
func (m mapper) logistic(z int) {
	build.VPSRAD(operand.Imm(31), m.r(z), m.r(5))
	build.VORPS(bits(1<<31), m.r(z), m.r(z))
	m.exp(z, 2, 3, 4)
	build.VADDPS(m.vec(1), m.r(z), m.r(2))
	build.VANDPS(m.r(5), m.r(z), m.r(z))
	build.VANDNPS(m.vec(1), m.r(5), m.r(5))
	build.VORPS(m.r(5), m.r(z), m.r(z))
	build.VDIVPS(m.r(2), m.r(z), m.r(z))
}

func (m mapper) sigmoid() { m.logistic(0) }

func (m mapper) swish() {
	build.VMULPS(m.a(), m.r(0), m.r(1))
	m.logistic(1)
	build.VMULPS(m.r(1), m.r(0), m.r(0))
}

// geluTanh has 2u = x·(2√(2/π) + 2√(2/π)·0.044715·x²).
func (m mapper) geluTanh() {
	k := 2 * math.Sqrt(2/math.Pi)
	build.VMULPS(m.r(0), m.r(0), m.r(1))
	m.load(k, 2)
	build.VFMADD132PS(m.vec(k*0.044715), m.r(2), m.r(1))
	build.VMULPS(m.r(0), m.r(1), m.r(1))
	m.logistic(1)
	build.VMULPS(m.r(1), m.r(0), m.r(0))
}

// elu adds max(x, 0) and a·(2ⁿ·(eʳ − 1) + 2ⁿ − 1), which keeps the digits near zero. Below −18 it is −1.
func (m mapper) elu() {
	m.load(0, 1)
	build.VMAXPS(m.r(0), m.r(1), m.r(5))
	m.between(0, -18, 0, 1)
	m.reduce(0, 1, 2)
	m.expMinusOne(0, 3, 2)
	build.VPSUBD(m.vec(magic), m.r(1), m.r(1))
	m.power(1)
	build.VSUBPS(m.vec(1), m.r(1), m.r(0))
	build.VFMADD231PS(m.r(1), m.r(3), m.r(0))
	build.VFMADD213PS(m.r(5), m.a(), m.r(0))
}

// The rational function of kernel.Tanh, highest power first.
var (
	tanhOver  = []float64{-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03}
	tanhUnder = []float64{1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03}
)

// tanh rounds each product, as kernel.Tanh does: the bits are the same.
func (m mapper) tanh() {
	const limit = 7.90531110763549805
	build.VMULPS(m.a(), m.r(0), m.r(0))
	m.between(0, -limit, limit, 1)
	build.VMULPS(m.r(0), m.r(0), m.r(1))
	m.polynomial(tanhOver, 1, 2)
	m.polynomial(tanhUnder, 1, 3)
	build.VMULPS(m.r(2), m.r(0), m.r(0))
	build.VDIVPS(m.r(3), m.r(0), m.r(0))
	build.VMULPS(m.b(), m.r(0), m.r(0))
}

// polynomial computes one of x into y, each product rounded.
func (m mapper) polynomial(k []float64, x, y int) {
	m.load(k[0], y)
	for _, c := range k[1:] {
		build.VMULPS(m.r(x), m.r(y), m.r(y))
		build.VADDPS(m.vec(c), m.r(y), m.r(y))
	}
}

// erfcSeries is ln(erfc(z)/t) + z² as a polynomial of t = 1/(1 + z/2), z ≥ 0, highest power first, to
// 1.2e-7 of erfc everywhere: Press et al., Numerical Recipes, 2nd edition, §6.2 (erfcc).
var erfcSeries = []float64{
	0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
}

// gelu is x·Φ(x) with Φ(−|x|) = ½·erfc(z), z = |x|/√2. The exponent −x²/2 + P(t) is kept in two numbers,
// so that the left tail has its digits.
func (m mapper) gelu() {
	x, v, q, t, s, d := 0, 1, 2, 3, 4, 5
	build.VANDPS(bits(1<<31-1), m.r(x), m.r(v))
	m.load(15, t) // Φ(−15) is below all float32
	build.VMINPS(m.r(v), m.r(t), m.r(v))
	m.load(1, t)
	m.load(1, q)
	build.VFMADD231PS(m.vec(math.Sqrt2/4), m.r(v), m.r(q))
	build.VDIVPS(m.r(q), m.r(t), m.r(t))
	m.load(erfcSeries[0], s)
	for _, k := range erfcSeries[1:] {
		build.VFMADD213PS(m.vec(k), m.r(t), m.r(s))
	}
	build.VMULPS(m.r(v), m.r(v), m.r(q))
	build.VFMSUB213PS(m.r(q), m.r(v), m.r(v)) // what the square lost
	build.VMULPS(m.vec(-0.5), m.r(q), m.r(q))
	build.VADDPS(m.r(s), m.r(q), m.r(d))
	build.VSUBPS(m.r(d), m.r(q), m.r(q))
	build.VADDPS(m.r(s), m.r(q), m.r(q))
	build.VFNMADD231PS(m.vec(0.5), m.r(v), m.r(q)) // what the sum lost
	m.exp(d, v, s, 6)
	build.VFMADD231PS(m.r(q), m.r(d), m.r(d))
	build.VMULPS(m.r(t), m.r(d), m.r(d))
	build.VMULPS(m.vec(0.5), m.r(d), m.r(d)) // Φ(−|x|)
	build.VPSRAD(operand.Imm(31), m.r(x), m.r(v))
	build.VANDNPS(bits(1<<31), m.r(v), m.r(q))
	build.VXORPS(m.r(q), m.r(d), m.r(d))
	build.VANDNPS(m.vec(1), m.r(v), m.r(v))
	build.VADDPS(m.r(v), m.r(d), m.r(d)) // 1 − Φ(−|x|) above zero
	build.VMULPS(m.r(d), m.r(x), m.r(x))
}
