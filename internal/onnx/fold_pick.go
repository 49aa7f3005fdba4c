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

// scatter replaces slices of the first input, each at a place that the second lists, by those of the
// third.
func (f *folding) scatter() ([]*constant, error) {
	c, at, updates := f.in[0], f.in[1], f.in[2]
	if f.n.str("reduction", "none") != "none" {
		return nil, errNoFold
	}
	if at.isFloat() || len(at.dims) == 0 || updates.elem != c.elem {
		return nil, damaged("%s: indices of %s %v, data of %s and %s", f.n, at.elem, at.dims, c.elem, updates.elem)
	}
	last := len(at.dims) - 1
	depth := at.dims[last] // axes that one place names
	if depth > len(c.dims) || !slices.Equal(updates.dims, slices.Concat(at.dims[:last], c.dims[min(depth, len(c.dims)):])) {
		return nil, damaged("%s: data %v, indices %v and updates %v do not go together", f.n, c.dims, at.dims, updates.dims)
	}
	if _, err := f.sized(c.dims); err != nil {
		return nil, err
	}
	if err := f.spend(at.len() + updates.len()); err != nil {
		return nil, err
	}
	out := &constant{dims: c.dims, elem: c.elem, floats: slices.Clone(c.floats), ints: slices.Clone(c.ints)}
	row, _ := elements(c.dims[depth:], maxElems)
	places, _ := elements(at.dims[:last], maxElems)
	for i := range places {
		place := 0
		for a, v := range at.ints[i*depth : (i+1)*depth] {
			size := c.dims[a]
			if v < int64(-size) || v >= int64(size) {
				return nil, damaged("%s: index %d of %d", f.n, v, size)
			}
			place = place*size + (int(v)+size)%size
		}
		if c.isFloat() {
			copy(out.floats[place*row:(place+1)*row], updates.floats[i*row:])
		} else {
			copy(out.ints[place*row:(place+1)*row], updates.ints[i*row:])
		}
	}
	return one(out, nil)
}
