package onnx

import (
	"errors"
	"slices"
)

// Folding computes nodes whose inputs are all constants, as exporters leave them behind: the sizes
// of a reshape, the scales of a resize, weights that are transposed before use. It follows the
// operators' documents (onnx/docs/Operators.md), with float16, bfloat16 and float64 computed as
// float32 and, for the first two, rounded.

// folding evaluates one node.
type folding struct {
	*model
	n  *node
	in []*constant // nil where an input was left out
}

// foldOp is one line of the table of operators that can be folded.
type foldOp struct {
	least int // inputs that must be there
	do    func(*folding) ([]*constant, error)
}

// errNoFold says that this use of an operator has no folding.
var errNoFold = errors.New("no folding")

// foldOps lists the operators that can be folded.
var foldOps = map[string]foldOp{
	"Constant": {0, (*folding).constant}, "ConstantOfShape": {1, (*folding).constantOfShape},
	"Range": {3, (*folding).sequence}, "Shape": {1, (*folding).shape}, "Size": {1, (*folding).size},
	"Identity": {1, (*folding).identity}, "Cast": {1, (*folding).cast}, "CastLike": {2, (*folding).castLike},
	"NonZero": {1, (*folding).nonZero}, "DequantizeLinear": {2, (*folding).dequantize},

	"Reshape": {2, (*folding).reshape}, "Flatten": {1, (*folding).flatten},
	"Squeeze": {1, (*folding).squeeze}, "Unsqueeze": {1, (*folding).unsqueeze},

	"Transpose": {1, (*folding).transpose}, "Expand": {2, (*folding).expand}, "Tile": {2, (*folding).tile},
	"Slice": {1, (*folding).slice}, "Split": {1, (*folding).split}, "Concat": {1, (*folding).concat},
	"Gather": {2, (*folding).gather}, "GatherElements": {2, (*folding).gatherElements}, "Pad": {1, (*folding).pad},
	"Where": {3, (*folding).where}, "ScatterND": {3, (*folding).scatter},

	"Add": {2, (*folding).arithmetic}, "Sub": {2, (*folding).arithmetic}, "Mul": {2, (*folding).arithmetic},
	"Div": {2, (*folding).arithmetic}, "Mod": {2, (*folding).arithmetic}, "Pow": {2, (*folding).power},
	"Clip": {1, (*folding).clip}, "Min": {1, (*folding).chain}, "Max": {1, (*folding).chain}, "Sum": {1, (*folding).chain},

	"Equal": {2, (*folding).comparison}, "Less": {2, (*folding).comparison}, "Greater": {2, (*folding).comparison},
	"LessOrEqual": {2, (*folding).comparison}, "GreaterOrEqual": {2, (*folding).comparison},
	"And": {2, (*folding).comparison}, "Or": {2, (*folding).comparison}, "Xor": {2, (*folding).comparison},

	"Neg": {1, (*folding).unary}, "Abs": {1, (*folding).unary}, "Sign": {1, (*folding).unary}, "Not": {1, (*folding).unary},
	"Sqrt": {1, (*folding).unary}, "Floor": {1, (*folding).unary}, "Ceil": {1, (*folding).unary}, "Round": {1, (*folding).unary},
	"Reciprocal": {1, (*folding).unary}, "Exp": {1, (*folding).unary}, "Log": {1, (*folding).unary},
	"Sin": {1, (*folding).unary}, "Cos": {1, (*folding).unary}, "Erf": {1, (*folding).unary}, "Tanh": {1, (*folding).unary},

	"ReduceProd": {1, (*folding).reduce}, "ReduceSum": {1, (*folding).reduce}, "ReduceMean": {1, (*folding).reduce},
	"ReduceMax": {1, (*folding).reduce}, "ReduceMin": {1, (*folding).reduce},
}

// foldable tells whether nodes of the operator can be folded.
func foldable(op string) bool { _, ok := foldOps[op]; return ok }

// fold evaluates a node whose inputs are all constants, nil where one was left out. It is false
// where the operator, or this use of it, has no folding; the node may be computed at run time then.
// All folds of a model share one budget, so that a chain of small nodes cannot fill the memory.
func (m *model) fold(n *node, in []*constant) ([]*constant, bool, error) {
	o, known := foldOps[n.op]
	if !known || n.domain != "" {
		return nil, false, nil
	}
	if len(in) < o.least || slices.Contains(in[:o.least], nil) {
		return nil, false, damaged("%s lacks an input: it needs %d", n, o.least)
	}
	out, err := o.do(&folding{model: m, n: n, in: in})
	switch {
	case errors.Is(err, errNoFold):
		return nil, false, nil
	case err == nil:
		err = n.err()
	}
	return out, err == nil, err
}

// spend takes n elements from the model's budget.
func (f *folding) spend(n int) error {
	if f.budget == 0 { // the first fold
		f.budget = foldBase
		for _, c := range f.init {
			f.budget += foldFactor * c.len()
		}
		f.budget = min(f.budget, maxFoldWork)
	}
	if n >= f.budget {
		return tooLarge("%s: the constants that the file computes have too many elements", f.n)
	}
	f.budget -= n
	return nil
}

// sized checks the sizes of a result and takes its elements from the budget.
func (f *folding) sized(dims []int) (int, error) {
	n, ok := elements(dims, maxFoldElems)
	if !ok || len(dims) > maxRank || slices.ContainsFunc(dims, func(d int) bool { return d < 0 }) {
		return 0, tooLarge("%s: a constant of the sizes %v, at most %d dimensions and %d elements are computed", f.n, dims, maxRank, maxFoldElems)
	}
	return n, f.spend(n)
}

// arg returns an input, or nil where it was left out.
func (f *folding) arg(i int) *constant {
	if i < len(f.in) {
		return f.in[i]
	}
	return nil
}

// list returns an input that holds whole numbers, or the attribute that held them in older versions
// of the operator; nil where there is neither.
func (f *folding) list(i int, attr string) ([]int, error) {
	c := f.arg(i)
	if c == nil {
		return f.n.ints(attr), f.n.err()
	}
	if c.isFloat() || len(c.dims) > 1 {
		return nil, damaged("%s: its input %s is %v of %s, want a list of integers", f.n, attr, c.dims, c.elem)
	}
	if len(c.ints) > maxFoldList {
		return nil, tooLarge("%s: its input %s has %d numbers", f.n, attr, len(c.ints))
	}
	out := make([]int, len(c.ints))
	for j, v := range c.ints {
		out[j] = f.n.fit(attr, v)
	}
	return out, f.n.err()
}

// axes returns a list of axes as such of a tensor of that rank, sorted, each once.
func (f *folding) axes(list []int, rank int) ([]int, error) {
	out := make([]int, len(list))
	for i, a := range list {
		var err error
		if out[i], err = axis(f.n, a, rank); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) < len(out) {
		return nil, damaged("%s names an axis twice: %v", f.n, list)
	}
	return out, nil
}

// axis turns an axis that may count from the end into 0…rank−1.
func axis(n *node, a, rank int) (int, error) {
	if a < -rank || a >= rank {
		return 0, damaged("%s: axis %d of %d dimensions", n, a, rank)
	}
	if a < 0 {
		a += rank
	}
	return a, nil
}

// one wraps a single result.
func one(c *constant, err error) ([]*constant, error) {
	if err != nil {
		return nil, err
	}
	return []*constant{c}, nil
}

// like is a constant with c's values under other sizes, of which the caller has checked the product.
func (c *constant) like(dims []int) *constant {
	d := *c
	d.dims = dims
	return &d
}

// intsOf makes a constant of whole numbers.
func intsOf(elem string, dims []int, values []int64) *constant {
	return &constant{dims: dims, elem: elem, ints: values}
}

// scalar returns the value of a constant of one element, as both kinds.
func (c *constant) scalar() (f float32, i int64, ok bool) {
	switch {
	case c.len() != 1:
		return 0, 0, false
	case c.isFloat():
		return c.floats[0], 0, true
	}
	return 0, c.ints[0], true
}
