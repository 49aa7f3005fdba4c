package keras

import (
	"math"
	"slices"

	"github.com/go-json-experiment/json"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// functions are the activations by Keras's names, each one node or more. What depends on the
// version or the shape stands in function.
var functions = map[string][]nn.Op{
	"linear":      nil,
	"relu":        {op.ReLU{}},
	"relu6":       {op.Clip{Low: 0, High: 6}},
	"leaky_relu":  {op.LeakyReLU{Slope: 0.2}},
	"elu":         {op.ELU{Alpha: 1}},
	"selu":        {op.SELU{Alpha: seluAlpha, Gamma: seluGamma}},
	"celu":        {op.CELU{Alpha: 1}},
	"gelu":        {op.GELU{}},
	"silu":        {op.Swish{}},
	"swish":       {op.Swish{}},
	"hard_silu":   {op.HardSwish{}},
	"hard_swish":  {op.HardSwish{}},
	"mish":        {op.Unary{Fn: "Mish"}},
	"tanh":        {op.Tanh{}},
	"hard_tanh":   {op.Clip{Low: -1, High: 1}},
	"sigmoid":     {op.Sigmoid{}},
	"log_sigmoid": {op.Unary{Fn: "Neg"}, op.Unary{Fn: "Softplus"}, op.Unary{Fn: "Neg"}},
	"exponential": {op.Unary{Fn: "Exp"}},
	"softplus":    {op.Unary{Fn: "Softplus"}},
	"softsign":    {op.Unary{Fn: "Softsign"}},
	"hard_shrink": {op.Shrink{Lambd: 0.5}},
	"soft_shrink": {op.Shrink{Lambd: 0.5, Bias: 0.5}},
	"softmax":     {op.Softmax{}},
}

// The constants of Klambauer et al., NIPS 2017, as Keras has them.
const (
	seluAlpha = 1.6732632423543772848170429916717
	seluGamma = 1.0507009873554804934193349852946
)

// function returns the nodes of an activation of that name on v.
func (c *ctx) function(name string, v value) []nn.Op {
	ops, ok := functions[name]
	switch {
	case name == "softmax" && len(v.dims) == 3 && c.b.first:
		c.fail("its softmax works along the columns where data_format is channels_first, which is not supported")
	case name == "hard_sigmoid" && c.b.old:
		return []nn.Op{op.HardSigmoid{Alpha: 0.2, Beta: 0.5}}
	case name == "hard_sigmoid":
		return []nn.Op{op.HardSigmoid{Alpha: 1.0 / 6, Beta: 0.5}}
	case name == "log_softmax" && len(v.dims) == 1:
		return []nn.Op{op.SoftmaxAxis{Dims: v.dims, Log: true}}
	case !ok:
		c.fail("the activation %s is not supported", show(name))
	}
	return ops
}

// activated adds the activation that a layer brings along: name/activation.
func (c *ctx) activated(v value) value {
	raw := c.config["activation"]
	if c.err != nil || !c.has("activation") {
		return v
	}
	if raw.Kind() == '"' {
		name := c.str("activation", "")
		return c.apply(name, c.function(name, v), v)
	}
	// {"class_name": "ReLU", "config": {…}}: a layer; {"class_name": "function", "config": "relu"}.
	var inner rawLayer
	if err := json.Unmarshal(raw, &inner); err != nil {
		c.fail("its activation is not written as Keras does")
		return v
	}
	if inner.ClassName == "function" || inner.ClassName == "str" {
		var name string
		if json.Unmarshal(inner.Config, &name) != nil || custom(&inner) != "" && !hasPrefix(inner.Module, "builtins") {
			c.fail("its activation is the custom function %s", show(inner.RegisteredName))
			return v
		}
		return c.apply(name, c.function(name, v), v)
	}
	kind := activationLayers[inner.ClassName]
	sub := &ctx{layer: &layer{class: inner.ClassName, name: c.layer.name}, b: c.b, name: c.name + "/activation", in: []value{v}}
	if custom(&inner) != "" || kind == nil || json.Unmarshal(inner.Config, &sub.config) != nil {
		c.fail("its activation %s is not supported", show(inner.ClassName))
		return v
	}
	out := kind(sub)
	c.err = sub.err
	return out
}

// activationLayers are the layers without weights that may stand as the activation of another.
var activationLayers = map[string]func(*ctx) value{"ReLU": relu, "LeakyReLU": leakyReLU, "ELU": elu, "Softmax": softmax}

// apply adds the nodes of an activation behind the layer's own: name/part, or, of several, the
// last one is called that.
func (c *ctx) apply(part string, ops []nn.Op, v value) value {
	for i, o := range ops {
		p := part
		if i < len(ops)-1 {
			p += "/" + o.Kind()
		}
		v = c.each(p, o, v)
	}
	return v
}

// alone adds the nodes of a layer that is an activation: the last one has the layer's name.
func (c *ctx) alone(ops []nn.Op, v value) value {
	for i, o := range ops {
		p := ""
		if i < len(ops)-1 {
			p = o.Kind()
		}
		v = c.each(p, o, v)
	}
	return v
}

// activation is the layer Activation.
func activation(c *ctx) value {
	v := c.one()
	if c.has("activation") && c.config["activation"].Kind() != '"' {
		return c.activated(v)
	}
	return c.alone(c.function(c.str("activation", "linear"), v), v)
}

// relu is max_value above max_value, x down to threshold, and negative_slope·(x − threshold) below.
func relu(c *ctx) value {
	v := c.one()
	slope, threshold := c.float("negative_slope", 0), c.float("threshold", 0)
	limit := math.Inf(1)
	if c.has("max_value") {
		limit = c.float("max_value", 0)
	}
	bounded := !math.IsInf(limit, 1)
	if bounded && limit < 0 || slope < 0 {
		c.fail("max_value %g or negative_slope %g is below 0", limit, slope)
	}
	switch {
	case threshold != 0 && slope != 0:
		c.fail("both threshold %g and negative_slope %g: only one of them is supported", threshold, slope)
		return v
	case threshold < 0:
		c.fail("a threshold of %g, below 0, is not supported", threshold)
		return v
	case threshold > 0 && bounded:
		return c.alone([]nn.Op{op.ThresholdedReLU{Alpha: threshold}, op.Clip{Low: 0, High: limit}}, v)
	case threshold > 0:
		return c.each("", op.ThresholdedReLU{Alpha: threshold}, v)
	case slope > 0 && bounded:
		return c.alone([]nn.Op{op.LeakyReLU{Slope: slope}, op.Clip{Low: math.Inf(-1), High: limit}}, v)
	case slope > 0:
		return c.each("", op.LeakyReLU{Slope: slope}, v)
	case bounded:
		return c.each("", op.Clip{Low: 0, High: limit}, v)
	}
	return c.each("", op.ReLU{}, v)
}

// thresholded is ThresholdedReLU of Keras 2.
func thresholded(c *ctx) value {
	return c.each("", op.ThresholdedReLU{Alpha: c.float("theta", 1)}, c.one())
}

// leakyReLU has its slope under the name of Keras 2 or 3.
func leakyReLU(c *ctx) value {
	return c.each("", op.LeakyReLU{Slope: c.float("negative_slope", c.float("alpha", 0.3))}, c.one())
}

func elu(c *ctx) value { return c.each("", op.ELU{Alpha: c.float("alpha", 1)}, c.one()) }

// softmax is the layer Softmax, along the channels.
func softmax(c *ctx) value {
	v := c.one()
	c.needChannels(v)
	return c.each("", op.Softmax{}, v)
}

// prelu has one slope for each channel: alpha has the input's sizes, 1 along the shared axes.
func prelu(c *ctx) value {
	v := c.one()
	n := c.channels(v)
	w := c.weights("alpha")
	if c.err != nil {
		return v
	}
	dims := []int{n}
	if len(v.dims) == 3 {
		dims = c.b.dims(nn.Shape{N: 1, C: n, H: 1, W: 1}, 3)
		if s := w[0].t.Shape; !slices.Equal(s, dims) {
			c.fail("its slopes are %s: only one slope for each channel is supported (shared_axes of rows and columns)", dimText(s))
			return v
		}
	}
	return c.each("", op.PReLU{}, v, param(inOrder(w[0].floats(dims...), v.order), n))
}

// needChannels demands that axis is that of the channels.
func (c *ctx) needChannels(v value) {
	axis := c.axis(v)
	want := len(v.dims)
	if c.b.first {
		want = 1
	}
	if axis != want {
		c.fail("axis is %d, and only that of the channels is supported here, %d", axis, want)
	}
}

// axis reads axis, a number or a list of one, counted as Keras does: 0 is the batch, −1 the last.
func (c *ctx) axis(v value) int {
	var axis int
	if list := c.ints("axis"); list != nil {
		if len(list) != 1 {
			c.fail("axis has %d numbers, and only one is supported", len(list))
			return -1
		}
		axis = list[0]
	} else {
		axis = c.int("axis", -1)
	}
	if axis < 0 {
		axis += len(v.dims) + 1
	}
	return axis
}
