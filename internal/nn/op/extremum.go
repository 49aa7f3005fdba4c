package op

import "vizserver/internal/nn"

// Max is the largest of tensors, element by element. A size of 1 is repeated.
//
// Input and output N×C×H×W. ONNX: Max. Maxout: Goodfellow et al., ICML 2013.
type Max struct{ several }

// Kind names the operator.
func (Max) Kind() string { return "Max" }

// Infer returns the broadcast shape of at least one input.
func (Max) Infer(in []nn.Shape) (nn.Shape, error) { return commonShape("Max", in, 1) }

// Forward takes the maximum; NaN wins, so that it shows.
func (Max) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	spread(out, in[0])
	for _, t := range in[1:] {
		eachPlace(out.Shape, t.Shape, func(o, i int) { out.Data[o] = max(out.Data[o], t.Data[i]) })
	}
}

// Backward gives the gradient to the winner; of equals, to the first.
func (Max) Backward(g *nn.Grad) { toWinner(g) }

// Min is the smallest of tensors, element by element. A size of 1 is repeated.
//
// Input and output N×C×H×W. ONNX: Min.
type Min struct{ several }

// Kind names the operator.
func (Min) Kind() string { return "Min" }

// Infer returns the broadcast shape of at least one input.
func (Min) Infer(in []nn.Shape) (nn.Shape, error) { return commonShape("Min", in, 1) }

// Forward takes the minimum; NaN wins, so that it shows.
func (Min) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	spread(out, in[0])
	for _, t := range in[1:] {
		eachPlace(out.Shape, t.Shape, func(o, i int) { out.Data[o] = min(out.Data[o], t.Data[i]) })
	}
}

// Backward gives the gradient to the winner; of equals, to the first.
func (Min) Backward(g *nn.Grad) { toWinner(g) }

// toWinner adds each gradient to the first input that has the output's value there.
func toWinner(g *nn.Grad) {
	for k, dx := range g.DX {
		if dx == nil {
			continue
		}
		x := g.X[k]
		eachPlace(g.DY.Shape, x.Shape, func(o, i int) {
			if x.Data[i] == g.Y.Data[o] && !earlier(g, k, o) {
				dx.Data[i] += g.DY.Data[o]
			}
		})
	}
}

// earlier says whether an input before k has the output's value at place o.
func earlier(g *nn.Grad, k, o int) bool {
	for _, x := range g.X[:k] {
		if x.Data[placeOf(g.DY.Shape, x.Shape, o)] == g.Y.Data[o] {
			return true
		}
	}
	return false
}

// placeOf returns the place in an input, repeated to the output, of the output's place o.
func placeOf(out, in nn.Shape, o int) int {
	s := strides(in)
	x, o := o%out.W, o/out.W
	y, o := o%out.H, o/out.H
	return o/out.C*s[0] + o%out.C*s[1] + y*s[2] + x*s[3]
}
