package cam

import (
	"context"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var baselineMethods = []method{{
	info: Info{
		Name: "random", Title: "RandomCAM", Formula: "M = ReLU(Σₖ w_k · A_k), w_k uniform in −1…1",
		Paper: "pytorch-grad-cam, RandomCAM: what a method must beat", Cost: "none", Layered: true, Blind: true, Baseline: true,
	},
	make: func(ctx context.Context, j *job) (*Map, error) {
		return j.layers(ctx, func(_ context.Context, v *nn.Value, l *layered) ([]float64, error) {
			sum := make([]float64, l.shape.Plane())
			r := random(j.o.Seed, uint64(v.Index))
			for k := range l.shape.C {
				weighted(2*r.Float64()-1, l.plane(k), sum)
			}
			return sum, nil
		}, false, true)
	},
}}

var fullMethods = []method{{
	info: Info{
		Name: "fullgrad", Title: "FullGrad", Formula: "M = x ⊙ g_x + Σ over biases of b · g_b;  ΣM + bias = y",
		Paper: "Srinivas and Fleuret, NeurIPS 2019 (arXiv:1905.00780)", Cost: oneBackward + " that keeps all gradients",
		Needs: backwardNeeds + "; complete where all bends are ReLU, clips and max pooling",
	},
	make: fullGrad,
}}

// fullGrad adds up, for every value with a bias, bias times gradient, and the input times its gradient. The
// paper shows Σ of |…|, each scaled to 0…1, which no longer adds up to the score; here the parts keep
// size and sign. A coarse map's cell is spread evenly over the pixels that it covers, so that sums stay.
// Biases behind the last maps have no place: they are the map's Bias.
func fullGrad(ctx context.Context, j *job) (*Map, error) {
	in := j.g.InputValue()
	vals := []*nn.Value{in}
	for _, n := range j.g.Nodes {
		if n.Index <= j.logits.Node.Index && j.biased(n) {
			vals = append(vals, n.Output)
		}
	}
	g, err := j.gradients(ctx, j.run, []int{j.o.Sample}, nil, vals...)
	if err != nil {
		return nil, err
	}
	s := in.Shape
	out := &Map{Layers: []string{in.Name}, H: s.H, W: s.W}
	sum := make([]float64, s.Plane())
	for i, x := range j.input() {
		sum[i%s.Plane()] += float64(x) * float64(g[0][i])
	}
	for i, v := range vals[1:] {
		p := v.Shape.Plane()
		part := make([]float64, p)
		j.biases(v.Node, func(k int, b float64) {
			part[k%p] += b * float64(g[i+1][k])
		})
		if p == 1 {
			out.Bias += part[0]
			continue
		}
		spread(part, v.Shape, sum, s)
	}
	out.Values = narrow(sum)
	return out, nil
}

// biased says whether an operator adds something to its input's multiple.
func (j *job) biased(n *nn.Node) bool {
	switch n.Op.(type) {
	case op.Conv, op.ConvTranspose, op.Linear, op.BatchNorm, op.Affine, op.Clip:
		return true
	}
	return false
}

// biases calls add with what a node adds at each place of a sample: for a clip the bounds where the value
// stands at them, else the shift of each channel.
func (j *job) biases(n *nn.Node, add func(i int, b float64)) {
	shape := n.Output.Shape
	if c, ok := n.Op.(op.Clip); ok {
		for i, v := range j.read(j.run, n.Output, j.o.Sample) {
			if v := float64(v); v == c.Low || v == c.High {
				add(i, v)
			}
		}
		return
	}
	b := j.shift(n)
	for i := range shape.Sample() {
		if b != nil {
			add(i, float64(b[i/shape.Plane()]))
		}
	}
}

// shift returns the bias of each channel: what the operator makes of zeros; nil: none.
func (j *job) shift(n *nn.Node) []float32 {
	params := make([][]float32, len(n.Params))
	for i, p := range n.Params {
		params[i] = j.m.Weights[p.Name].Data
	}
	switch n.Op.(type) {
	case op.BatchNorm, op.Affine:
		zero, out := nn.NewTensor(nn.Vec(n.Output.Shape.C)), nn.NewTensor(nn.Vec(n.Output.Shape.C))
		n.Op.Forward([]*nn.Tensor{zero}, params, out)
		return out.Data
	}
	if len(params) > 1 {
		return params[1]
	}
	return nil
}

// spread adds a map of one size to one of another: each cell's value goes to the pixels that it covers, by
// the share of its area, so that the sum stays.
func spread(src []float64, from nn.Shape, dst []float64, to nn.Shape) {
	rows, cols := overlaps(from.H, to.H), overlaps(from.W, to.W)
	for y := range from.H {
		for x := range from.W {
			for _, r := range rows[y] {
				for _, c := range cols[x] {
					dst[r.at*to.W+c.at] += src[y*from.W+x] * r.share * c.share
				}
			}
		}
	}
}

// overlap is a pixel and the share of a cell that lies in it.
type overlap struct {
	at    int
	share float64
}

// overlaps lists, for each of n cells, the pixels out of m that it covers; the shares of a cell add up to 1.
func overlaps(n, m int) [][]overlap {
	list := make([][]overlap, n)
	for i := range n {
		for at := i * m / n; at < m && at*n < (i+1)*m; at++ { // lengths in units of 1/(n·m) of the side
			if both := min((at+1)*n, (i+1)*m) - max(at*n, i*m); both > 0 {
				list[i] = append(list[i], overlap{at, float64(both) / float64(m)})
			}
		}
	}
	return list
}
