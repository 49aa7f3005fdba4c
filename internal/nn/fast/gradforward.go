package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// Forward computes convolutions, fully connected layers, clamps and pools of 2×2.
func (s *steps) Forward(n *nn.Node, in []*nn.Tensor, params [][]float32, out *nn.Tensor) bool {
	if c, ok := clampOf(n.Op); ok {
		s.clamp(out.Data, in[0].Data, c)
		return true
	}
	switch o := n.Op.(type) {
	case op.Conv:
		j, ok := s.newConvGrad(n, o)
		if !ok {
			return false
		}
		j.x, j.y, j.weight, j.bias = in[0].Data, out.Data, params[0], bias(params)
		j.run(forward, 0)
	case op.Linear:
		s.linear(in[0], params, out)
	case op.MaxPool:
		w := poolWindow(o.Kernel, o.Stride, o.Pad, o.Extra, o.Dilation)
		if w != (kernel.Pool{KH: 2, KW: 2, SH: 2, SW: 2, DH: 1, DW: 1}) || in[0].Shape.H < 2*out.Shape.H || in[0].Shape.W < 2*out.Shape.W {
			return false
		}
		maxForward(s.set, in[0], out)
	default:
		return false
	}
	return true
}

// clamp cuts contiguous numbers, 16 as a pixel.
func (s *steps) clamp(y, x []float32, act kernel.Clamp) {
	pixels := len(y) / kernel.Lanes
	if pixels > 0 {
		to := kernel.Blocked{Data: y, N: 1, C: kernel.Lanes, H: 1, W: pixels, Blocks: 1, PH: 1, PW: pixels}
		from := to
		from.Data = x
		kernel.Affine(s.set, &to, &from, nil, nil, act, 0, 1)
	}
	for i := pixels * kernel.Lanes; i < len(y); i++ {
		y[i] = min(max(x[i], act.Lo), act.Hi)
	}
}

// linear computes Y = X·Wᵀ + b.
func (s *steps) linear(x *nn.Tensor, params [][]float32, y *nn.Tensor) {
	in, out := x.Shape.C, y.Shape.C
	d := kernel.Dots{M: x.Shape.N, N: out, K: in, LDA: in, LDB: in, LDC: out, Blocks: 1}
	if b := bias(params); b != nil {
		for n := range y.Shape.N {
			copy(y.Sample(n), b)
		}
		d.Add = true
	}
	d.Run(s.set, y.Data, x.Data, params[0], 0, d.M)
}

// maxForward takes the maximum of windows of 2×2 side by side; what is no number wins.
func maxForward(set *kernel.Set, x, y *nn.Tensor) {
	width, out := x.Shape.W, y.Shape
	for p := range out.N * out.C {
		plane, to := x.Data[p*x.Shape.Plane():][:x.Shape.Plane()], y.Data[p*out.Plane():][:out.Plane()]
		for oy := range out.H {
			kernel.MaxHalves(set, to[oy*out.W:][:out.W], plane[2*oy*width:], width)
		}
	}
}
