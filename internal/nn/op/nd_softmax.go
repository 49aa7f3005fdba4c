package op

import (
	"math"

	"vizserver/internal/nn"
)

// SoftmaxAxis turns the numbers along one dimension of a sample into probabilities,
//
//	y[i] = exp(x[i] − max x) / Σₖ exp(x[k] − max x)
//
// or, with Log, into their logarithms: the weights of attention. Batch left out; input and output
// of the same dims. ONNX: Softmax and LogSoftmax on any axis (opset 13).
type SoftmaxAxis struct {
	Dims []int
	Axis int
	Log  bool
}

// Kind names the operator.
func (SoftmaxAxis) Kind() string { return "SoftmaxAxis" }

// Formula writes the function.
func (s SoftmaxAxis) Formula() string {
	if s.Log {
		return "s − ln Σ e^s"
	}
	return "e^s / Σ e^s"
}

// ActivationName is the name on the wire.
func (s SoftmaxAxis) ActivationName() string {
	if s.Log {
		return "log_softmax"
	}
	return "softmax"
}

// Signed says whether values below zero occur.
func (s SoftmaxAxis) Signed() bool { return s.Log }

// Infer demands an axis of the input.
func (s SoftmaxAxis) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(s.Kind(), in, s.Dims); err != nil {
		return nn.Shape{}, err
	}
	if s.Axis < 0 || s.Axis >= len(s.Dims) {
		return nn.Shape{}, wrong(s.Kind(), in[0], "an axis of %v, not %d", s.Dims, s.Axis)
	}
	return projected(s.Kind(), in[0], s.Dims, in[0].N)
}

// Params is empty.
func (SoftmaxAxis) Params([]nn.Shape) []nn.ParamSpec { return nil }

// each calls do for every row along the axis: its n values stand step apart, from at on. The
// batch is one more leading dimension.
func (s SoftmaxAxis) each(batch int, do func(at, step, n int)) {
	n, step := s.Dims[s.Axis], product(s.Dims[s.Axis+1:])
	for outer := range batch * product(s.Dims[:s.Axis]) {
		for inner := range step {
			do(outer*n*step+inner, step, n)
		}
	}
}

// Forward subtracts the largest number first, so that no exponential overflows, and sums in float64.
func (s SoftmaxAxis) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	x := in[0].Data
	s.each(out.Shape.N, func(at, step, n int) {
		m := math.Inf(-1)
		for i := range n {
			m = math.Max(m, float64(x[at+i*step]))
		}
		var sum float64
		for i := range n {
			sum += math.Exp(float64(x[at+i*step]) - m)
		}
		log := math.Log(sum)
		for i := range n {
			d := float64(x[at+i*step]) - m
			if s.Log {
				out.Data[at+i*step] = float32(d - log)
			} else {
				out.Data[at+i*step] = float32(math.Exp(d) / sum)
			}
		}
	})
}

// Backward adds y·(dy − Σ dy·y), or of the logarithm dy − eʸ·Σ dy.
func (s SoftmaxAxis) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	y, dy, dx := g.Y.Data, g.DY.Data, g.DX[0].Data
	s.each(g.Y.Shape.N, func(at, step, n int) {
		var sum float64
		for i := range n {
			d := float64(dy[at+i*step])
			if !s.Log {
				d *= float64(y[at+i*step])
			}
			sum += d
		}
		for i := range n {
			p, d := float64(y[at+i*step]), float64(dy[at+i*step])
			if s.Log {
				dx[at+i*step] += float32(d - math.Exp(p)*sum)
			} else {
				dx[at+i*step] += float32(p * (d - sum))
			}
		}
	})
}

func (s SoftmaxAxis) joins() joins {
	number, n := rows(s.Dims, func(d int) bool { return d == s.Axis })
	return joins{groups: n, out: number.place, in: number.place}
}

// Sees returns the rows of the units.
func (s SoftmaxAxis) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return s.joins().sees(in[0], outOf(s, in), out)
}

// Feeds returns the rows of the units.
func (s SoftmaxAxis) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return s.joins().feeds(in[0], outOf(s, in), area)
}
