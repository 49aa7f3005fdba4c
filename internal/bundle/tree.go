package bundle

import (
	"vizserver/internal/nn"
)

// checkTree demands that every block stands behind its parent, that nodes and layers name
// blocks that are there, and that layers are leaves with nodes.
func (g *graph) checkTree() error {
	depth := make([]int, len(g.Blocks)+1)
	nodes := make([]int, len(g.Blocks)+1)
	inner := make([]bool, len(g.Blocks)+1)
	for i := range g.Blocks {
		b := &g.Blocks[i]
		if b.Parent < 0 || b.Parent > i {
			return bad("block %d (%.60q) has the parent %d, which does not stand before it", i+1, b.Name, b.Parent)
		}
		if b.Kind == inputKind {
			return bad("block %d (%.60q) is of the kind of the input", i+1, b.Name)
		}
		inner[b.Parent] = true
		if depth[i+1] = depth[b.Parent] + 1; depth[i+1] > maxDepth {
			return bad("block %d (%.60q) lies more than %d deep", i+1, b.Name, maxDepth)
		}
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Block < 0 || n.Block > len(g.Blocks) {
			return bad("node %.60q stands in block %d of %d", n.Name, n.Block, len(g.Blocks))
		}
		nodes[n.Block]++
	}
	shown := make([]bool, len(g.Blocks)+1)
	for _, l := range g.Layers {
		if l < 1 || l > len(g.Blocks) || shown[l] || inner[l] || nodes[l] == 0 {
			return bad("block %d is named as a layer, and is not a leaf with nodes, or is named twice", l)
		}
		shown[l] = true
	}
	return nil
}

// build makes the graph with the tree of the file. Checks of the tree, the operators and the
// edges were passed.
func (g *graph) build(ops []nn.Op) (*nn.Graph, error) {
	out := nn.NewGraph(g.Name)
	out.Input(g.Input.Name, g.Input.shape())
	blocks := make([]*nn.Block, len(g.Blocks)+1)
	blocks[0] = out.Root
	for i, b := range g.Blocks {
		out.Within(blocks[b.Parent], func() { blocks[i+1] = out.In(b.Name, b.Kind, func() {}) })
	}
	left := make([]int, len(blocks)) // nodes still to come
	for i := range g.Nodes {
		left[g.Nodes[i].Block]++
	}
	layers := g.Layers
	for i := range g.Nodes {
		n := &g.Nodes[i]
		in := make([]*nn.Value, len(n.Inputs))
		for k, name := range n.Inputs {
			if in[k] = out.Value(name); in[k] == nil {
				return nil, bad("node %.60q reads %.60q, which no node before it computes", n.Name, name)
			}
		}
		out.Within(blocks[n.Block], func() { out.Add(n.Name, ops[i], in...) })
		left[n.Block]--
		for len(layers) > 0 && left[layers[0]] == 0 {
			out.Show(blocks[layers[0]])
			layers = layers[1:]
		}
		if _, err := out.Build(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
