package draft

import (
	"cmp"
	"slices"

	"vizserver/internal/nn"
)

// layout recognises the parts that a viewer knows, from the shape of the graph, and returns
// the tree of blocks. Labels, where they are paths of modules, only give the names, and the
// grouping of what the shape does not explain. order is one of execution, shapes are those of
// the nodes' values by their index.
//
// The nodes become layers (see layers). Between a layer that all paths pass and the next one lies
// either nothing or a region of branches, each of them such a chain again: a tree of series
// and parallel parts (Valdes, Tarjan and Lawler, SIAM J. Comput. 11(2), 1982). What joins the
// branches and what they hold tells the kind of a region: see joined.
func layout(n *Net, order []int, shapes []nn.Shape) *block {
	l := &layouter{net: n, shapes: shapes}
	l.layers(order)
	all := make([]int, len(l.units))
	for i := range all {
		all[i] = i
	}
	l.side, l.root = make([]int, len(l.units)), make([]int, len(l.units))
	list := l.series(all, noUnit, noUnit, 0)
	list = l.staged(l.chained(list))
	top := &part{kind: "net", parts: list}
	b := l.tree(top)
	b.name = n.Name
	l.name(top, b)
	return b
}

const (
	noUnit   = -1 // in place of a unit: the net's input, or its end
	maxDepth = 64 // regions inside regions; below it all is plain
)

// layouter holds the layers of one net. Units are numbered in an order of execution.
type layouter struct {
	net    *Net
	shapes []nn.Shape
	units  []unit
	side   []int // scratch of series: the place of a unit in the list at hand
	root   []int // scratch of components: the parent of a unit
}

// part is a layer or, with parts, what will be a block. A kind that begins with "?" is not
// known yet; such parts give way to their own in the end.
type part struct {
	kind  string
	unit  int // of a layer
	parts []*part
	fork  int // of a region: the unit whose value the branches read
	join  int // of a region: the unit that joins them, the last of the parts
	// branches of a region and the join are its parts; direct tells that the join reads the fork too.
	branches []*part
	direct   bool
}

func leaf(unit int) *part { return &part{unit: unit} }

func (p *part) leaf() bool { return p.parts == nil }

// last returns the part's last unit in the order of execution.
func (p *part) last() int {
	if p.leaf() {
		return p.unit
	}
	last := 0
	for _, c := range p.parts {
		last = max(last, c.last())
	}
	return last
}

// shape returns the size of what the part hands on.
func (l *layouter) shape(p *part) nn.Shape { return l.units[p.last()].shape }

// kindOf returns the kind of a layer, or of a block.
func (l *layouter) kindOf(p *part) string {
	if p.leaf() {
		return l.units[p.unit].kind
	}
	return p.kind
}

// tree makes the blocks, each part behind what it reads: a region has one end, so the order of
// the ends is one of execution.
func (l *layouter) tree(p *part) *block {
	if p.leaf() {
		u := l.units[p.unit]
		return &block{kind: u.kind, nodes: u.nodes}
	}
	type ended struct {
		part *part
		last int
	}
	list := make([]ended, len(p.parts))
	for i, c := range p.parts {
		list[i] = ended{c, c.last()}
	}
	slices.SortStableFunc(list, func(a, b ended) int { return cmp.Compare(a.last, b.last) })
	b := &block{kind: p.kind}
	for i, c := range list {
		p.parts[i] = c.part
		b.children = append(b.children, l.tree(c.part))
	}
	return b
}

// plain replaces parts of unknown kind by their own parts.
func plain(list []*part) []*part {
	var out []*part
	for _, p := range list {
		if !p.leaf() && p.kind[0] == '?' {
			out = append(out, plain(p.parts)...)
			continue
		}
		out = append(out, p)
	}
	return out
}
