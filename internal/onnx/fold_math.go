package onnx

import (
	"math"
	"slices"

	"vizserver/internal/weights"
)

// rounded brings the values into the type: floats of 16 bits are computed in 32, integers in 64. It
// changes c, which must be new, and returns it.
func (c *constant) rounded() *constant {
	switch e, _ := elemNamed(c.elem); {
	case c.elem == "float16":
		t := weights.NewFloat16("", []int{len(c.floats)}, c.floats)
		c.floats = t.Float32()
	case c.elem == "bfloat16":
		for i, v := range c.floats {
			c.floats[i] = toBfloat16(v)
		}
	case !c.isFloat() && e.size < 8:
		for i, v := range c.ints {
			c.ints[i] = e.wrap(v)
		}
	}
	return c
}

// toBfloat16 rounds to the upper 16 bits of a float32, ties to even.
func toBfloat16(v float32) float32 {
	b := math.Float32bits(v)
	if v != v {
		return v
	}
	return math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff)
}

// operands broadcasts two constants of one type.
func (f *folding) operands(a, b *constant) (x, y *constant, err error) {
	if a.elem != b.elem {
		return nil, nil, damaged("%s: of %s and %s", f.n, a.elem, b.elem)
	}
	dims, err := broadcast(f.n, a.dims, b.dims)
	if err != nil {
		return nil, nil, err
	}
	if x, err = f.expanded(a, dims); err != nil {
		return nil, nil, err
	}
	y, err = f.expanded(b, dims)
	return x, y, err
}

// arithmetic is an operator of two numbers.
func (f *folding) arithmetic() ([]*constant, error) { return one(f.combine(f.in[0], f.in[1])) }

// chain is an operator of any number of them, from left to right.
func (f *folding) chain() ([]*constant, error) {
	acc := f.in[0]
	for _, c := range f.in[1:] {
		if c == nil {
			return nil, damaged("%s lacks an input", f.n)
		}
		var err error
		if acc, err = f.combine(acc, c); err != nil {
			return nil, err
		}
	}
	return one(acc, nil)
}

func (f *folding) combine(a, b *constant) (*constant, error) {
	x, y, err := f.operands(a, b)
	if err != nil {
		return nil, err
	}
	n, err := f.sized(x.dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: x.dims, elem: x.elem}
	if out.isFloat() {
		do := floatArith(f.n)
		out.floats = make([]float32, n)
		for i := range out.floats {
			out.floats[i] = do(x.floats[i], y.floats[i])
		}
		return out.rounded(), nil
	}
	do := intArith(f.n)
	divides := f.n.op == "Div" || f.n.op == "Mod"
	if divides && slices.Contains(y.ints, 0) {
		return nil, damaged("%s divides an integer by 0", f.n)
	}
	out.ints = make([]int64, n)
	for i := range out.ints {
		out.ints[i] = do(x.ints[i], y.ints[i])
	}
	return out.rounded(), nil
}

func floatArith(n *node) func(a, b float32) float32 {
	switch n.op {
	case "Add", "Sum":
		return func(a, b float32) float32 { return a + b }
	case "Sub":
		return func(a, b float32) float32 { return a - b }
	case "Mul":
		return func(a, b float32) float32 { return a * b }
	case "Div":
		return func(a, b float32) float32 { return a / b }
	case "Min":
		return func(a, b float32) float32 { return min(a, b) }
	case "Max":
		return func(a, b float32) float32 { return max(a, b) }
	}
	if n.bool("fmod", false) {
		return func(a, b float32) float32 { return float32(math.Mod(float64(a), float64(b))) }
	}
	return func(a, b float32) float32 { // the sign of the divisor, as in Python; since version 28
		r := math.Mod(float64(a), float64(b))
		if r != 0 && (r < 0) != (b < 0) {
			r += float64(b)
		}
		return float32(r)
	}
}

// intArith: division of integers rounds towards zero, and Mod has the sign of the divisor unless fmod is set.
func intArith(n *node) func(a, b int64) int64 {
	switch n.op {
	case "Add", "Sum":
		return func(a, b int64) int64 { return a + b }
	case "Sub":
		return func(a, b int64) int64 { return a - b }
	case "Mul":
		return func(a, b int64) int64 { return a * b }
	case "Div":
		return func(a, b int64) int64 { return a / b }
	case "Min":
		return func(a, b int64) int64 { return min(a, b) }
	case "Max":
		return func(a, b int64) int64 { return max(a, b) }
	}
	if n.bool("fmod", false) {
		return func(a, b int64) int64 { return a % b }
	}
	return func(a, b int64) int64 {
		r := a % b
		if r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r
	}
}

// power has the type of the base; the exponent may be of another.
func (f *folding) power() ([]*constant, error) {
	base, exp := f.in[0], f.in[1]
	if base.elem == "bool" || exp.elem == "bool" {
		return nil, damaged("%s: of %s and %s", f.n, base.elem, exp.elem)
	}
	double, _ := elemNamed("float64")
	x, err := f.convert(base, double)
	if err != nil {
		return nil, err
	}
	y, err := f.convert(exp, double)
	if err != nil {
		return nil, err
	}
	if x, y, err = f.operands(x, y); err != nil {
		return nil, err
	}
	n, err := f.sized(x.dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: x.dims, elem: base.elem}
	for i := range n {
		v := math.Pow(float64(x.floats[i]), float64(y.floats[i]))
		if out.isFloat() {
			out.floats = append(out.floats, float32(v))
		} else {
			out.ints = append(out.ints, truncate(v))
		}
	}
	return one(out.rounded(), nil)
}

// comparison gives bool.
func (f *folding) comparison() ([]*constant, error) {
	x, y, err := f.operands(f.in[0], f.in[1])
	if err != nil {
		return nil, err
	}
	n, err := f.sized(x.dims)
	if err != nil {
		return nil, err
	}
	logic := f.n.op == "And" || f.n.op == "Or" || f.n.op == "Xor"
	if logic && x.elem != "bool" {
		return nil, damaged("%s: of %s", f.n, x.elem)
	}
	out := intsOf("bool", x.dims, make([]int64, n))
	for i := range n {
		var less, equal bool // both false for NaN
		if x.isFloat() {
			less, equal = x.floats[i] < y.floats[i], x.floats[i] == y.floats[i]
		} else {
			less, equal = x.ints[i] < y.ints[i], x.ints[i] == y.ints[i]
		}
		ordered := !x.isFloat() || x.floats[i] == x.floats[i] && y.floats[i] == y.floats[i]
		var holds bool
		switch f.n.op {
		case "Equal":
			holds = equal
		case "Less":
			holds = less
		case "LessOrEqual":
			holds = less || equal
		case "Greater":
			holds = ordered && !less && !equal
		case "GreaterOrEqual":
			holds = ordered && !less
		case "And":
			holds = x.ints[i] != 0 && y.ints[i] != 0
		case "Or":
			holds = x.ints[i] != 0 || y.ints[i] != 0
		case "Xor":
			holds = !equal
		}
		if holds {
			out.ints[i] = 1
		}
	}
	return one(out, nil)
}
