package op

import "vizserver/internal/nn"

// view reads a sample as a block of other dims: element (i₀, i₁, …) of the block stands in the
// sample at start + Σ iₖ·steps[k]. It holds no slices, so that a forward pass allocates nothing.
type view struct {
	rank        int
	dims, steps [maxRank]int
	start       int
}

// rowMajor returns the steps of a block in memory order.
func rowMajor(dims []int) [maxRank]int {
	var steps [maxRank]int
	n := 1
	for d := len(dims) - 1; d >= 0; d-- {
		steps[d] = n
		n *= dims[d]
	}
	return steps
}

// push appends a dimension.
func (v *view) push(size, step int) {
	v.dims[v.rank], v.steps[v.rank] = size, step
	v.rank++
}

// each calls do for every element of the block in row-major order, with its number and its place.
func (v view) each(do func(o, i int)) {
	if v.rank == 0 {
		do(0, v.start)
		return
	}
	var index [maxRank]int
	last := v.rank - 1
	o, i := 0, v.start
	for {
		for k := range v.dims[last] {
			do(o, i+k*v.steps[last])
			o++
		}
		d := last - 1
		for ; d >= 0; d-- {
			index[d]++
			i += v.steps[d]
			if index[d] < v.dims[d] {
				break
			}
			i -= index[d] * v.steps[d]
			index[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// place returns where element o of the block stands.
func (v view) place(o int) int {
	i := v.start
	for d := v.rank - 1; d >= 0; d-- {
		i += o % v.dims[d] * v.steps[d]
		o /= v.dims[d]
	}
	return i
}

// read writes the block of every sample.
func (v view) read(in, out *nn.Tensor) {
	for n := range out.Shape.N {
		x, y := sample(in, n), out.Sample(n)
		v.each(func(o, i int) { y[o] = x[i] })
	}
}

// back adds the gradient of every element of the block at its place.
func (v view) back(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for n := range g.DY.Shape.N {
		dx, dy := sample(g.DX[0], n), g.DY.Sample(n)
		v.each(func(o, i int) { dx[i] += dy[o] })
	}
}
