package op

import (
	"slices"

	"vizserver/internal/nn"
)

// How N-dimensional operators step over height and width. A place of the output follows one of the
// input where both are the same dimension of the sample; else it may see all of them.

// follow returns the steps of an operator whose output dimension k runs along dimension source[k]
// of the input, of these dims, or along none of them (−1).
func follow(in, out nn.Shape, dims, source []int) [2]nn.Slide {
	slides := [2]nn.Slide{anywhere(in.H, out.H), anywhere(in.W, out.W)}
	if in.WithN(1) != Project(dims) {
		return slides // its height and width are other dimensions
	}
	for axis := range slides {
		from, to := placeDim(len(dims), axis), placeDim(len(source), axis)
		if from >= 0 && to >= 0 && source[to] == from {
			slides[axis] = nn.Slide{Extent: 1, Stride: 1}
		}
	}
	return slides
}

// placeDim returns the dimension of a sample of that rank that Project makes height (axis 0) or
// width (axis 1), or −1.
func placeDim(rank, axis int) int {
	if rank < 2 || rank == 2 && axis == 0 {
		return -1
	}
	return rank - 2 + axis
}

// anywhere says that every place of the output sees all of the input.
func anywhere(in, out int) nn.Slide {
	if out == 1 {
		return nn.Slide{Extent: in, Stride: float64(in)}
	}
	return nn.Slide{Extent: in}
}

// inPlace numbers the dimensions of an output that has those of the input, but −1 where moved says so.
func inPlace(rank int, moved func(d int) bool) []int {
	source := make([]int, rank)
	for d := range source {
		source[d] = d
		if moved(d) {
			source[d] = -1
		}
	}
	return source
}

// Slide keeps a width or a map's size that stays; else every place may see all.
func (r Reshape) Slide(in []nn.Shape) [2]nn.Slide {
	s := in[0]
	source := inPlace(3, func(d int) bool { return s.W != r.W || d == 1 && s.H != r.H })
	return follow(s, outOf(r, in), []int{s.C, s.H, s.W}, source)
}

// Slide keeps height and width where they stay in their place.
func (t Transpose) Slide(in []nn.Shape) [2]nn.Slide {
	return follow(in[0], outOf(t, in), t.Dims, t.Perm)
}

// Slide lets every copy see what it was made of.
func (e Expand) Slide(in []nn.Shape) [2]nn.Slide {
	lead := len(e.To) - len(e.Dims)
	source := make([]int, len(e.To))
	for k, d := range e.To {
		source[k] = k - lead
		if k < lead || e.Dims[k-lead] != d {
			source[k] = -1
		}
	}
	return follow(in[0], outOf(e, in), e.Dims, source)
}

// Slide steps from the start; backwards, every place may see all.
func (s SliceAxes) Slide(in []nn.Shape) [2]nn.Slide {
	r := len(s.Dims)
	slides := follow(in[0], outOf(s, in), s.Dims, inPlace(r, func(d int) bool { return s.Steps[d] < 0 }))
	for axis := range slides {
		if d := placeDim(r, axis); d >= 0 && s.Steps[d] > 0 {
			slides[axis] = nn.Slide{Extent: 1, Stride: float64(s.Steps[d]), Pad: -float64(s.Starts[d])}
		}
	}
	return slides
}

// Slide keeps height and width where other dimensions are picked from.
func (g Gather) Slide(in []nn.Shape) [2]nn.Slide {
	source := inPlace(len(g.Dims), func(d int) bool { return d == g.Axis })
	none := slices.Repeat([]int{-1}, len(g.Shape))
	return follow(in[0], outOf(g, in), g.Dims, replaced(source, g.Axis, g.Axis+1, none...))
}

// Slide keeps height and width where others are joined.
func (c ConcatAxis) Slide(in []nn.Shape) [2]nn.Slide {
	dims := slices.Clone(c.Dims[0])
	for _, d := range c.Dims {
		dims[c.Axis] = max(dims[c.Axis], d[c.Axis])
	}
	return follow(largest(in), outOf(c, in), dims, inPlace(len(dims), func(d int) bool { return d == c.Axis }))
}

// Slide lets every place see all.
func (o MatMul) Slide(in []nn.Shape) [2]nn.Slide {
	s, out := largest(in), outOf(o, in)
	return [2]nn.Slide{anywhere(s.H, out.H), anywhere(s.W, out.W)}
}

// largest returns the largest sizes of several inputs.
func largest(in []nn.Shape) nn.Shape {
	s := in[0]
	for _, i := range in[1:] {
		s.C, s.H, s.W = max(s.C, i.C), max(s.H, i.H), max(s.W, i.W)
	}
	return s
}

// Slide keeps height and width where others are folded.
func (r Reduce) Slide(in []nn.Shape) [2]nn.Slide {
	source := inPlace(len(r.Dims), func(d int) bool { return slices.Contains(r.Axes, d) })
	if !r.KeepDims {
		source = slices.DeleteFunc(source, func(d int) bool { return d < 0 })
	}
	return follow(in[0], outOf(r, in), r.Dims, source)
}

// Slide keeps height and width where the rows run along others.
func (s SoftmaxAxis) Slide(in []nn.Shape) [2]nn.Slide {
	r := len(s.Dims)
	return follow(in[0], outOf(s, in), s.Dims, inPlace(r, func(d int) bool { return d == s.Axis }))
}

// Slide keeps height and width where others are normalised.
func (l LayerNormAxes) Slide(in []nn.Shape) [2]nn.Slide {
	r := len(l.Dims)
	return follow(in[0], outOf(l, in), l.Dims, inPlace(r, func(d int) bool { return d >= l.Axis }))
}
