package nn

// Layer is what a viewer shows as one: a main node with its activation, or the input.
type Layer struct {
	Index  int
	Name   string // "C1"
	Kind   string // "input", "conv", "pool", "subsample", "fc", "rbf"
	Block  *Block
	Main   *Node  // the node with the weights or the window; nil for the input
	Act    *Node  // the activation behind it; nil if there is none
	Pre    *Value // the main node's value where an activation follows, else nil
	Out    *Value // what the layer shows
	Inputs []int  // indices of the layers that it reads
}

// Shape returns the size of the layer for one input.
func (l *Layer) Shape() Shape { return l.Out.Shape }

// addLayer makes the layer of a leaf block from its nodes.
func (g *Graph) addLayer(b *Block) {
	l := &Layer{Index: len(g.Layers), Name: b.Name, Kind: b.Kind, Block: b}
	b.Layer = l
	g.Layers = append(g.Layers, l)
	if b.Kind == "input" {
		l.Out = g.input
		g.shown[l.Out] = l
		return
	}
	if len(b.Nodes) == 0 {
		g.fail("layer " + b.Name + " has no nodes")
		l.Out = g.input
		return
	}
	inside := map[*Value]bool{}
	seen := map[int]bool{}
	for _, n := range b.Nodes {
		inside[n.Output] = true
		for _, v := range n.Inputs {
			if src := g.shown[v]; !inside[v] && src != nil && !seen[src.Index] {
				seen[src.Index] = true
				l.Inputs = append(l.Inputs, src.Index)
			}
		}
	}
	last := b.Nodes[len(b.Nodes)-1]
	l.Main, l.Out = last, last.Output
	g.shown[l.Out] = l
	if k := len(b.Nodes); k > 1 && isActivation(last.Op) {
		l.Main, l.Act = b.Nodes[k-2], last
		l.Pre = l.Main.Output
	}
}

// Activation is an operator that acts on each unit alone (or, softmax, on one vector).
type Activation interface {
	Op
	// Formula writes the function of s as a person reads it.
	Formula() string
	// ActivationName is the name on the wire: "scaled_tanh", "relu", "softmax", …
	ActivationName() string
	// Signed says whether values below zero occur.
	Signed() bool
}

func isActivation(op Op) bool {
	_, ok := op.(Activation)
	return ok
}
