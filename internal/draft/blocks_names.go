package draft

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// separators end a step of a path: PyTorch's, Caffe's and Keras's.
const separators = "./_"

// name gives the blocks of the tree their names: of a layer its node's label, of a block the path
// that all labels in it share and no other, else its kind and a number.
func (l *layouter) name(p *part, root *block) {
	n := namer{l: l, calls: map[string]int{}, kinds: map[string]int{}, taken: map[string]bool{}}
	for _, u := range l.units {
		for _, i := range u.nodes {
			n.labels = append(n.labels, l.net.Nodes[i].label())
		}
	}
	slices.Sort(n.labels)
	for i, c := range p.parts {
		n.name(c, root.children[i])
	}
}

type namer struct {
	l      *layouter
	labels []string // of all nodes, sorted
	calls  map[string]int
	kinds  map[string]int
	taken  map[string]bool
}

func (n *namer) name(p *part, b *block) {
	if p.leaf() {
		b.name = n.layer(p)
		return
	}
	for i, c := range p.parts {
		n.name(c, b.children[i])
	}
	n.kinds[p.kind]++
	b.name = n.path(p)
	ends := p.kind == "stem" || p.kind == "head"
	if b.name == "" || n.taken[b.name] || ends && n.calls[b.name] > 0 { // the last: a layer bears the name
		b.name = fmt.Sprintf("%s %d", p.kind, n.kinds[p.kind])
		if ends {
			b.name = p.kind
		}
	}
	n.taken[b.name] = true
}

// layer returns the label that the nodes of a layer share, else that of the last one; a second layer
// of the same name gets #2.
func (n *namer) layer(p *part) string {
	nodes := n.l.units[p.unit].nodes
	label := n.l.net.Nodes[nodes[len(nodes)-1]].label()
	if len(nodes) > 1 {
		var list []string
		for _, i := range nodes {
			list = append(list, n.l.net.Nodes[i].label())
		}
		if path := common(list); path != "" {
			label = path
		}
	}
	n.calls[label]++
	if k := n.calls[label]; k > 1 {
		return fmt.Sprintf("%s#%d", label, k)
	}
	return label
}

// path returns the path that only the labels of the part have in common: of all its nodes, or of
// those with weights.
func (n *namer) path(p *part) string {
	var all, weighted []string
	n.l.eachUnit([]*part{p}, func(u *unit, _ string) bool {
		for _, i := range u.nodes {
			label := n.l.net.Nodes[i].label()
			all = append(all, label)
			if u.weighted() {
				weighted = append(weighted, label)
			}
		}
		return true
	})
	beginning := func(list []string) string {
		if path := common(list); n.below(path) <= len(all) {
			return path
		}
		return ""
	}
	path := beginning(all)
	if path == "" { // what has no weights often bears no path: a sum, a function
		path = beginning(weighted)
	}
	switch {
	case p.kind == "branch" || p.kind == "shortcut":
		return n.highest(path, len(all))
	case slices.Contains(weighted, path), p.kind == "stage" && len(p.parts) == 1:
		return ""
	}
	// a module around a module and nothing else: features.1.block
	if up := outer(path); up != "" && !strings.ContainsAny(path[len(path)-1:], "0123456789") && n.below(up) <= len(all) {
		return up
	}
	return path
}

// outer returns the path of the module around another: without what follows the last point, or, where
// there is none, without the last step.
func outer(path string) string {
	if k := strings.LastIndexByte(path, '.'); k >= 0 {
		return path[:k]
	}
	return parent(path)
}

// parent returns the path without its last step.
func parent(path string) string {
	return strings.TrimRight(path[:strings.LastIndexAny(path, separators)+1], separators)
}

// highest returns the shortest beginning of a path under which lie at most so many labels, or "".
func (n *namer) highest(path string, most int) string {
	best := ""
	for path != "" && n.below(path) <= most {
		best, path = path, outer(path)
	}
	return best
}

// below counts the labels that are the path or lie under it.
func (n *namer) below(path string) int {
	count := func(prefix string) int {
		from := sort.SearchStrings(n.labels, prefix)
		to := from + sort.Search(len(n.labels)-from, func(i int) bool { return !strings.HasPrefix(n.labels[from+i], prefix) })
		return to - from
	}
	sum := sort.SearchStrings(n.labels, path+"\x00") - sort.SearchStrings(n.labels, path)
	for _, s := range separators {
		sum += count(path + string(s))
	}
	return sum
}

// common returns the longest path that all labels begin with, whole steps only. In names with
// points, _ ends a step behind the first point only: Conv2d_1a.conv and Conv2d_2a.conv have nothing
// in common.
func common(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	first := slices.Min(labels)
	last := slices.Max(labels)
	n := 0
	for n < len(first) && n < len(last) && first[n] == last[n] {
		n++
	}
	if n == len(first) && (n == len(last) || strings.ContainsRune(separators, rune(last[n]))) {
		return strings.TrimRight(first, separators)
	}
	path := parent(first[:n])
	if strings.Contains(first, ".") && strings.Contains(last, ".") && !strings.Contains(path, ".") && strings.ContainsRune("_", rune(first[len(path)])) {
		return ""
	}
	return path
}

// modules groups layers that the shape does not explain by the paths of their modules: neighbours
// with one path, from the step at depth on, become a block "module".
func (l *layouter) modules(list []*part, depth int) []*part {
	var out []*part
	for i := 0; i < len(list); {
		step, ok := l.step(list[i], depth)
		n := 1
		for ok && i+n < len(list) {
			if s, more := l.step(list[i+n], depth); !more || s != step {
				break
			}
			n++
		}
		switch {
		case n == len(list) && n > 1 && depth < maxDepth:
			return l.modules(list, depth+1)
		case n > 1:
			out = append(out, &part{kind: "module", parts: l.modules(list[i:i+n:i+n], depth+1)})
		default:
			out = append(out, list[i])
		}
		i += n
	}
	return out
}

// step returns the step of a layer's path at a depth, and false for the last one.
func (l *layouter) step(p *part, depth int) (string, bool) {
	if !p.leaf() {
		return "", false
	}
	nodes := l.units[p.unit].nodes
	label := l.net.Nodes[nodes[len(nodes)-1]].label()
	for range depth {
		_, rest, ok := strings.Cut(label, ".")
		if !ok {
			return "", false
		}
		label = rest
	}
	step, _, ok := strings.Cut(label, ".")
	return step, ok
}
