package keras

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// slide is what the layers with a window share.
type slide struct {
	kernel, stride, dilation op.Size
	same                     bool
}

// window reads kernel_size, strides, dilation_rate and padding.
func (c *ctx) window(kernel string, stride op.Size) slide {
	s := slide{
		kernel: c.pair(kernel, op.Square(1)), stride: c.pair("strides", stride),
		dilation: c.pair("dilation_rate", op.Square(1)),
	}
	switch p := c.str("padding", "valid"); p {
	case "valid", "VALID":
	case "same", "SAME":
		s.same = true
	default:
		c.layerFails("padding", p)
	}
	for _, v := range [...]struct {
		name string
		s    op.Size
	}{{kernel, s.kernel}, {"strides", s.stride}, {"dilation_rate", s.dilation}} {
		if v.s.H < 1 || v.s.W < 1 {
			c.fail("%s is %d×%d, and must be at least 1", v.name, v.s.H, v.s.W)
		}
	}
	if c.err != nil { // what follows divides by strides
		return slide{kernel: op.Square(1), stride: op.Square(1), dilation: op.Square(1)}
	}
	return s
}

// layerFails says that an attribute has a value that is not supported.
func (c *ctx) layerFails(name, value string) { c.fail("%s %s is not supported", name, show(value)) }

// pads returns the padding of SAME: as many outputs as strides fit into the input; what does not
// divide by two stands at the bottom and right (extra), as in TensorFlow.
func (s slide) pads(in nn.Shape) (pad, extra op.Size) {
	if !s.same {
		return op.Size{}, op.Size{}
	}
	one := func(in, k, stride, d int) (before, more int) {
		total := max((ceil(in, stride)-1)*stride+(k-1)*d+1-in, 0)
		return total / 2, total % 2
	}
	pad.H, extra.H = one(in.H, s.kernel.H, s.stride.H, s.dilation.H)
	pad.W, extra.W = one(in.W, s.kernel.W, s.stride.W, s.dilation.W)
	return pad, extra
}

func ceil(a, b int) int { return (a + b - 1) / b }

// biased are the roles of a layer that may have a bias.
func (c *ctx) biased(roles ...string) (list []string, noBias bool) {
	if c.bool("use_bias", true) {
		return append(roles, "bias"), false
	}
	return roles, true
}

// conv is Conv2D: kernel kh×kw×(I/groups)×O. Its activation is a node of its own.
func conv(c *ctx) value {
	v := c.picture()
	in, s := c.b.shape(v), c.window("kernel_size", op.Square(1))
	o := op.Conv{Out: c.int("filters", 0), Kernel: s.kernel, Stride: s.stride, Dilation: s.dilation, Groups: c.int("groups", 1)}
	o.Pad, o.Extra = s.pads(in)
	if o.Groups < 1 || o.Out < 1 || in.C%o.Groups != 0 || o.Out%o.Groups != 0 {
		c.fail("%d channels and %d filters do not divide into %d groups", in.C, o.Out, o.Groups)
		return v
	}
	var roles []string
	roles, o.NoBias = c.biased("kernel")
	w := c.weights(roles...)
	if c.err != nil {
		return v
	}
	params := []nn.Param{param(w[0].turned([]int{3, 2, 0, 1}, s.kernel.H, s.kernel.W, in.C/o.Groups, o.Out),
		o.Out, in.C/o.Groups, s.kernel.H, s.kernel.W)}
	if !o.NoBias {
		params = append(params, param(w[1].floats(o.Out), o.Out))
	}
	return c.activated(c.node("", o, 3, params, v))
}

// depthwise is DepthwiseConv2D: kernel kh×kw×C×M; output channel c·M + m is from channel c.
func depthwise(c *ctx) value {
	v := c.picture()
	roles, noBias := c.biased("kernel|depthwise_kernel")
	w := c.weights(roles...)
	if c.err != nil {
		return v
	}
	o, kernel := c.depthwiseOp(v, w[0])
	o.NoBias = noBias
	params := []nn.Param{kernel}
	if !noBias {
		params = append(params, param(w[1].floats(o.Out), o.Out))
	}
	return c.activated(c.node("", o, 3, params, v))
}

// depthwiseOp is the convolution of each channel alone, without a bias, and its kernel.
func (c *ctx) depthwiseOp(v value, w weight) (op.Conv, nn.Param) {
	in, s, m := c.b.shape(v), c.window("kernel_size", op.Square(1)), c.int("depth_multiplier", 1)
	if m < 1 {
		c.fail("depth_multiplier is %d, and must be at least 1", m)
		m = 1
	}
	o := op.Conv{Out: in.C * m, Kernel: s.kernel, Stride: s.stride, Dilation: s.dilation, Groups: in.C, NoBias: true}
	o.Pad, o.Extra = s.pads(in)
	data := w.turned([]int{2, 3, 0, 1}, s.kernel.H, s.kernel.W, in.C, m)
	return o, param(data, o.Out, 1, s.kernel.H, s.kernel.W)
}

// separable is SeparableConv2D: two nodes, name/depthwise and name (1×1, with the bias).
func separable(c *ctx) value {
	v := c.picture()
	out := c.int("filters", 0)
	roles, noBias := c.biased("depthwise_kernel", "pointwise_kernel")
	w := c.weights(roles...)
	if c.err != nil {
		return v
	}
	first, kernel := c.depthwiseOp(v, w[0])
	v = c.node("depthwise", first, 3, []nn.Param{kernel}, v)
	params := []nn.Param{param(w[1].turned([]int{3, 2, 0, 1}, 1, 1, first.Out, out), out, first.Out, 1, 1)}
	if !noBias {
		params = append(params, param(w[2].floats(out), out))
	}
	return c.activated(c.node("", op.Conv{Out: out, Kernel: op.Square(1), NoBias: noBias}, 3, params, v))
}

// convTranspose is Conv2DTranspose: kernel kh×kw×O×I. Of the full output, padding "same" cuts
// off the edges so that strides times the input are left, one more at the bottom and right where
// that is odd; ONNX calls this SAME_UPPER.
func convTranspose(c *ctx) value {
	v := c.picture()
	in, s, out := c.b.shape(v), c.window("kernel_size", op.Square(1)), c.int("filters", 0)
	if g := c.int("groups", 1); g != 1 {
		c.fail("%d groups are not supported", g)
	}
	given := op.Size{H: -1, W: -1}
	if c.has("output_padding") {
		given = c.pair("output_padding", given)
	}
	roles, noBias := c.biased("kernel")
	w := c.weights(roles...)
	if c.err != nil {
		return v
	}
	o := op.ConvTranspose{Out: out, Kernel: s.kernel, Stride: s.stride, Dilation: s.dilation, NoBias: noBias}
	o.Pad.H, o.OutPad.H = s.cut(in.H, s.kernel.H, s.stride.H, s.dilation.H, given.H)
	o.Pad.W, o.OutPad.W = s.cut(in.W, s.kernel.W, s.stride.W, s.dilation.W, given.W)
	params := []nn.Param{param(w[0].turned([]int{3, 2, 0, 1}, s.kernel.H, s.kernel.W, out, in.C), in.C, out, s.kernel.H, s.kernel.W)}
	if !noBias {
		params = append(params, param(w[1].floats(out), out))
	}
	return c.activated(c.node("", o, 3, params, v))
}

// cut returns how much of one dimension of the full output is cut off before its first row, and
// how much more or less is left behind the last: keras.src.backend.common.backend_utils.
func (s slide) cut(in, k, stride, d, given int) (pad, more int) {
	reach := (k-1)*d + 1
	full := (in-1)*stride + reach
	want := in*stride + max(reach-stride, 0)
	switch {
	case given >= 0 && s.same:
		want = full - 2*(reach/2) + given
	case given >= 0:
		want = full + given
	case s.same:
		want = in * stride
	}
	if s.same {
		pad = max(full-want, 0) / 2
	}
	return pad, want - (full - 2*pad)
}

// dense is Dense: kernel I×O over the last dimension; on maps it is a 1×1 convolution. The
// inputs of a vector that was flattened are put in the engine's order.
func dense(c *ctx) value {
	v := c.one()
	out := c.int("units", 0)
	roles, noBias := c.biased("kernel")
	w := c.weights(roles...)
	if c.err != nil {
		return v
	}
	n := v.dims[len(v.dims)-1]
	kernel := w[0].turned([]int{1, 0}, n, out)
	var bias []nn.Param
	if !noBias {
		bias = []nn.Param{param(w[1].floats(out), out)}
	}
	if c.err != nil {
		return v
	}
	if len(v.dims) == 3 {
		if c.b.first {
			c.fail("a Dense layer on maps works along the columns where data_format is channels_first, which is not supported")
		}
		o := op.Conv{Out: out, Kernel: op.Square(1), NoBias: noBias}
		return c.activated(c.node("", o, 3, append([]nn.Param{param(kernel, out, n, 1, 1)}, bias...), v))
	}
	for row := range out {
		copy(kernel[row*n:], inOrder(kernel[row*n:(row+1)*n], v.order))
	}
	return c.activated(c.node("", op.Linear{Out: out, NoBias: noBias}, 1, append([]nn.Param{param(kernel, out, n)}, bias...), v))
}
