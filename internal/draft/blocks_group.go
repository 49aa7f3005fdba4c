package draft

import (
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// grouper joins nodes to layers.
type grouper struct {
	*layouter
	order   []int
	place   []int          // by node: its place in the order
	inputs  [][]int        // by node: nodes that depend on the net's input, each once; noUnit: that input
	held    [][]int        // by node: those inputs that do not
	readers [][]int        // by node
	still   []bool         // by node: it does not depend on the net's input
	exit    []int          // by node: towards the last node of its layer
	kind    map[int]string // by the last node of a layer of several
}

func newGrouper(l *layouter, order []int) *grouper {
	n := len(l.net.Nodes)
	g := &grouper{
		layouter: l, order: order, place: make([]int, n), inputs: make([][]int, n), held: make([][]int, n),
		readers: make([][]int, n), still: make([]bool, n), exit: make([]int, n), kind: map[int]string{},
	}
	byName := make(map[string]int, n)
	for place, i := range order {
		node := &l.net.Nodes[i]
		byName[node.Name], g.place[i], g.exit[i] = i, place, i
		for _, name := range node.Inputs {
			k, ok := byName[name]
			switch {
			case !ok:
				g.inputs[i] = once(g.inputs[i], noUnit)
			case g.still[k]:
				g.held[i] = append(g.held[i], k)
				g.readers[k] = once(g.readers[k], i)
			default:
				g.inputs[i] = once(g.inputs[i], k)
				g.readers[k] = once(g.readers[k], i)
			}
		}
		g.still[i] = len(g.inputs[i]) == 0
	}
	return g
}

// once appends what is not there yet. Readers are told in order, so that the last one decides;
// the inputs of one node are few, but for a concatenation.
func once(list []int, v int) []int {
	if n := len(list); n > 0 && (list[n-1] == v || n < 64 && slices.Contains(list, v)) {
		return list
	}
	return append(list, v)
}

// node returns the operator of a node.
func (g *grouper) node(i int) nn.Op { return g.net.Nodes[i].Op }

// end returns the last node of a node's layer.
func (g *grouper) end(i int) int {
	for g.exit[i] != i {
		g.exit[i] = g.exit[g.exit[i]]
		i = g.exit[i]
	}
	return i
}

// merge makes the layers of these nodes one that ends with exit.
func (g *grouper) merge(exit int, kind string, nodes ...int) {
	for _, i := range nodes {
		if e := g.end(i); e != exit {
			g.exit[e] = exit
			delete(g.kind, e)
		}
	}
	g.kind[exit] = kind
}

// only returns the one input of a node that depends on the net's input, if no other node reads it.
func (g *grouper) only(i int) (int, bool) {
	if len(g.inputs[i]) != 1 || g.inputs[i][0] == noUnit || len(g.readers[g.inputs[i][0]]) != 1 {
		return 0, false
	}
	return g.inputs[i][0], true
}

// elementwise says that the node works place by place, or takes a mean over places.
func (g *grouper) elementwise(i int) bool {
	switch o := g.node(i).(type) {
	case op.Softmax, op.SoftmaxAxis:
		return false
	case op.Reduce:
		return o.Fn == "mean"
	case nn.Activation, op.Add, op.Sub, op.Mul, op.Div, op.Pow, op.Min, op.Max, op.Scale, op.Affine:
		return true
	}
	return false
}

// maxRegion bounds the elementary nodes of an activation or a normalisation.
const maxRegion = 16

// region looks backwards from a node that reads two values: where both come from one value by
// elementwise nodes that nothing else reads, they are one layer: x·σ(x), GELU, (x − μ)/σ. A sum
// is a shortcut.
func (g *grouper) region(exit int) {
	switch g.node(exit).(type) {
	case op.Mul, op.Div, op.Sub:
	default:
		return
	}
	if len(g.inputs[exit]) < 2 {
		return
	}
	front, nodes := slices.Clone(g.inputs[exit]), []int{exit}
	for len(front) > 1 {
		next := g.latest(front)
		if next == noUnit || len(nodes) > maxRegion || !g.elementwise(next) || !within(g.readers[next], nodes) {
			return
		}
		nodes = append(nodes, next)
		front = slices.DeleteFunc(front, func(i int) bool { return i == next })
		for _, i := range g.inputs[next] {
			front = once(front, i)
		}
	}
	kind := g.regionKind(nodes)
	src := front[0]
	if kind == "norm" && src != noUnit && g.kind[src] == "norm" && within(g.readers[src], nodes) {
		nodes = append(nodes, src) // x − μ, of which the variance is taken
	}
	g.merge(exit, kind, nodes...)
}

// latest returns the node that is computed last; the net's input comes first.
func (g *grouper) latest(list []int) int {
	best := noUnit
	for _, i := range list {
		if i != noUnit && (best == noUnit || g.place[i] > g.place[best]) {
			best = i
		}
	}
	return best
}

func within(list, set []int) bool {
	for _, i := range list {
		if !slices.Contains(set, i) {
			return false
		}
	}
	return true
}

// regionKind names an activation or a normalisation by what it holds.
func (g *grouper) regionKind(nodes []int) string {
	kind := "activation"
	for _, i := range nodes {
		switch o := g.node(i).(type) {
		case op.Reduce:
			return "norm"
		case op.Sigmoid:
			kind = "swish"
		case op.HardSigmoid, op.Clip:
			kind = "hard-swish"
		case op.Tanh:
			kind = "gelu"
		case op.Unary:
			if o.Fn == "Erf" {
				kind = "gelu"
			}
		}
	}
	return kind
}

// trailing adds a factor or a shift by constants to the normalisation or activation before it.
func (g *grouper) trailing(i int) {
	before, ok := g.only(i)
	if !ok || g.end(i) != i || g.end(before) != before {
		return
	}
	switch g.node(i).(type) {
	case op.Mul, op.Add, op.Affine, op.Div, op.Scale, op.Power:
		kind := g.kind[before]
		if kind == "norm" || (kind == "gelu" || kind == "hard-swish") && g.oneNumber(i) {
			g.merge(i, kind, before)
		}
	}
}

// oneNumber says that the node's constants are single numbers, or one number again and again.
func (g *grouper) oneNumber(i int) bool {
	for _, p := range g.net.Nodes[i].Params {
		for _, v := range p.Data {
			if v != p.Data[0] {
				return false
			}
		}
	}
	for _, c := range g.held[i] {
		if g.shapes[c].Len() != 1 {
			return false
		}
	}
	return true
}

// gate joins the steps of a hard sigmoid: add 3, clip to 0…6, divide by 6.
func (g *grouper) gate(i int) {
	switch g.node(i).(type) {
	case op.Mul, op.Div, op.Scale, op.Power, op.Affine:
	default:
		return
	}
	clip, ok := g.only(i)
	if !ok || !g.oneNumber(i) || g.end(i) != i || g.end(clip) != clip {
		return
	}
	shift, ok := g.only(clip)
	if _, is := g.node(clip).(op.Clip); !is || !ok || g.end(shift) != shift || !g.oneNumber(shift) {
		return
	}
	switch g.node(shift).(type) {
	case op.Add, op.Power, op.Affine:
		g.merge(i, "sigmoid", clip, shift)
	}
}

// shuffle joins what torch.channel_shuffle is in a file: reshape, transpose, reshape back. The
// transposition of groups of maps is enough.
func (g *grouper) shuffle(i int) {
	if o, is := g.node(i).(op.Transpose); is && len(o.Perm) > 3 && slices.Equal(o.Perm[:3], []int{1, 0, 2}) && len(g.inputs[i]) == 1 {
		if g.source(i) == g.shapes[i] && g.shapes[i].C == o.Dims[0]*o.Dims[1] {
			g.kind[i] = "shuffle"
		}
		return
	}
	turn, ok := g.only(i)
	if _, is := g.node(i).(op.Reshape); !is || !ok {
		return
	}
	if _, is := g.node(turn).(op.Transpose); !is {
		return
	}
	first, ok := g.only(turn)
	if _, is := g.node(first).(op.Reshape); !is || !ok || len(g.inputs[first]) != 1 {
		return
	}
	if from := g.source(first); from == g.shapes[i] && from.Plane() > 1 {
		g.merge(i, "shuffle", turn, first)
	}
}

// source returns the size of a node's first input.
func (g *grouper) source(i int) nn.Shape {
	if src := g.inputs[i][0]; src != noUnit {
		return g.shapes[src]
	}
	return g.net.Shape
}

// connected joins flatten and a fully connected layer, and a product with a constant matrix and
// its bias.
func (g *grouper) connected(i int) {
	before, ok := g.only(i)
	if !ok || g.end(i) != i || g.end(before) != before || g.kind[before] != "" {
		return
	}
	switch g.node(i).(type) {
	case op.Linear:
		switch g.node(before).(type) {
		case op.Flatten, op.Reshape:
			g.merge(i, "fc", before)
		}
	case op.Add, op.Affine:
		if _, ok := g.node(before).(op.MatMul); ok && len(g.inputs[before]) == 1 {
			g.merge(i, "fc", before)
		}
	}
}
