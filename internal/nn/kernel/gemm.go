package kernel

// Gemm is a product of matrices, C = A·B or C += A·B, whose rows stand LDA, LDB and LDC floats apart: A
// is M×K, B K×N, C M×N. The sums run over k in order, in pieces of gemmK steps, so the bits of an
// element depend on the set and on K alone, not on how the work is split.
type Gemm struct {
	M, N, K       int
	LDA, LDB, LDC int
	TransA        bool // A is stored K×M
	Add           bool // C += A·B
}

// Sizes of the pieces: of A gemmM×gemmK floats and of B gemmK×gemmN lie packed, in the second-level cache.
const (
	gemmM = 84 // a multiple of the heights of the kernels
	gemmK = 256
	gemmN = 384
	// GemmScratch is the floats of scratch memory that a product takes.
	GemmScratch = gemmM*gemmK + gemmK*gemmN
	// gemmDirect is the rows of A up to which B is read where it lies.
	gemmDirect = 28
)

// gemmTile returns the rows and columns of the largest tile of a set's kernel.
func (s isa) gemmTile() (rows, columns int) {
	switch s {
	case avx512:
		return 14, 32
	case avx2:
		return 6, 16
	default:
		return 4, 16
	}
}

// height is how many of the rows left a tile takes: as even a share as can be.
func (s isa) height(left int) int {
	most, _ := s.gemmTile()
	tiles := (left + most - 1) / most
	h := (left + tiles - 1) / tiles
	if s == avx512 && h > 1 && h%2 == 1 { // its kernels have even heights
		if h++; h > left {
			h -= 2
		}
	}
	return h
}

// Items returns into how many items a product may be split for so many threads.
func (g *Gemm) Items(set *Set, threads int) int {
	_, n, unit := g.side(set)
	return max(1, min(threads*2, n/(2*unit)))
}

// side says whether C is split by rows, else by columns: how many there are, and those of a tile.
func (g *Gemm) side(set *Set) (byRows bool, n, unit int) {
	rows, columns := set.isa.gemmTile()
	if g.M/rows > g.N/columns {
		return true, g.M, rows
	}
	return false, g.N, columns
}

// Do computes one of some items; scratch has GemmScratch floats.
func (g *Gemm) Do(set *Set, item, items int, c, a, b, scratch []float32) {
	byRows, n, unit := g.side(set)
	tiles := (n + unit - 1) / unit
	from, to := min(n, tiles*item/items*unit), min(n, tiles*(item+1)/items*unit)
	part := *g
	if byRows {
		part.M = to - from
		c = c[min(len(c), from*g.LDC):]
		if g.TransA {
			a = a[min(len(a), from):]
		} else {
			a = a[min(len(a), from*g.LDA):]
		}
	} else {
		part.N = to - from
		c, b = c[min(len(c), from):], b[min(len(b), from):]
	}
	part.run(set.isa, c, a, b, scratch)
}

// Run computes the product on the calling goroutine; scratch has GemmScratch floats.
func (g *Gemm) Run(set *Set, c, a, b, scratch []float32) { g.run(set.isa, c, a, b, scratch) }

func (g *Gemm) run(s isa, c, a, b, scratch []float32) {
	if g.M < 1 || g.N < 1 {
		return
	}
	if g.K < 1 {
		for i := range g.M {
			if !g.Add {
				clear(c[i*g.LDC:][:g.N])
			}
		}
		return
	}
	packA, packB := scratch[:gemmM*gemmK], scratch[gemmM*gemmK:][:gemmK*gemmN]
	_, columns := s.gemmTile()
	for j := 0; j < g.N; j += gemmN {
		n := min(gemmN, g.N-j)
		for k := 0; k < g.K; k += gemmK {
			p := gemmPiece{isa: s, n: n, k: min(gemmK, g.K-k), ldc: g.LDC, add: g.Add || k > 0}
			p.b, p.bStep, p.bPanel = b[k*g.LDB+j:], g.LDB, columns
			if g.M > gemmDirect {
				packColumns(s, packB, p.b, p.k, n, g.LDB, columns)
				p.b, p.bStep, p.bPanel = packB, columns, columns*p.k
			}
			for i := 0; i < g.M; i += gemmM {
				p.m = min(gemmM, g.M-i)
				g.packRows(s, packA, a, i, k, p.m, p.k)
				p.a = packA
				p.tiles(c[i*g.LDC+j:])
			}
		}
	}
}

// packRows copies rows i…i+m−1 and steps k…k+steps−1 of A: tile by tile, step by step.
func (g *Gemm) packRows(s isa, dst, a []float32, i, k, m, steps int) {
	for end := i + m; i < end; {
		h := s.height(end - i)
		if g.TransA {
			copyLines(s, dst, a[k*g.LDA+i:], steps, h, h, g.LDA)
		} else {
			for r := range h {
				for t, v := range a[(i+r)*g.LDA+k:][:steps] {
					dst[t*h+r] = v
				}
			}
		}
		dst = dst[h*steps:]
		i += h
	}
}

// packColumns copies steps rows of n columns of B: panel by panel of so many columns, the last one
// filled up with zeros.
func packColumns(s isa, dst, b []float32, steps, n, ldb, columns int) {
	for j := 0; j < n; j += columns {
		w := min(columns, n-j)
		if w < columns {
			clear(dst[:steps*columns])
		}
		copyLines(s, dst, b[j:], steps, w, columns, ldb)
		dst = dst[steps*columns:]
	}
}

// gemmPiece is the product of packed rows of A and a piece of B.
type gemmPiece struct {
	isa           isa
	m, n, k       int
	a, b          []float32
	bStep, bPanel int // floats from a step and from a panel of B to the next
	ldc           int
	add           bool
}

func (p *gemmPiece) tiles(c []float32) {
	_, columns := p.isa.gemmTile()
	for j := 0; j < p.n; j += columns {
		b := p.b[j/columns*p.bPanel:]
		w := min(columns, p.n-j)
		for i := 0; i < p.m; {
			h := p.isa.height(p.m - i)
			t := gemmTask{a: p.a[i*p.k:], b: b, c: c[i*p.ldc+j:], k: p.k, rows: h, n: w, aStep: h, bStep: p.bStep, ldc: p.ldc, add: p.add}
			t.run(p.isa)
			i += h
		}
	}
}

// gemmTask is one tile: rows×n of C from k steps.
type gemmTask struct {
	a, b, c           []float32
	k, rows, n        int
	aStep, bStep, ldc int
	add               bool
}

// portable computes a tile in plain Go, four rows by two columns at a time.
func (t *gemmTask) portable() {
	for j := 0; j < t.n; j += 2 {
		two := t.n-j > 1
		for i := 0; i < t.rows; i += 4 {
			var s [8]float32
			if rows := t.rows - i; rows >= 4 && two {
				s = t.sums(i, j)
			} else {
				for r := range min(4, rows) {
					for q := range min(2, t.n-j) {
						s[2*r+q] = t.sum(i+r, j+q)
					}
				}
			}
			for r := range min(4, t.rows-i) {
				for q := range min(2, t.n-j) {
					d := &t.c[(i+r)*t.ldc+j+q]
					if t.add {
						*d += s[2*r+q]
					} else {
						*d = s[2*r+q]
					}
				}
			}
		}
	}
}

func (t *gemmTask) sum(i, j int) (s float32) {
	for k := range t.k {
		s += float32(t.a[k*t.aStep+i] * t.b[k*t.bStep+j])
	}
	return s
}

func (t *gemmTask) sums(i, j int) [8]float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for k := range t.k {
		a := t.a[k*t.aStep+i:][:4]
		b := t.b[k*t.bStep+j:][:2]
		s0 += float32(a[0] * b[0])
		s1 += float32(a[0] * b[1])
		s2 += float32(a[1] * b[0])
		s3 += float32(a[1] * b[1])
		s4 += float32(a[2] * b[0])
		s5 += float32(a[2] * b[1])
		s6 += float32(a[3] * b[0])
		s7 += float32(a[3] * b[1])
	}
	return [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}
