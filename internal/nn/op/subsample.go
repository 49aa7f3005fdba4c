package op

import "vizserver/internal/nn"

// Subsample is the trainable subsampling of LeNet-5: the inputs of each window are
// added, multiplied by a coefficient and given a bias, both trained and one for each map:
//
//	y[n,c,y,x] = w[c] · Σ window + b[c]
//
// Input N×C×H×W, output N×C×H′×W′, weight C, bias C. The activation follows as its
// own node. LeCun et al. 1998, §II.B, layers S2 and S4.
type Subsample struct {
	Kernel Size
	Stride Size // zero: the kernel
}

// Kind names the operator.
func (Subsample) Kind() string { return "Subsample" }

func (s Subsample) window() window { return poolWindow(s.Kernel, s.Stride, Size{}, Size{}, Size{}) }

// Infer returns N×C×H′×W′.
func (s Subsample) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(s.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	return inferPool("Subsample", s.window(), in[0], false)
}

// Params returns the coefficient and the bias of each map.
func (s Subsample) Params(in []nn.Shape) []nn.ParamSpec {
	c, k := in[0].C, s.Kernel.H*s.Kernel.W
	return []nn.ParamSpec{
		{Name: "weight", Dims: []int{c}, FanIn: k, FanOut: 1},
		{Name: "bias", Dims: []int{c}, FanIn: k, FanOut: 1},
	}
}

// MACs counts none: they are those of convolutions and fully connected layers.
func (Subsample) MACs([]nn.Shape) int64 { return 0 }

// Connections counts the inputs of each window and its bias.
func (s Subsample) Connections(in []nn.Shape) int64 {
	return poolConnections(s.window(), in[0], false, 1)
}

// Forward sums each window, multiplies and adds the bias.
func (s Subsample) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x := in[0]
	eachWindow(s.window(), x.Shape, out.Shape, func(n, c, at int, r rect) {
		v := windowSum(x.Plane(n, c), x.Shape.W, r, Square(1))
		out.Data[at] = float32(v*params[0][c]) + params[1][c]
	})
}

// Backward adds the gradients by input, coefficient and bias.
func (s Subsample) Backward(g *nn.Grad) {
	x := g.X[0]
	eachWindow(s.window(), x.Shape, g.DY.Shape, func(n, c, at int, r rect) {
		d := g.DY.Data[at]
		if g.DP[0] != nil {
			g.DP[0][c] += d * windowSum(x.Plane(n, c), x.Shape.W, r, Square(1))
		}
		if g.DP[1] != nil {
			g.DP[1][c] += d
		}
		if g.DX[0] != nil {
			windowAdd(g.DX[0].Plane(n, c), x.Shape.W, r, Square(1), d*g.Params[0][c])
		}
	})
}

// Sees returns the window.
func (s Subsample) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return s.window().sees(in[0], out)
}

// Feeds returns the windows that hold the area.
func (s Subsample) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return poolFeeds(s.window(), in[0], false, area)
}

// Explain lists the inputs, their sum, the coefficient and the bias.
func (s Subsample) Explain(in []*nn.Tensor, params [][]float32, _ *nn.Tensor, c, row, col int) nn.Terms {
	p, _ := pooling("subsample", s.window(), in[0], c, row, col)
	p.Coefficient, p.Bias = params[0][c], params[1][c]
	return nn.Terms{
		Pool: p, Bias: p.Bias, HasBias: true,
		Repeated: float32(p.Sum*p.Coefficient) + p.Bias,
	}
}
