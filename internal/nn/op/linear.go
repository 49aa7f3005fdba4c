package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Linear is a fully connected layer: y[n,o] = b[o] + Σᵢ w[o,i] · x[n,i].
//
// Input N×I×1×1 (put Flatten before it), output N×Out×1×1, weight Out×I, bias Out.
// ONNX: Gemm with transB; PyTorch: Linear.
type Linear struct {
	Out    int
	NoBias bool
}

// Kind names the operator.
func (Linear) Kind() string { return "Gemm" }

// Infer returns N×Out×1×1.
func (l Linear) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(l.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s := in[0]
	if s.H != 1 || s.W != 1 || l.Out < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "Gemm", Got: s, Want: "a vector N×C×1×1 and at least one output"}
	}
	if err := weightFits("Gemm", s, l.Out, s.C); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: s.N, C: l.Out, H: 1, W: 1}, nil
}

// Params returns weight and bias.
func (l Linear) Params(in []nn.Shape) []nn.ParamSpec {
	i := in[0].C
	list := []nn.ParamSpec{{Name: "weight", Dims: []int{l.Out, i}, FanIn: i, FanOut: l.Out}}
	if !l.NoBias {
		list = append(list, nn.ParamSpec{Name: "bias", Dims: []int{l.Out}, FanIn: i, FanOut: l.Out})
	}
	return list
}

// MACs counts one multiply-add for each weight.
func (l Linear) MACs(in []nn.Shape) int64 {
	return int64(in[0].N) * int64(in[0].C) * int64(l.Out)
}

// Connections counts the weights and the biases.
func (l Linear) Connections(in []nn.Shape) int64 {
	n := l.MACs(in)
	if !l.NoBias {
		n += int64(in[0].N) * int64(l.Out)
	}
	return n
}

// Forward computes the product for each sample.
func (l Linear) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		kernel.Linear(out.Sample(n), params[0], l.bias(params), in[0].Sample(n))
	}
}

func (l Linear) bias(params [][]float32) []float32 {
	if l.NoBias {
		return nil
	}
	return params[1]
}

// Backward adds the gradients by input, weight and bias.
func (Linear) Backward(g *nn.Grad) { linearBackward(g, g.X[0].Shape.C) }

// linearBackward is the backward pass of y = W·x + b for inputs of i values.
func linearBackward(g *nn.Grad, i int) {
	for n := range g.DY.Shape.N {
		x, dy := g.X[0].Sample(n), g.DY.Sample(n)
		for o, d := range dy {
			if g.DP[0] != nil {
				kernel.Axpy(g.DP[0][o*i:(o+1)*i], d, x)
			}
			if g.DX[0] != nil {
				kernel.Axpy(g.DX[0].Sample(n), d, g.Params[0][o*i:(o+1)*i])
			}
		}
		if len(g.DP) > 1 && g.DP[1] != nil {
			kernel.Add(g.DP[1], dy)
		}
	}
}

// Sees returns the whole input.
func (Linear) Sees(_ int, in []nn.Shape, _ nn.Area) nn.Area { return nn.All(in[0]) }

// Feeds returns every output.
func (l Linear) Feeds(_ int, _ []nn.Shape, _ nn.Area) nn.Area { return nn.All(nn.Vec(l.Out)) }

// Explain gives the products, one term for each input map, or one term for a vector.
func (l Linear) Explain(in []*nn.Tensor, params [][]float32, _ *nn.Tensor, ch, _, _ int) nn.Terms {
	n := in[0].Shape.Sample()
	t := nn.Terms{HasBias: !l.NoBias}
	if t.HasBias {
		t.Bias = params[1][ch]
	}
	acc := t.Bias
	row := params[0][ch*n : (ch+1)*n]
	for _, term := range boxes(in[0].Shape) {
		at := term.Channel * in[0].Shape.Plane()
		for i := range term.Channels * term.H * term.W {
			acc = addProduct(&term, acc, in[0].Data[at+i], row[at+i])
		}
		t.Terms = append(t.Terms, term)
	}
	t.Repeated = acc
	return t
}

// boxes returns empty terms that cover an input: one for each map, or one for a vector.
func boxes(s nn.Shape) []nn.Term {
	if s.Plane() == 1 {
		return []nn.Term{{Channels: s.C, H: 1, W: 1}}
	}
	list := make([]nn.Term, s.C)
	for c := range list {
		list[c] = nn.Term{Channel: c, Channels: 1, H: s.H, W: s.W}
	}
	return list
}

// Flatten lays the maps of each sample one after the other: N×C×H×W → N×(C·H·W)×1×1,
// in the order C, H, W as PyTorch does.
type Flatten struct{}

// Kind names the operator.
func (Flatten) Kind() string { return "Flatten" }

// Infer returns N×(C·H·W)×1×1.
func (Flatten) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity("Flatten", in, 1); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: in[0].N, C: in[0].Sample(), H: 1, W: 1}, nil
}

// Params is empty.
func (Flatten) Params([]nn.Shape) []nn.ParamSpec { return nil }

// Forward copies.
func (Flatten) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { copy(out.Data, in[0].Data) }

// Backward adds the gradient unchanged.
func (Flatten) Backward(g *nn.Grad) {
	if g.DX[0] != nil {
		kernel.Add(g.DX[0].Data, g.DY.Data)
	}
}

// Sees returns the smallest box that holds the units.
func (Flatten) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	s := in[0]
	a := nn.Area{Y0: s.H, X0: s.W, Y1: -1, X1: -1}
	for _, i := range out.Channels {
		c, y, x := i/s.Plane(), i/s.W%s.H, i%s.W
		if k := len(a.Channels); k == 0 || a.Channels[k-1] != c {
			a.Channels = append(a.Channels, c)
		}
		a.Y0, a.X0 = min(a.Y0, y), min(a.X0, x)
		a.Y1, a.X1 = max(a.Y1, y), max(a.X1, x)
	}
	return a
}

// Feeds returns the places of the units in the vector.
func (Flatten) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	s := in[0]
	var a nn.Area
	for _, c := range area.Channels {
		for y := area.Y0; y <= area.Y1; y++ {
			for x := area.X0; x <= area.X1; x++ {
				a.Channels = append(a.Channels, (c*s.H+y)*s.W+x)
			}
		}
	}
	return a
}
