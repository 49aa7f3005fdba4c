package op_test

import (
	"math"
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

func vec(v ...float32) *nn.Tensor { return &nn.Tensor{Shape: nn.Vec(len(v)), Data: v} }

// Of equal inputs the first gets the whole gradient, and NaN wins.
func TestExtremaOfEqualInputs(t *testing.T) {
	nan := float32(math.NaN())
	a, b := vec(1, 2, nan, 5), vec(1, 3, 4, nan)
	for _, c := range []struct {
		op   nn.Backwarder
		want []float32
		a, b []float32
	}{
		{op.Max{}, []float32{1, 3, nan, nan}, []float32{7, 0, 0, 0}, []float32{0, 8, 0, 0}},
		{op.Min{}, []float32{1, 2, nan, nan}, []float32{7, 8, 0, 0}, []float32{0, 0, 0, 0}},
	} {
		y := vec(0, 0, 0, 0)
		c.op.Forward([]*nn.Tensor{a, b}, nil, y)
		same := func(x, y float32) bool { return x == y || x != x && y != y }
		if !slices.EqualFunc(y.Data, c.want, same) {
			t.Errorf("%s: %v, want %v", c.op.Kind(), y.Data, c.want)
		}
		da, db := vec(0, 0, 0, 0), vec(0, 0, 0, 0)
		c.op.Backward(&nn.Grad{X: []*nn.Tensor{a, b}, Y: y, DY: vec(7, 8, 9, 10), DX: []*nn.Tensor{da, db}})
		if !slices.Equal(da.Data, c.a) || !slices.Equal(db.Data, c.b) {
			t.Errorf("%s: gradients %v and %v, want %v and %v", c.op.Kind(), da.Data, db.Data, c.a, c.b)
		}
	}
}
