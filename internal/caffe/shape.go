package caffe

import (
	"math"

	"vizserver/internal/nn/op"
)

func concat(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetConcatParam()
	axis := p.GetAxis()
	if p != nil && p.ConcatDim != nil {
		axis = int32(min(p.GetConcatDim(), math.MaxInt32))
	}
	if err := l.channels(axis, in[0]); err != nil {
		return nil, err
	}
	if len(in) == 1 {
		return in, nil
	}
	return c.one(l, op.Concat{}, in...)
}

// slice cuts the channels at the given points, or into equal parts.
func slice(c *converter, l *layer, in []value) ([]value, error) {
	p, x := l.GetSliceParam(), in[0]
	axis := p.GetAxis()
	if p != nil && p.SliceDim != nil {
		axis = int32(min(p.GetSliceDim(), math.MaxInt32))
	}
	if err := l.channels(axis, x); err != nil {
		return nil, err
	}
	tops, points := len(l.GetTop()), p.GetSlicePoint()
	if tops == 1 {
		return in, nil
	}
	if len(points) == 0 && tops > 0 && x.Shape.C%tops == 0 {
		for i := 1; i < tops; i++ {
			points = append(points, uint32(i*(x.Shape.C/tops)))
		}
	}
	if len(points) != tops-1 {
		return nil, l.bad("it cuts %d channels at %v and writes %d blobs", x.Shape.C, points, tops)
	}
	out := make([]value, tops)
	start := 0
	for i := range out {
		end := x.Shape.C
		if i < len(points) {
			end = int(points[i])
		}
		if end <= start || end > x.Shape.C {
			return nil, l.bad("it cuts %d channels at %v", x.Shape.C, points)
		}
		v, err := c.node(l, "."+clean(l.GetTop()[i]), op.Slice{Start: start, End: end}, nil, x)
		if err != nil {
			return nil, err
		}
		out[i], start = v, end
	}
	return out, nil
}

func flatten(c *converter, l *layer, in []value) ([]value, error) {
	p, x := l.GetFlattenParam(), in[0]
	first, err := l.axis(p.GetAxis(), x)
	if err != nil {
		return nil, err
	}
	last, err := l.axis(p.GetEndAxis(), x)
	if err != nil {
		return nil, err
	}
	if first != 1 || last != x.rank-1 {
		return nil, l.unsupported("it flattens the axes %d to %d; only all but the batch can be flattened", first, last)
	}
	return c.flat(l, x)
}

// flat lays the maps in a row, where they are not in one.
func (c *converter) flat(l *layer, x value) ([]value, error) {
	if !vector(x.Shape) {
		var err error
		if x, err = c.node(l, "", op.Flatten{}, nil, x); err != nil {
			return nil, err
		}
	}
	x.rank = 2
	return []value{x}, nil
}

// reshape gives the sample another size. The batch, axis 0, has to stay what it is: 0, or the
// number that is left when the others are known.
func reshape(c *converter, l *layer, in []value) ([]value, error) {
	p, x := l.GetReshapeParam(), in[0]
	if p.GetAxis() != 0 || p.GetNumAxes() != -1 {
		return nil, l.unsupported("it reshapes some axes alone; only all of them can be reshaped")
	}
	dims, err := l.reshaped(x)
	if err != nil {
		return nil, err
	}
	if len(dims) == 1 {
		return c.flat(l, x)
	}
	s := op.Project(dims)
	if s == x.Shape {
		return []value{{x.Value, len(dims) + 1}}, nil
	}
	y, err := c.node(l, "", op.Reshape{C: s.C, H: s.H, W: s.W}, nil, x)
	y.rank = len(dims) + 1
	return []value{y}, err
}

// reshaped returns the sizes of a sample that the layer asks for, batch left out.
func (l *layer) reshaped(x value) ([]int, error) {
	want := l.GetReshapeParam().GetShape().GetDim()
	if len(want) < 2 || len(want) > 4 {
		return nil, l.unsupported("it makes a blob of %d axes; 2 to 4 can be run", len(want))
	}
	from := map[int][]int{2: {1, x.Shape.C}, 3: {1, x.Shape.C, x.Shape.W}, 4: {1, x.Shape.C, x.Shape.H, x.Shape.W}}[x.rank]
	dims, left, open := make([]int, len(want)-1), x.Shape.Sample(), -1
	for i, d := range want[1:] {
		switch {
		case d == 0 && i+1 < len(from):
			d = int64(from[i+1])
		case d == -1 && open < 0 && want[0] != -1:
			open = i
			continue
		}
		if d < 1 || d > int64(left) || left%int(d) != 0 {
			return nil, l.bad("it makes a blob of %v from samples of %v", want, x.Shape)
		}
		dims[i] = int(d)
		left /= int(d)
	}
	if open >= 0 {
		dims[open] = left
	} else if left != 1 {
		return nil, l.bad("it makes a blob of %v from samples of %v", want, x.Shape)
	}
	return dims, nil
}
