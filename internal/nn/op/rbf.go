package op

import "vizserver/internal/nn"

// RBF is the output layer of LeNet-5: the squared distance of the input vector from
// a fixed code of each class,
//
//	y[n,o] = Σᵢ (x[n,i] − w[o,i])²
//
// Input N×I×1×1, output N×Out×1×1, weight Out×I with components −1 and +1, not
// trained. The smallest output is the answer. LeCun et al. 1998, §II.B, eq. 7.
type RBF struct{ Out int }

// Kind names the operator.
func (RBF) Kind() string { return "RBF" }

// Infer returns N×Out×1×1.
func (r RBF) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(r.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s := in[0]
	if s.H != 1 || s.W != 1 || r.Out < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "RBF", Got: s, Want: "a vector N×C×1×1 and at least one output"}
	}
	if err := weightFits("RBF", s, r.Out, s.C); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: s.N, C: r.Out, H: 1, W: 1}, nil
}

// Params returns the codes.
func (r RBF) Params(in []nn.Shape) []nn.ParamSpec {
	i := in[0].C
	return []nn.ParamSpec{{Name: "weight", Dims: []int{r.Out, i}, FanIn: i, FanOut: r.Out, Fixed: true}}
}

// MACs counts one for each component of each code.
func (r RBF) MACs(in []nn.Shape) int64 { return int64(in[0].N) * int64(in[0].C) * int64(r.Out) }

// Connections counts one for each component of each code.
func (r RBF) Connections(in []nn.Shape) int64 { return r.MACs(in) }

// Forward sums the squares in order.
func (r RBF) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	i := in[0].Shape.C
	for n := range out.Shape.N {
		x, y := in[0].Sample(n), out.Sample(n)
		for o := range y {
			var a float32
			for k, w := range params[0][o*i : (o+1)*i] {
				d := x[k] - w
				a += float32(d * d)
			}
			y[o] = a
		}
	}
}

// Backward adds 2·dy·(x − w) to the input's gradient.
func (r RBF) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	i := g.X[0].Shape.C
	for n := range g.DY.Shape.N {
		x, dx := g.X[0].Sample(n), g.DX[0].Sample(n)
		for o, d := range g.DY.Sample(n) {
			for k, w := range g.Params[0][o*i : (o+1)*i] {
				dx[k] += 2 * d * (x[k] - w)
			}
		}
	}
}

// Sees returns the whole input.
func (RBF) Sees(_ int, in []nn.Shape, _ nn.Area) nn.Area { return nn.All(in[0]) }

// Feeds returns every output.
func (r RBF) Feeds(_ int, _ []nn.Shape, _ nn.Area) nn.Area { return nn.All(nn.Vec(r.Out)) }

// Explain gives the squares as products.
func (r RBF) Explain(in []*nn.Tensor, params [][]float32, _ *nn.Tensor, ch, _, _ int) nn.Terms {
	n := in[0].Shape.Sample()
	term := nn.Term{Channels: n, H: 1, W: 1}
	for k, w := range params[0][ch*n : (ch+1)*n] {
		x := in[0].Data[k]
		d := x - w
		sq := float32(d * d)
		term.Inputs = append(term.Inputs, x)
		term.Weights = append(term.Weights, w)
		term.Products = append(term.Products, sq)
		term.Sum += sq
	}
	return nn.Terms{Terms: []nn.Term{term}, Repeated: term.Sum}
}
