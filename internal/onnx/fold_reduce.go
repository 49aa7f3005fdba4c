package onnx

import "slices"

// reduce joins the elements along some axes, or all. The list of axes is an attribute in older
// versions of the operators.
func (f *folding) reduce() ([]*constant, error) {
	c := f.in[0]
	list, err := f.list(1, "axes")
	if err != nil {
		return nil, err
	}
	keep := f.n.bool("keepdims", true)
	none := f.n.bool("noop_with_empty_axes", false)
	if len(list) == 0 {
		if none {
			return one(c, nil)
		}
		for a := range c.dims {
			list = append(list, a)
		}
	}
	axes, err := f.axes(list, len(c.dims))
	if err != nil {
		return nil, err
	}
	// The reduced axes go last, so that each result is a row.
	var kept, order, dims []int
	row := 1
	strides := stridesOf(c.dims)
	for a, d := range c.dims {
		switch {
		case !slices.Contains(axes, a):
			kept, order, dims = append(kept, d), append(order, strides[a]), append(dims, d)
		case keep:
			dims = append(dims, 1)
		}
	}
	for _, a := range axes {
		kept, order = append(kept, c.dims[a]), append(order, strides[a])
		row *= c.dims[a]
	}
	if row == 0 {
		return nil, errNoFold // the result of nothing
	}
	t, err := f.strided(c, kept, order, 0)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: dims, elem: c.elem}
	for i := 0; i < t.len(); i += row {
		if c.isFloat() {
			out.floats = append(out.floats, reduceRow[float32, float64](f.n.op, t.floats[i:i+row]))
		} else {
			out.ints = append(out.ints, reduceRow[int64, int64](f.n.op, t.ints[i:i+row]))
		}
	}
	return one(out.rounded(), nil)
}

// reduceRow folds a row; sums and products of floats go in float64.
func reduceRow[T, A int64 | float32 | float64](op string, row []T) T {
	switch op {
	case "ReduceMax":
		return slices.Max(row)
	case "ReduceMin":
		return slices.Min(row)
	}
	acc := A(0)
	if op == "ReduceProd" {
		acc = 1
	}
	for _, v := range row {
		if op == "ReduceProd" {
			acc *= A(v)
		} else {
			acc += A(v)
		}
	}
	if op == "ReduceMean" {
		acc /= A(len(row))
	}
	return T(acc)
}
