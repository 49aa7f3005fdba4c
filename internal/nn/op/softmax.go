package op

import (
	"math"

	"vizserver/internal/nn"
)

// Softmax turns the logits of each sample into probabilities:
//
//	y[n,c] = exp(s[n,c] − max s) / Σₖ exp(s[n,k] − max s)
//
// over the channels, at every place. Input and output N×C×H×W. ONNX: Softmax, axis 1.
type Softmax struct{ elementwise }

// Kind names the operator.
func (Softmax) Kind() string { return "Softmax" }

// Formula writes the function.
func (Softmax) Formula() string { return "e^s / Σ e^s" }

// ActivationName is the name on the wire.
func (Softmax) ActivationName() string { return "softmax" }

// Signed says that no value is below zero.
func (Softmax) Signed() bool { return false }

// Forward subtracts the largest logit first, so that no exponential overflows, and
// sums in float64.
func (Softmax) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	eachColumn(out.Shape, func(at, step, n int) {
		m := math.Inf(-1)
		for i := range n {
			m = math.Max(m, float64(in[0].Data[at+i*step]))
		}
		var sum float64
		for i := range n {
			sum += math.Exp(float64(in[0].Data[at+i*step]) - m)
		}
		for i := range n {
			out.Data[at+i*step] = float32(math.Exp(float64(in[0].Data[at+i*step])-m) / sum)
		}
	})
}

// eachColumn calls do for every place of every sample: its n channels stand step apart.
func eachColumn(s nn.Shape, do func(at, step, n int)) {
	for n := range s.N {
		for p := range s.Plane() {
			do(n*s.Sample()+p, s.Plane(), s.C)
		}
	}
}

// Backward adds y·(dy − Σ dy·y).
func (Softmax) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	y, dy, dx := g.Y.Data, g.DY.Data, g.DX[0].Data
	eachColumn(g.Y.Shape, func(at, step, n int) {
		var dot float32
		for i := range n {
			dot += dy[at+i*step] * y[at+i*step]
		}
		for i := range n {
			dx[at+i*step] += y[at+i*step] * (dy[at+i*step] - dot)
		}
	})
}

// Sees returns all channels at the same places.
func (Softmax) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return allChannels(in[0], out) }

// Feeds returns all channels at the same places.
func (Softmax) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area { return allChannels(in[0], area) }

func allChannels(s nn.Shape, a nn.Area) nn.Area {
	a.Channels = nn.All(s).Channels
	return a
}
