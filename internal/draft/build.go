package draft

import (
	"fmt"
	"slices"

	"vizserver/internal/nn"
)

// block is a part of the tree that layout makes. A leaf is a layer: it has nodes and no
// children. Every node of the net stands in exactly one leaf, or directly in a block.
type block struct {
	name, kind string
	children   []*block
	nodes      []int // of Net.Nodes, in order of execution
}

// Build makes the graph and its weights. Errors name the nodes concerned; the Params
// are shared with the weights, not copied.
func (n *Net) Build() (*nn.Graph, nn.Weights, error) {
	order, err := n.order()
	if err != nil {
		return nil, nil, err
	}
	shapes, err := n.infer(order, true)
	if err != nil {
		return nil, nil, err
	}
	b := builder{net: n, graph: nn.NewGraph(n.Name), weights: nn.Weights{}, values: map[string]*nn.Value{}}
	b.values[n.Input] = b.graph.Input(n.Input, n.Shape)
	if err := b.emit(layout(n, order, shapes), order); err != nil {
		return nil, nil, err
	}
	g, err := b.graph.Build()
	if err != nil {
		return nil, nil, err
	}
	return g, b.weights, nil
}

// Check looks at all that Build looks at but the parameters, and makes nothing: for whoever
// has the tree of blocks and names the parameters itself. Every node has to be needed.
func (n *Net) Check() error {
	order, err := n.order()
	if err != nil {
		return err
	}
	if len(order) < len(n.Nodes) {
		needed := map[int]bool{}
		for _, i := range order {
			needed[i] = true
		}
		var idle []string
		for i := range n.Nodes {
			if !needed[i] {
				idle = append(idle, n.Nodes[i].Name)
			}
		}
		return bad("nodes that the answer does not need", idle...)
	}
	_, err = n.infer(order, false)
	return err
}

// infer returns the shape of every node of the order, by its index, before any memory is taken.
func (n *Net) infer(order []int, params bool) ([]nn.Shape, error) {
	g := nn.NewGraph(n.Name)
	values := map[string]*nn.Value{n.Input: g.Input(n.Input, n.Shape)}
	shapes := make([]nn.Shape, len(n.Nodes))
	bytes := int64(0)
	for _, i := range order {
		node := &n.Nodes[i]
		v := g.Add(node.Name, node.Op, inputs(node, values)...)
		if _, err := g.Build(); err != nil {
			return nil, err
		}
		if err := node.checkParams(g.Nodes[len(g.Nodes)-1].Params); err != nil && params {
			return nil, err
		}
		values[node.Name] = v
		shapes[i] = v.Shape
		if bytes += 4 * int64(v.Shape.Len()); bytes > maxValues {
			return nil, tooLarge("the values up to %q take %d bytes, at most %d are kept", cut(node.Name), bytes, int64(maxValues))
		}
	}
	if macs := g.MACs(); macs > maxMACs || macs < 0 {
		return nil, tooLarge("the net needs %d multiply-adds, at most %d are run", macs, int64(maxMACs))
	}
	return shapes, nil
}

func inputs(node *Node, values map[string]*nn.Value) []*nn.Value {
	in := make([]*nn.Value, len(node.Inputs))
	for k, name := range node.Inputs {
		in[k] = values[name]
	}
	return in
}

func (n *Node) checkParams(specs []nn.ParamSpec) error {
	if len(specs) != len(n.Params) {
		return bad(fmt.Sprintf("%s has %d parameters and needs %d", n.Op.Kind(), len(n.Params), len(specs)), n.Name)
	}
	for i, spec := range specs {
		if p := n.Params[i]; !slices.Equal(p.Dims, spec.Dims) || len(p.Data) != spec.Len() {
			return bad(fmt.Sprintf("%s: %s is %v and must be %v", n.Op.Kind(), cut(spec.Name), p.Dims, spec.Dims), n.Name)
		}
	}
	return nil
}

// builder adds nodes to the graph.
type builder struct {
	net     *Net
	graph   *nn.Graph
	weights nn.Weights
	values  map[string]*nn.Value
}

// emit adds all nodes, block by block where the edges allow it, so that a block is
// contiguous in the order of execution; else in the given order.
func (b *builder) emit(root *block, order []int) error {
	seq := root.walk(nil)
	if !b.net.runs(seq, len(order)) {
		seq = order
	}
	home := map[int][]*block{} // by node: its blocks, outermost first
	root.homes(nil, home)
	made := map[*block]*nn.Block{root: b.graph.Root}
	left := map[*block]int{} // nodes of a leaf that are still to come
	for _, i := range seq {
		path, ok := home[i]
		if !ok {
			return bad("no block holds the node", b.net.Nodes[i].Name)
		}
		at := b.enter(path, made)
		leaf := path[len(path)-1]
		b.graph.Within(at, func() { b.add(&b.net.Nodes[i]) })
		if left[leaf]++; left[leaf] == len(leaf.nodes) && len(leaf.children) == 0 {
			b.graph.Show(at)
		}
	}
	return nil
}

// enter returns the graph's block at the end of a path, making what is missing.
func (b *builder) enter(path []*block, made map[*block]*nn.Block) *nn.Block {
	at := made[path[0]]
	for _, p := range path[1:] {
		next, ok := made[p]
		if !ok {
			b.graph.Within(at, func() { next = b.graph.In(p.name, p.kind, func() {}) })
			made[p] = next
		}
		at = next
	}
	return at
}

func (b *builder) add(node *Node) {
	b.values[node.Name] = b.graph.Add(node.Name, node.Op, inputs(node, b.values)...)
	specs := b.graph.Nodes[len(b.graph.Nodes)-1].Params
	for k, spec := range specs {
		b.weights[spec.Name] = node.Params[k]
	}
}

// walk appends the nodes in the order of the tree: a block's own, then its children's.
func (b *block) walk(seq []int) []int {
	seq = append(seq, b.nodes...)
	for _, c := range b.children {
		seq = c.walk(seq)
	}
	return seq
}

func (b *block) homes(path []*block, home map[int][]*block) {
	path = append(slices.Clip(path), b)
	for _, i := range b.nodes {
		home[i] = path
	}
	for _, c := range b.children {
		c.homes(path, home)
	}
}

// runs says whether every node of the sequence stands behind its inputs and none is missing.
func (n *Net) runs(seq []int, count int) bool {
	if len(seq) != count {
		return false
	}
	done := map[string]bool{n.Input: true}
	for _, i := range seq {
		for _, in := range n.Nodes[i].Inputs {
			if !done[in] {
				return false
			}
		}
		done[n.Nodes[i].Name] = true
	}
	return seq[len(seq)-1] >= 0 && n.Nodes[seq[len(seq)-1]].Name == n.Output
}
