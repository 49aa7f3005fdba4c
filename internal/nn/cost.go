package nn

import (
	"math"
	"slices"
)

// NumParams counts the node's parameters; trained ones only, or the fixed ones too.
func (n *Node) NumParams(withFixed bool) int {
	sum := 0
	for _, p := range n.Params {
		if withFixed || !p.Fixed {
			sum += p.Len()
		}
	}
	return sum
}

// MACs counts the node's multiply-adds for one input: of a convolution or a fully
// connected layer, else 0.
func (n *Node) MACs() int64 {
	if d, ok := n.Op.(Describer); ok {
		return d.MACs(n.InShapes())
	}
	return 0
}

// NumParams counts the parameters; trained ones only, or the fixed ones too.
func (g *Graph) NumParams(withFixed bool) int {
	sum := 0
	for _, n := range g.Nodes {
		sum += n.NumParams(withFixed)
	}
	return sum
}

// MACs counts the multiply-adds of convolutions and fully connected layers for one input.
func (g *Graph) MACs() int64 {
	var sum int64
	for _, n := range g.Nodes {
		sum += n.MACs()
	}
	return sum
}

// Connections counts the links of the net as LeCun et al. 1998 do (see Describer).
func (g *Graph) Connections() int64 {
	var sum int64
	for _, n := range g.Nodes {
		if d, ok := n.Op.(Describer); ok {
			sum += d.Connections(n.InShapes())
		}
	}
	return sum
}

// Memory is what a net needs for one input, in bytes, all numbers being float32.
type Memory struct {
	Weights     int64 // the parameters, trained and fixed
	Activations int64 // all values together, the input included: what a run keeps
	Peak        int64 // the largest sum of values in use at once, each dropped behind its last reader
}

// Memory computes the sizes from the graph.
func (g *Graph) Memory() Memory {
	m := Memory{Weights: 4 * int64(g.NumParams(true))}
	last := make([]int, len(g.Values)) // the node that reads a value last
	for _, n := range g.Nodes {
		last[n.Output.Index] = n.Index
		for _, v := range n.Inputs {
			last[v.Index] = n.Index
		}
	}
	for _, v := range g.Values {
		m.Activations += v.bytes()
	}
	used := g.input.bytes()
	m.Peak = used
	for _, n := range g.Nodes {
		used += n.Output.bytes()
		m.Peak = max(m.Peak, used)
		dropped := map[*Value]bool{} // one value may stand twice among the inputs
		for _, v := range append(slices.Clip(n.Inputs), n.Output) {
			if last[v.Index] == n.Index && v != g.OutputValue() && !dropped[v] {
				dropped[v] = true
				used -= v.bytes()
			}
		}
	}
	return m
}

func (v *Value) bytes() int64 { return 4 * int64(v.Shape.Len()) }

// Slide is how an operator goes over its input along one axis: place i of the output
// reads Extent places of the input from i·Stride − Pad on.
type Slide struct {
	Extent      int     // of the window, dilation included
	Stride, Pad float64 // a stride below 1: the output is finer than the input
}

// Slider is an operator whose output places read more than the same place of the input.
// Operators without it read height and width place by place.
type Slider interface {
	// Slide returns the steps along height and width.
	Slide(in []Shape) [2]Slide
}

// Span is a field along one axis, in pixels of the input: place i of the value sees Size
// pixels from Start + i·Stride on. Padding counts, so a span may reach past the picture.
type Span struct{ Size, Stride, Start float64 }

// Field is the receptive field of a value: height, width. That of a flattened vector or a
// pooled map is the field of all its places together.
type Field [2]Span

// Fields returns the receptive field of every value, by its index, as in Araujo, Norris and
// Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019. Where
// paths meet, the field is the smallest that holds those of all paths.
func (g *Graph) Fields() []Field {
	list := make([]Field, len(g.Values))
	list[g.input.Index] = Field{{Size: 1, Stride: 1}, {Size: 1, Stride: 1}}
	for _, n := range g.Nodes {
		f := g.meet(n, list)
		if s, ok := n.Op.(Slider); ok && f != (Field{}) {
			for axis, step := range s.Slide(n.InShapes()) {
				f[axis] = f[axis].slide(step)
			}
		}
		list[n.Output.Index] = f
	}
	return list
}

func (s Span) slide(by Slide) Span {
	return Span{
		Size:   s.Size + float64(by.Extent-1)*s.Stride,
		Stride: s.Stride * by.Stride,
		Start:  s.Start - by.Pad*s.Stride,
	}
}

// meet returns the smallest field that holds, at every place, those of all inputs of a node.
// One value that scales all places of a map, the gate of squeeze-and-excitation, does not move
// with the place: the field reaches back by all the steps there are. Of such a value only what
// it sees of the picture counts, so that gates in a row do not add up.
func (g *Graph) meet(n *Node, list []Field) Field {
	in := slices.DeleteFunc(slices.Clone(n.Inputs), func(v *Value) bool {
		return list[v.Index] == Field{} // a constant sees nothing
	})
	switch len(in) {
	case 0:
		return Field{}
	case 1:
		return list[in[0].Index]
	}
	f := list[in[0].Index]
	picture, places := g.input.Shape.plane(), n.Output.Shape.plane()
	for axis := range f {
		start, end, stride := math.Inf(1), math.Inf(-1), math.Inf(1)
		for _, v := range in {
			if v.Shape.plane()[axis] == places[axis] {
				s := list[v.Index][axis]
				start, end, stride = min(start, s.Start), max(end, s.Start+s.Size), min(stride, s.Stride)
			}
		}
		if math.IsInf(stride, 1) { // the operator moved the axes
			return list[in[0].Index]
		}
		for _, v := range in {
			if v.Shape.plane()[axis] != places[axis] {
				s := list[v.Index][axis]
				start = min(start, max(s.Start, 0)-float64(places[axis]-1)*stride)
				end = max(end, min(s.Start+s.Size, float64(picture[axis])))
			}
		}
		f[axis] = Span{Size: end - start, Stride: stride, Start: start}
	}
	return f
}

// plane returns height and width.
func (s Shape) plane() [2]int { return [2]int{s.H, s.W} }
