package op_test

import (
	"math"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// What no golden case holds: NaN and infinities, and the gradient of equal candidates.
func TestReduceEdges(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		fn   string
		x    []float32
		want float32
	}{
		{"max", []float32{1, nan, 3}, nan},
		{"min", []float32{3, 1, nan}, nan},
		{"max", []float32{-inf, -inf, -inf}, -inf},
		{"min", []float32{inf, inf, inf}, inf},
		{"log_sum_exp", []float32{-inf, -inf, -inf}, -inf},
		{"log_sum_exp", []float32{0, inf, 1}, inf},
		{"log_sum_exp", []float32{-inf, 2, -inf}, 2},
		{"log_sum_exp", []float32{0, nan, 1}, nan},
		{"mean", []float32{1, inf, -inf}, nan},
		{"log_sum", []float32{1, -1, 0}, -inf},
		{"sum", []float32{1 << 24, 1, -1 << 24}, 1}, // float32 would lose the 1
	} {
		o := op.Reduce{Fn: c.fn, Dims: []int{3}, Axes: []int{0}}
		y := nn.NewTensor(nn.Vec(1))
		o.Forward([]*nn.Tensor{{Shape: nn.Vec(3), Data: c.x}}, nil, y)
		if got := y.Data[0]; got != c.want && (got == got || c.want == c.want) {
			t.Errorf("%s of %v is %v, want %v", c.fn, c.x, got, c.want)
		}
	}
	x := &nn.Tensor{Shape: nn.Vec(4), Data: []float32{1, 5, 5, 2}}
	g := &nn.Grad{
		X: []*nn.Tensor{x}, Y: nn.NewTensor(nn.Vec(1)), DY: &nn.Tensor{Shape: nn.Vec(1), Data: []float32{3}},
		DX: []*nn.Tensor{nn.NewTensor(nn.Vec(4))},
	}
	op.Reduce{Fn: "max", Dims: []int{4}, Axes: []int{0}}.Backward(g)
	if d := g.DX[0].Data; d[0] != 0 || d[1] != 3 || d[2] != 0 || d[3] != 0 {
		t.Errorf("of two equal winners the first gets the gradient: %v", d)
	}
}

// A mask of −∞ hides a token; where all are hidden nothing is defined, as in PyTorch.
func TestSoftmaxAxisMasks(t *testing.T) {
	inf := float32(math.Inf(1))
	in := &nn.Tensor{Shape: nn.Shape{N: 1, C: 2, H: 1, W: 3}, Data: []float32{0, -inf, 0, -inf, -inf, -inf}}
	y := nn.NewTensor(in.Shape)
	op.SoftmaxAxis{Dims: []int{2, 3}, Axis: 1}.Forward([]*nn.Tensor{in}, nil, y)
	if d := y.Data; d[0] != 0.5 || d[1] != 0 || d[2] != 0.5 || d[3] == d[3] {
		t.Errorf("%v", d)
	}
}
