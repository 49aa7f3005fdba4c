package op

import (
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// MatMul is the matrix product of two samples:
//
//	y[…, m, n] = Σₖ a[…, m, k] · b[…, k, n]
//
// by NumPy's rules, batch left out: leading dimensions are broadcast; a first operand of one
// dimension is a row, a second one a column, and the size of 1 is dropped from the output. An
// input with N = 1 is the same for every sample of the batch (a matrix of weights). ONNX: MatMul,
// and Gemm on two computed operands.
type MatMul struct {
	A, B []int // dims of the inputs
}

// Kind names the operator.
func (MatMul) Kind() string { return "MatMul" }

// matProduct is a MatMul with all sizes found.
type matProduct struct {
	m, k, n int
	lead    view // dims of the block of products
	a, b    view // the same block: places of whole matrices in the inputs
}

// sizes finds the sizes; it says no to operands that do not fit.
func (o MatMul) sizes() (p matProduct, ok bool) {
	if len(o.A) == 0 || len(o.B) == 0 {
		return p, false
	}
	leadA, leadB := o.A[:max(len(o.A)-2, 0)], o.B[:max(len(o.B)-2, 0)]
	p.m, p.k, p.n = 1, o.A[len(o.A)-1], 1
	rows := o.B[0]
	if len(o.A) > 1 {
		p.m = o.A[len(o.A)-2]
	}
	if len(o.B) > 1 {
		rows, p.n = o.B[len(o.B)-2], o.B[len(o.B)-1]
	}
	p.lead, ok = broadcastDims(leadA, leadB)
	if !ok || rows != p.k {
		return p, false
	}
	lead := p.lead.dims[:p.lead.rank]
	p.a, p.b = matrices(leadA, lead, p.m*p.k), matrices(leadB, lead, p.k*p.n)
	return p, true
}

// dims are those of the output.
func (o MatMul) dims(p matProduct) []int {
	dims := slices.Clone(p.lead.dims[:p.lead.rank])
	if len(o.A) > 1 {
		dims = append(dims, p.m)
	}
	if len(o.B) > 1 {
		dims = append(dims, p.n)
	}
	return dims
}

// broadcastDims returns the common dims of two blocks by NumPy's rules, as a view without steps.
func broadcastDims(a, b []int) (v view, ok bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	lead := len(a) - len(b)
	for i, d := range a {
		if i >= lead {
			switch other := b[i-lead]; {
			case d == 1:
				d = other
			case other != 1 && other != d:
				return v, false
			}
		}
		v.push(d, 0)
	}
	return v, true
}

// matrices reads a block of matrices of size values each as one of the dims lead.
func matrices(dims, lead []int, size int) view {
	v := broadcastView(dims, lead)
	for d := range v.rank {
		v.steps[d] *= size
	}
	return v
}

// Infer demands as many rows in the second as there are columns in the first.
func (o MatMul) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(o.Kind(), in, 2); err != nil {
		return nn.Shape{}, err
	}
	if err := holds(o.Kind(), in[0], o.A); err != nil {
		return nn.Shape{}, err
	}
	if err := holds(o.Kind(), in[1], o.B); err != nil {
		return nn.Shape{}, err
	}
	p, ok := o.sizes()
	if !ok {
		return nn.Shape{}, wrong(o.Kind(), in[0], "matrices that can be multiplied, not %v and %v", o.A, o.B)
	}
	n, err := batchOf(o.Kind(), in)
	if err != nil {
		return nn.Shape{}, err
	}
	return projected(o.Kind(), in[0], o.dims(p), n)
}

// Params is empty: weights come as a Constant.
func (MatMul) Params([]nn.Shape) []nn.ParamSpec { return nil }

// MACs counts one multiply-add for each product.
func (o MatMul) MACs(in []nn.Shape) int64 {
	s, err := o.Infer(in)
	if err != nil {
		return 0
	}
	return int64(s.Len()) * int64(o.A[len(o.A)-1])
}

// Connections counts the products: every output unit reads a row and a column.
func (o MatMul) Connections(in []nn.Shape) int64 { return o.MACs(in) }

// each calls do for every product of two matrices: their places in the output and both samples.
func (p *matProduct) each(do func(y, a, b int)) {
	p.a.each(func(o, a int) { do(o*p.m*p.n, a, p.b.place(o)) })
}

// Forward sums in float32 in ascending k, as kernel.Linear does: each row of the output gathers
// the rows of b, which lie together, where a column would jump.
func (o MatMul) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	p, _ := o.sizes()
	for s := range out.Shape.N {
		a, b, y := sample(in[0], s), sample(in[1], s), out.Sample(s)
		clear(y)
		p.each(func(yAt, aAt, bAt int) {
			for m := range p.m {
				row := y[yAt+m*p.n : yAt+(m+1)*p.n]
				for k, v := range a[aAt+m*p.k : aAt+(m+1)*p.k] {
					kernel.Axpy(row, v, b[bAt+k*p.n:])
				}
			}
		})
	}
}

// Backward gives a the gradient times bᵀ and b aᵀ times the gradient.
func (o MatMul) Backward(g *nn.Grad) {
	p, _ := o.sizes()
	for s := range g.DY.Shape.N {
		a, b, dy := sample(g.X[0], s), sample(g.X[1], s), g.DY.Sample(s)
		p.each(func(yAt, aAt, bAt int) {
			for m := range p.m {
				row := dy[yAt+m*p.n : yAt+(m+1)*p.n]
				for k := range p.k {
					if g.DX[0] != nil {
						sample(g.DX[0], s)[aAt+m*p.k+k] += dot(row, b[bAt+k*p.n:])
					}
					if g.DX[1] != nil {
						kernel.Axpy(sample(g.DX[1], s)[bAt+k*p.n:bAt+(k+1)*p.n], a[aAt+m*p.k+k], row)
					}
				}
			}
		})
	}
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s float32
	for i, v := range a {
		s += float32(v * b[i])
	}
	return s
}

// joins groups by rows of the first input, or by columns of the second.
func (o MatMul) joins(i int, in []nn.Shape) joins {
	p, _ := o.sizes()
	if i == 0 {
		return joins{
			groups: in[0].Sample() / p.k,
			in:     func(e int) int { return e / p.k },
			out:    func(e int) int { return p.a.place(e/(p.m*p.n))/p.k + e/p.n%p.m },
		}
	}
	return joins{
		groups: in[1].Sample() / p.k,
		in:     func(e int) int { return e/(p.k*p.n)*p.n + e%p.n },
		out:    func(e int) int { return p.b.place(e/(p.m*p.n))/p.k + e%p.n },
	}
}

// Sees returns the rows of the first input, or the columns of the second.
func (o MatMul) Sees(i int, in []nn.Shape, out nn.Area) nn.Area {
	return o.joins(i, in).sees(in[i], outOf(o, in), out)
}

// Feeds returns the rows, or the columns, of the output.
func (o MatMul) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	return o.joins(i, in).feeds(in[i], outOf(o, in), area)
}

// Explain gives one term: the row of the first input with the column of the second as its weights.
func (o MatMul) Explain(in []*nn.Tensor, _ [][]float32, y *nn.Tensor, c, row, col int) nn.Terms {
	p, _ := o.sizes()
	e := (c*y.Shape.H+row)*y.Shape.W + col
	matrix, m, n := e/(p.m*p.n), e/p.n%p.m, e%p.n
	a, b := p.a.place(matrix)+m*p.k, p.b.place(matrix)+n
	x, w := sample(in[0], 0), sample(in[1], 0)
	s := in[0].Shape
	term := nn.Term{Channel: a / s.Plane(), Channels: 1, Y: a / s.W % s.H, H: 1, W: p.k}
	if len(o.A) == 1 {
		term.Channels, term.W = p.k, 1
	}
	var acc float32
	for k := range p.k {
		acc = addProduct(&term, acc, x[a+k], w[b+k*p.n])
	}
	return nn.Terms{Terms: []nn.Term{term}, Repeated: acc}
}
