package op

import (
	"math"

	"vizserver/internal/nn"
)

// LpNorm divides the channels of every place by their p-norm:
//
//	y[c] = x[c] / (Σₖ |x[k]|ᵖ)^(1/p)
//
// and leaves zeros where all are zero. Input and output N×C×H×W. ONNX: LpNormalization, axis 1;
// PyTorch: normalize.
type LpNorm struct {
	P int // zero: 2
}

// Kind names the operator.
func (LpNorm) Kind() string { return "LpNormalization" }

// Infer demands p of at least 1.
func (l LpNorm) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(l.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if l.P < 0 {
		return nn.Shape{}, wrong(l.Kind(), in[0], "p of at least 1, not %d", l.P)
	}
	return in[0], nil
}

// Params is empty: nothing is trained.
func (LpNorm) Params([]nn.Shape) []nn.ParamSpec { return nil }

// norm returns the norm of a column.
func (l LpNorm) norm(x []float32, at, step, n int) float64 {
	p := LpPool{P: l.P}.order()
	var sum float64
	for i := range n {
		sum += math.Pow(math.Abs(float64(x[at+i*step])), p)
	}
	return math.Pow(sum, 1/p)
}

// Forward divides each column, the norm in float64.
func (l LpNorm) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0].Data
	eachColumn(out.Shape, func(at, step, n int) {
		norm := l.norm(x, at, step, n)
		if norm == 0 {
			norm = 1
		}
		for i := at; i < at+n*step; i += step {
			out.Data[i] = float32(float64(x[i]) / norm)
		}
	})
}

// Backward adds (dy − sign(x)·(|x|/norm)ᵖ⁻¹·Σ dy·y)/norm; nothing where the norm is 0.
func (l LpNorm) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	p := LpPool{P: l.P}.order()
	x, y, dy := g.X[0].Data, g.Y.Data, g.DY.Data
	eachColumn(g.DY.Shape, func(at, step, n int) {
		norm := l.norm(x, at, step, n)
		if norm == 0 {
			return
		}
		var dot float64
		for i := at; i < at+n*step; i += step {
			dot += float64(dy[i]) * float64(y[i])
		}
		for i := at; i < at+n*step; i += step {
			v := float64(x[i])
			g.DX[0].Data[i] += float32((float64(dy[i]) - sign(v)*math.Pow(math.Abs(v)/norm, p-1)*dot) / norm)
		}
	})
}

// Sees returns all channels at the same places.
func (LpNorm) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area { return allChannels(in[0], out) }

// Feeds returns all channels at the same places.
func (LpNorm) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area { return allChannels(in[0], area) }
