package onnx

import "slices"

// reshaped gives the constant other sizes of the same product.
func (f *folding) reshaped(dims []int) ([]*constant, error) {
	c := f.in[0]
	n, ok := elements(dims, maxElems)
	if !ok || n != c.len() || len(dims) > maxRank {
		return nil, damaged("%s: %v elements do not fill the sizes %v", f.n, c.dims, dims)
	}
	return one(c.like(dims), nil)
}

func (f *folding) reshape() ([]*constant, error) {
	want, err := f.list(1, "shape")
	if err != nil {
		return nil, err
	}
	dims, err := f.n.reshape(f.in[0].dims, want)
	if err != nil {
		return nil, err
	}
	return f.reshaped(dims)
}

// reshape works out the sizes that Reshape asks for: 0 keeps the size of that dimension, unless
// allowzero is set, and one −1 is what the others leave.
func (n *node) reshape(from, want []int) ([]int, error) {
	dims := slices.Clone(want)
	open, rest := -1, 1
	allowZero := n.bool("allowzero", false)
	total, ok := elements(from, maxElems)
	if !ok || len(want) > maxRank {
		return nil, tooLarge("%s: from %v to %v", n, from, want)
	}
	for i, d := range dims {
		switch {
		case d == -1 && open < 0:
			open = i
			continue
		case d < 0:
			return nil, damaged("%s: the sizes %v cannot be meant", n, want)
		case d == 0 && !allowZero:
			if i >= len(from) {
				return nil, damaged("%s: the sizes %v keep dimension %d of %v, which is not there", n, want, i, from)
			}
			dims[i] = from[i]
		}
		if dims[i] > 0 && rest > maxElems/dims[i] {
			return nil, damaged("%s: %v elements do not fill the sizes %v", n, from, want)
		}
		rest *= dims[i]
	}
	if open >= 0 {
		if rest == 0 || total%rest != 0 {
			return nil, damaged("%s: %v elements do not fill the sizes %v", n, from, want)
		}
		dims[open] = total / rest
	} else if rest != total {
		return nil, damaged("%s: %v elements do not fill the sizes %v", n, from, want)
	}
	return dims, n.err()
}

func (f *folding) flatten() ([]*constant, error) {
	dims := f.in[0].dims
	at := f.n.int("axis", 1)
	if at < 0 {
		at += len(dims)
	}
	if at < 0 || at > len(dims) { // the rank itself is allowed here
		return nil, damaged("%s: axis %d of %d dimensions", f.n, f.n.int("axis", 1), len(dims))
	}
	outer, _ := elements(dims[:at], maxElems)
	inner, _ := elements(dims[at:], maxElems)
	return f.reshaped([]int{outer, inner})
}

func (f *folding) squeeze() ([]*constant, error) {
	list, err := f.list(1, "axes")
	if err != nil {
		return nil, err
	}
	dims := f.in[0].dims
	axes, err := f.axes(list, len(dims))
	if err != nil {
		return nil, err
	}
	var out []int
	for i, d := range dims {
		gone := d == 1 && len(axes) == 0 || slices.Contains(axes, i)
		if gone && d != 1 {
			return nil, damaged("%s: dimension %d of %v is not 1", f.n, i, dims)
		}
		if !gone {
			out = append(out, d)
		}
	}
	return f.reshaped(out)
}

func (f *folding) unsqueeze() ([]*constant, error) {
	list, err := f.list(1, "axes")
	if err != nil {
		return nil, err
	}
	dims := f.in[0].dims
	if len(dims)+len(list) > maxRank {
		return nil, tooLarge("%s: %d new dimensions beside %d, at most %d together", f.n, len(list), len(dims), maxRank)
	}
	axes, err := f.axes(list, len(dims)+len(list))
	if err != nil {
		return nil, err
	}
	out := slices.Clone(dims)
	for _, a := range axes { // sorted: each is its place in the result
		out = slices.Insert(out, a, 1)
	}
	return f.reshaped(out)
}

// strided makes a constant whose element at (i₀, i₁, …) is c's at offset + Σ iₐ·strides[a].
func (f *folding) strided(c *constant, dims, strides []int, offset int) (*constant, error) {
	n, ok := elements(dims, maxFoldElems)
	if !ok {
		return nil, tooLarge("%s: a constant of the sizes %v, at most %d elements are computed", f.n, dims, maxFoldElems)
	}
	if err := f.spend(n); err != nil {
		return nil, err
	}
	out := &constant{dims: dims, elem: c.elem}
	if c.isFloat() {
		out.floats = gatherStrided(c.floats, n, dims, strides, offset)
	} else {
		out.ints = gatherStrided(c.ints, n, dims, strides, offset)
	}
	return out, nil
}

func gatherStrided[T any](src []T, n int, dims, strides []int, offset int) []T {
	out := make([]T, 0, n)
	if n == 0 {
		return out
	}
	last := len(dims) - 1
	if last < 0 {
		return append(out, src[offset])
	}
	at := make([]int, last) // the place in the outer dimensions
	for {
		p := offset
		for range dims[last] {
			out = append(out, src[p])
			p += strides[last]
		}
		a := last - 1
		for ; a >= 0; a-- {
			at[a]++
			offset += strides[a]
			if at[a] < dims[a] {
				break
			}
			offset -= at[a] * strides[a]
			at[a] = 0
		}
		if a < 0 {
			return out
		}
	}
}

// stridesOf returns the distance of neighbours along each axis of a row-major tensor.
func stridesOf(dims []int) []int {
	strides := make([]int, len(dims))
	s := 1
	for a := len(dims) - 1; a >= 0; a-- {
		strides[a] = s
		s *= dims[a]
	}
	return strides
}

func (f *folding) transpose() ([]*constant, error) {
	c := f.in[0]
	rank := len(c.dims)
	perm := f.n.ints("perm")
	if perm == nil {
		for a := range rank {
			perm = append(perm, rank-1-a)
		}
	}
	if sorted, err := f.axes(perm, rank); err != nil || len(sorted) != rank {
		return nil, damaged("%s: perm %v does not order %d dimensions", f.n, perm, rank)
	}
	from := stridesOf(c.dims)
	dims, strides := make([]int, rank), make([]int, rank)
	for i, a := range perm {
		a = (a + rank) % rank
		dims[i], strides[i] = c.dims[a], from[a]
	}
	return one(f.strided(c, dims, strides, 0))
}

// expanded repeats c along dimensions of size 1 until it has these sizes.
func (f *folding) expanded(c *constant, dims []int) (*constant, error) {
	if slices.Equal(c.dims, dims) {
		return c, nil
	}
	strides := stridesOf(c.dims)
	for a, d := range c.dims {
		if d == 1 {
			strides[a] = 0
		}
	}
	return f.strided(c, dims, append(make([]int, len(dims)-len(c.dims)), strides...), 0)
}

// broadcast returns the sizes that two tensors have together, by the rule of NumPy.
func broadcast(n *node, a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	dims := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case dims[at] == 1:
			dims[at] = d
		case d != 1 && d != dims[at]:
			return nil, damaged("%s: the sizes %v and %v do not go together", n, a, b)
		}
	}
	return dims, nil
}

func (f *folding) expand() ([]*constant, error) {
	want, err := f.list(1, "shape")
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(want, func(d int) bool { return d < 0 }) || len(want) > maxRank {
		return nil, damaged("%s: to the sizes %v", f.n, want)
	}
	dims, err := broadcast(f.n, f.in[0].dims, want)
	if err != nil {
		return nil, err
	}
	return one(f.expanded(f.in[0], dims))
}

func (f *folding) tile() ([]*constant, error) {
	c := f.in[0]
	repeats, err := f.list(1, "repeats")
	if err != nil {
		return nil, err
	}
	if len(repeats) != len(c.dims) || slices.ContainsFunc(repeats, func(r int) bool { return r < 0 }) {
		return nil, damaged("%s: repeats %v for the sizes %v", f.n, repeats, c.dims)
	}
	// Each dimension becomes two: the repeats, which do not move in c, and itself.
	var dims, strides, out []int
	for a, s := range stridesOf(c.dims) {
		size, ok := elements([]int{repeats[a], c.dims[a]}, maxElems)
		if !ok {
			return nil, tooLarge("%s: repeats %v for the sizes %v", f.n, repeats, c.dims)
		}
		dims, strides, out = append(dims, repeats[a], c.dims[a]), append(strides, 0, s), append(out, size)
	}
	t, err := f.strided(c, dims, strides, 0)
	if err != nil {
		return nil, err
	}
	return one(t.like(out), nil)
}
