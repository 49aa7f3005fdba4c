package onnx

import (
	"fmt"
	"math"
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// function returns the operator of a node that acts on each value alone, with its attributes;
// defaults are those of the ONNX operators.
func function(n *node) nn.Op {
	f := func(name string, def float64) float64 {
		if n.has(name) {
			return float64(n.float(name, 0))
		}
		return def
	}
	switch n.op {
	case "Relu":
		return op.ReLU{}
	case "LeakyRelu":
		return op.LeakyReLU{Slope: f("alpha", 0.01)}
	case "Elu":
		return op.ELU{Alpha: f("alpha", 1)}
	case "Selu":
		return op.SELU{Alpha: f("alpha", 1.67326319217681884765625), Gamma: f("gamma", 1.05070102214813232421875)}
	case "Celu":
		return op.CELU{Alpha: f("alpha", 1)}
	case "ThresholdedRelu":
		return op.ThresholdedReLU{Alpha: f("alpha", 1)}
	case "Sigmoid":
		return op.Sigmoid{}
	case "HardSigmoid":
		return op.HardSigmoid{Alpha: f("alpha", 0.2), Beta: f("beta", 0.5)}
	case "HardSwish":
		return op.HardSwish{}
	case "Tanh":
		return op.Tanh{}
	case "Gelu":
		return op.GELU{Tanh: n.str("approximate", "none") == "tanh"}
	case "Shrink":
		return op.Shrink{Lambd: f("lambd", 0.5), Bias: f("bias", 0)}
	}
	return op.Swish{Alpha: f("alpha", 1)}
}

func importFunction(im *importer, n *node, in []operand) error {
	return im.elementwise(n, in, function(n))
}

func importUnary(im *importer, n *node, in []operand) error {
	return im.elementwise(n, in, op.Unary{Fn: n.op})
}

// elementwise adds an operator that acts on each value alone, wherever its axes lie.
func (im *importer) elementwise(n *node, in []operand, o nn.Op) error {
	x := at(in, 0)
	if x.live == nil {
		v, err := im.value(n, x)
		if err != nil {
			return err
		}
		x.live = v
	}
	return im.define(n, x.live.as(im.emit(n, "", o, nil, x.live)))
}

// importClip reads the bounds from attributes (before opset 11) or constants.
func importClip(im *importer, n *node, in []operand) error {
	low, err := number(n, at(in, 1), "min", n.float("min", -math.MaxFloat32))
	if err != nil {
		return err
	}
	high, err := number(n, at(in, 2), "max", n.float("max", math.MaxFloat32))
	if err != nil {
		return err
	}
	finite := func(v float32) float64 { return math.Max(-math.MaxFloat32, math.Min(float64(v), math.MaxFloat32)) }
	return im.elementwise(n, in[:1], op.Clip{Low: finite(low), High: finite(high)})
}

// importPRelu has one slope for each channel, or, in steps, any that can be repeated.
func importPRelu(im *importer, n *node, in []operand) error {
	x, slope := at(in, 0), at(in, 1)
	if x.live != nil && x.live.perm == nil && x.live.batched && slope.c != nil && slope.c.isFloat() {
		v := x.live
		if c, ok := perChannel(slope.c, v); ok {
			p := nn.Param{Dims: []int{len(c)}, Data: c}
			return im.define(n, v.as(im.emit(n, "", op.PReLU{}, []nn.Param{p}, v)))
		}
	}
	v, err := im.value(n, x)
	if err != nil {
		return err
	}
	up := v.as(im.emit(n, "/above", op.ReLU{}, nil, v))
	down := v.as(im.emit(n, "/below", op.Sub{}, nil, v, up))
	s, err := im.value(n, slope)
	if err != nil {
		return err
	}
	sloped, err := im.combined(n, "/sloped", op.Mul{}, down, s)
	if err != nil {
		return err
	}
	return im.combine(n, op.Add{}, operand{live: up}, operand{live: sloped})
}

// perChannel returns a constant as one number for each channel of a batched value of up to
// four dimensions, if it is that.
func perChannel(c *constant, v *live) ([]float32, bool) {
	if v.rank() < 2 || v.rank() > 4 || len(c.dims) > v.rank() {
		return nil, false
	}
	d := padLeft(c.dims, v.rank())
	for i, size := range d {
		if i != 1 && size != 1 {
			return nil, false
		}
	}
	if d[1] != v.dims[1] && d[1] != 1 {
		return nil, false
	}
	return spread(c.floats, v.dims[1]), true
}

// padLeft puts ones before the sizes.
func padLeft(dims []int, rank int) []int {
	return append(orOnes(nil, rank-len(dims)), dims...)
}

// importSoftmax is over one axis; before opset 13, over all axes from that one on.
func importSoftmax(im *importer, n *node, in []operand) error {
	log, old := n.op == "LogSoftmax", im.model.opset < 13
	def := -1
	if old {
		def = 1
	}
	x := at(in, 0)
	if x.live == nil {
		return unsupported("%s: its input is a constant", n)
	}
	v := x.live
	if old && n.int("axis", def) == v.rank() { // the axes behind the last: each value alone
		return unsupported("%s: axis %d of %d dimensions", n, v.rank(), v.rank())
	}
	a, err := axis(n, n.int("axis", def), v.rank())
	if err != nil {
		return err
	}
	if v.channelsLast() && a == 3 && !log {
		return im.define(n, v.as(im.emit(n, "", op.Softmax{}, nil, v)))
	}
	v = im.plain(v, n.outputs[0]+"/transposed")
	if old && product(v.dims[a+1:]) != 1 {
		rows := im.restack(v, []int{product(v.dims[:a]), product(v.dims[a:])}, false, n.outputs[0]+"/rows")
		y := rows.as(im.emit(n, "/softmax", op.SoftmaxAxis{Dims: rows.dims, Axis: 1, Log: log}, nil, rows))
		return im.define(n, im.restack(y, v.dims, v.batched, n.outputs[0]))
	}
	if v.batched && a == 1 && v.rank() <= 4 && !log {
		return im.define(n, v.as(im.emit(n, "", op.Softmax{}, nil, v)))
	}
	if a == 0 || !v.batched {
		v = im.unbatched(v, n.outputs[0]+"/unbatched")
	} else {
		a--
	}
	return im.define(n, v.as(im.emit(n, "", op.SoftmaxAxis{Dims: v.sample(), Axis: a, Log: log}, nil, v)))
}

var binaries = map[string]nn.Op{
	"Add": op.Add{}, "Sub": op.Sub{}, "Mul": op.Mul{}, "Div": op.Div{}, "Pow": op.Pow{},
	"Min": op.Min{}, "Max": op.Max{}, "Sum": op.Add{}, "Mean": op.Add{},
}

func importBinary(im *importer, n *node, in []operand) error {
	return im.combine(n, binaries[n.op], at(in, 0), at(in, 1))
}

// importVariadic joins its inputs one after the other.
func importVariadic(im *importer, n *node, in []operand) error {
	if len(in) == 0 || in[0].absent() {
		return damaged("%s has no input", n)
	}
	x := in[0]
	if len(in) == 1 {
		v, err := im.value(n, x)
		if err != nil {
			return err
		}
		return im.define(n, v)
	}
	mean := n.op == "Mean"
	for i, y := range in[1:] {
		suffix := ""
		if i < len(in)-2 || mean {
			suffix = fmt.Sprintf("/%d", i+1)
		}
		v, err := im.operands(n, suffix, binaries[n.op], x, y)
		if err != nil {
			return err
		}
		x = operand{live: v}
	}
	if mean {
		x.live = x.live.as(im.emit(n, "", op.Scale{Factor: 1 / float64(len(in))}, nil, x.live))
	}
	return im.define(n, x.live)
}

// combine adds the node's own operator on two operands whose sizes are equal or repeated.
func (im *importer) combine(n *node, o nn.Op, a, b operand) error {
	v, err := im.operands(n, "", o, a, b)
	if err != nil {
		return err
	}
	return im.define(n, v)
}

// operands makes values of both; a constant follows a transposition that the value has pending.
func (im *importer) operands(n *node, suffix string, o nn.Op, a, b operand) (*live, error) {
	if a.absent() || b.absent() {
		return nil, damaged("%s lacks an input", n)
	}
	x, y := a.live, b.live
	var err error
	if x == nil && y != nil {
		x, err = im.beside(n, a.c, y)
	} else if x == nil {
		x, err = im.value(n, a)
	}
	if err == nil && y == nil {
		y, err = im.beside(n, b.c, x)
	}
	if err != nil {
		return nil, err
	}
	return im.combined(n, suffix, o, x, y)
}

// beside makes a value of a constant that is combined with v: with v's rank and transposition
// where it repeats along v.
func (im *importer) beside(n *node, c *constant, v *live) (*live, error) {
	if v.perm == nil || c.len() == 1 || len(c.dims) > v.rank() || !c.isFloat() {
		return im.constant(n, c, c.dims)
	}
	padded := &constant{dims: padLeft(c.dims, v.rank()), elem: c.elem, floats: c.floats}
	inverse := make([]int, len(v.perm))
	for i, p := range v.perm {
		inverse[p] = i
	}
	held := permuted(padded, inverse)
	w, err := im.constant(n, held, held.dims)
	if err != nil {
		return nil, err
	}
	return &live{name: w.name, dims: padded.dims, perm: v.perm}, nil
}

// permuted moves the axes of a constant: axis i of the result is axis perm[i] of c.
func permuted(c *constant, perm []int) *constant {
	steps := make([]int, len(perm))
	s := 1
	for i := len(c.dims) - 1; i >= 0; i-- {
		steps[i] = s
		s *= c.dims[i]
	}
	out := &constant{elem: c.elem, floats: make([]float32, 0, len(c.floats))}
	for _, p := range perm {
		out.dims = append(out.dims, c.dims[p])
	}
	var walk func(axis, from int)
	walk = func(axis, from int) {
		if axis == len(perm) {
			out.floats = append(out.floats, c.floats[from])
			return
		}
		for i := range out.dims[axis] {
			walk(axis+1, from+i*steps[perm[axis]])
		}
	}
	walk(0, 0)
	return out
}

// combined adds an operator on two values. Where sizes differ, both get the rank of the result
// and the operator repeats sizes of 1; above four dimensions they are repeated before.
func (im *importer) combined(n *node, suffix string, o nn.Op, a, b *live) (*live, error) {
	dims, err := broadcast(n, a.dims, b.dims)
	if err != nil {
		return nil, err
	}
	out := n.outputs[0]
	switch {
	case slices.Equal(a.dims, b.dims) && slices.Equal(a.perm, b.perm) && a.batched == b.batched:
		return a.as(im.emit(n, suffix, o, nil, a, b)), nil
	case slices.Equal(a.perm, b.perm) && a.perm != nil && (slices.Equal(a.dims, dims) || slices.Equal(b.dims, dims)),
		product(b.dims) == 1 && slices.Equal(a.dims, dims), product(a.dims) == 1 && slices.Equal(b.dims, dims):
		v := a
		if !slices.Equal(a.dims, dims) {
			v = b
		}
		if v.batched && (v.perm != nil || v.rank() <= 4) { // one number, or a constant in v's own order
			return v.as(im.emit(n, suffix, o, nil, a, b)), nil
		}
	}
	a, b = im.plain(a, out+"/transposed"), im.plain(b, out+"/transposed")
	if len(dims) <= 4 {
		a = im.restack(a, padLeft(a.dims, len(dims)), true, out+"/a")
		b = im.restack(b, padLeft(b.dims, len(dims)), true, out+"/b")
		return &live{name: im.emit(n, suffix, o, nil, a, b), dims: dims, batched: true}, nil
	}
	a, b = im.repeated(n, a, dims, "/a"), im.repeated(n, b, dims, "/b")
	return &live{name: im.emit(n, suffix, o, nil, a, b), dims: dims}, nil
}

// repeated returns an unbatched value of these sizes.
func (im *importer) repeated(n *node, v *live, dims []int, suffix string) *live {
	v = im.restack(v, padLeft(v.dims, len(dims)), false, n.outputs[0]+suffix)
	if slices.Equal(v.dims, dims) {
		return v
	}
	return &live{name: im.emit(n, suffix, op.Expand{Dims: v.dims, To: dims}, nil, v), dims: dims}
}

var reductions = map[string]string{
	"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min", "ReduceProd": "prod",
	"ReduceL1": "l1", "ReduceL2": "l2", "ReduceSumSquare": "sum_square", "ReduceLogSum": "log_sum", "ReduceLogSumExp": "log_sum_exp",
}

// importReduce takes the axes from an attribute or, in newer opsets, a constant.
func importReduce(im *importer, n *node, in []operand) error {
	list := n.ints("axes")
	given, err := integers(n, at(in, 1), "axes")
	if err != nil {
		return err
	}
	if list == nil {
		list = given
	}
	keep, noop := n.bool("keepdims", true), n.bool("noop_with_empty_axes", false)
	x := at(in, 0)
	if x.live == nil {
		v, err := im.value(n, x)
		if err != nil {
			return err
		}
		x.live = v
	}
	v := x.live
	if len(list) == 0 && (noop || v.rank() == 0) {
		return im.reduceNothing(n, v)
	}
	if len(list) == 0 {
		for i := range v.rank() {
			list = append(list, i)
		}
	}
	axes, err := axesOf(n, list, v.rank())
	if err != nil {
		return err
	}
	y, err := im.reduce(n, "", reductions[n.op], v, axes, keep)
	if err != nil {
		return err
	}
	return im.define(n, y)
}

// reduceNothing folds no axis: the value itself, or its function of one number.
func (im *importer) reduceNothing(n *node, v *live) error {
	switch n.op {
	case "ReduceL1", "ReduceL2":
		return im.define(n, v.as(im.emit(n, "", op.Unary{Fn: "Abs"}, nil, v)))
	case "ReduceSumSquare":
		return im.define(n, v.as(im.emit(n, "", op.Mul{}, nil, v, v)))
	case "ReduceLogSum":
		return im.define(n, v.as(im.emit(n, "", op.Unary{Fn: "Log"}, nil, v)))
	}
	return im.define(n, v)
}

// reduce folds axes of a value; the mean or maximum of whole maps is global pooling.
func (im *importer) reduce(n *node, suffix, fn string, v *live, axes []int, keep bool) (*live, error) {
	var dims []int
	folded := map[int]bool{}
	for _, a := range axes {
		folded[a] = true
	}
	for i, d := range v.dims {
		switch {
		case !folded[i]:
			dims = append(dims, d)
		case keep:
			dims = append(dims, 1)
		}
	}
	maps := v.batched && v.rank() == 4 && (v.perm == nil && slices.Equal(axes, []int{2, 3}) || v.channelsLast() && slices.Equal(axes, []int{1, 2}))
	if pool := map[string]nn.Op{"mean": op.GlobalAvgPool{}, "max": op.GlobalMaxPool{}}[fn]; maps && pool != nil {
		y := &live{name: im.emit(n, suffix, pool, nil, v), dims: dims, batched: true}
		if keep {
			y.perm = v.perm
		}
		return y, nil
	}
	v = im.plain(v, n.outputs[0]+"/transposed")
	if folded[0] || !v.batched {
		v = im.unbatched(v, n.outputs[0]+"/unbatched")
	} else {
		moved := make([]int, len(axes))
		for i, a := range axes {
			moved[i] = a - 1
		}
		axes = moved
	}
	o := op.Reduce{Fn: fn, Dims: v.sample(), Axes: axes, KeepDims: keep}
	return &live{name: im.emit(n, suffix, o, nil, v), dims: dims, batched: v.batched}, nil
}
