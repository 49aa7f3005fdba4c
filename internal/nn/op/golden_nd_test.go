package op_test

import (
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// goldensND lists the cases of scripts/golden/ops_nd.py, as goldens does those of ops.py.
var goldensND = map[string][]optest.Case{
	"constant": {
		{Name: "table", Op: op.Constant{Dims: []int{3, 5, 7}}},
		{Name: "vector", Op: op.Constant{Dims: []int{4}}},
		{Name: "scalar", Op: op.Constant{Dims: []int{}}},
		{Name: "tokens", Op: op.Constant{Dims: []int{6, 5}}},
		{Name: "deep", Op: op.Constant{Dims: []int{2, 3, 4, 5}}},
		{Name: "fixed", Op: op.Constant{Dims: []int{4, 3}, Fixed: true}},
	},
	"reshape": {
		{Name: "maps", Op: op.Reshape{C: 3, H: 8, W: 5}},
		{Name: "vector", Op: op.Reshape{C: 84, H: 1, W: 1}},
	},
	"transpose": {
		{Name: "maps", Op: op.Transpose{Dims: []int{3, 5, 7}, Perm: []int{2, 0, 1}}},
		{Name: "tokens", Op: op.Transpose{Dims: []int{4, 6}, Perm: []int{1, 0}}},
		{Name: "heads", Op: op.Transpose{Dims: []int{5, 2, 7}, Perm: []int{1, 0, 2}}},
		{Name: "windows", Op: op.Transpose{Dims: []int{2, 3, 5, 4, 6}, Perm: []int{0, 3, 1, 4, 2}}},
		{Name: "same", Op: op.Transpose{Dims: []int{3, 5, 4}, Perm: []int{0, 1, 2}}},
	},
	"matmul": {
		{Name: "tokens", Op: op.MatMul{A: []int{5, 7}, B: []int{7, 4}}},
		{Name: "weight_first", Op: op.MatMul{A: []int{4, 7}, B: []int{7, 5}}},
		{Name: "heads", Op: op.MatMul{A: []int{3, 5, 7}, B: []int{3, 7, 4}}},
		{Name: "leading", Op: op.MatMul{A: []int{3, 1, 5, 2}, B: []int{4, 2, 6}}},
		{Name: "row", Op: op.MatMul{A: []int{7}, B: []int{7, 4}}},
		{Name: "row_heads", Op: op.MatMul{A: []int{7}, B: []int{3, 7, 4}}},
		{Name: "column", Op: op.MatMul{A: []int{5, 7}, B: []int{7}}},
		{Name: "column_heads", Op: op.MatMul{A: []int{3, 5, 7}, B: []int{7}}},
		{Name: "dot", Op: op.MatMul{A: []int{7}, B: []int{7}}},
		{Name: "constants", Op: op.MatMul{A: []int{5, 7}, B: []int{7, 4}}},
	},
	"reduce": reductions(),
	"softmax_axis": {
		{Name: "axis0", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 0}},
		{Name: "axis1", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 1}},
		{Name: "axis2", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 2}},
		{Name: "log0", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 0, Log: true}},
		{Name: "log1", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 1, Log: true}},
		{Name: "log2", Op: op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 2, Log: true}},
		{Name: "heads", Op: op.SoftmaxAxis{Dims: []int{2, 3, 4, 5}, Axis: 3}},
		{Name: "large", Op: op.SoftmaxAxis{Dims: []int{2, 1, 4}, Axis: 2}},
		{Name: "log_large", Op: op.SoftmaxAxis{Dims: []int{2, 1, 4}, Axis: 2, Log: true}},
	},
	"concat_axis": {
		{Name: "axis0", Op: op.ConcatAxis{Dims: [][]int{{3, 5, 7}, {1, 5, 7}, {4, 5, 7}}, Axis: 0}},
		{Name: "axis1", Op: op.ConcatAxis{Dims: [][]int{{3, 5, 7}, {3, 2, 7}, {3, 4, 7}}, Axis: 1}},
		{Name: "axis2", Op: op.ConcatAxis{Dims: [][]int{{3, 5, 7}, {3, 5, 1}, {3, 5, 4}}, Axis: 2}},
		{Name: "token", Op: op.ConcatAxis{Dims: [][]int{{1, 5}, {6, 5}}, Axis: 0}},
		{Name: "deep", Op: op.ConcatAxis{Dims: [][]int{{2, 1, 4, 5}, {2, 3, 4, 5}}, Axis: 1}},
		{Name: "vectors", Op: op.ConcatAxis{Dims: [][]int{{3}, {4}}, Axis: 0}},
	},
	"slice_axes": {
		{Name: "middle", Op: op.SliceAxes{Dims: []int{5, 8, 7}, Starts: []int{1, 2, 3}, Ends: []int{4, 7, 5}, Steps: []int{1, 1, 1}}},
		{Name: "steps", Op: op.SliceAxes{Dims: []int{5, 8, 7}, Starts: []int{0, 1, 3}, Ends: []int{5, 8, 7}, Steps: []int{2, 3, 9}}},
		{Name: "backward", Op: op.SliceAxes{Dims: []int{5, 8, 7}, Starts: []int{4, 6, 5}, Ends: []int{-1, 2, 2}, Steps: []int{-1, -3, -1}}},
		{Name: "token", Op: op.SliceAxes{Dims: []int{6, 5}, Starts: []int{0, 0}, Ends: []int{1, 5}, Steps: []int{1, 1}}},
	},
	"gather": {
		{Name: "vector", Op: op.Gather{Dims: []int{3, 5, 7}, Axis: 0, Indices: []int{2, 0, 2, 1}, Shape: []int{4}}},
		{Name: "scalar", Op: op.Gather{Dims: []int{3, 5, 7}, Axis: 1, Indices: []int{4}}},
		{Name: "table", Op: op.Gather{Dims: []int{2, 4, 5}, Axis: 1, Indices: []int{1, 0, 3, 2, 2, 0}, Shape: []int{2, 3}}},
		{Name: "last", Op: op.Gather{Dims: []int{3, 5, 7}, Axis: 2, Indices: []int{6, 0}, Shape: []int{2}}},
		{Name: "token", Op: op.Gather{Dims: []int{6, 5}, Axis: 0, Indices: []int{0}}},
	},
	"expand": {
		{Name: "row", Op: op.Expand{Dims: []int{3, 1, 7}, To: []int{3, 5, 7}}},
		{Name: "lead", Op: op.Expand{Dims: []int{4}, To: []int{2, 3, 4}}},
		{Name: "both", Op: op.Expand{Dims: []int{3, 1, 7}, To: []int{2, 3, 5, 7}}},
		{Name: "scalar", Op: op.Expand{Dims: []int{}, To: []int{2, 3}}},
		{Name: "constant", Op: op.Expand{Dims: []int{1, 5, 1}, To: []int{3, 5, 4}}},
	},
	"layernorm_axes": {
		{Name: "tokens", Op: op.LayerNormAxes{Dims: []int{5, 7}, Axis: 1, Eps: 1e-5}},
		{Name: "maps", Op: op.LayerNormAxes{Dims: []int{3, 5, 7}, Axis: 1, Eps: 1e-3}},
		{Name: "all", Op: op.LayerNormAxes{Dims: []int{3, 5, 4}, Axis: 0, Eps: 1e-6}},
		{Name: "no_bias", Op: op.LayerNormAxes{Dims: []int{2, 3, 5, 7}, Axis: 3, NoBias: true}},
	},
}

func reductions() []optest.Case {
	list := []optest.Case{
		{Name: "maps", Op: op.Reduce{Fn: "mean", Dims: []int{3, 5, 7}, Axes: []int{1, 2}, KeepDims: true}},
		{Name: "all", Op: op.Reduce{Fn: "mean", Dims: []int{3, 5, 7}, Axes: []int{0, 1, 2}}},
		{Name: "tokens", Op: op.Reduce{Fn: "mean", Dims: []int{6, 5}, Axes: []int{0}}},
		{Name: "prod_zeros", Op: op.Reduce{Fn: "prod", Dims: []int{3, 1, 4}, Axes: []int{2}, KeepDims: true}},
		{Name: "log_sum_exp_large", Op: op.Reduce{Fn: "log_sum_exp", Dims: []int{2, 1, 4}, Axes: []int{2}, KeepDims: true}},
	}
	for _, fn := range []string{"mean", "sum", "prod", "max", "min", "l1", "l2", "sum_square", "log_sum", "log_sum_exp"} {
		list = append(
			list,
			optest.Case{Name: fn, Op: op.Reduce{Fn: fn, Dims: []int{3, 4, 5}, Axes: []int{1}}},
			optest.Case{Name: fn + "_keep", Op: op.Reduce{Fn: fn, Dims: []int{3, 4, 2, 5}, Axes: []int{2, 0}, KeepDims: true}},
		)
	}
	return list
}
