package op

import "vizserver/internal/nn"

// GlobalMaxPool takes the largest value of each feature map.
//
// Input N×C×H×W, output N×C×1×1. ONNX: GlobalMaxPool. Oquab et al., CVPR 2015.
type GlobalMaxPool struct{ global }

// Kind names the operator.
func (GlobalMaxPool) Kind() string { return "GlobalMaxPool" }

func (GlobalMaxPool) pool(s nn.Shape) MaxPool { return MaxPool{Kernel: Size{s.H, s.W}} }

// Forward takes the maximum of each map; NaN wins, so that it shows.
func (o GlobalMaxPool) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	o.pool(in[0].Shape).Forward(in, params, out)
}

// Backward gives the whole gradient to the winner.
func (o GlobalMaxPool) Backward(g *nn.Grad) { o.pool(g.X[0].Shape).Backward(g) }

// Explain lists the map and says which value won.
func (o GlobalMaxPool) Explain(in []*nn.Tensor, p [][]float32, y *nn.Tensor, c, row, col int) nn.Terms {
	return o.pool(in[0].Shape).Explain(in, p, y, c, row, col)
}

// GlobalLpPool takes the p-norm of each feature map.
//
// Input N×C×H×W, output N×C×1×1. ONNX: GlobalLpPool.
type GlobalLpPool struct {
	global
	P int // zero: 2
}

// Kind names the operator.
func (GlobalLpPool) Kind() string { return "GlobalLpPool" }

func (o GlobalLpPool) pool(s nn.Shape) LpPool { return LpPool{P: o.P, Kernel: Size{s.H, s.W}} }

// Infer returns N×C×1×1.
func (o GlobalLpPool) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(o.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	return o.pool(in[0]).Infer(in)
}

// Forward takes the norm of each map.
func (o GlobalLpPool) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	o.pool(in[0].Shape).Forward(in, params, out)
}

// Backward shares the gradient by the values' part in the norm.
func (o GlobalLpPool) Backward(g *nn.Grad) { o.pool(g.X[0].Shape).Backward(g) }

// global is what operators share that make one value of each feature map.
type global struct{}

// Infer returns N×C×1×1.
func (global) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity("global pooling", in, 1); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: in[0].N, C: in[0].C, H: 1, W: 1}, nil
}

// Params is empty: nothing is trained.
func (global) Params([]nn.Shape) []nn.ParamSpec { return nil }

// MACs counts none.
func (global) MACs([]nn.Shape) int64 { return 0 }

// Connections counts the inputs.
func (global) Connections(in []nn.Shape) int64 { return int64(in[0].Len()) }

// Sees returns the whole map.
func (global) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	out.Y0, out.X0, out.Y1, out.X1 = 0, 0, in[0].H-1, in[0].W-1
	return out
}

// Feeds returns the map's one value.
func (global) Feeds(_ int, _ []nn.Shape, area nn.Area) nn.Area {
	return nn.Area{Channels: area.Channels}
}

// Slide covers the map.
func (global) Slide(in []nn.Shape) [2]nn.Slide { return whole(in[0]) }
