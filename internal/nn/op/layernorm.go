package op

import (
	"math"

	"vizserver/internal/nn"
)

// LayerNorm normalises the channels of every place by their own mean and variance:
//
//	y[c] = (x[c] − mean) / √(var + Eps) · weight[c] + bias[c]
//
// Input and output N×C×H×W, weight and bias C. Ba, Kiros and Hinton 2016, over channels
// as in ConvNeXt. ONNX: LayerNormalization on the channel axis.
type LayerNorm struct {
	elementwise
	Eps float64 // zero: 1e-5
}

// Kind names the operator.
func (LayerNorm) Kind() string { return "LayerNormalization" }

// Params returns γ and β of each channel.
func (LayerNorm) Params(in []nn.Shape) []nn.ParamSpec {
	c := []int{in[0].C}
	return []nn.ParamSpec{
		{Name: "weight", Dims: c, FanIn: 1, FanOut: 1},
		{Name: "bias", Dims: c, FanIn: 1, FanOut: 1},
	}
}

// stats returns the mean and one over the deviation of a column.
func (l LayerNorm) stats(x []float32, at, step, n int) (mean, inv float64) {
	for i := range n {
		mean += float64(x[at+i*step])
	}
	mean /= float64(n)
	var sq float64
	for i := range n {
		d := float64(x[at+i*step]) - mean
		sq += d * d
	}
	eps := l.Eps
	if eps == 0 {
		eps = 1e-5
	}
	return mean, 1 / math.Sqrt(sq/float64(n)+eps)
}

// Forward normalises each column.
func (l LayerNorm) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x := in[0].Data
	eachColumn(out.Shape, func(at, step, n int) {
		mean, inv := l.stats(x, at, step, n)
		for c := range n {
			i := at + c*step
			out.Data[i] = float32((float64(x[i])-mean)*inv*float64(params[0][c]) + float64(params[1][c]))
		}
	})
}

// Backward adds the gradients by input, γ and β.
func (l LayerNorm) Backward(g *nn.Grad) {
	x, dy := g.X[0].Data, g.DY.Data
	eachColumn(g.DY.Shape, func(at, step, n int) {
		mean, inv := l.stats(x, at, step, n)
		var sum, dot float64 // of dy·γ, and of dy·γ·x̂
		for c := range n {
			i := at + c*step
			hat := (float64(x[i]) - mean) * inv
			d := float64(dy[i]) * float64(g.Params[0][c])
			sum += d
			dot += d * hat
			if g.DP[0] != nil {
				g.DP[0][c] += float32(float64(dy[i]) * hat)
			}
			if g.DP[1] != nil {
				g.DP[1][c] += dy[i]
			}
		}
		if g.DX[0] == nil {
			return
		}
		for c := range n {
			i := at + c*step
			hat := (float64(x[i]) - mean) * inv
			d := float64(dy[i]) * float64(g.Params[0][c])
			g.DX[0].Data[i] += float32(inv * (d - sum/float64(n) - hat*dot/float64(n)))
		}
	})
}

// Sees returns all channels at the same places.
func (LayerNorm) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return allChannels(in[0], out) }

// Feeds returns all channels at the same places.
func (LayerNorm) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area { return allChannels(in[0], area) }
