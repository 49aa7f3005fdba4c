package onnx

import "slices"

// slice takes every step-th element from start to end along some axes; lists are attributes before
// version 10 of the operators.
func (f *folding) slice() ([]*constant, error) {
	c := f.in[0]
	var lists [4][]int
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = f.list(i+1, name); err != nil {
			return nil, err
		}
	}
	cuts, err := f.n.cuts(c.dims, lists[0], lists[1], lists[2], lists[3])
	if err != nil {
		return nil, err
	}
	dims, strides, offset := make([]int, len(cuts)), stridesOf(c.dims), 0
	for a, k := range cuts {
		dims[a] = k.count
		offset += k.start * strides[a]
		strides[a] *= k.step
	}
	return one(f.strided(c, dims, strides, offset))
}

// axisCut says which elements along an axis are taken: count from start by step.
type axisCut struct{ start, step, count int }

// cuts works out what Slice takes of each axis of a tensor of these sizes: starts and ends count
// from the end where they are negative, and are clamped; axes and steps may be nil.
func (n *node) cuts(dims, starts, ends, axes, steps []int) ([]axisCut, error) {
	out := make([]axisCut, len(dims))
	for a, d := range dims {
		out[a] = axisCut{step: 1, count: d}
	}
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, damaged("%s: starts %v, ends %v, axes %v and steps %v are not of one length", n, starts, ends, axes, steps)
	}
	seen := make([]bool, len(dims))
	for i := range starts {
		at, step := i, 1
		if axes != nil {
			at = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		a, err := axis(n, at, len(dims))
		if err != nil {
			return nil, err
		}
		if step == 0 || seen[a] {
			return nil, damaged("%s: step %d along axis %d, or that axis twice", n, step, a)
		}
		seen[a] = true
		out[a] = cutOf(dims[a], starts[i], ends[i], step)
	}
	return out, nil
}

func cutOf(size, start, end, step int) axisCut {
	// The last place that either may have; going down, −1 is before the first element.
	low, high := 0, size
	if step < 0 {
		low, high = -1, size-1
	}
	place := func(p int) int {
		if p < 0 {
			p += size
		}
		return min(max(p, low), high)
	}
	start, end = place(start), place(end)
	count := 0
	switch {
	case step > 0 && end > start:
		count = (end-start-1)/step + 1
	case step < 0 && start > end:
		count = (start-end-1)/-step + 1
		if step == -step { // the smallest integer has no opposite
			count = 1
		}
	}
	if count <= 1 {
		step = 1 // a huge one would overflow in a product
	}
	if count == 0 {
		start = 0
	}
	return axisCut{start: start, step: step, count: count}
}

func (f *folding) split() ([]*constant, error) {
	c := f.in[0]
	a, err := axis(f.n, f.n.int("axis", 0), len(c.dims))
	if err != nil {
		return nil, err
	}
	given, err := f.list(1, "split")
	if err != nil {
		return nil, err
	}
	sizes, err := f.n.parts(c.dims[a], given)
	if err != nil {
		return nil, err
	}
	strides := stridesOf(c.dims)
	var out []*constant
	at := 0
	for _, s := range sizes {
		dims := slices.Clone(c.dims)
		dims[a] = s
		part, err := f.strided(c, dims, strides, at*strides[a])
		if err != nil {
			return nil, err
		}
		out = append(out, part)
		at += s
	}
	return out, nil
}

// parts returns the sizes that Split cuts an axis of this size into: given, or equal ones (the last
// may be smaller), as many as there are outputs.
func (n *node) parts(size int, given []int) ([]int, error) {
	count := n.int("num_outputs", len(n.outputs))
	if given == nil {
		if count < 1 || count > len(n.outputs) {
			return nil, damaged("%s: %d parts for %d outputs", n, count, len(n.outputs))
		}
		each := (size + count - 1) / count
		for left := size; len(given) < count; left -= each {
			given = append(given, max(min(each, left), 0))
		}
	}
	sum := 0
	for _, s := range given {
		if s < 0 || s > size {
			return nil, damaged("%s: parts %v of %d", n, given, size)
		}
		sum += s
	}
	if sum != size || len(given) < len(n.outputs) {
		return nil, damaged("%s: parts %v of %d for %d outputs", n, given, size, len(n.outputs))
	}
	return given, nil
}

func (f *folding) concat() ([]*constant, error) {
	first := f.in[0]
	a, err := axis(f.n, f.n.int("axis", 0), len(first.dims))
	if err != nil {
		return nil, err
	}
	dims := slices.Clone(first.dims)
	dims[a] = 0
	for _, c := range f.in {
		if c == nil || c.elem != first.elem || len(c.dims) != len(dims) {
			return nil, damaged("%s: its inputs differ in type or rank", f.n)
		}
		for i, d := range c.dims {
			if i != a && d != dims[i] {
				return nil, damaged("%s: the sizes %v and %v do not go together along axis %d", f.n, first.dims, c.dims, a)
			}
		}
		dims[a] += c.dims[a]
	}
	n, err := f.sized(dims)
	if err != nil {
		return nil, err
	}
	outer, _ := elements(dims[:a], maxElems)
	out := &constant{dims: dims, elem: first.elem}
	if n == 0 {
		return one(out, nil)
	}
	for o := range outer {
		for _, c := range f.in {
			block := c.len() / outer
			if c.isFloat() {
				out.floats = append(out.floats, c.floats[o*block:(o+1)*block]...)
			} else {
				out.ints = append(out.ints, c.ints[o*block:(o+1)*block]...)
			}
		}
	}
	return one(out, nil)
}

// pad puts a constant around; the other modes are not for constants.
func (f *folding) pad() ([]*constant, error) {
	c := f.in[0]
	pads, err := f.list(1, "pads")
	if err != nil {
		return nil, err
	}
	given, err := f.list(3, "axes")
	if err != nil {
		return nil, err
	}
	if f.n.str("mode", "constant") != "constant" || !c.isFloat() {
		return nil, errNoFold
	}
	value := f.n.float("value", 0)
	if v := f.arg(2); v != nil {
		var ok bool
		if value, _, ok = v.scalar(); !ok || !v.isFloat() {
			return nil, damaged("%s: its constant_value must be one number", f.n)
		}
	}
	before, after, err := f.n.margins(len(c.dims), pads, given)
	if err != nil {
		return nil, err
	}
	dims := slices.Clone(c.dims)
	for a := range dims {
		if before[a] < 0 || after[a] < 0 || before[a] > maxDim || after[a] > maxDim {
			return nil, errNoFold // negative ones cut off
		}
		dims[a] += before[a] + after[a]
	}
	n, err := f.sized(dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: dims, elem: c.elem, floats: slices.Repeat([]float32{value}, n)}
	if len(c.dims) == 0 {
		return one(c, nil)
	}
	strides, offset := stridesOf(dims), 0
	for a, s := range strides {
		offset += before[a] * s
	}
	at := make([]int, len(dims))
	row := c.dims[len(dims)-1]
	for i := 0; i < c.len(); i += row {
		p := offset
		rest := i / row
		for a := len(dims) - 2; a >= 0; a-- {
			at[a] = rest % c.dims[a]
			rest /= c.dims[a]
			p += at[a] * strides[a]
		}
		copy(out.floats[p:], c.floats[i:i+row])
	}
	return one(out, nil)
}

// margins spreads the pads of Pad over the axes of a tensor: all begins, then all ends; axes may be
// nil for all.
func (n *node) margins(rank int, pads, axes []int) (before, after []int, err error) {
	if axes == nil {
		for a := range rank {
			axes = append(axes, a)
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, nil, damaged("%s: %d pads for %d axes", n, len(pads), len(axes))
	}
	before, after = make([]int, rank), make([]int, rank)
	for i, at := range axes {
		a, err := axis(n, at, rank)
		if err != nil {
			return nil, nil, err
		}
		before[a], after[a] = pads[i], pads[i+len(axes)]
	}
	return before, after, nil
}
