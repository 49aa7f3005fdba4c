package onnx

import (
	"maps"
	"math"
	"slices"
	"testing"

	"vizserver/internal/fault"
)

// ints and floats make constants: of the given sizes, or a list.
func ints(dims []int, values ...int64) *constant { return intsOf("int64", dims, values) }

func list(values ...int64) *constant { return ints([]int{len(values)}, values...) }

func bools(dims []int, values ...int64) *constant { return intsOf("bool", dims, values) }

func floats(dims []int, values ...float32) *constant {
	return &constant{dims: dims, elem: "float32", floats: values}
}

func small(values ...int64) *constant { return intsOf("int8", []int{len(values)}, values) }

type attrList []*attr

func (a attrList) int(name string, v int64) attrList {
	return append(a, &attr{name: name, kind: attrInt, i: v})
}

func (a attrList) ints(name string, v ...int64) attrList {
	return append(a, &attr{name: name, kind: attrInts, ints: v})
}

func (a attrList) tensor(name string, c *constant) attrList {
	return append(a, &attr{name: name, kind: attrTensor, t: c})
}

func (a attrList) node(op string, outputs int) *node {
	n := &node{op: op, attrs: map[string]*attr{}}
	for i := range outputs {
		n.outputs = append(n.outputs, string(rune('a'+i)))
	}
	for _, x := range a {
		n.attrs[x.name] = x
	}
	return n
}

func sameConstant(a, b *constant) bool {
	return a.elem == b.elem && slices.Equal(a.dims, b.dims) && slices.Equal(a.ints, b.ints) &&
		slices.EqualFunc(a.floats, b.floats, func(x, y float32) bool {
			return x == y || x != x && y != y || math.Abs(float64(x-y)) < 1e-6
		})
}

// TestFold computes each operator by hand. The node tests of ONNX go over most of them again.
func TestFold(t *testing.T) {
	t.Parallel()
	var no attrList
	matrix := ints([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, tc := range map[string]struct {
		op    string
		attrs attrList
		in    []*constant
		want  []*constant
	}{
		"Constant tensor":   {"Constant", no.tensor("value", matrix), nil, []*constant{matrix}},
		"Constant float":    {"Constant", attrList{{name: "value_float", kind: attrFloat, f: 2.5}}, nil, []*constant{floats(nil, 2.5)}},
		"Constant floats":   {"Constant", attrList{{name: "value_floats", kind: attrFloats, floats: []float32{1, 2}}}, nil, []*constant{floats([]int{2}, 1, 2)}},
		"Constant int":      {"Constant", no.int("value_int", 7), nil, []*constant{ints(nil, 7)}},
		"Constant ints":     {"Constant", no.ints("value_ints", 7, 8), nil, []*constant{list(7, 8)}},
		"ConstantOfShape":   {"ConstantOfShape", no.tensor("value", ints([]int{1}, 4)), []*constant{list(2, 1)}, []*constant{ints([]int{2, 1}, 4, 4)}},
		"ConstantOfShape 0": {"ConstantOfShape", no, []*constant{list(2)}, []*constant{floats([]int{2}, 0, 0)}},
		"Range down":        {"Range", no, []*constant{ints(nil, 10), ints(nil, 4), ints(nil, -3)}, []*constant{list(10, 7)}},
		"Range none":        {"Range", no, []*constant{ints(nil, 1), ints(nil, 1), ints(nil, 1)}, []*constant{intsOf("int64", []int{0}, nil)}},
		"Range of floats":   {"Range", no, []*constant{floats(nil, 1), floats(nil, 2), floats(nil, 0.4)}, []*constant{floats([]int{3}, 1, 1.4, 1.8)}},
		"Shape":             {"Shape", no.int("start", -1), []*constant{matrix}, []*constant{list(3)}},
		"Size":              {"Size", no, []*constant{matrix}, []*constant{ints(nil, 6)}},
		"Cast to int":       {"Cast", no.int("to", 3), []*constant{floats([]int{5}, -1.9, 1.9, nan, 128, 0)}, []*constant{small(-1, 1, 0, -128, 0)}},
		"Cast to bool":      {"Cast", no.int("to", 9), []*constant{floats([]int{3}, 0, 0.25, nan)}, []*constant{bools([]int{3}, 0, 1, 1)}},
		"Cast to float16":   {"Cast", no.int("to", 10), []*constant{floats([]int{1}, 2049)}, []*constant{{dims: []int{1}, elem: "float16", floats: []float32{2048}}}},
		"Cast to bfloat16":  {"Cast", no.int("to", 16), []*constant{floats([]int{2}, 257, 259)}, []*constant{{dims: []int{2}, elem: "bfloat16", floats: []float32{256, 260}}}},
		"CastLike":          {"CastLike", no, []*constant{list(3), floats(nil, 1)}, []*constant{floats([]int{1}, 3)}},
		"NonZero":           {"NonZero", no, []*constant{ints([]int{2, 2}, 0, 1, 1, 1)}, []*constant{ints([]int{2, 3}, 0, 1, 1, 1, 0, 1)}},
		"DequantizeLinear": {
			"DequantizeLinear", no.int("axis", 0),
			[]*constant{intsOf("uint8", []int{2, 2}, []int64{1, 2, 3, 4}), floats([]int{2}, 0.5, 2), intsOf("uint8", []int{2}, []int64{1, 4})},
			[]*constant{floats([]int{2, 2}, 0, 0.5, -2, 0)},
		},

		"Reshape":        {"Reshape", no, []*constant{matrix, list(0, -1, 1)}, []*constant{ints([]int{2, 3, 1}, 1, 2, 3, 4, 5, 6)}},
		"Flatten":        {"Flatten", no.int("axis", -1), []*constant{ints([]int{1, 2, 3}, 1, 2, 3, 4, 5, 6)}, []*constant{matrix}},
		"Squeeze":        {"Squeeze", no, []*constant{ints([]int{1, 2, 1}, 1, 2), list(-1)}, []*constant{ints([]int{1, 2}, 1, 2)}},
		"Squeeze all":    {"Squeeze", no, []*constant{ints([]int{1, 2, 1}, 1, 2)}, []*constant{list(1, 2)}},
		"Squeeze old":    {"Squeeze", no.ints("axes", 0), []*constant{ints([]int{1, 2, 1}, 1, 2)}, []*constant{ints([]int{2, 1}, 1, 2)}},
		"Unsqueeze":      {"Unsqueeze", no, []*constant{list(1, 2), list(-1, 0)}, []*constant{ints([]int{1, 2, 1}, 1, 2)}},
		"Transpose":      {"Transpose", no, []*constant{matrix}, []*constant{ints([]int{3, 2}, 1, 4, 2, 5, 3, 6)}},
		"Transpose perm": {"Transpose", no.ints("perm", 1, 2, 0), []*constant{ints([]int{2, 1, 3}, 1, 2, 3, 4, 5, 6)}, []*constant{ints([]int{1, 3, 2}, 1, 4, 2, 5, 3, 6)}},
		"Expand":         {"Expand", no, []*constant{ints([]int{2, 1}, 1, 2), list(2, 1, 2)}, []*constant{ints([]int{2, 2, 2}, 1, 1, 2, 2, 1, 1, 2, 2)}},
		"Tile":           {"Tile", no, []*constant{ints([]int{1, 2}, 1, 2), list(2, 2)}, []*constant{ints([]int{2, 4}, 1, 2, 1, 2, 1, 2, 1, 2)}},
		"Slice":          {"Slice", no, []*constant{matrix, list(0, -1), list(99, math.MinInt64), list(0, 1), list(1, -2)}, []*constant{ints([]int{2, 2}, 3, 1, 6, 4)}},
		"Slice old":      {"Slice", no.ints("starts", 1).ints("ends", math.MaxInt64), []*constant{matrix}, []*constant{ints([]int{1, 3}, 4, 5, 6)}},
		"Slice nothing":  {"Slice", no, []*constant{list(1, 2, 3), list(2), list(1)}, []*constant{intsOf("int64", []int{0}, nil)}},
		"Split":          {"Split", no.int("axis", 1), []*constant{matrix, list(1, 2)}, []*constant{ints([]int{2, 1}, 1, 4), ints([]int{2, 2}, 2, 3, 5, 6)}},
		"Split evenly":   {"Split", no.int("num_outputs", 2), []*constant{list(1, 2, 3)}, []*constant{list(1, 2), list(3)}},
		"Concat":         {"Concat", no.int("axis", -1), []*constant{matrix, ints([]int{2, 1}, 7, 8)}, []*constant{ints([]int{2, 4}, 1, 2, 3, 7, 4, 5, 6, 8)}},
		"Gather":         {"Gather", no.int("axis", 1), []*constant{matrix, list(-1, 0)}, []*constant{ints([]int{2, 2}, 3, 1, 6, 4)}},
		"Gather one":     {"Gather", no, []*constant{list(5, 6, 7), ints(nil, 1)}, []*constant{ints(nil, 6)}},
		"GatherElements": {"GatherElements", no.int("axis", 1), []*constant{matrix, ints([]int{2, 1}, 2, -3)}, []*constant{ints([]int{2, 1}, 3, 4)}},
		"Pad":            {"Pad", no, []*constant{floats([]int{1, 2}, 1, 2), list(0, 1, 1, 0), floats(nil, 9)}, []*constant{floats([]int{2, 3}, 9, 1, 2, 9, 9, 9)}},
		"Where":          {"Where", no, []*constant{bools([]int{2, 1}, 1, 0), list(1, 2), ints(nil, 9)}, []*constant{ints([]int{2, 2}, 1, 2, 9, 9)}},

		"Add":           {"Add", no, []*constant{ints([]int{2, 1}, 10, 20), list(1, 2)}, []*constant{ints([]int{2, 2}, 11, 12, 21, 22)}},
		"Add wraps":     {"Add", no, []*constant{small(127), small(1)}, []*constant{small(-128)}},
		"Sub":           {"Sub", no, []*constant{list(1), list(3)}, []*constant{list(-2)}},
		"Mul":           {"Mul", no, []*constant{floats([]int{1}, 1.5), floats([]int{1}, 3)}, []*constant{floats([]int{1}, 4.5)}},
		"Div to zero":   {"Div", no, []*constant{list(-7, 7), list(2)}, []*constant{list(-3, 3)}},
		"Div of floats": {"Div", no, []*constant{floats([]int{2}, 1, 1), floats([]int{2}, 4, 0)}, []*constant{floats([]int{2}, 0.25, inf)}},
		"Mod":           {"Mod", no, []*constant{list(-7, 7, 6), list(3, -3, 3)}, []*constant{list(2, -2, 0)}},
		"Mod as in C":   {"Mod", no.int("fmod", 1), []*constant{list(-7, 7), list(3, -3)}, []*constant{list(-1, 1)}},
		"Pow":           {"Pow", no, []*constant{list(-2, 3), floats([]int{1}, 3)}, []*constant{list(-8, 27)}},
		"Min":           {"Min", no, []*constant{list(3, 1), list(2, 2), list(9, 0)}, []*constant{list(2, 0)}},
		"Max":           {"Max", no, []*constant{floats([]int{2}, 3, nan), floats([]int{1}, 4)}, []*constant{floats([]int{2}, 4, nan)}},

		"Clip":         {"Clip", no, []*constant{list(-3, 1, 9), nil, ints(nil, 5)}, []*constant{list(-3, 1, 5)}},
		"Clip old":     {"Clip", attrList{{name: "min", kind: attrFloat, f: 0}}, []*constant{floats([]int{2}, -3, 1)}, []*constant{floats([]int{2}, 0, 1)}},
		"ScatterND":    {"ScatterND", no, []*constant{matrix, ints([]int{1, 1}, -1), ints([]int{1, 3}, 7, 8, 9)}, []*constant{ints([]int{2, 3}, 1, 2, 3, 7, 8, 9)}},
		"ScatterND at": {"ScatterND", no, []*constant{list(1, 2, 3), ints([]int{2, 1}, 2, 0), list(8, 9)}, []*constant{list(9, 2, 8)}},

		"Equal":          {"Equal", no, []*constant{list(1, 2), list(2)}, []*constant{bools([]int{2}, 0, 1)}},
		"Greater of NaN": {"Greater", no, []*constant{floats([]int{2}, nan, 2), floats([]int{1}, 1)}, []*constant{bools([]int{2}, 0, 1)}},
		"LessOrEqual":    {"LessOrEqual", no, []*constant{list(1, 2, 3), list(2)}, []*constant{bools([]int{3}, 1, 1, 0)}},
		"GreaterOrEqual": {"GreaterOrEqual", no, []*constant{list(1, 2, 3), list(2)}, []*constant{bools([]int{3}, 0, 1, 1)}},
		"Less":           {"Less", no, []*constant{list(1, 2, 3), list(2)}, []*constant{bools([]int{3}, 1, 0, 0)}},
		"And":            {"And", no, []*constant{bools([]int{2}, 1, 1), bools([]int{2}, 0, 1)}, []*constant{bools([]int{2}, 0, 1)}},
		"Or":             {"Or", no, []*constant{bools([]int{2}, 0, 1), bools([]int{1}, 0)}, []*constant{bools([]int{2}, 0, 1)}},
		"Not":            {"Not", no, []*constant{bools([]int{2}, 0, 1)}, []*constant{bools([]int{2}, 1, 0)}},
		"Neg":            {"Neg", no, []*constant{list(1, -2)}, []*constant{list(-1, 2)}},
		"Abs":            {"Abs", no, []*constant{small(-3, -128)}, []*constant{small(3, -128)}},
		"Sqrt":           {"Sqrt", no, []*constant{floats([]int{1}, 9)}, []*constant{floats([]int{1}, 3)}},
		"Floor":          {"Floor", no, []*constant{floats([]int{1}, -1.5)}, []*constant{floats([]int{1}, -2)}},
		"Ceil":           {"Ceil", no, []*constant{floats([]int{1}, 1.5)}, []*constant{floats([]int{1}, 2)}},
		"Round to even":  {"Round", no, []*constant{floats([]int{3}, 0.5, 1.5, -2.5)}, []*constant{floats([]int{3}, 0, 2, -2)}},

		"ReduceProd":      {"ReduceProd", no.int("keepdims", 0), []*constant{list(2, 3, 4), list(0)}, []*constant{ints(nil, 24)}},
		"ReduceSum axis":  {"ReduceSum", no, []*constant{matrix, list(0)}, []*constant{ints([]int{1, 3}, 5, 7, 9)}},
		"ReduceMax":       {"ReduceMax", no.ints("axes", -1).int("keepdims", 0), []*constant{matrix}, []*constant{list(3, 6)}},
		"ReduceMin all":   {"ReduceMin", no, []*constant{matrix}, []*constant{ints([]int{1, 1}, 1)}},
		"ReduceMean":      {"ReduceMean", no.ints("axes", 1), []*constant{floats([]int{1, 2}, 1, 2)}, []*constant{floats([]int{1, 1}, 1.5)}},
		"ReduceSum, none": {"ReduceSum", no.int("noop_with_empty_axes", 1), []*constant{matrix}, []*constant{matrix}},
	} {
		n := tc.attrs.node(tc.op, len(tc.want))
		out, ok, err := (&model{}).fold(n, tc.in)
		if !ok || err != nil || !slices.EqualFunc(out, tc.want, sameConstant) {
			t.Errorf("%s: %v, %v, %v; want %+v", name, ok, err, values(out), values(tc.want))
		}
		if left := n.unread(); len(left) > 0 {
			t.Errorf("%s: attributes %v were not read", name, left)
		}
	}
}

func values(list []*constant) []constant {
	var out []constant
	for _, c := range list {
		out = append(out, *c)
	}
	return out
}

func TestFoldRefuses(t *testing.T) {
	t.Parallel()
	var no attrList
	matrix := ints([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	for name, tc := range map[string]struct {
		op    string
		attrs attrList
		in    []*constant
		kind  fault.Kind
		text  string
	}{
		"no input":              {"Add", no, []*constant{matrix, nil}, fault.Unprocessable, "lacks an input"},
		"attribute of a type":   {"Concat", attrList{{name: "axis", kind: attrString}}, []*constant{matrix}, fault.Unprocessable, "want an integer"},
		"no constant":           {"Constant", no, nil, fault.Unsupported, "no number"},
		"axis":                  {"Concat", no.int("axis", 2), []*constant{matrix}, fault.Unprocessable, "axis 2 of 2"},
		"sizes":                 {"Add", no, []*constant{matrix, list(1, 2)}, fault.Unprocessable, "do not go together"},
		"types":                 {"Add", no, []*constant{matrix, floats(nil, 1)}, fault.Unprocessable, "int64 and float32"},
		"integer by zero":       {"Div", no, []*constant{matrix, ints(nil, 0)}, fault.Unprocessable, "by 0"},
		"modulo zero":           {"Mod", no, []*constant{matrix, ints(nil, 0)}, fault.Unprocessable, "by 0"},
		"reshape":               {"Reshape", no, []*constant{matrix, list(4, 2)}, fault.Unprocessable, "do not fill"},
		"reshape, two open":     {"Reshape", no, []*constant{matrix, list(-1, -1)}, fault.Unprocessable, "cannot be meant"},
		"reshape, nothing":      {"Reshape", no, []*constant{matrix, list(0, 0, 0)}, fault.Unprocessable, "keep dimension 2"},
		"reshape overflow":      {"Reshape", no, []*constant{matrix, list(1<<40, 1<<40)}, fault.Unprocessable, "do not fill"},
		"shape of floats":       {"Reshape", no, []*constant{matrix, floats([]int{1}, 6)}, fault.Unprocessable, "list of integers"},
		"squeeze":               {"Squeeze", no, []*constant{matrix, list(0)}, fault.Unprocessable, "is not 1"},
		"axis twice":            {"Unsqueeze", no, []*constant{matrix, list(0, -4)}, fault.Unprocessable, "twice"},
		"perm":                  {"Transpose", no.ints("perm", 0, 0), []*constant{matrix}, fault.Unprocessable, "perm [0 0]"},
		"step 0":                {"Slice", no, []*constant{matrix, list(0), list(1), list(0), list(0)}, fault.Unprocessable, "step 0"},
		"slice lists":           {"Slice", no, []*constant{matrix, list(0), list(1, 2)}, fault.Unprocessable, "one length"},
		"split":                 {"Split", no, []*constant{matrix, list(1, 2)}, fault.Unprocessable, "parts [1 2] of 2"},
		"gather":                {"Gather", no, []*constant{matrix, list(2)}, fault.Unprocessable, "index 2 of 2"},
		"scatter":               {"ScatterND", no, []*constant{matrix, ints([]int{1, 1}, 2), ints([]int{1, 3}, 7, 8, 9)}, fault.Unprocessable, "index 2 of 2"},
		"scatter sizes":         {"ScatterND", no, []*constant{matrix, ints([]int{1, 3}, 0, 0, 0), list(1)}, fault.Unprocessable, "do not go together"},
		"bounds":                {"Clip", no, []*constant{matrix, floats(nil, 1)}, fault.Unprocessable, "two numbers of int64"},
		"gather far below":      {"Gather", no, []*constant{matrix, list(math.MinInt64)}, fault.Unprocessable, "of 2"},
		"concat":                {"Concat", no.int("axis", 0), []*constant{matrix, list(1)}, fault.Unprocessable, "type or rank"},
		"tile":                  {"Tile", no, []*constant{matrix, list(1)}, fault.Unprocessable, "repeats"},
		"a huge tile":           {"Tile", no, []*constant{matrix, list(1<<40, 1<<40)}, fault.TooLarge, "repeats"},
		"a huge constant":       {"ConstantOfShape", no, []*constant{list(1<<20, 1<<20)}, fault.TooLarge, "elements"},
		"a constant too many":   {"ConstantOfShape", no, []*constant{list(foldBase)}, fault.TooLarge, "too many elements"},
		"a negative constant":   {"ConstantOfShape", no, []*constant{list(-1)}, fault.TooLarge, "sizes [-1]"},
		"many dimensions":       {"Expand", no, []*constant{matrix, list(1, 1, 1, 1, 1, 1, 1, 2, 3)}, fault.Unprocessable, "to the sizes"},
		"a range without end":   {"Range", no, []*constant{ints(nil, 0), ints(nil, 1), ints(nil, 0)}, fault.TooLarge, "steps of 0"},
		"a range of NaN":        {"Range", no, []*constant{floats(nil, 0), floats(nil, float32(math.NaN())), floats(nil, 1)}, fault.TooLarge, "range"},
		"pads":                  {"Pad", no, []*constant{floats([]int{2}, 1, 2), list(1)}, fault.Unprocessable, "1 pads for 1 axes"},
		"cast to a text":        {"Cast", no.int("to", 8), []*constant{matrix}, fault.Unsupported, "not supported"},
		"logic of integers":     {"And", no, []*constant{matrix, matrix}, fault.Unprocessable, "of int64"},
		"scales without slices": {"DequantizeLinear", no, []*constant{matrix, floats([]int{2}, 1, 2)}, fault.Unprocessable, "2 scales for 3"},
	} {
		_, ok, err := (&model{}).fold(tc.attrs.node(tc.op, 2), tc.in)
		if ok {
			t.Errorf("%s: folded", name)
		}
		refused(t, name, err, tc.kind, tc.text)
	}
}

// TestNoFold: other operators, other domains and unusual modes are left to the importer.
func TestNoFold(t *testing.T) {
	t.Parallel()
	var no attrList
	custom := no.node("Add", 1)
	custom.domain = "mine"
	for name, tc := range map[string]struct {
		n  *node
		in []*constant
	}{
		"Conv":          {no.node("Conv", 1), []*constant{list(1)}},
		"custom domain": {custom, []*constant{list(1), list(1)}},
		"reflecting":    {attrList{{name: "mode", kind: attrString, s: "reflect"}}.node("Pad", 1), []*constant{floats([]int{2}, 1, 2), list(1, 1)}},
	} {
		if out, ok, err := (&model{}).fold(tc.n, tc.in); ok || err != nil || out != nil {
			t.Errorf("%s: %v, %v, %v", name, out, ok, err)
		}
	}
	if !foldable("Add") || foldable("Conv") {
		t.Error("foldable is wrong")
	}
}

// TestFoldBudget: a chain of Tiles doubles a constant until the model's budget ends; a file with
// more weights may compute more.
func TestFoldBudget(t *testing.T) {
	t.Parallel()
	steps := func(m *model) int {
		c := floats([]int{1 << 10}, make([]float32, 1<<10)...)
		for i := range 100 {
			out, ok, err := m.fold(attrList{}.node("Tile", 1), []*constant{c, list(2)})
			if !ok {
				refused(t, "the last", err, fault.TooLarge, "too many elements")
				return i
			}
			c = out[0]
		}
		return 100
	}
	// 2¹¹ + 2¹² + … stays below 2²⁴ up to 2²³: 13 steps.
	if n := steps(&model{}); n != 13 {
		t.Errorf("%d steps, want 13", n)
	}
	if n := steps(&model{init: map[string]*constant{"w": floats(nil, make([]float32, 1<<22)...)}}); n != 14 {
		t.Errorf("with weights: %d steps, want 14", n)
	}
}

func foldNames() []string { return slices.Sorted(maps.Keys(foldOps)) }
