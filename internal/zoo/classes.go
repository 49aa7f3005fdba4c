package zoo

import (
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// Classifier returns the node whose rows are the classes: the last one with weights, where it
// is a fully connected layer or a convolution and its outputs are the answer. Nil where the
// net has none such, as LeNet-5 of 1998 with its fixed codes.
func Classifier(g *nn.Graph) *nn.Node {
	i := lastIndex(g.Nodes, func(n *nn.Node) bool { return len(n.Params) > 0 })
	if i < 0 {
		return nil
	}
	n := g.Nodes[i]
	switch n.Op.(type) {
	case op.Linear, op.Conv:
	default:
		return nil
	}
	if out := g.OutputValue().Shape; out.Plane() != 1 || out.C != n.Output.Shape.C {
		return nil
	}
	return n
}

// ForClasses returns the network with a classifier for n classes that nobody has named yet:
// what is left of it after somebody trained it for classes of their own. e stays as it is.
func (e *Entry) ForClasses(n int) *Entry {
	own := *e
	own.Task = Own
	own.Build = func(g *nn.Graph) {
		e.Build(g)
		setClasses(g, n)
	}
	return &own
}

// setClasses gives the classifier of a graph that is being built n rows, and what follows it
// its new sizes.
func setClasses(g *nn.Graph, classes int) {
	n := Classifier(g)
	if n == nil {
		return
	}
	switch o := n.Op.(type) {
	case op.Linear:
		o.Out = classes
		n.Op = o
	case op.Conv:
		o.Out = classes
		n.Op = o
	}
	for _, n := range g.Nodes[n.Index:] {
		in := n.InShapes()
		out, err := n.Op.Infer(in)
		if err != nil {
			panic(err) // what follows a classifier takes any number of channels: a test sees to that
		}
		n.Output.Shape = out
		for i, p := range n.Op.Params(in) {
			n.Params[i].Dims = p.Dims
		}
	}
}

func lastIndex[T any](list []T, is func(T) bool) int {
	for i, x := range slices.Backward(list) {
		if is(x) {
			return i
		}
	}
	return -1
}
