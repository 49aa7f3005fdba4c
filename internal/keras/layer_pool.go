package keras

import (
	"vizserver/internal/nn/op"
)

// poolWindow reads pool_size, strides (the window's size where there are none) and padding.
func (c *ctx) poolWindow() slide {
	return c.window("pool_size", c.pair("pool_size", op.Square(2)))
}

func maxPool(c *ctx) value {
	v, s := c.picture(), c.poolWindow()
	pad, extra := s.pads(c.b.shape(v))
	return c.node("", op.MaxPool{Kernel: s.kernel, Stride: s.stride, Pad: pad, Extra: extra}, 3, nil, v)
}

// avgPool does not count the padding.
func avgPool(c *ctx) value {
	v, s := c.picture(), c.poolWindow()
	pad, extra := s.pads(c.b.shape(v))
	return c.node("", op.AvgPool{Kernel: s.kernel, Stride: s.stride, Pad: pad, Extra: extra}, 3, nil, v)
}

// afterGlobal is the rank of a map's mean: a vector, or with keepdims a map of one place.
func (c *ctx) afterGlobal() int {
	if c.bool("keepdims", false) {
		return 3
	}
	return 1
}

func globalAvg(c *ctx) value {
	return c.node("", op.GlobalAvgPool{}, c.afterGlobal(), nil, c.picture())
}

func globalMax(c *ctx) value {
	return c.node("", op.GlobalMaxPool{}, c.afterGlobal(), nil, c.picture())
}

func zeroPadding(c *ctx) value {
	v := c.picture()
	top, bottom, left, right := c.edges("padding")
	return c.node("", op.Pad{Top: top, Bottom: bottom, Left: left, Right: right}, 3, nil, v)
}

func cropping(c *ctx) value {
	v := c.picture()
	top, bottom, left, right := c.edges("cropping")
	return c.node("", op.Pad{Top: -top, Bottom: -bottom, Left: -left, Right: -right}, 3, nil, v)
}

// centerCrop cuts the middle out; a map that is too small would be scaled, which is not supported.
func centerCrop(c *ctx) value {
	v := c.picture()
	s := c.b.shape(v)
	h, w := c.int("height", s.H), c.int("width", s.W)
	if h < 1 || w < 1 || h > s.H || w > s.W {
		c.fail("it cuts %d×%d out of %d×%d, which is not supported", h, w, s.H, s.W)
	}
	top, left := (s.H-h)/2, (s.W-w)/2
	return c.node("", op.Pad{Top: -top, Bottom: -(s.H - h - top), Left: -left, Right: -(s.W - w - left)}, 3, nil, v)
}

func upSampling(c *ctx) value {
	v, by := c.picture(), c.pair("size", op.Square(2))
	s := c.b.shape(v)
	if by.H < 1 || by.W < 1 {
		c.fail("size is %d×%d, and must be at least 1", by.H, by.W)
	}
	return c.resized(v, op.Size{H: s.H * by.H, W: s.W * by.W})
}

// resizing scales to a size, without a smoothing filter.
func resizing(c *ctx) value {
	v := c.picture()
	for _, name := range []string{"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"} {
		if c.bool(name, false) {
			c.fail("%s is not supported", name)
		}
	}
	if !c.has("interpolation") {
		c.fail("it does not say its interpolation")
	}
	return c.resized(v, op.Size{H: c.int("height", 0), W: c.int("width", 0)})
}

// resized scales by interpolation. Places are half-pixel centres, as in TensorFlow 2.
func (c *ctx) resized(v value, out op.Size) value {
	o := op.Resize{Out: out, Coords: "half_pixel"}
	switch how := c.str("interpolation", "nearest"); how {
	case "nearest":
		o.Mode, o.Nearest = "nearest", "round_prefer_ceil"
	case "bilinear":
		o.Mode = "linear"
	case "bicubic":
		o.Mode, o.CubicA, o.ExcludeOutside = "cubic", -0.5, true
	default:
		c.layerFails("interpolation", how)
	}
	return c.node("", o, 3, nil, v)
}
