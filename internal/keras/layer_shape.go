package keras

import (
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn/op"
)

// maxOrders bounds the numbers that tell in which order the units of flattened maps lie.
const maxOrders = 1 << 25

// mayOrder counts n such numbers.
func (b *builder) mayOrder(c *ctx, n int) bool {
	if b.orders += n; b.orders > maxOrders && c.err == nil {
		c.err = fault.New(fault.TooLarge, "layer %s (%s): the flattened maps of the net have more than %d units together", show(c.layer.name), show(c.class), maxOrders)
	}
	return c.err == nil
}

// flatten lays maps in a row. The engine does it by channels, rows, columns; Keras by rows,
// columns, channels, which the order of the value keeps for the layer that reads it.
func flatten(c *ctx) value {
	v := c.one()
	if len(v.dims) == 1 {
		return v
	}
	return c.flat("", v, c.b.first && c.str("data_format", "channels_last") == "channels_last")
}

// flat is flatten, where planar says that Keras too lays the maps one after the other: where they
// lie so, and the layer does not turn them first.
func (c *ctx) flat(part string, v value, planar bool) value {
	s := c.b.shape(v)
	if s.Plane() == 1 {
		return value{node: v.node, dims: []int{s.C}}
	}
	out := c.node(part, op.Flatten{}, 1, nil, v)
	if planar || s.C == 1 || c.err != nil || !c.b.mayOrder(c, s.Sample()) {
		return out
	}
	out.order = make([]int, 0, s.Sample())
	for ch := range s.C {
		for place := range s.Plane() {
			out.order = append(out.order, place*s.C+ch)
		}
	}
	return out
}

// reshape gives maps or a vector other sizes.
func reshape(c *ctx) value {
	v := c.one()
	target := c.target(v)
	if c.err != nil {
		return v
	}
	if slices.Equal(target, v.dims) {
		return v
	}
	if len(target) == 1 {
		return c.flat("", v, c.b.first)
	}
	next := value{node: v.node, dims: target}
	from, to := c.b.shape(v), c.b.shape(next)
	if from.Plane() == 1 && to.Plane() == 1 && v.order == nil {
		return next // one number for each channel, before and after
	}
	if c.b.first {
		return c.node("", op.Reshape{C: to.C, H: to.H, W: to.W}, 3, nil, c.straight(v, "order"))
	}
	if len(v.dims) == 3 {
		if from.Plane() > 1 { // to Keras's order: rows, columns, channels
			v = c.node("rows", op.Transpose{Dims: []int{from.C, from.H, from.W}, Perm: []int{1, 2, 0}}, 3, nil, v)
		}
	} else {
		v = c.straight(v, "order")
	}
	return c.node("", op.Transpose{Dims: target, Perm: []int{2, 0, 1}}, 3, nil, v)
}

// target reads target_shape, with at most one −1 for what is left.
func (c *ctx) target(v value) []int {
	target := c.ints("target_shape")
	if len(target) != 1 && len(target) != 3 {
		c.fail("it reshapes to %d sizes; 1 (a vector) and 3 (maps) are supported", len(target))
		return nil
	}
	have := 1
	for _, d := range v.dims {
		have *= d // a value that was made: it fits
	}
	open, rest := -1, have
	for i, d := range target {
		switch {
		case d == -1 && open < 0:
			open = i
		case d < 1 || rest%d != 0:
			c.fail("its input of %s does not reshape to %v", dimText(v.dims), target)
			return nil
		default:
			rest /= d
		}
	}
	if open >= 0 {
		target[open], rest = rest, 1
	}
	if rest != 1 {
		c.fail("its input of %s does not reshape to %v", dimText(v.dims), target)
	}
	return target
}

// permute puts rows, columns and channels in another order.
func permute(c *ctx) value {
	v := c.picture()
	p := c.ints("dims")
	sorted := slices.Clone(p)
	slices.Sort(sorted)
	if !slices.Equal(sorted, []int{1, 2, 3}) {
		c.fail("dims %v is no order of 1, 2 and 3", p)
		return v
	}
	axes, s := c.engineAxes(), c.b.shape(v)
	o := op.Transpose{Dims: []int{s.C, s.H, s.W}}
	for _, k := range axes { // Keras's axis k of the output is axis p[k−1] of the input
		o.Perm = append(o.Perm, slices.Index(axes, p[k-1]))
	}
	return c.node("", o, 3, nil, v)
}
