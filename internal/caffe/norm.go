package caffe

import (
	"math"
	"strconv"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

func lrn(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetLrnParam()
	size := p.GetLocalSize()
	if size%2 == 0 || size > maxSize {
		return nil, l.bad("its local size is %d and must be odd", size)
	}
	switch p.GetNormRegion() {
	case caffepb.LRNParameter_ACROSS_CHANNELS:
		return c.one(l, op.LRN{Size: int(size), Alpha: wide(p.GetAlpha()), Beta: wide(p.GetBeta()), K: wide(p.GetK())}, in[0])
	case caffepb.LRNParameter_WITHIN_CHANNEL:
		return c.lrnWithin(l, int(size), in[0])
	}
	return nil, l.unsupported("normalisation over region %d is unknown", p.GetNormRegion())
}

// lrnWithin divides by the squares around a place in its own map, in the steps of
// LRNLayer::LayerSetUp: x · (1 + α·mean of the squares in the window)^−β. It has no k.
func (c *converter) lrnWithin(l *layer, size int, x value) ([]value, error) {
	p := l.GetLrnParam()
	y := x
	for _, step := range []struct {
		suffix string
		op     nn.Op
	}{
		{".square", op.Power{Power: 2, Scale: 1}},
		{".mean", op.AvgPool{Kernel: op.Square(size), Stride: op.Square(1), Pad: op.Square(size / 2), CountIncludePad: true}},
		{".divisor", op.Power{Power: -wide(p.GetBeta()), Scale: wide(p.GetAlpha()), Shift: 1}},
	} {
		var err error
		if y, err = c.node(l, step.suffix, step.op, nil, y); err != nil {
			return nil, err
		}
	}
	return c.one(l, op.Mul{}, x, y)
}

// wide turns a float of the file into the decimal number that was written there: 1e-4, not
// 0.0000999999974737875163555.
func wide(f float32) float64 {
	d, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return d
}

// batchNorm has the sums of mean and variance in its blobs, and in the third one over what
// to multiply them by.
func batchNorm(c *converter, l *layer, in []value) ([]value, error) {
	if n := len(l.GetBlobs()); n != 3 {
		return nil, l.unsupported("it has %d blobs; Caffe's own have mean, variance and factor", n)
	}
	channels := in[0].Shape.C
	mean, err := l.vectorOf(0, channels)
	if err != nil {
		return nil, err
	}
	variance, err := l.vectorOf(1, channels)
	if err != nil {
		return nil, err
	}
	factor, err := l.vectorOf(2, 1)
	if err != nil {
		return nil, err
	}
	scale := float32(0)
	if factor[0] != 0 {
		scale = 1 / factor[0]
	}
	eps := wide(l.GetBatchNormParam().GetEps())
	if eps == 0 {
		eps = math.SmallestNonzeroFloat64 // zero is PyTorch's default in op.BatchNorm
	}
	give := func(specs []nn.ParamSpec) ([]nn.Param, error) {
		dims := specs[0].Dims
		return []nn.Param{
			{Dims: dims, Data: constant(channels, 1)},
			{Dims: dims, Data: constant(channels, 0)},
			{Dims: dims, Data: times(mean, scale)},
			{Dims: dims, Data: times(variance, scale)},
		}, nil
	}
	y, err := c.node(l, "", op.BatchNorm{Eps: eps}, give, in[0])
	return []value{y}, err
}

func constant(n int, v float32) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func times(list []float32, f float32) []float32 {
	out := make([]float32, len(list))
	for i, v := range list {
		out[i] = v * f
	}
	return out
}

// scale multiplies by a weight for each channel and may add a bias. Behind a BatchNorm that
// nothing else reads it is that layer's γ and β; with two bottoms the second is the factor.
func scale(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetScaleParam()
	if len(in) == 2 {
		return c.two(l, p.GetAxis(), p.GetBiasTerm(), op.Mul{}, in)
	}
	if err := l.channels(p.GetAxis(), in[0]); err != nil {
		return nil, err
	}
	if p.GetNumAxes() != 1 {
		return nil, l.unsupported("it has a weight over %d axes; only one for each channel can be run", p.GetNumAxes())
	}
	o := op.Affine{NoBias: !p.GetBiasTerm()}
	norm := in[0].Node
	if norm == nil || !c.fuses(l, norm) {
		return c.one(l, o, in[0])
	}
	params, err := l.params(o.Params([]nn.Shape{in[0].Shape}))
	if err == nil {
		copy(c.net.Nodes[norm.Index].Params, params)
	}
	return in, err
}

// fuses says whether the node is a BatchNorm without γ and β that the layer l alone reads.
func (c *converter) fuses(l *layer, norm *nn.Node) bool {
	src := l.from[0]
	return norm.Op.Kind() == op.BatchNorm{}.Kind() && c.w.layers[src.layer].GetType() == "BatchNorm" &&
		len(c.w.layers[src.layer].readers) == 1
}

// bias adds a number to each channel, or a second blob.
func bias(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetBiasParam()
	if len(in) == 2 {
		return c.two(l, p.GetAxis(), false, op.Add{}, in)
	}
	if err := l.channels(p.GetAxis(), in[0]); err != nil {
		return nil, err
	}
	if p.GetNumAxes() != 1 {
		return nil, l.unsupported("it has a bias over %d axes; only one for each channel can be run", p.GetNumAxes())
	}
	return c.one(l, op.Affine{NoWeight: true}, in[0])
}

// two joins a blob with a second one that spreads over the axes behind its own: the factors
// of squeeze-and-excitation, N×C, over the maps N×C×H×W.
func (c *converter) two(l *layer, axis int32, withBias bool, o nn.Op, in []value) ([]value, error) {
	first, err := l.axis(axis, in[0])
	if err != nil {
		return nil, err
	}
	a, b := in[0].Shape, in[1].Shape
	if first != 0 || withBias || a.C != b.C || !vector(b) && a != b {
		return nil, l.unsupported("a second blob of %v from axis %d on cannot be joined with one of %v", b, first, a)
	}
	return c.one(l, o, in...)
}

// axpy is a·x + y, one a for each channel: the layer that the authors of squeeze-and-excitation
// added to their Caffe (Hu et al. 2017, github.com/hujie-frank/SENet).
func axpy(c *converter, l *layer, in []value) ([]value, error) {
	a, x, y := in[0], in[1], in[2]
	if !vector(a.Shape) || a.Shape.C != x.Shape.C || x.Shape != y.Shape {
		return nil, l.bad("its blobs have the sizes %v, %v and %v", a.Shape, x.Shape, y.Shape)
	}
	product, err := c.node(l, ".product", op.Mul{}, nil, x, a)
	if err != nil {
		return nil, err
	}
	return c.one(l, op.Add{}, product, y)
}
