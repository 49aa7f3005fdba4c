package keras

import (
	"fmt"
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// merged brings the inputs of an operator on equal units together: vectors of one order, or all
// in Keras's. A vector beside maps stands for one value for each channel.
func (c *ctx) merged() (in []value, rank int) {
	if len(c.in) < 2 {
		c.fail("it has %d inputs, and takes two or more", len(c.in))
		return c.in, 1
	}
	in = slices.Clone(c.in)
	rank, alike := 1, true
	for _, v := range in {
		rank = max(rank, len(v.dims))
		alike = alike && slices.Equal(v.order, in[0].order)
	}
	for i := range in {
		if !alike || rank == 3 {
			in[i] = c.straight(in[i], fmt.Sprintf("order%d", i))
		}
		if len(in[i].dims) < rank && c.b.first {
			c.fail("it joins a vector with maps where data_format is channels_first, which is not supported")
		}
	}
	return in, rank
}

// join adds an operator of several inputs.
func (c *ctx) join(o nn.Op) value {
	in, rank := c.merged()
	out := c.node("", o, rank, nil, in...)
	if rank == 1 {
		out.order = in[0].order
	}
	return out
}

func add(c *ctx) value {
	if k, _, ok := c.withNumber(); ok {
		return c.byNumber(1, k)
	}
	return c.join(op.Add{})
}

func average(c *ctx) value { return c.join(op.Mean{}) }
func maximum(c *ctx) value { return c.join(op.Max{}) }
func minimum(c *ctx) value { return c.join(op.Min{}) }

func subtract(c *ctx) value {
	if k, left, ok := c.withNumber(); ok && left {
		return c.byNumber(-1, k)
	} else if ok {
		return c.byNumber(1, -k)
	}
	if len(c.in) != 2 {
		c.fail("it has %d inputs, and takes two", len(c.in))
	}
	return c.join(op.Sub{})
}

// divide is the operator x/y of a functional model.
func divide(c *ctx) value {
	if k, left, ok := c.withNumber(); ok && !left {
		return c.byNumber(1/k, 0)
	}
	if len(c.in) != 2 {
		c.fail("it divides a number by a value, which is not supported")
	}
	return c.join(op.Div{})
}

// multiply multiplies two inputs at a time.
func multiply(c *ctx) value {
	if k, _, ok := c.withNumber(); ok {
		return c.byNumber(k, 0)
	}
	in, rank := c.merged()
	out := in[0]
	for i := 1; i < len(in); i++ {
		part := ""
		if i < len(in)-1 {
			part = fmt.Sprintf("Mul%d", i)
		}
		out = c.node(part, op.Mul{}, rank, nil, out, in[i])
	}
	if rank == 1 {
		out.order = in[0].order
	}
	return out
}

// withNumber says whether the call is an operator on a value and a number, x + 3 or 3 − x (left).
func (c *ctx) withNumber() (k float64, left, ok bool) {
	if len(c.in) != 1 || len(c.args) != 2 || c.args[0].tensor == c.args[1].tensor {
		return 0, false, false
	}
	if c.args[0].tensor {
		return c.args[1].number, false, true
	}
	return c.args[0].number, true, true
}

// byNumber adds scale·x + offset with the same numbers for all channels.
func (c *ctx) byNumber(scale, offset float64) value {
	v := c.one()
	n := c.channels(v)
	return c.affine(v, slices.Repeat([]float64{scale}, n), slices.Repeat([]float64{offset}, n))
}

// concatenate joins along one axis: channels, or rows or columns.
func concatenate(c *ctx) value {
	if len(c.in) < 2 {
		c.fail("it has %d inputs, and takes two or more", len(c.in))
		return c.one()
	}
	rank := len(c.in[0].dims)
	for _, v := range c.in {
		if len(v.dims) != rank {
			c.fail("it joins a vector with maps")
			return v
		}
	}
	if !c.has("axis") {
		c.fail("it does not say its axis")
	}
	axis := c.axis(c.in[0])
	if rank == 1 {
		if axis != 1 {
			c.fail("axis %d is not one of a vector", axis)
		}
		out := c.node("", op.Concat{}, 1, nil, c.in...)
		out.order = c.joinedOrder(out)
		return out
	}
	k := slices.Index(c.engineAxes(), axis)
	switch {
	case k < 0:
		c.fail("axis %d is not one of maps", axis)
		return c.one()
	case k == 0:
		return c.node("", op.Concat{}, 3, nil, c.in...)
	}
	o := op.ConcatAxis{Axis: k}
	for _, v := range c.in {
		s := c.b.shape(v)
		o.Dims = append(o.Dims, []int{s.C, s.H, s.W})
	}
	return c.node("", o, 3, nil, c.in...)
}

// engineAxes are Keras's axes of channels, rows and columns.
func (c *ctx) engineAxes() []int {
	if c.b.first {
		return []int{1, 2, 3}
	}
	return []int{3, 1, 2}
}

// joinedOrder is the order of vectors one behind the other; nil where none of them has one.
func (c *ctx) joinedOrder(out value) []int {
	if !slices.ContainsFunc(c.in, func(v value) bool { return v.order != nil }) || !c.b.mayOrder(c, out.dims[0]) {
		return nil
	}
	order := make([]int, 0, out.dims[0])
	for _, v := range c.in {
		at := len(order)
		for i := range v.dims[0] {
			k := i
			if v.order != nil {
				k = v.order[i]
			}
			order = append(order, at+k)
		}
	}
	return order
}
