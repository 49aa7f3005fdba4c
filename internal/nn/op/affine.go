package op

import "vizserver/internal/nn"

// Affine scales and shifts each channel by trained numbers: y = weight[c]·x + bias[c].
//
// Input and output N×C×H×W, weight and bias C. ONNX: Mul and Add by constants C×1×1; Caffe:
// Scale and Bias.
type Affine struct {
	NoWeight, NoBias bool // not both
}

// Kind names the operator.
func (Affine) Kind() string { return "Affine" }

// Infer demands a weight or a bias.
func (a Affine) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(a.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if a.NoWeight && a.NoBias {
		return nn.Shape{}, &nn.ShapeError{Op: "Affine", Got: in[0], Want: "a weight or a bias"}
	}
	return in[0], nil
}

// Params returns weight and bias of each channel, those that there are.
func (a Affine) Params(in []nn.Shape) []nn.ParamSpec {
	var list []nn.ParamSpec
	if !a.NoWeight {
		list = append(list, nn.ParamSpec{Name: "weight", Dims: []int{in[0].C}, FanIn: 1, FanOut: 1})
	}
	if !a.NoBias {
		list = append(list, nn.ParamSpec{Name: "bias", Dims: []int{in[0].C}, FanIn: 1, FanOut: 1})
	}
	return list
}

// at returns scale and shift of a channel.
func (a Affine) at(p [][]float32, c int) (scale, shift float32) {
	scale = 1
	if !a.NoWeight {
		scale = p[0][c]
	}
	if !a.NoBias {
		shift = p[len(p)-1][c]
	}
	return scale, shift
}

// Forward scales and shifts each channel.
func (a Affine) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		for c := range out.Shape.C {
			scale, shift := a.at(params, c)
			y := out.Plane(n, c)
			for i, v := range in[0].Plane(n, c) {
				y[i] = float32(v*scale) + shift
			}
		}
	}
}

// Backward adds the gradients by input, weight and bias.
func (a Affine) Backward(g *nn.Grad) {
	for n := range g.DY.Shape.N {
		for c := range g.DY.Shape.C {
			scale, _ := a.at(g.Params, c)
			var total, dot float64
			x := g.X[0].Plane(n, c)
			for i, d := range g.DY.Plane(n, c) {
				total += float64(d)
				dot += float64(d) * float64(x[i])
				if g.DX[0] != nil {
					g.DX[0].Plane(n, c)[i] += d * scale
				}
			}
			if !a.NoWeight && g.DP[0] != nil {
				g.DP[0][c] += float32(dot)
			}
			if last := len(g.DP) - 1; !a.NoBias && g.DP[last] != nil {
				g.DP[last][c] += float32(total)
			}
		}
	}
}
