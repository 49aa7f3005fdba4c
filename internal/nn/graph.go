package nn

import (
	"fmt"

	"vizserver/internal/fault"
)

// Value is a named tensor of a graph. Its shape holds for a batch of one.
type Value struct {
	Index int
	Name  string
	Shape Shape
	Node  *Node // nil for an input
}

// Node computes one value from others.
type Node struct {
	Index  int
	Name   string // the checkpoint's name
	Op     Op
	Inputs []*Value
	Output *Value
	Params []ParamSpec // names are full here: "c1.weight"
	Block  *Block
}

// InShapes returns the shapes of the node's inputs, as they stand in the graph.
func (n *Node) InShapes() []Shape {
	s := make([]Shape, len(n.Inputs))
	for i, v := range n.Inputs {
		s[i] = v.Shape
	}
	return s
}

// Block is a part of a net that a viewer knows as one thing. Blocks form a tree:
// net → stage → block → branch → layer.
type Block struct {
	Name     string
	Kind     string // "net", "stage", "residual", "inception", "branch", …, or the kind of a layer
	Parent   *Block
	Children []*Block
	Nodes    []*Node // nodes directly in this block
	Layer    *Layer  // set on the leaves that a viewer shows
}

// Graph says what is computed. It is built once and immutable afterwards, so that
// many models and runs may share it.
type Graph struct {
	Name   string
	Nodes  []*Node // in execution order
	Values []*Value
	Root   *Block
	Layers []*Layer

	input  *Value
	byName map[string]*Value
	shown  map[*Value]*Layer // by the value that the layer shows
	cur    *Block
	err    error
}

// GraphError says what is wrong with a graph.
type GraphError struct{ Text string }

func (e *GraphError) Error() string { return e.Text }

// Kind marks the error as the caller's to mend.
func (e *GraphError) Kind() fault.Kind { return fault.Invalid }

// NewGraph starts an empty graph.
func NewGraph(name string) *Graph {
	root := &Block{Name: name, Kind: "net"}
	return &Graph{Name: name, Root: root, cur: root, byName: map[string]*Value{}, shown: map[*Value]*Layer{}}
}

// Input declares the net's input and the layer that shows it.
func (g *Graph) Input(name string, s Shape) *Value {
	if g.input != nil {
		g.fail(fmt.Sprintf("graph %q: second input %q", g.Name, name))
		return g.input
	}
	if err := s.check(); err != nil && g.err == nil {
		g.err = err
	}
	g.input = g.value(name, s, nil)
	b := &Block{Name: "Input", Kind: "input", Parent: g.Root}
	g.Root.Children = append(g.Root.Children, b)
	g.addLayer(b)
	return g.input
}

// Add appends a node. The first error stays in the graph and is told by Build.
func (g *Graph) Add(name string, op Op, in ...*Value) *Value {
	shapes := make([]Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	out, err := op.Infer(shapes)
	if err == nil {
		err = out.check()
	}
	if err != nil {
		if se, ok := err.(*ShapeError); ok && se.Node == "" { //nolint:errorlint // our own ops return it bare
			se.Node = name
		}
		if g.err == nil {
			g.err = err
		}
		out = Shape{N: 1, C: 1, H: 1, W: 1}
		return &Value{Name: name, Shape: out}
	}
	n := &Node{Index: len(g.Nodes), Name: name, Op: op, Inputs: in, Block: g.cur}
	for _, p := range op.Params(shapes) {
		p.Name = name + "." + p.Name
		n.Params = append(n.Params, p)
	}
	n.Output = g.value(name, out, n)
	g.Nodes = append(g.Nodes, n)
	g.cur.Nodes = append(g.cur.Nodes, n)
	return n.Output
}

// In runs build inside a new block of the tree.
func (g *Graph) In(name, kind string, build func()) *Block {
	b := &Block{Name: name, Kind: kind, Parent: g.cur}
	g.cur.Children = append(g.cur.Children, b)
	g.cur = b
	build()
	g.cur = b.Parent
	return b
}

// Within runs build inside a block that stands already: a file's nodes may come in an
// order that goes in and out of a block.
func (g *Graph) Within(b *Block, build func()) {
	before := g.cur
	g.cur = b
	build()
	g.cur = before
}

// Layer runs build inside a new block that a viewer shows as one layer. The layer's
// value is that of its last node.
func (g *Graph) Layer(name, kind string, build func()) {
	g.Show(g.In(name, kind, build))
}

// Show makes a layer of a block whose nodes are all there: In and Show are Layer in two steps.
func (g *Graph) Show(b *Block) { g.addLayer(b) }

// Build ends the construction and returns the first error of it.
func (g *Graph) Build() (*Graph, error) {
	if g.err == nil && g.input == nil {
		g.fail(fmt.Sprintf("graph %q has no input", g.Name))
	}
	if g.err == nil && len(g.Nodes) == 0 {
		g.fail(fmt.Sprintf("graph %q has no nodes", g.Name))
	}
	if g.err != nil {
		return nil, g.err
	}
	return g, nil
}

// InputValue returns the value that a run starts from.
func (g *Graph) InputValue() *Value { return g.input }

// OutputValue returns the value of the last node: the net's answer.
func (g *Graph) OutputValue() *Value { return g.Nodes[len(g.Nodes)-1].Output }

// Value returns the value of this name, or nil.
func (g *Graph) Value(name string) *Value { return g.byName[name] }

// Units counts the units that a viewer shows: the values of all layers.
func (g *Graph) Units() int {
	n := 0
	for _, l := range g.Layers {
		n += l.Out.Shape.Sample()
	}
	return n
}

func (g *Graph) value(name string, s Shape, n *Node) *Value {
	if g.byName[name] != nil {
		g.fail(fmt.Sprintf("graph %q: the name %q stands twice", g.Name, name))
	}
	v := &Value{Index: len(g.Values), Name: name, Shape: s, Node: n}
	g.Values = append(g.Values, v)
	g.byName[name] = v
	return v
}

func (g *Graph) fail(text string) {
	if g.err == nil {
		g.err = &GraphError{Text: text}
	}
}
