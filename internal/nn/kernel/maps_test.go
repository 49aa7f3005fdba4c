package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// planarOf is a value in float64, N×C×H×W: what the kernels are compared with.
type planarOf struct {
	n, c, h, w int
	v          []float64
}

func newPlanar(n, c, h, w int) *planarOf {
	return &planarOf{n, c, h, w, make([]float64, n*c*h*w)}
}

func (p *planarOf) at(n, c, y, x int) *float64 {
	return &p.v[((n*p.c+c)*p.h+y)*p.w+x]
}

func (p *planarOf) each(do func(n, c, y, x int, v *float64)) {
	for n := range p.n {
		for c := range p.c {
			for y := range p.h {
				for x := range p.w {
					do(n, c, y, x, p.at(n, c, y, x))
				}
			}
		}
	}
}

// randomValue returns random numbers, blocked with this border and in float64. first > 0 puts the
// value behind so many blocks of others.
func randomValue(r *rand.Rand, n, c, h, w, pad, first int) (*Blocked, *planarOf) {
	whole := NewBlocked(n, c+first*Lanes, h, w, pad)
	b := whole.View(first*Lanes, c)
	p := newPlanar(n, c, h, w)
	p.each(func(n, c, y, x int, v *float64) {
		f := float32(r.NormFloat64() * 2)
		b.Set(n, c, y, x, f)
		*v = float64(f)
	})
	return &b, p
}

// target is a value to be written whose every float but border and lanes beyond C is NaN, inside
// guard words.
func target(n, c, h, w, pad, first int) *Blocked {
	s := ShapeBlocked(n, c+first*Lanes, h, w, pad)
	s.Data = Aligned(s.Len())
	b := s.View(first*Lanes, c)
	newPlanar(n, c, h, w).each(func(n, c, y, x int, _ *float64) { b.Set(n, c, y, x, float32(math.NaN())) })
	return &b
}

// compare checks every value of got, and that all else of its buffer is zero: border, lanes beyond C
// and the blocks of others.
func compare(t *testing.T, got *Blocked, want *planarOf, tol float64) {
	t.Helper()
	seen := map[int]bool{}
	bad := false
	want.each(func(n, c, y, x int, v *float64) {
		seen[got.Index(n, c, y, x)] = true
		g := float64(got.At(n, c, y, x))
		same := g == *v || math.IsNaN(g) && math.IsNaN(*v) || math.Abs(g-*v) <= tol*(1+math.Abs(*v))
		if !same && !bad {
			bad = true
			t.Errorf("(%d, %d, %d, %d) is %v, want %v", n, c, y, x, g, *v)
		}
	})
	for i, v := range got.Data {
		if !seen[i] && v != 0 {
			t.Fatalf("Data[%d] = %v, which is no value of this one: want 0", i, v)
		}
	}
}

// equalBits demands the same floats, NaN included.
func equalBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: [%d] is %v, want the same bits as %v", what, i, got[i], want[i])
		}
	}
}

// eachSet runs a test on all sets of this processor.
func eachSet(t *testing.T, do func(t *testing.T, set *Set)) {
	for _, set := range Sets() {
		t.Run(set.Name, func(t *testing.T) { do(t, set) })
	}
}

// sizes are maps with all tails: no two sides equal, widths around 4, 8 and 16.
var sizes = []struct{ n, c, h, w int }{
	{1, 3, 2, 1}, {2, 16, 5, 7}, {1, 21, 3, 4}, {3, 48, 2, 9}, {1, 33, 4, 15}, {2, 5, 3, 16}, {1, 19, 2, 17}, {1, 2, 6, 31}, {2, 37, 1, 1}, {1, 18, 3, 67}, {1, 17, 8, 14}, {1, 20, 37, 2},
}

func clamped(v float64, a Clamp) float64 { return min(max(v, float64(a.Lo)), float64(a.Hi)) }

// inParts runs do over all blocks at once, and again block by block into another target: the bits
// must be the same.
func inParts(t *testing.T, to func() *Blocked, do func(out *Blocked, first, last int)) *Blocked {
	t.Helper()
	whole, parts := to(), to()
	all := whole.AllBlocks()
	do(whole, 0, all)
	for b := all - 1; b >= 0; b-- {
		do(parts, b, b+1)
	}
	equalBits(t, "block by block", parts.Data, whole.Data)
	return whole
}

// TestMaps compares Affine, Sum, Mul and Gate with the definition, with bounds that do not hold zero.
func TestMaps(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for i, s := range sizes {
			for _, act := range []Clamp{NoClamp, ReLU, {Lo: 0.5, Hi: 1.5}} {
				t.Run(fmt.Sprint(s, act), func(t *testing.T) { checkMaps(t, set, i, act) })
			}
		}
	})
}

func checkMaps(t *testing.T, set *Set, i int, act Clamp) {
	s := sizes[i]
	r := rand.New(rand.NewPCG(uint64(i), 3))
	x, px := randomValue(r, s.n, s.c, s.h, s.w, 1, i%3)
	y, py := randomValue(r, s.n, s.c, s.h, s.w, 0, 1)
	g, pg := randomValue(r, s.n, s.c, 1, 1, 0, 0)
	scale, shift := make([]float32, s.c), make([]float32, s.c)
	for c := range s.c {
		scale[c], shift[c] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	nan := float32(math.NaN())
	x.Set(0, s.c-1, s.h-1, s.w-1, nan)
	*px.at(0, s.c-1, s.h-1, s.w-1) = float64(nan)
	if s.h > 1 {
		x.Set(0, 0, 1, 0, float32(math.Inf(-1)))
		*px.at(0, 0, 1, 0) = math.Inf(-1)
	}
	want := newPlanar(s.n, s.c, s.h, s.w)
	to := func() *Blocked { return target(s.n, s.c, s.h, s.w, 2, 1) }
	check := func(f func(n, c, y, x int) float64, do func(out *Blocked, first, last int)) {
		t.Helper()
		want.each(func(n, c, y, x int, v *float64) { *v = clamped(f(n, c, y, x), act) })
		compare(t, inParts(t, to, do), want, 1e-6)
	}
	check(func(n, c, y, x int) float64 { return *px.at(n, c, y, x)*float64(scale[c]) + float64(shift[c]) },
		func(out *Blocked, first, last int) { Affine(set, out, x, scale, shift, act, first, last) })
	check(func(n, c, y, x int) float64 { return *px.at(n, c, y, x) },
		func(out *Blocked, first, last int) { Affine(set, out, x, nil, nil, act, first, last) })
	check(func(n, c, y, x int) float64 { return *px.at(n, c, y, x) + *py.at(n, c, y, x) },
		func(out *Blocked, first, last int) { Sum(set, out, x, y, act, first, last) })
	check(func(n, c, y, x int) float64 { return *px.at(n, c, y, x) * *py.at(n, c, y, x) },
		func(out *Blocked, first, last int) { Mul(set, out, x, y, act, first, last) })
	check(func(n, c, y, x int) float64 { return *px.at(n, c, y, x) * *pg.at(n, c, 0, 0) },
		func(out *Blocked, first, last int) { Gate(set, out, x, g, act, first, last) })
	// In place.
	want.each(func(n, c, y, x int, v *float64) { *v = clamped(*px.at(n, c, y, x)+*py.at(n, c, y, x), act) })
	for b := range y.AllBlocks() {
		Sum(set, y, x, y, act, b, b+1)
	}
	compareOnly(t, y, want)
}

// compareOnly checks the values alone.
func compareOnly(t *testing.T, got *Blocked, want *planarOf) {
	t.Helper()
	want.each(func(n, c, y, x int, v *float64) {
		if g := float64(got.At(n, c, y, x)); !(math.Abs(g-*v) <= 1e-6*(1+math.Abs(*v))) && g != *v && !(math.IsNaN(g) && math.IsNaN(*v)) {
			t.Fatalf("(%d, %d, %d, %d) is %v, want %v", n, c, y, x, g, *v)
		}
	})
}

// TestCopy puts values at channels that are no multiple of 16, other channels staying as they are.
func TestCopy(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for i, s := range sizes {
			for _, at := range []int{0, 16, 1, 7, 15, 30} {
				r := rand.New(rand.NewPCG(uint64(at), uint64(i)))
				in, p := randomValue(r, s.n, s.c, s.h, s.w, i%2, 1)
				out, want := randomValue(r, s.n, at+s.c+5, s.h, s.w, 1, 0)
				p.each(func(n, c, y, x int, v *float64) { *want.at(n, at+c, y, x) = *v })
				for b := in.AllBlocks() - 1; b >= 0; b-- {
					Copy(set, out, at, in, b, b+1)
				}
				compare(t, out, want, 0)
			}
		}
	})
}

// TestPlanar goes from planar to blocked and back, whole and in parts, with guard words around.
func TestPlanar(t *testing.T) {
	eachSet(t, func(t *testing.T, set *Set) {
		for i, s := range sizes {
			r := rand.New(rand.NewPCG(uint64(i), 17))
			_, p := randomValue(r, s.n, s.c, s.h, s.w, 0, 0)
			sample := s.c * s.h * s.w
			src := make([]float32, s.n*sample)
			for i, v := range p.v {
				src[i] = float32(v)
			}
			out := target(s.n, s.c, s.h, s.w, i%3, 1)
			newPlanar(s.n, blocksOf(s.c)*Lanes, s.h, s.w).each(func(n, c, y, x int, _ *float64) { out.Set(n, c, y, x, 1) })
			for n := range s.n {
				for b := range blocksOf(s.c) {
					FromPlanar(set, out, n, src[n*sample:(n+1)*sample:(n+1)*sample], b, b+1)
				}
			}
			compare(t, out, p, 0)
			for range 20 {
				checkBox(t, set, r, out, p)
			}
		}
	})
}

func checkBox(t *testing.T, set *Set, r *rand.Rand, b *Blocked, p *planarOf) {
	t.Helper()
	part := func(size int) (int, int) {
		if r.IntN(3) == 0 {
			return 0, size
		}
		lo := r.IntN(size)
		return lo, lo + 1 + r.IntN(size-lo)
	}
	var box Box
	box.C0, box.C1 = part(p.c)
	box.Y0, box.Y1 = part(p.h)
	box.X0, box.X1 = part(p.w)
	n := r.IntN(p.n)
	whole, dst := guarded(r, (box.C1-box.C0)*(box.Y1-box.Y0)*(box.X1-box.X0))
	want := append([]float32(nil), whole...)
	i := guard
	for c := box.C0; c < box.C1; c++ {
		for y := box.Y0; y < box.Y1; y++ {
			for x := box.X0; x < box.X1; x++ {
				want[i] = float32(*p.at(n, c, y, x))
				i++
			}
		}
	}
	ToPlanar(set, dst, b, n, box)
	same(t, fmt.Sprint(box), whole, want)
}

// TestZeroBorder fills everything with ones, and wants the map alone to stay.
func TestZeroBorder(t *testing.T) {
	b := NewBlocked(2, 19, 5, 7, 2)
	for i := range b.Data {
		b.Data[i] = 1
	}
	ZeroBorder(b, 0, b.AllBlocks())
	sum := 0
	for _, v := range b.Data[:2*b.Blocks*b.PH*b.PW*Lanes] {
		sum += int(v)
	}
	if want := 2 * 2 * Lanes * 5 * 7; sum != want {
		t.Errorf("%d ones stay, want %d", sum, want)
	}
	for y := range 5 {
		for x := range 7 {
			if b.At(1, 18, y, x) != 1 {
				t.Errorf("(%d, %d) is gone", y, x)
			}
		}
	}
}
