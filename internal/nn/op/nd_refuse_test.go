package op_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// Every way in which the attributes of an N-dimensional operator can be wrong is told in words.
func TestNDRefuses(t *testing.T) {
	maps := nn.Shape{N: 2, C: 3, H: 5, W: 7}
	dims := []int{3, 5, 7}
	cut := func(start, end, step int) op.SliceAxes {
		return op.SliceAxes{Dims: dims, Starts: []int{0, start, 0}, Ends: []int{3, end, 7}, Steps: []int{1, step, 1}}
	}
	for _, c := range []struct {
		op   nn.Op
		in   []nn.Shape
		want string
	}{
		{op.Constant{Dims: []int{3, 0}}, nil, "fits a value, not [3 0]"},
		{op.Constant{Dims: []int{3}}, []nn.Shape{maps}, "0 input(s), not 1"},
		{op.Constant{Dims: make([]int, 1000)}, nil, "[0 0 0 0 0 0 0 0] and 992 more dimensions"},

		{op.Reshape{C: 3, H: 5, W: 8}, []nn.Shape{maps}, "as many values as [3 5 8]"},
		{op.Reshape{C: -3, H: -5, W: 7}, []nn.Shape{maps}, "as many values"},
		{op.Reshape{C: 3, H: 5, W: 7, N: 3}, []nn.Shape{maps}, "as many values as [3 5 7 3]"},
		{op.Reshape{C: 105, H: 1, W: 1, N: -2}, []nn.Shape{maps}, "as many values"},

		{op.Transpose{Dims: []int{3, 5, 8}, Perm: []int{0, 1, 2}}, []nn.Shape{maps}, "samples of [3 5 8]"},
		{op.Transpose{Dims: dims, Perm: []int{0, 1}}, []nn.Shape{maps}, "each dimension of [3 5 7] once, not [0 1]"},
		{op.Transpose{Dims: dims, Perm: []int{0, 1, 1}}, []nn.Shape{maps}, "once, not [0 1 1]"},
		{op.Transpose{Dims: dims, Perm: []int{0, 1, 3}}, []nn.Shape{maps}, "once, not [0 1 3]"},
		{op.Transpose{Dims: nil, Perm: []int{5}}, []nn.Shape{nn.Vec(1)}, "once, not [5]"},

		{op.MatMul{A: dims, B: []int{7}}, []nn.Shape{maps}, "2 input(s), not 1"},
		{op.MatMul{A: dims, B: []int{8}}, []nn.Shape{maps, nn.Vec(8)}, "multiplied, not [3 5 7] and [8]"},
		{op.MatMul{A: dims, B: []int{6}}, []nn.Shape{maps, nn.Vec(6)}, "multiplied"},
		{op.MatMul{A: dims, B: nil}, []nn.Shape{maps, nn.Vec(1)}, "multiplied"},
		{op.MatMul{A: dims, B: []int{2, 7, 1}}, []nn.Shape{maps, nn.Vec(14)}, "multiplied, not [3 5 7] and [2 7 1]"},
		{op.MatMul{A: dims, B: []int{4, 7, 1}}, []nn.Shape{maps, nn.Vec(28)}, "multiplied, not [3 5 7] and [4 7 1]"},
		{op.MatMul{A: dims, B: []int{7}}, []nn.Shape{maps, nn.Vec(7).WithN(3)}, "a batch of 2 or 1"},
		{
			op.MatMul{A: []int{1 << 20, 1}, B: []int{1, 1 << 20}},
			[]nn.Shape{nn.Vec(1 << 20), nn.Vec(1 << 20)},
			"fits a value, not [1048576 1048576]",
		},

		{op.Reduce{Fn: "median", Dims: dims, Axes: []int{0}}, []nn.Shape{maps}, `one of [mean sum prod`},
		{op.Reduce{Fn: strings.Repeat("x", 1000), Dims: dims, Axes: []int{0}}, []nn.Shape{maps}, `not "xxxxxxxxxxxxxxxxxxxx"`},
		{op.Reduce{Fn: "sum", Dims: dims}, []nn.Shape{maps}, "at least one axis"},
		{op.Reduce{Fn: "sum", Dims: dims, Axes: []int{1, 1}}, []nn.Shape{maps}, "each once, not [1 1]"},
		{op.Reduce{Fn: "sum", Dims: dims, Axes: []int{3}}, []nn.Shape{maps}, "not [3]"},
		{op.Reduce{Fn: "sum", Dims: dims, Axes: []int{-1}}, []nn.Shape{maps}, "not [-1]"},

		{op.SoftmaxAxis{Dims: dims, Axis: 3}, []nn.Shape{maps}, "an axis of [3 5 7], not 3"},
		{op.SoftmaxAxis{Dims: dims, Axis: -1}, []nn.Shape{maps}, "not -1"},
		{op.LayerNormAxes{Dims: dims, Axis: 3}, []nn.Shape{maps}, "an axis of [3 5 7], not 3"},
		{op.LayerNormAxes{Dims: dims, Eps: math.Inf(1)}, []nn.Shape{maps}, "an epsilon of at least 0, not +Inf"},
		{op.LayerNormAxes{Dims: dims, Eps: math.NaN()}, []nn.Shape{maps}, "not NaN"},
		{op.LayerNormAxes{Dims: dims, Eps: -1}, []nn.Shape{maps}, "not -1"},

		{op.ConcatAxis{}, nil, "at least one input"},
		{op.ConcatAxis{Dims: [][]int{dims, dims}}, []nn.Shape{maps}, "2 input(s), not 1"},
		{op.ConcatAxis{Dims: [][]int{dims}, Axis: 3}, []nn.Shape{maps}, "an axis of [3 5 7], not 3"},
		{op.ConcatAxis{Dims: [][]int{dims, {3, 7, 5}}}, []nn.Shape{maps, maps}, "but along axis 0, not [3 7 5]"},
		{op.ConcatAxis{Dims: [][]int{dims, {5, 3, 7}}}, []nn.Shape{maps, maps}, "but along axis 0, not [5 3 7]"},
		{op.ConcatAxis{Dims: [][]int{dims, {3, 6, 7}}}, []nn.Shape{maps, {N: 2, C: 3, H: 6, W: 7}}, "but along axis 0, not [3 6 7]"},
		{op.ConcatAxis{Dims: [][]int{dims, {15, 7}}}, []nn.Shape{maps, maps}, "but along axis 0, not [15 7]"},
		{op.ConcatAxis{Dims: [][]int{{1}, nil}}, []nn.Shape{nn.Vec(1), nn.Vec(1)}, "but along axis 0"},
		{op.ConcatAxis{Dims: [][]int{dims, dims}}, []nn.Shape{maps, maps.WithN(3)}, "a batch of 2 or 1"},

		{cut(0, 6, 1), []nn.Shape{maps}, "inside dimension 1 of size 5, not from 0 to 6 by 1"},
		{cut(-1, 3, 1), []nn.Shape{maps}, "not from -1 to 3 by 1"},
		{cut(5, 2, -1), []nn.Shape{maps}, "not from 5 to 2 by -1"},
		{cut(4, -2, -1), []nn.Shape{maps}, "not from 4 to -2 by -1"},
		{cut(3, 3, 1), []nn.Shape{maps}, "not from 3 to 3 by 1"},
		{cut(3, 4, -1), []nn.Shape{maps}, "not from 3 to 4 by -1"},
		{cut(0, 3, 0), []nn.Shape{maps}, "not from 0 to 3 by 0"},
		{op.SliceAxes{Dims: dims, Starts: []int{0}}, []nn.Shape{maps}, "each of 3 dimensions"},

		{op.Gather{Dims: dims, Axis: 3, Indices: []int{0}}, []nn.Shape{maps}, "an axis of [3 5 7], not 3"},
		{op.Gather{Dims: dims, Indices: []int{0, 3}, Shape: []int{2}}, []nn.Shape{maps}, "indices from 0 to 2, not 3"},
		{op.Gather{Dims: dims, Indices: []int{-1}}, []nn.Shape{maps}, "not -1"},
		{op.Gather{Dims: dims, Indices: []int{0, 1}, Shape: []int{3}}, []nn.Shape{maps}, "indices of [3], not 2 of them"},
		{op.Gather{Dims: dims}, []nn.Shape{maps}, "not 0 of them"},

		{op.Expand{Dims: dims, To: []int{5, 7}}, []nn.Shape{maps}, "the sizes of [5 7] or 1"},
		{op.Expand{Dims: dims, To: []int{4, 5, 7}}, []nn.Shape{maps}, "the sizes of [4 5 7] or 1"},
		{op.Expand{Dims: []int{1, 105}, To: []int{1 << 21, 105}}, []nn.Shape{maps}, "fits a value"},
	} {
		_, err := c.op.Infer(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.200v: %v, want %q", c.op.Kind(), c.op, err, c.want)
		}
	}
}

// Steps at the limit are let through and do not overflow.
func TestSliceAxesHugeSteps(t *testing.T) {
	in := &nn.Tensor{Shape: nn.Vec(4), Data: []float32{1, 2, 3, 4}}
	for _, c := range []struct {
		start, end, step int
		want             []float32
	}{
		{1, 4, math.MaxInt, []float32{2}},
		{3, -1, math.MinInt, []float32{4}},
		{3, -1, -3, []float32{4, 1}},
		{0, 4, 3, []float32{1, 4}},
	} {
		o := op.SliceAxes{Dims: []int{4}, Starts: []int{c.start}, Ends: []int{c.end}, Steps: []int{c.step}}
		out, err := o.Infer([]nn.Shape{in.Shape})
		if err != nil {
			t.Fatal(err)
		}
		y := nn.NewTensor(out)
		o.Forward([]*nn.Tensor{in}, nil, y)
		if !slices.Equal(y.Data, c.want) {
			t.Errorf("%+v: %v, want %v", o, y.Data, c.want)
		}
	}
}

// A weight of more than 2 GiB is in no file.
func TestConvRefusesHugeWeights(t *testing.T) {
	field, maps := nn.Shape{N: 1, C: 1, H: 1 << 20, W: 1 << 7}, nn.Shape{N: 1, C: 1 << 14, H: 1, W: 1}
	for _, c := range []struct {
		op nn.Op
		in nn.Shape
	}{
		{op.Conv{Out: 8, Kernel: op.Size{H: 1 << 20, W: 1 << 7}}, field},
		{op.Conv{Out: 1 << 16, Kernel: op.Square(1)}, maps},
		{op.ConvTranspose{Out: 1 << 16, Kernel: op.Square(1)}, maps},
		{op.ConvTranspose{Out: 1, Kernel: op.Square(1 << 15)}, maps},
		{op.Linear{Out: 1 << 16}, maps},
		{op.RBF{Out: 1 << 16}, maps},
	} {
		if _, err := c.op.Infer([]nn.Shape{c.in}); err == nil || !strings.Contains(err.Error(), "at most 536870912") {
			t.Errorf("%+v: %v", c.op, err)
		}
	}
}

// A window's sizes are bounded on both sides.
func TestWindowsRefuseHugeSizes(t *testing.T) {
	in := []nn.Shape{{N: 1, C: 3, H: 5, W: 7}}
	for _, huge := range []int{math.MinInt, -1<<30 - 1, 1<<30 + 1, math.MaxInt} {
		for _, o := range []nn.Op{
			op.Conv{Out: 1, Kernel: op.Square(1), Extra: op.Size{W: huge}},
			op.Conv{Out: 1, Kernel: op.Square(1), Dilation: op.Size{H: huge, W: 1}},
			op.ConvTranspose{Out: 1, Kernel: op.Square(1), OutPad: op.Size{H: huge}},
			op.ConvTranspose{Out: 1, Kernel: op.Square(1), Stride: op.Size{H: 1, W: huge}},
		} {
			if _, err := o.Infer(in); err == nil || !strings.Contains(err.Error(), "at most 2³⁰") {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
}
