package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// matrix returns rows×columns random numbers, rows ld apart, between guard words that are not numbers.
func matrix(r *rand.Rand, rows, columns, ld int) (whole, inner []float32) {
	n := (rows-1)*ld + columns
	whole = slices.Repeat([]float32{float32(math.NaN())}, n+2*guard)
	inner = whole[guard : guard+n : guard+n]
	for i := range rows {
		for j := range columns {
			inner[i*ld+j] = float32(r.NormFloat64())
		}
	}
	return whole, inner
}

// checkMatrix compares rows×columns elements with float64 sums of n products, and all else with what it was.
func checkMatrix(t *testing.T, what string, got, before []float32, rows, columns, ld, n int, want func(i, j int) float64) {
	t.Helper()
	for at, v := range got {
		p := at - guard
		i, j := p/ld, p%ld
		if p < 0 || i >= rows || j >= columns {
			if math.Float32bits(v) != math.Float32bits(before[at]) {
				t.Fatalf("%s: wrote at %d, outside of the matrix", what, p)
			}
			continue
		}
		w := want(i, j)
		if math.IsNaN(w) && v != v || math.IsInf(w, 0) && float64(v) == w {
			continue
		}
		if d := math.Abs(float64(v) - w); !(d <= 2e-6*(math.Sqrt(float64(n))+math.Abs(w))) {
			t.Fatalf("%s: [%d,%d] is %v, want %v", what, i, j, v, w)
		}
	}
}

// gemmSizes hold every tail of every tile, sizes that differ, and more than one piece of each side.
func gemmSizes() [][3]int {
	list := [][3]int{{0, 5, 3}, {5, 7, 0}, {29, 401, 259}, {87, 33, 513}, {171, 395, 31}, {14, 32, 256}}
	for m := 1; m <= 29; m++ {
		list = append(list, [3]int{m, 1 + m*5%67, 1 + m*7%19})
	}
	for n := 1; n <= 67; n++ {
		list = append(list, [3]int{1 + n*3%31, n, 1 + n*5%23}, [3]int{30 + n%3, n, 7})
	}
	return list
}

func TestGemm(t *testing.T) {
	for _, set := range Sets() {
		t.Run(set.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 3))
			for _, s := range gemmSizes() {
				for _, g := range []Gemm{{}, {TransA: true}, {Add: true}, {TransA: true, Add: true}} {
					g.M, g.N, g.K = s[0], s[1], s[2]
					if g.M > 0 && g.K > 0 {
						checkGemm(t, set, r, g, false)
					}
				}
			}
			checkGemm(t, set, r, Gemm{M: 19, N: 37, K: 300}, true)
		})
	}
}

func checkGemm(t *testing.T, set *Set, r *rand.Rand, g Gemm, odd bool) {
	t.Helper()
	rows, columns := g.M, g.K
	if g.TransA {
		rows, columns = columns, rows
	}
	g.LDA, g.LDB, g.LDC = columns+3, g.N+5, g.N+2
	_, a := matrix(r, rows, columns, g.LDA)
	_, b := matrix(r, g.K, g.N, g.LDB)
	whole, c := matrix(r, g.M, g.N, g.LDC)
	if odd {
		a[5*g.LDA+2], b[7*g.LDB+11] = float32(math.NaN()), float32(math.Inf(1))
	}
	before := slices.Clone(whole)
	what := fmt.Sprintf("%+v", g)
	scratch := slices.Repeat([]float32{float32(math.NaN())}, GemmScratch)
	g.Run(set, c, a, b, scratch)
	checkMatrix(t, what, whole, before, g.M, g.N, g.LDC, g.K, func(i, j int) (sum float64) {
		if g.Add {
			sum = float64(before[guard+i*g.LDC+j])
		}
		for k := range g.K {
			x := a[min(len(a)-1, i*g.LDA+k)]
			if g.TransA {
				x = a[k*g.LDA+i]
			}
			sum += float64(x) * float64(b[k*g.LDB+j])
		}
		return sum
	})
	for _, items := range []int{2, 3, 5} {
		again := slices.Clone(before)
		for item := range items {
			g.Do(set, item, items, again[guard:], a, b, scratch)
		}
		for i := range again {
			if math.Float32bits(again[i]) != math.Float32bits(whole[i]) {
				t.Fatalf("%s: in %d items [%d] is %v, in one %v", what, items, i, again[i], whole[i])
			}
		}
	}
}

func TestDots(t *testing.T) {
	for _, set := range Sets() {
		t.Run(set.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 9))
			for m := 1; m <= 9; m++ {
				for n := 1; n <= 9; n++ {
					for _, k := range []int{1, 7, 16, 37} {
						checkDots(t, set, r, Dots{M: m, N: n, K: k, Blocks: 1 + (m+n+k)%3, Add: (m+n)%2 == 1})
					}
				}
			}
			checkDots(t, set, r, Dots{M: 13, N: 23, K: 403, Blocks: 2})
		})
	}
}

func checkDots(t *testing.T, set *Set, r *rand.Rand, d Dots) {
	t.Helper()
	d.LDA, d.LDB, d.LDC = d.K+3, d.K+1, d.N+2
	d.ABlock, d.BBlock = d.M*d.LDA+2, d.N*d.LDB+1
	_, a := matrix(r, d.Blocks, d.M*d.LDA, d.ABlock)
	_, b := matrix(r, d.Blocks, d.N*d.LDB, d.BBlock)
	whole, c := matrix(r, d.M, d.N, d.LDC)
	before := slices.Clone(whole)
	d.Run(set, c, a, b, 0, d.M)
	what := fmt.Sprintf("%+v", d)
	checkMatrix(t, what, whole, before, d.M, d.N, d.LDC, d.K*d.Blocks, func(i, j int) (sum float64) {
		if d.Add {
			sum = float64(before[guard+i*d.LDC+j])
		}
		for n := range d.Blocks {
			for k := range d.K {
				sum += float64(a[n*d.ABlock+i*d.LDA+k]) * float64(b[n*d.BBlock+j*d.LDB+k])
			}
		}
		return sum
	})
	again := slices.Clone(before)
	half := d.M / 2
	d.Run(set, again[guard:], a, b, 0, half)
	d.Run(set, again[guard:], a, b, half, d.M)
	for i := range again {
		if math.Float32bits(again[i]) != math.Float32bits(whole[i]) {
			t.Fatalf("%s: in two parts [%d] is %v, in one %v", what, i, again[i], whole[i])
		}
	}
}

// TestColumns compares the matrix with its definition, and checks that adding back is its transpose.
func TestColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 8))
	for _, w := range []Columns{
		{C: 3, H: 5, W: 7, KH: 3, KW: 2, SH: 2, SW: 1, DH: 1, DW: 1, PadT: 1},
		{C: 2, H: 6, W: 9, KH: 2, KW: 3, SH: 1, SW: 3, DH: 2, DW: 1, PadL: 2},
		{C: 4, H: 5, W: 3, KH: 1, KW: 1, SH: 1, SW: 1, DH: 1, DW: 1},
		{C: 1, H: 2, W: 3, KH: 5, KW: 4, SH: 1, SW: 1, DH: 1, DW: 2, PadT: 4, PadL: 5},
		{C: 2, H: 8, W: 19, KH: 3, KW: 3, SH: 1, SW: 1, DH: 1, DW: 1, PadT: 1, PadL: 1},
	} {
		w.OutH = (w.H+2*w.PadT-w.DH*(w.KH-1)-1)/w.SH + 1
		w.OutW = (w.W+2*w.PadL-w.DW*(w.KW-1)-1)/w.SW + 1
		_, x := guarded(r, w.C*w.H*w.W)
		m := slices.Repeat([]float32{float32(math.NaN())}, w.Rows()*w.Places())
		for _, set := range Sets() {
			again := slices.Repeat([]float32{float32(math.NaN())}, len(m)+guard)
			half := w.Rows() / 2
			w.From(set, again, x, 0, half)
			w.From(set, again[half*w.Places():], x, half, w.Rows())
			for _, v := range again[len(m):] {
				if v == v {
					t.Fatalf("%+v %s: wrote behind the matrix", w, set.Name)
				}
			}
			if set != Sets()[0] && m[0] == m[0] {
				same(t, set.Name, again[:len(m)], m)
			}
			copy(m, again)
		}
		_, g := guarded(r, len(m))
		dx, want := make([]float32, len(x)), make([]float32, len(x))
		for row := range w.Rows() {
			c, ky, kx := row/(w.KH*w.KW), row/w.KW%w.KH, row%w.KW
			for p := range w.Places() {
				y, xx := p/w.OutW*w.SH+ky*w.DH-w.PadT, p%w.OutW*w.SW+kx*w.DW-w.PadL
				var v float32
				if y >= 0 && y < w.H && xx >= 0 && xx < w.W {
					v = x[(c*w.H+y)*w.W+xx]
					want[(c*w.H+y)*w.W+xx] += g[row*w.Places()+p]
				}
				if m[row*w.Places()+p] != v {
					t.Fatalf("%+v: row %d, place %d is %v, want %v", w, row, p, m[row*w.Places()+p], v)
				}
			}
		}
		for _, set := range Sets() {
			clear(dx)
			for c := range w.C {
				w.AddTo(set, dx, g[c*w.KH*w.KW*w.Places():], c, c+1)
			}
			near(t, fmt.Sprintf("%+v %s", w, set.Name), dx, want)
		}
	}
}

func TestGateClampAndAddScaled(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, set := range Sets() {
		for n := range 68 {
			whole, dx := guarded(r, n)
			_, dy := guarded(r, n)
			_, y := guarded(r, n)
			for i, v := range []float32{0, float32(math.NaN()), float32(math.Inf(1)), 0.5} {
				if i*5 < n {
					y[i*5] = v
				}
			}
			act := Clamp{Lo: 0, Hi: 0.5}
			if n%2 == 0 {
				act = ReLU
			}
			want := slices.Clone(whole)
			gateClampGo(want[guard:guard+n], dy, y, act)
			GateClamp(set, dx, dy, y, act)
			same(t, "gate", whole, want)
			Axpy(want[guard:guard+n], 1.25, dy)
			AddScaled(set, dx, dy, 1.25)
			near(t, "axpy", whole, want)
		}
	}
}

// BenchmarkGemm is products of backward passes of known nets: by input and by weight.
func BenchmarkGemm(b *testing.B) {
	for _, s := range [][3]int{{256, 784, 256}, {1024, 196, 256}, {2304, 196, 256}, {4608, 49, 512}, {512, 49, 2048}, {150, 100, 16}, {6, 784, 25}} {
		for _, set := range Sets() {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", s[0], s[1], s[2], set.Name), func(b *testing.B) {
				g := Gemm{M: s[0], N: s[1], K: s[2], LDA: s[0], LDB: s[1], LDC: s[1], TransA: true}
				x, y, c, scratch := Aligned(s[0]*s[2]), Aligned(s[2]*s[1]), Aligned(s[0]*s[1]), Aligned(GemmScratch)
				b.ReportAllocs()
				for b.Loop() {
					g.Run(set, c, x, y, scratch)
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
	for _, s := range [][3]int{{6, 25, 784}, {16, 150, 100}, {256, 2304, 196}} {
		for _, set := range Sets() {
			b.Run(fmt.Sprintf("dots%dx%dx%d/%s", s[0], s[1], s[2], set.Name), func(b *testing.B) {
				d := Dots{M: s[0], N: s[1], K: s[2], LDA: s[2], LDB: s[2], LDC: s[1], Blocks: 1}
				x, y, c := Aligned(s[0]*s[2]), Aligned(s[1]*s[2]), Aligned(s[0]*s[1])
				b.ReportAllocs()
				for b.Loop() {
					d.Run(set, c, x, y, 0, d.M)
				}
				b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
