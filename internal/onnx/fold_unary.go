package onnx

import "math"

// unary is an operator of one number.
func (f *folding) unary() ([]*constant, error) {
	c := f.in[0]
	n, err := f.sized(c.dims)
	if err != nil {
		return nil, err
	}
	out := &constant{dims: c.dims, elem: c.elem}
	if c.isFloat() {
		do, ok := floatUnary[f.n.op]
		if !ok {
			return nil, damaged("%s: of %s", f.n, c.elem)
		}
		out.floats = make([]float32, n)
		for i, v := range c.floats {
			out.floats[i] = float32(do(float64(v)))
		}
		return one(out.rounded(), nil)
	}
	do, ok := intUnary[f.n.op]
	if !ok || f.n.op == "Not" != (c.elem == "bool") {
		return nil, damaged("%s: of %s", f.n, c.elem)
	}
	out.ints = make([]int64, n)
	for i, v := range c.ints {
		out.ints[i] = do(v)
	}
	return one(out.rounded(), nil)
}

var floatUnary = map[string]func(float64) float64{
	"Neg": func(v float64) float64 { return -v }, "Abs": math.Abs, "Sqrt": math.Sqrt, "Floor": math.Floor,
	"Ceil": math.Ceil, "Round": math.RoundToEven, "Exp": math.Exp, "Log": math.Log,
	"Sin": math.Sin, "Cos": math.Cos, "Erf": math.Erf, "Tanh": math.Tanh,
	"Reciprocal": func(v float64) float64 { return 1 / v },
	"Sign": func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return v // 0, NaN
	},
}

var intUnary = map[string]func(int64) int64{
	"Neg": func(v int64) int64 { return -v }, "Abs": func(v int64) int64 { return max(v, -v) },
	"Sign": func(v int64) int64 { return min(max(v, -1), 1) }, "Not": func(v int64) int64 { return 1 - v },
}

// clip bounds the values; the bounds are attributes before version 11.
func (f *folding) clip() ([]*constant, error) {
	c := f.in[0]
	n, err := f.sized(c.dims)
	if err != nil {
		return nil, err
	}
	low, high := f.n.float("min", float32(math.Inf(-1))), f.n.float("max", float32(math.Inf(1)))
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	for i, bound := range []*constant{f.arg(1), f.arg(2)} {
		if bound == nil {
			continue
		}
		v, k, ok := bound.scalar()
		switch {
		case !ok || bound.elem != c.elem:
			return nil, damaged("%s: its bounds must be two numbers of %s", f.n, c.elem)
		case i == 0:
			low, least = v, k
		default:
			high, most = v, k
		}
	}
	out := &constant{dims: c.dims, elem: c.elem}
	if c.isFloat() {
		out.floats = make([]float32, n)
		for i, v := range c.floats {
			out.floats[i] = min(max(v, low), high)
		}
		return one(out, nil)
	}
	out.ints = make([]int64, n)
	for i, v := range c.ints {
		out.ints[i] = min(max(v, least), most)
	}
	return one(out, nil)
}
