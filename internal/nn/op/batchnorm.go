package op

import (
	"math"

	"vizserver/internal/nn"
)

// BatchNorm normalises each channel by the statistics of the training set:
//
//	y[n,c] = (x[n,c] − mean[c]) / √(var[c] + Eps) · weight[c] + bias[c]
//
// Input and output N×C×H×W; weight (γ), bias (β), running_mean and running_var C. The
// statistics are constants here (inference). Ioffe and Szegedy, ICML 2015. ONNX:
// BatchNormalization; PyTorch: BatchNorm2d in eval mode.
type BatchNorm struct {
	elementwise
	Eps float64 // zero: 1e-5, torch.nn.BatchNorm2d's default; a file's own 0 is math.SmallestNonzeroFloat64
}

// Kind names the operator.
func (BatchNorm) Kind() string { return "BatchNormalization" }

// Params returns γ, β, mean and variance of each channel.
func (BatchNorm) Params(in []nn.Shape) []nn.ParamSpec {
	c := []int{in[0].C}
	return []nn.ParamSpec{
		{Name: "weight", Dims: c, FanIn: 1, FanOut: 1},
		{Name: "bias", Dims: c, FanIn: 1, FanOut: 1},
		{Name: "running_mean", Dims: c, FanIn: 1, FanOut: 1, Fixed: true},
		{Name: "running_var", Dims: c, FanIn: 1, FanOut: 1, Fixed: true},
	}
}

// Epsilon is what is added to the variance.
func (b BatchNorm) Epsilon() float64 {
	if b.Eps == 0 {
		return 1e-5
	}
	return b.Eps
}

// affine returns scale and shift of channel c, so that y = scale·x + shift.
func (b BatchNorm) affine(p [][]float32, c int) (scale, shift float32) {
	s := float64(p[0][c]) / math.Sqrt(float64(p[3][c])+b.Epsilon())
	return float32(s), float32(float64(p[1][c]) - float64(p[2][c])*s)
}

// Forward scales and shifts each channel.
func (b BatchNorm) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	for c := range out.Shape.C {
		scale, shift := b.affine(params, c)
		for n := range out.Shape.N {
			y := out.Plane(n, c)
			for i, v := range in[0].Plane(n, c) {
				y[i] = float32(v*scale) + shift
			}
		}
	}
}

// Backward adds the gradients by input, γ and β, the statistics held.
func (b BatchNorm) Backward(g *nn.Grad) {
	for c := range g.DY.Shape.C {
		scale, _ := b.affine(g.Params, c)
		inv := 1 / math.Sqrt(float64(g.Params[3][c])+b.Epsilon())
		var sum, dot float64
		for n := range g.DY.Shape.N {
			x, dy := g.X[0].Plane(n, c), g.DY.Plane(n, c)
			for i, d := range dy {
				sum += float64(d)
				dot += float64(d) * (float64(x[i]) - float64(g.Params[2][c]))
			}
			if g.DX[0] != nil {
				dx := g.DX[0].Plane(n, c)
				for i, d := range dy {
					dx[i] += d * scale
				}
			}
		}
		if g.DP[0] != nil {
			g.DP[0][c] += float32(dot * inv)
		}
		if g.DP[1] != nil {
			g.DP[1][c] += float32(sum)
		}
	}
}
