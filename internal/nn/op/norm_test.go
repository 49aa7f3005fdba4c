package op_test

import (
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// A column or a window of zeros has the norm 0: no NaN comes of it, forward or backward.
func TestNormsOfZeros(t *testing.T) {
	zeros := []float32{0, 0, 0}
	for _, o := range []nn.Backwarder{op.LpNorm{}, op.LpNorm{P: 1}, op.GlobalLpPool{}, op.GlobalLpPool{P: 3}} {
		x := vec(0, 0, 0)
		out, err := o.Infer([]nn.Shape{x.Shape})
		if err != nil {
			t.Fatal(err)
		}
		g := &nn.Grad{X: []*nn.Tensor{x}, Y: nn.NewTensor(out), DY: vec(1, 2, 3), DX: []*nn.Tensor{vec(0, 0, 0)}}
		o.Forward(g.X, nil, g.Y)
		o.Backward(g)
		if !slices.Equal(g.Y.Data, zeros) || !slices.Equal(g.DX[0].Data, zeros) {
			t.Errorf("%+v: %v, gradient %v, want zeros", o, g.Y.Data, g.DX[0].Data)
		}
	}
}

// What Infer refuses of pooling and normalising.
func TestRefusedPoolsAndNorms(t *testing.T) {
	s := []nn.Shape{{N: 2, C: 6, H: 5, W: 7}}
	for name, o := range map[string]nn.Op{
		"pool of padding alone":     op.MaxPool{Kernel: op.Square(2), Pad: op.Square(1), Dilation: op.Square(6)},
		"padding behind":            op.MaxPool{Kernel: op.Square(2), Extra: op.Size{H: 2}},
		"less than no padding":      op.AvgPool{Kernel: op.Square(2), Extra: op.Size{H: -1}},
		"p below zero":              op.LpPool{P: -1, Kernel: op.Square(2)},
		"norm with p below zero":    op.LpNorm{P: -2},
		"groups that do not divide": op.GroupNorm{Groups: 4},
		"no groups":                 op.GroupNorm{},
		"epsilon below zero":        op.InstanceNorm{Eps: -1},
		"a giant kernel":            op.LpPool{Kernel: op.Square(1 << 40)},
		"a giant dilation":          op.AvgPool{Kernel: op.Square(2), Dilation: op.Size{H: 1, W: 1 << 62}},
	} {
		if out, err := o.Infer(s); err == nil {
			t.Errorf("%s: %+v gives %v", name, o, out)
		}
	}
}
