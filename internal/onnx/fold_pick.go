package onnx

import "slices"

// gather takes slices along an axis by a list of indices.
func (f *folding) gather() ([]*constant, error) {
	c, at := f.in[0], f.in[1]
	a, err := axis(f.n, f.n.int("axis", 0), len(c.dims))
	if err != nil {
		return nil, err
	}
	indices, err := f.indices(at, c.dims[a])
	if err != nil {
		return nil, err
	}
	dims := slices.Concat(c.dims[:a], at.dims, c.dims[a+1:])
	n, err := f.sized(dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: dims, elem: c.elem}
	if n == 0 {
		return one(out, nil)
	}
	outer, _ := elements(dims[:a], maxElems)
	inner, _ := elements(c.dims[a+1:], maxElems)
	for o := range outer {
		for _, i := range indices {
			p := (o*c.dims[a] + i) * inner
			if c.isFloat() {
				out.floats = append(out.floats, c.floats[p:p+inner]...)
			} else {
				out.ints = append(out.ints, c.ints[p:p+inner]...)
			}
		}
	}
	return one(out, nil)
}

// indices checks a constant of indices of an axis of this size; negative ones count from the end.
func (f *folding) indices(c *constant, size int) ([]int, error) {
	if c.isFloat() {
		return nil, damaged("%s: its indices are of %s", f.n, c.elem)
	}
	if err := f.spend(c.len()); err != nil {
		return nil, err
	}
	out := make([]int, len(c.ints))
	for i, v := range c.ints {
		if v < int64(-size) || v >= int64(size) {
			return nil, damaged("%s: index %d of %d", f.n, v, size)
		}
		if v < 0 {
			v += int64(size)
		}
		out[i] = int(v)
	}
	return out, nil
}

// gatherElements takes for each place of the indices the element at that place, but at the index
// along the axis.
func (f *folding) gatherElements() ([]*constant, error) {
	c, at := f.in[0], f.in[1]
	a, err := axis(f.n, f.n.int("axis", 0), len(c.dims))
	if err != nil {
		return nil, err
	}
	if len(at.dims) != len(c.dims) {
		return nil, damaged("%s: indices of %d dimensions for data of %d", f.n, len(at.dims), len(c.dims))
	}
	for i, d := range at.dims {
		if i != a && d > c.dims[i] {
			return nil, damaged("%s: indices of the sizes %v for data of %v", f.n, at.dims, c.dims)
		}
	}
	indices, err := f.indices(at, c.dims[a])
	if err != nil {
		return nil, err
	}
	if _, err := f.sized(at.dims); err != nil {
		return nil, err
	}
	strides := stridesOf(c.dims)
	out := &constant{dims: at.dims, elem: c.elem}
	for i, index := range indices {
		p, rest := 0, i
		for d, size := range slices.Backward(at.dims) {
			place := rest % size
			rest /= size
			if d == a {
				place = index
			}
			p += place * strides[d]
		}
		if c.isFloat() {
			out.floats = append(out.floats, c.floats[p])
		} else {
			out.ints = append(out.ints, c.ints[p])
		}
	}
	return one(out, nil)
}

// where takes from the second input where the first is true, else from the third.
func (f *folding) where() ([]*constant, error) {
	cond, x, y := f.in[0], f.in[1], f.in[2]
	if cond.isFloat() || x.elem != y.elem {
		return nil, damaged("%s: of %s, %s and %s", f.n, cond.elem, x.elem, y.elem)
	}
	dims, err := broadcast(f.n, x.dims, y.dims)
	if err != nil {
		return nil, err
	}
	if dims, err = broadcast(f.n, dims, cond.dims); err != nil {
		return nil, err
	}
	if len(dims) > maxRank {
		return nil, errNoFold
	}
	for _, c := range []**constant{&cond, &x, &y} {
		if *c, err = f.expanded(*c, dims); err != nil {
			return nil, err
		}
	}
	out := &constant{dims: dims, elem: x.elem, floats: slices.Clone(y.floats), ints: slices.Clone(y.ints)}
	if err := f.spend(out.len()); err != nil {
		return nil, err
	}
	for i, v := range cond.ints {
		switch {
		case v == 0:
		case out.isFloat():
			out.floats[i] = x.floats[i]
		default:
			out.ints[i] = x.ints[i]
		}
	}
	return one(out, nil)
}
