package kernel

// Dots is a product of matrices by rows, C = A·Bᵀ or C += A·Bᵀ: element (i, j) is the dot product of
// row i of A and row j of B. A sum runs over Blocks pieces of K floats, which stand ABlock and BBlock
// floats apart: the maps of the samples of a batch. The bits of an element depend on the set, K and
// Blocks alone.
type Dots struct {
	M, N, K        int
	LDA, LDB, LDC  int
	Blocks         int
	ABlock, BBlock int
	Add            bool // C += A·Bᵀ
}

// Run computes rows first…last−1 of C.
func (d *Dots) Run(set *Set, c, a, b []float32, first, last int) {
	if d.K < 1 || d.Blocks < 1 || d.N < 1 {
		for i := first; i < last && !d.Add; i++ {
			clear(c[i*d.LDC:][:d.N])
		}
		return
	}
	var out [24]float32
	s := set.isa
	for j := 0; j < d.N; {
		jt, w := s.dotSpan(j, 0, d.N, s.dotColumns())
		for i := first; i < last; {
			at, h := s.dotSpan(i, first, last, s.dotRows())
			d.tile(s, out[:h*w], a[at*d.LDA:], b[jt*d.LDB:], h, w)
			for r := i - at; r < h; r++ {
				for q := j - jt; q < w; q++ {
					if e := &c[(at+r)*d.LDC+jt+q]; d.Add {
						*e += out[r*w+q]
					} else {
						*e = out[r*w+q]
					}
				}
			}
			i = at + h
		}
		j = jt + w
	}
}

// dotRows and dotColumns are the sizes of the tiles that a set has, in descending order.
func (s isa) dotRows() []int {
	switch s {
	case avx512:
		return rows512
	case avx2:
		return sides256
	default:
		return sidesGo
	}
}

func (s isa) dotColumns() []int {
	if s == avx512 {
		return columns512
	}
	return s.dotRows()
}

var (
	rows512    = []int{6, 3, 1}
	columns512 = []int{4, 1}
	sides256   = []int{3, 1}
	sidesGo    = []int{1}
)

// dotSpan returns the tile that computes i and what follows: the largest that fits between first and
// last. At the end it begins further left, where elements are done already.
func (isa) dotSpan(i, first, last int, sizes []int) (at, size int) {
	for _, size = range sizes {
		if last-first >= size {
			break
		}
	}
	return min(i, last-size), size
}

// dotGo is one element in plain Go, as four sums side by side.
func (d *Dots) dotGo(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for n := range d.Blocks {
		x, y := a[n*d.ABlock:][:d.K], b[n*d.BBlock:][:d.K]
		i := 0
		for ; i+4 <= len(x); i += 4 {
			p, q := x[i:][:4], y[i:][:4]
			s0 += float32(p[0] * q[0])
			s1 += float32(p[1] * q[1])
			s2 += float32(p[2] * q[2])
			s3 += float32(p[3] * q[3])
		}
		for ; i < len(x); i++ {
			s0 += float32(x[i] * y[i])
		}
	}
	return (s0 + s2) + (s1 + s3)
}
