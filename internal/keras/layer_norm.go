package keras

import (
	"math"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// epsilon reads epsilon for an operator that takes 0 as its own default.
func (c *ctx) epsilon(def float64) float64 {
	return math.Max(c.float("epsilon", def), math.SmallestNonzeroFloat64)
}

// scaleAndCenter reads γ and β, in that order, with 1 and 0 where the layer has none, and the
// weights after them.
func (c *ctx) scaleAndCenter(v value, more ...string) []nn.Param {
	n := c.channels(v)
	scale, center := c.bool("scale", true), c.bool("center", true)
	var roles []string
	if scale {
		roles = append(roles, "gamma")
	}
	if center {
		roles = append(roles, "beta")
	}
	w := c.weights(append(roles, more...)...)
	if c.err != nil {
		return nil
	}
	next := func() nn.Param {
		p := param(inOrder(w[0].floats(n), v.order), n)
		w = w[1:]
		return p
	}
	list := []nn.Param{param(constant(n, 1), n), param(constant(n, 0), n)}
	if scale {
		list[0] = next()
	}
	if center {
		list[1] = next()
	}
	for range more {
		if c.err != nil { // of other sizes: already told
			return nil
		}
		list = append(list, next())
	}
	return list
}

// batchNorm is BatchNormalization over the channels.
func batchNorm(c *ctx) value {
	v := c.one()
	c.needChannels(v)
	if c.bool("renorm", false) {
		c.fail("renorm is not supported")
	}
	params := c.scaleAndCenter(v, "moving_mean", "moving_variance")
	return c.each("", op.BatchNorm{Eps: c.epsilon(1e-3)}, v, params...)
}

// layerNorm is LayerNormalization over the channels of each place.
func layerNorm(c *ctx) value {
	v := c.one()
	c.needChannels(v)
	if c.bool("rms_scaling", false) {
		c.fail("rms_scaling is not supported")
	}
	params := c.scaleAndCenter(v)
	return c.each("", op.LayerNorm{Eps: c.epsilon(1e-3)}, v, params...)
}

// groupNorm is GroupNormalization over the channels; −1 groups are one for each channel.
func groupNorm(c *ctx) value {
	v := c.picture()
	c.needChannels(v)
	groups := c.int("groups", 32)
	if groups == -1 {
		groups = c.channels(v)
	}
	params := c.scaleAndCenter(v)
	return c.each("", op.GroupNorm{Groups: groups, Eps: c.epsilon(1e-3)}, v, params...)
}

// unitNorm is UnitNormalization: each place's channels are divided by their length.
func unitNorm(c *ctx) value {
	v := c.one()
	c.needChannels(v)
	return c.each("", op.LpNorm{P: 2}, v)
}

// rescaling is scale·x + offset, each one number or one for each channel.
func rescaling(c *ctx) value {
	v := c.one()
	n := c.channels(v)
	scale, offset := c.perChannel("scale", n, 1), c.perChannel("offset", n, 0)
	return c.affine(v, scale, offset)
}

// perChannel reads one number, or one for each channel.
func (c *ctx) perChannel(name string, n int, def float64) []float64 {
	list := c.floats(name)
	switch len(list) {
	case 0:
		list = []float64{def}
	case 1, n:
	default:
		c.fail("%s has %d numbers for %d channels", name, len(list), n)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = list[i%len(list)]
	}
	return out
}

// affine adds scale[k]·x + offset[k] for every channel k.
func (c *ctx) affine(v value, scale, offset []float64) value {
	n := len(scale)
	narrow := func(list []float64) nn.Param {
		out := make([]float32, n)
		for i, f := range list {
			out[i] = float32(f)
		}
		return param(inOrder(out, v.order), n)
	}
	return c.each("", op.Affine{}, v, narrow(scale), narrow(offset))
}

// normalization is (x − mean)/√variance over the channels, with both learned from data (weights)
// or given (config).
func normalization(c *ctx) value {
	v := c.one()
	n := c.channels(v)
	if c.bool("invert", false) {
		c.fail("invert is not supported")
	}
	if c.has("axis") || c.config["axis"] == nil {
		c.needChannels(v)
	} else {
		n = 1 // axis None: one mean for all
	}
	var mean, variance []float64
	if c.has("mean") && c.has("variance") {
		mean, variance = c.perChannel("mean", c.channels(v), 0), c.perChannel("variance", c.channels(v), 1)
	} else {
		w := c.weights("mean", "variance")
		if c.err != nil {
			return v
		}
		mean, variance = c.spread(w[0], n, c.channels(v)), c.spread(w[1], n, c.channels(v))
	}
	if c.err != nil {
		return v
	}
	const least = 1e-7 // keras.config.epsilon()
	for i := range mean {
		variance[i] = 1 / math.Max(math.Sqrt(variance[i]), least)
		mean[i] *= -variance[i]
	}
	return c.affine(v, variance, mean)
}

// spread reads a weight of n numbers (or, of one, a bare number), and repeats it for all channels.
func (c *ctx) spread(w weight, n, channels int) []float64 {
	data := w.t.Float32()
	if len(data) != n {
		c.fail("its weight %s has %d numbers and must have %d", show(w.t.Name), len(data), n)
		return nil
	}
	out := make([]float64, channels)
	for i := range out {
		out[i] = float64(data[i%n])
	}
	return out
}

// layerScale is one factor for each channel.
func layerScale(c *ctx) value {
	v := c.one()
	n := c.channels(v)
	w := c.weights("gamma|Variable")
	if c.err != nil {
		return v
	}
	if v.order != nil || c.b.first {
		c.fail("it scales other sizes than channels, which is not supported")
	}
	return c.each("", op.Affine{NoBias: true}, v, param(w[0].floats(n), n))
}

// scaleAndAdd is x + scale·y: two nodes, name/Scale and name.
func scaleAndAdd(c *ctx) value {
	if len(c.in) != 2 {
		c.fail("it has %d inputs, and takes two", len(c.in))
		return c.in[0]
	}
	c.in[1] = c.each("Scale", op.Scale{Factor: c.float("scale", 1)}, c.in[1])
	return c.join(op.Add{})
}
