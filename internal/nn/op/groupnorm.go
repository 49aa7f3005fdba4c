package op

import (
	"math"

	"vizserver/internal/nn"
)

// GroupNorm normalises groups of neighbouring channels of each sample, all places together, by
// their own mean and variance:
//
//	y[n,c] = (x[n,c] − mean[n,g]) / √(var[n,g] + Eps) · weight[c] + bias[c]
//
// Input and output N×C×H×W, weight and bias C. Wu and He, ECCV 2018. ONNX: GroupNormalization
// (opset 21; before it weight and bias are those of a group, repeated for its channels).
type GroupNorm struct {
	Groups int     // divides C
	Eps    float64 // zero: 1e-5
}

// Kind names the operator.
func (GroupNorm) Kind() string { return "GroupNormalization" }

// Infer demands groups that divide the channels.
func (g GroupNorm) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(g.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if g.Groups < 1 || in[0].C%g.Groups != 0 {
		return nn.Shape{}, wrong(g.Kind(), in[0], "channels that %d groups divide", g.Groups)
	}
	return in[0], checkEps(g.Kind(), in[0], g.Eps)
}

// checkEps demands a number that is not below zero.
func checkEps(kind string, in nn.Shape, eps float64) error {
	if !(eps >= 0) || math.IsInf(eps, 1) {
		return wrong(kind, in, "an epsilon of at least 0, not %v", eps)
	}
	return nil
}

// Params returns γ and β of each channel.
func (GroupNorm) Params(in []nn.Shape) []nn.ParamSpec { return LayerNorm{}.Params(in) }

// groups calls do for every group of every sample: channels from…to, which lie together.
func (g GroupNorm) groups(s nn.Shape, do func(n, from, to int)) {
	per := s.C / g.Groups
	for n := range s.N {
		for from := 0; from < s.C; from += per {
			do(n, from, from+per)
		}
	}
}

// stats returns the mean of a group and one over its deviation.
func (g GroupNorm) stats(x *nn.Tensor, n, from, to int) (mean, inv float64) {
	plane := x.Shape.Plane()
	return LayerNorm{Eps: g.Eps}.stats(x.Sample(n), from*plane, 1, (to-from)*plane)
}

// Forward normalises each group, the statistics in float64.
func (g GroupNorm) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x := in[0]
	g.groups(out.Shape, func(n, from, to int) {
		mean, inv := g.stats(x, n, from, to)
		for c := from; c < to; c++ {
			y, scale, shift := out.Plane(n, c), inv*float64(params[0][c]), float64(params[1][c])
			for i, v := range x.Plane(n, c) {
				y[i] = float32((float64(v)-mean)*scale + shift)
			}
		}
	})
}

// Backward adds the gradients by input, γ and β.
func (g GroupNorm) Backward(gr *nn.Grad) {
	x, dy := gr.X[0], gr.DY
	g.groups(dy.Shape, func(n, from, to int) {
		mean, inv := g.stats(x, n, from, to)
		var total, dot float64 // of dy·γ, and of dy·γ·x̂
		for c := from; c < to; c++ {
			values := x.Plane(n, c)
			var plain, hats float64
			for i, d := range dy.Plane(n, c) {
				plain += float64(d)
				hats += float64(d) * (float64(values[i]) - mean) * inv
			}
			total += plain * float64(gr.Params[0][c])
			dot += hats * float64(gr.Params[0][c])
			if gr.DP[0] != nil {
				gr.DP[0][c] += float32(hats)
			}
			if gr.DP[1] != nil {
				gr.DP[1][c] += float32(plain)
			}
		}
		if gr.DX[0] == nil {
			return
		}
		size := float64((to - from) * dy.Shape.Plane())
		for c := from; c < to; c++ {
			values, dx := x.Plane(n, c), gr.DX[0].Plane(n, c)
			for i, d := range dy.Plane(n, c) {
				hat := (float64(values[i]) - mean) * inv
				dx[i] += float32(inv * (float64(d)*float64(gr.Params[0][c]) - total/size - hat*dot/size))
			}
		}
	})
}

// Sees returns all places of the channels' groups.
func (g GroupNorm) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	hit := make([]bool, in[0].C)
	per := in[0].C / g.Groups
	for _, c := range out.Channels {
		for k := range per {
			hit[c/per*per+k] = true
		}
	}
	return nn.Area{Channels: trueIndices(hit), Y1: in[0].H - 1, X1: in[0].W - 1}
}

// Feeds returns all places of the channels' groups.
func (g GroupNorm) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area { return g.Sees(i, in, area) }

// Slide says that every place sees all.
func (GroupNorm) Slide(in []nn.Shape) [2]nn.Slide {
	return [2]nn.Slide{anywhere(in[0].H, in[0].H), anywhere(in[0].W, in[0].W)}
}

// InstanceNorm normalises each feature map of each sample by its own mean and variance: GroupNorm
// with a group for each channel.
//
// Input and output N×C×H×W, weight and bias C. Ulyanov, Vedaldi and Lempitsky 2016,
// arXiv:1607.08022. ONNX: InstanceNormalization.
type InstanceNorm struct {
	Eps float64 // zero: 1e-5
}

// Kind names the operator.
func (InstanceNorm) Kind() string { return "InstanceNormalization" }

func (i InstanceNorm) group(s nn.Shape) GroupNorm { return GroupNorm{Groups: s.C, Eps: i.Eps} }

// Infer returns the input's shape.
func (i InstanceNorm) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(i.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	return in[0], checkEps(i.Kind(), in[0], i.Eps)
}

// Params returns γ and β of each channel.
func (InstanceNorm) Params(in []nn.Shape) []nn.ParamSpec { return LayerNorm{}.Params(in) }

// Forward normalises each map.
func (i InstanceNorm) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	i.group(in[0].Shape).Forward(in, params, out)
}

// Backward adds the gradients by input, γ and β.
func (i InstanceNorm) Backward(g *nn.Grad) { i.group(g.X[0].Shape).Backward(g) }

// Sees returns the whole map.
func (InstanceNorm) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return nn.Area{Channels: out.Channels, Y1: in[0].H - 1, X1: in[0].W - 1}
}

// Feeds returns the whole map.
func (i InstanceNorm) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area { return i.Sees(0, in, area) }

// Slide says that every place sees all.
func (InstanceNorm) Slide(in []nn.Shape) [2]nn.Slide { return GroupNorm{}.Slide(in) }
