package onnx

import (
	"math"
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

func importMaxPool(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	if len(n.outputs) > 1 && n.outputs[1] != "" && im.reads(n.outputs[1]) {
		return unsupported("%s: the indices of the largest values are read; they are not kept", n)
	}
	s, err := readSlide(n, x, nil)
	if err != nil {
		return err
	}
	_ = n.int("storage_order", 0) // of the indices
	return im.pooled(n, op.MaxPool{
		Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Extra: s.extra, Dilation: s.dilation, Ceil: n.bool("ceil_mode", false),
	}, nil, x)
}

// reads says whether a node of the file reads the value.
func (im *importer) reads(name string) bool {
	for _, n := range im.model.nodes {
		if slices.Contains(n.inputs, name) {
			return true
		}
	}
	return false
}

func importAvgPool(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	s, err := readSlide(n, x, nil)
	if err != nil {
		return err
	}
	return im.pooled(n, op.AvgPool{
		Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Extra: s.extra, Dilation: s.dilation,
		Ceil: n.bool("ceil_mode", false), CountIncludePad: n.bool("count_include_pad", false),
	}, nil, x)
}

func importLpPool(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	s, err := readSlide(n, x, nil)
	if err != nil {
		return err
	}
	return im.pooled(n, op.LpPool{
		P: n.int("p", 2), Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Extra: s.extra, Dilation: s.dilation,
		Ceil: n.bool("ceil_mode", false),
	}, nil, x)
}

func importGlobalPool(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	var o nn.Op = op.GlobalAvgPool{}
	switch n.op {
	case "GlobalMaxPool":
		o = op.GlobalMaxPool{}
	case "GlobalLpPool":
		o = op.GlobalLpPool{P: n.int("p", 2)}
	}
	return im.pooled(n, o, nil, x)
}

// epsilon gives an operator the file's own number, also where it is 0, which to ours means
// the usual one.
func epsilon(n *node) float64 {
	if e := float64(n.float("epsilon", 1e-5)); e != 0 {
		return e
	}
	return math.SmallestNonzeroFloat64
}

// channelParams reads parameters that have one number for each channel.
func channelParams(n *node, in []operand, channels int, names ...string) ([]nn.Param, error) {
	var list []nn.Param
	for i, name := range names {
		p, err := vector(n, at(in, i+1), name, channels)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// normed adds a normalisation of maps that keeps all sizes.
func (im *importer) normed(n *node, in []operand, build func(channels int) (nn.Op, error), names ...string) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	if v.rank() < 2 {
		return damaged("%s: its input is %v and must have channels", n, v.dims)
	}
	v = im.batch(v, n.outputs[0]+"/batch")
	x := v
	if v.rank() > 4 { // all places of a channel in one row
		x = im.restack(v, []int{v.dims[0], v.dims[1], product(v.dims[2:])}, true, n.outputs[0]+"/rows")
	}
	o, err := build(v.dims[1])
	if err != nil {
		return err
	}
	params, err := channelParams(n, in, v.dims[1], names...)
	if err != nil {
		return err
	}
	suffix := ""
	if x != v && x.shape() != v.shape() {
		suffix = "/normed"
	}
	y := x.as(im.emit(n, suffix, o, params, x))
	if suffix != "" {
		y = im.restack(y, v.dims, true, n.outputs[0])
	} else {
		y.dims = v.dims
	}
	return im.define(n, y)
}

func importBatchNorm(im *importer, n *node, in []operand) error {
	if n.bool("training_mode", false) || im.model.opset < 7 {
		return unsupported("%s: it is in training mode; export the net for inference (model.eval())", n)
	}
	_, _ = n.float("momentum", 0.9), n.int("spatial", 1) // of training; removed in opset 9
	eps := epsilon(n)
	return im.normed(n, in, func(int) (nn.Op, error) { return op.BatchNorm{Eps: eps}, nil },
		"scale", "bias", "mean", "variance")
}

func importInstanceNorm(im *importer, n *node, in []operand) error {
	eps := epsilon(n)
	return im.normed(n, in, func(int) (nn.Op, error) { return op.InstanceNorm{Eps: eps}, nil }, "scale", "bias")
}

func importGroupNorm(im *importer, n *node, in []operand) error {
	if im.model.opset < 21 {
		return unsupported("%s: GroupNormalization before opset 21 has a scale for each group, which its own definition calls wrong", n)
	}
	groups, eps := n.int("num_groups", 0), epsilon(n)
	_ = n.int("stash_type", 1)
	return im.normed(n, in, func(channels int) (nn.Op, error) {
		if groups < 1 || channels%groups != 0 {
			return nil, damaged("%s: %d groups do not divide %d channels", n, groups, channels)
		}
		return op.GroupNorm{Groups: groups, Eps: eps}, nil
	}, "scale", "bias")
}

func importLRN(im *importer, n *node, in []operand) error {
	o := op.LRN{
		Size: n.int("size", 0), Alpha: float64(n.float("alpha", 1e-4)), Beta: float64(n.float("beta", 0.75)), K: float64(n.float("bias", 1)),
	}
	if o.Size < 1 {
		return damaged("%s: size is %d and must be 1 or more", n, o.Size)
	}
	return im.normed(n, in, func(int) (nn.Op, error) { return o, nil })
}

func importLpNorm(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	a, err := axis(n, n.int("axis", -1), v.rank())
	if err != nil {
		return err
	}
	if a != 1 || v.rank() > 4 || !v.batched {
		return unsupported("%s: it normalises axis %d of %v; channels, axis 1, can be normalised", n, a, v.dims)
	}
	return im.define(n, v.as(im.emit(n, "", op.LpNorm{P: n.int("p", 2)}, nil, v)))
}

// importLayerNorm normalises the last axes; over channels that stand last it is a layer of maps.
func importLayerNorm(im *importer, n *node, in []operand) error {
	if at(in, 0).live == nil {
		return unsupported("%s: it normalises a constant", n)
	}
	for _, o := range n.outputs[1:] {
		if o != "" && im.reads(o) {
			return unsupported("%s: its mean or deviation is read; they are not kept", n)
		}
	}
	v := in[0].live
	a, err := axis(n, n.int("axis", -1), v.rank())
	if err != nil {
		return err
	}
	eps := epsilon(n)
	_ = n.int("stash_type", 1)
	channels := v.channelsLast() && a == 3
	if !channels && v.perm != nil {
		v = im.plain(v, n.outputs[0]+"/transposed")
	}
	if a == 0 || !v.batched {
		v = im.unbatched(v, n.outputs[0]+"/unbatched")
	}
	size := v.dims[a:]
	params, err := layerNormParams(n, in, size)
	if err != nil {
		return err
	}
	if channels {
		return im.define(n, v.as(im.emit(n, "", op.LayerNorm{Eps: eps}, params, v)))
	}
	if v.batched {
		a--
	}
	o := op.LayerNormAxes{Dims: v.sample(), Axis: a, Eps: eps}
	return im.define(n, v.as(im.emit(n, "", o, params, v)))
}

// layerNormParams reads scale and bias, of zeros where it was left out.
func layerNormParams(n *node, in []operand, size []int) ([]nn.Param, error) {
	var list []nn.Param
	for i, name := range []string{"scale", "bias"} {
		if i == 1 && at(in, 2).absent() {
			list = append(list, nn.Param{Dims: size, Data: make([]float32, product(size))})
			continue
		}
		c, err := weight(n, at(in, i+1), name)
		if err != nil {
			return nil, err
		}
		if c.len() != product(size) {
			return nil, damaged("%s: its %s is %v and must be %v", n, name, c.dims, size)
		}
		list = append(list, nn.Param{Dims: size, Data: c.floats})
	}
	return list, nil
}

// importMeanVariance is (x − mean) / (deviation + 1e-9), of the axes, as ONNX defines it.
func importMeanVariance(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	list := n.ints("axes")
	if list == nil {
		list = []int{0, 2, 3}
	}
	axes, err := axesOf(n, list, v.rank())
	if err != nil {
		return err
	}
	mean := func(x *live, suffix string) (*live, error) { return im.reduce(n, suffix, "mean", x, axes, true) }
	m, err := mean(v, "/mean")
	if err != nil {
		return err
	}
	centred, err := im.combined(n, "/centred", op.Sub{}, v, m)
	if err != nil {
		return err
	}
	square := centred.as(im.emit(n, "/square", op.Mul{}, nil, centred, centred))
	variance, err := mean(square, "/variance")
	if err != nil {
		return err
	}
	dev := variance.as(im.emit(n, "/deviation", op.Unary{Fn: "Sqrt"}, nil, variance))
	small, err := im.constant(n, &constant{elem: "float32", floats: []float32{1e-9}}, nil)
	if err != nil {
		return err
	}
	sum, err := im.combined(n, "/sum", op.Add{}, dev, small)
	if err != nil {
		return err
	}
	return im.combine(n, op.Div{}, operand{live: centred}, operand{live: sum})
}
