package op

import (
	"math"

	"vizserver/internal/nn"
)

// LayerNormAxes normalises the last dimensions of a sample, from Axis on, by their own mean and
// variance:
//
//	y[…, i] = (x[…, i] − mean) / √(var + Eps) · weight[i] + bias[i]
//
// Batch left out; input and output of the same dims, weight and bias of Dims[Axis:]. Ba, Kiros
// and Hinton 2016. ONNX: LayerNormalization (opset 17); PyTorch: LayerNorm.
type LayerNormAxes struct {
	Dims   []int
	Axis   int
	Eps    float64 // zero: 1e-5
	NoBias bool
}

// Kind names the operator.
func (LayerNormAxes) Kind() string { return "LayerNormAxes" }

// Infer demands an axis of the input.
func (l LayerNormAxes) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(l.Kind(), in, l.Dims); err != nil {
		return nn.Shape{}, err
	}
	if l.Axis < 0 || l.Axis >= len(l.Dims) {
		return nn.Shape{}, wrong(l.Kind(), in[0], "an axis of %v, not %d", l.Dims, l.Axis)
	}
	if !(l.Eps >= 0) || math.IsInf(l.Eps, 1) {
		return nn.Shape{}, wrong(l.Kind(), in[0], "an epsilon of at least 0, not %v", l.Eps)
	}
	return projected(l.Kind(), in[0], l.Dims, in[0].N)
}

// Params returns weight and bias.
func (l LayerNormAxes) Params([]nn.Shape) []nn.ParamSpec {
	list := []nn.ParamSpec{{Name: "weight", Dims: l.Dims[l.Axis:], FanIn: 1, FanOut: 1}}
	if !l.NoBias {
		list = append(list, nn.ParamSpec{Name: "bias", Dims: l.Dims[l.Axis:], FanIn: 1, FanOut: 1})
	}
	return list
}

// each calls do for every group of n values that is normalised; they lie together, from at on.
func (l LayerNormAxes) each(batch int, do func(at, n int)) {
	n := product(l.Dims[l.Axis:])
	for i := range batch * product(l.Dims[:l.Axis]) {
		do(i*n, n)
	}
}

// Forward normalises each group.
func (l LayerNormAxes) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x, stats := in[0].Data, LayerNorm{Eps: l.Eps}
	l.each(out.Shape.N, func(at, n int) {
		mean, inv := stats.stats(x, at, 1, n)
		for i := range n {
			v := (float64(x[at+i]) - mean) * inv * float64(params[0][i])
			if !l.NoBias {
				v += float64(params[1][i])
			}
			out.Data[at+i] = float32(v)
		}
	})
}

// Backward adds the gradients by input, weight and bias.
func (l LayerNormAxes) Backward(g *nn.Grad) {
	x, dy, stats := g.X[0].Data, g.DY.Data, LayerNorm{Eps: l.Eps}
	l.each(g.DY.Shape.N, func(at, n int) {
		mean, inv := stats.stats(x, at, 1, n)
		var sum, dot float64 // of dy·weight, and of dy·weight·x̂
		for i := range n {
			hat := (float64(x[at+i]) - mean) * inv
			d := float64(dy[at+i]) * float64(g.Params[0][i])
			sum += d
			dot += d * hat
			if g.DP[0] != nil {
				g.DP[0][i] += float32(float64(dy[at+i]) * hat)
			}
			if !l.NoBias && g.DP[1] != nil {
				g.DP[1][i] += dy[at+i]
			}
		}
		if g.DX[0] == nil {
			return
		}
		for i := range n {
			hat := (float64(x[at+i]) - mean) * inv
			d := float64(dy[at+i]) * float64(g.Params[0][i])
			g.DX[0].Data[at+i] += float32(inv * (d - sum/float64(n) - hat*dot/float64(n)))
		}
	})
}

func (l LayerNormAxes) joins() joins {
	number, n := rows(l.Dims, func(d int) bool { return d >= l.Axis })
	return joins{groups: n, out: number.place, in: number.place}
}

// Sees returns the groups of the units.
func (l LayerNormAxes) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return l.joins().sees(in[0], outOf(l, in), out)
}

// Feeds returns the groups of the units.
func (l LayerNormAxes) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return l.joins().feeds(in[0], outOf(l, in), area)
}
