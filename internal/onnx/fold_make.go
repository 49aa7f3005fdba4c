package onnx

import (
	"math"
	"slices"
)

// constant is the operator Constant in its forms.
func (f *folding) constant() ([]*constant, error) {
	for _, name := range []string{"value", "value_float", "value_floats", "value_int", "value_ints"} {
		a := f.n.attrs[name]
		if a == nil {
			continue
		}
		switch name {
		case "value":
			return one(f.n.tensor(name), f.n.err())
		case "value_float":
			return one(&constant{elem: "float32", floats: []float32{f.n.float(name, 0)}}, f.n.err())
		case "value_floats":
			v := f.n.floats(name)
			return one(&constant{dims: []int{len(v)}, elem: "float32", floats: v}, f.n.err())
		case "value_int":
			return one(intsOf("int64", nil, []int64{int64(f.n.int(name, 0))}), f.n.err())
		default:
			v := f.n.ints(name)
			return one(intsOf("int64", []int{len(v)}, a.ints), f.n.err())
		}
	}
	return nil, unsupported("%s holds no number", f.n)
}

func (f *folding) constantOfShape() ([]*constant, error) {
	dims, err := f.list(0, "shape")
	if err != nil {
		return nil, err
	}
	n, err := f.sized(dims)
	if err != nil {
		return nil, err
	}
	v := f.n.tensor("value")
	if v == nil {
		return one(&constant{dims: dims, elem: "float32", floats: make([]float32, n)}, f.n.err())
	}
	if v.len() != 1 {
		return nil, damaged("%s: its value has %d elements, want 1", f.n, v.len())
	}
	out := &constant{dims: dims, elem: v.elem}
	if v.isFloat() {
		out.floats = slices.Repeat(v.floats, n)
	} else {
		out.ints = slices.Repeat(v.ints, n)
	}
	return one(out, nil)
}

// sequence is Range: start, start+delta, … before limit.
func (f *folding) sequence() ([]*constant, error) {
	var fs [3]float32
	var is [3]int64
	for i := range fs {
		var ok bool
		if fs[i], is[i], ok = f.in[i].scalar(); !ok || f.in[i].elem != f.in[0].elem {
			return nil, damaged("%s: its inputs must be three numbers of one type", f.n)
		}
	}
	out := &constant{elem: f.in[0].elem}
	steps := math.Ceil((float64(fs[1]) - float64(fs[0])) / float64(fs[2]))
	if !out.isFloat() {
		steps = math.Ceil((float64(is[1]) - float64(is[0])) / float64(is[2]))
	}
	if math.IsNaN(steps) || steps > maxFoldElems {
		return nil, tooLarge("%s: a range of more than %d numbers, or by steps of 0", f.n, maxFoldElems)
	}
	n, err := f.sized([]int{int(max(steps, 0))})
	if err != nil {
		return nil, err
	}
	out.dims = []int{n}
	for i := range n {
		if out.isFloat() {
			out.floats = append(out.floats, fs[0]+float32(i)*fs[2])
		} else {
			out.ints = append(out.ints, is[0]+int64(i)*is[2])
		}
	}
	return one(out.rounded(), nil)
}

// shape is Shape of a constant; of a live value the importer gives the sizes itself.
func (f *folding) shape() ([]*constant, error) {
	return one(f.n.shapeOf(f.in[0].dims), f.n.err())
}

// shapeOf returns what Shape gives for a tensor of these sizes: those from start to end.
func (n *node) shapeOf(dims []int) *constant {
	clamp := func(i int) int {
		if i < 0 {
			i += len(dims)
		}
		return min(max(i, 0), len(dims))
	}
	start := clamp(n.int("start", 0))
	end := max(clamp(n.int("end", len(dims))), start)
	out := make([]int64, 0, end-start)
	for _, d := range dims[start:end] {
		out = append(out, int64(d))
	}
	return intsOf("int64", []int{len(out)}, out)
}

func (f *folding) size() ([]*constant, error) {
	return one(intsOf("int64", nil, []int64{int64(f.in[0].len())}), nil)
}

func (f *folding) identity() ([]*constant, error) { return one(f.in[0], nil) }

func (f *folding) cast() ([]*constant, error) {
	e, ok := elemTypes[int32(f.n.int("to", 0))]
	f.n.has("saturate") // concerns 8-bit floats alone
	f.n.has("round_mode")
	if !ok || e.size == 0 {
		return nil, unsupported("%s: to the type %d is not supported", f.n, f.n.int("to", 0))
	}
	return one(f.convert(f.in[0], e))
}

func (f *folding) castLike() ([]*constant, error) {
	e, ok := elemNamed(f.in[1].elem)
	f.n.has("saturate")
	f.n.has("round_mode")
	if !ok {
		return nil, errNoFold
	}
	return one(f.convert(f.in[0], e))
}

// convert casts: floats to integers towards zero, integers by cutting off the upper bits.
func (f *folding) convert(c *constant, e elemType) (*constant, error) {
	if c.elem == e.name {
		return c, nil
	}
	n, err := f.sized(c.dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: c.dims, elem: e.name}
	switch {
	case c.isFloat() && out.isFloat():
		out.floats = slices.Clone(c.floats)
	case out.isFloat():
		out.floats = make([]float32, n)
		for i, v := range c.ints {
			out.floats[i] = float32(v)
		}
	default:
		out.ints = make([]int64, n)
		for i := range out.ints {
			var v int64
			switch {
			case !c.isFloat():
				v = c.ints[i]
			case e.name == "bool":
				if c.floats[i] != 0 {
					v = 1
				}
			default:
				v = truncate(float64(c.floats[i]))
			}
			out.ints[i] = e.wrap(v)
		}
	}
	return out.rounded(), nil
}

// truncate rounds towards zero; what no int64 holds becomes the nearest, NaN 0.
func truncate(v float64) int64 {
	switch {
	case v != v:
		return 0
	case v >= 1<<63:
		return math.MaxInt64
	case v <= -1<<63:
		return math.MinInt64
	}
	return int64(v)
}

// wrap cuts an integer to the type's bits.
func (e elemType) wrap(v int64) int64 {
	if e.name == "bool" {
		if v != 0 {
			return 1
		}
		return 0
	}
	shift := 64 - 8*e.size
	if e.least < 0 {
		return v << shift >> shift
	}
	if shift == 0 { // uint64 is kept as int64
		return v
	}
	return int64(uint64(v) << shift >> shift)
}

// nonZero lists the places of the elements that are not 0, as rank × number.
func (f *folding) nonZero() ([]*constant, error) {
	c := f.in[0]
	if err := f.spend(c.len()); err != nil {
		return nil, err
	}
	var places []int
	for i := range c.len() {
		if c.isFloat() && c.floats[i] != 0 || !c.isFloat() && c.ints[i] != 0 {
			places = append(places, i)
		}
	}
	rank := len(c.dims)
	n, err := f.sized([]int{rank, len(places)})
	if err != nil {
		return nil, err
	}
	out := make([]int64, n)
	for j, p := range places {
		for a := rank - 1; a >= 0; a-- {
			out[a*len(places)+j] = int64(p % c.dims[a])
			p /= c.dims[a]
		}
	}
	return one(intsOf("int64", []int{rank, len(places)}, out), nil)
}

// dequantize is (x − zero point) · scale, for the whole tensor or by slices along axis.
func (f *folding) dequantize() ([]*constant, error) {
	x, scale, zero := f.in[0], f.in[1], f.arg(2)
	along := f.n.int("axis", 1)
	if x.isFloat() || !scale.isFloat() || f.n.int("block_size", 0) != 0 || len(scale.dims) > 1 || f.n.int("output_dtype", 0) > 1 {
		return nil, errNoFold
	}
	if zero != nil && (zero.isFloat() || zero.len() != scale.len()) {
		return nil, damaged("%s: its zero points do not belong to its scales", f.n)
	}
	inner, count := 1, scale.len()
	if count != 1 {
		a, err := axis(f.n, along, len(x.dims))
		if err != nil {
			return nil, err
		}
		if x.dims[a] != count {
			return nil, damaged("%s: it has %d scales for %d slices", f.n, count, x.dims[a])
		}
		inner, _ = elements(x.dims[a+1:], maxElems)
	}
	n, err := f.sized(x.dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: x.dims, elem: scale.elem, floats: make([]float32, n)}
	for i, v := range x.ints {
		s := i / max(inner, 1) % count
		if zero != nil {
			v -= zero.ints[s]
		}
		out.floats[i] = float32(v) * scale.floats[s]
	}
	return one(out.rounded(), nil)
}
