package op

import "vizserver/internal/nn"

// joins says which elements of a sample an operator joins: an element of the output reads those
// of the input that are in the same group. An element in group −1 is read by none.
type joins struct {
	groups  int
	out, in func(e int) int
}

// sees returns the smallest area of the input that holds what the area of the output reads.
func (j joins) sees(in, out nn.Shape, a nn.Area) nn.Area { return j.cross(out, in, a, j.out, j.in) }

// feeds returns the smallest area of the output that holds what reads the area of the input.
func (j joins) feeds(in, out nn.Shape, a nn.Area) nn.Area { return j.cross(in, out, a, j.in, j.out) }

func (j joins) cross(from, to nn.Shape, a nn.Area, groupFrom, groupTo func(e int) int) nn.Area {
	hit := make([]bool, j.groups)
	eachUnit(from, a, func(e int) {
		if g := groupFrom(e); g >= 0 {
			hit[g] = true
		}
	})
	b := newBox(to)
	for e := range to.Sample() {
		if g := groupTo(e); g >= 0 && hit[g] {
			b.add(e)
		}
	}
	return b.area
}

// eachUnit calls do for every element of the area, by its place in the sample.
func eachUnit(s nn.Shape, a nn.Area, do func(e int)) {
	for _, c := range a.Channels {
		for y := a.Y0; y <= a.Y1; y++ {
			for x := a.X0; x <= a.X1; x++ {
				do((c*s.H+y)*s.W + x)
			}
		}
	}
}

// box is the smallest area of a value that holds some elements; they come in ascending order.
type box struct {
	shape nn.Shape
	area  nn.Area
}

func newBox(s nn.Shape) box { return box{s, nn.Area{Y0: s.H, X0: s.W, Y1: -1, X1: -1}} }

func (b *box) add(e int) {
	c, y, x := e/b.shape.Plane(), e/b.shape.W%b.shape.H, e%b.shape.W
	if k := len(b.area.Channels); k == 0 || b.area.Channels[k-1] != c {
		b.area.Channels = append(b.area.Channels, c)
	}
	b.area.Y0, b.area.X0 = min(b.area.Y0, y), min(b.area.X0, x)
	b.area.Y1, b.area.X1 = max(b.area.Y1, y), max(b.area.X1, x)
}

func itself(e int) int { return e }

// joins says that element e of the block reads the element of the sample at its place.
func (v view) joins(in nn.Shape) joins {
	return joins{groups: in.Sample(), out: v.place, in: itself}
}

// outOf is Infer for inputs that it has accepted before.
func outOf(o nn.Op, in []nn.Shape) nn.Shape {
	s, err := o.Infer(in)
	if err != nil {
		return nn.Shape{}
	}
	return s
}

// rows numbers the rows of a block, a row being the elements that differ in the folded dimensions
// alone: the place of an element is the number of its row.
func rows(dims []int, folded func(d int) bool) (number view, n int) {
	number.rank, n = len(dims), 1
	for d := len(dims) - 1; d >= 0; d-- {
		number.dims[d] = dims[d]
		if !folded(d) {
			number.steps[d] = n
			n *= dims[d]
		}
	}
	return number, n
}
