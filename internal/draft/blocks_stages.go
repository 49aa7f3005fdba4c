package draft

import (
	"slices"
	"strings"

	"vizserver/internal/nn/op"
)

// staged groups the chain of a whole net: stem, stages of one resolution, head. A net without
// blocks has its stages between poolings.
func (l *layouter) staged(list []*part) []*part {
	first, end := l.body(list)
	if first == len(list) {
		return l.stagedLayers(list)
	}
	var out []*part
	if stem := list[:first]; len(l.weights(stem)) > 0 {
		out = append(out, &part{kind: "stem", parts: stem})
	} else {
		out = append(out, stem...)
	}
	out = append(out, l.stages(list[first:end])...)
	head := list[end:]
	if slices.ContainsFunc(head, l.answers) {
		return append(out, &part{kind: "head", parts: head})
	}
	return append(out, head...)
}

// answers says that a layer is of those that a head has: a mean of whole maps, a fully connected
// layer, the answer.
func (l *layouter) answers(p *part) bool {
	_, adaptive := l.op(p.unit).(op.AdaptiveAvgPool)
	return adaptive || slices.Contains([]string{"gap", "fc", "rbf", "matmul", "softmax"}, l.units[p.unit].kind)
}

// body returns where the blocks begin and end. Inception-v4 has modules in its stem: those before all
// others that make the maps smaller. A pooling behind the last block belongs to it.
func (l *layouter) body(list []*part) (first, end int) {
	first = len(list)
	for i, p := range list {
		if p.leaf() {
			continue
		}
		end = i + 1
		if first == len(list) && (!module(p) || !l.shrinks(p)) {
			first = i
		}
	}
	if first == len(list) && end > 0 {
		first = slices.IndexFunc(list, func(p *part) bool { return !p.leaf() })
	}
	for end > 0 && end < len(list) && list[end].leaf() && l.units[list[end].unit].kind == "pool" {
		end++
	}
	return first, end
}

// module says that a block is one of Inception's, those that halve the maps included.
func module(p *part) bool {
	return strings.HasPrefix(p.kind, "inception") || strings.HasPrefix(p.kind, "reduction")
}

// shrinks says whether a module makes the maps smaller.
func (l *layouter) shrinks(p *part) bool {
	return p.fork != noUnit && l.shape(p).H < l.units[p.fork].shape.H
}

// stages groups blocks by the size of their maps. A pooling between two belongs to the first, a
// convolution to the second. Dense blocks are stages themselves.
func (l *layouter) stages(list []*part) []*part {
	if slices.ContainsFunc(list, func(p *part) bool { return strings.HasPrefix(p.kind, "dense") }) {
		return list
	}
	var groups [][]*part
	var between []*part
	for _, p := range list {
		if p.leaf() {
			between = append(between, p)
			continue
		}
		s := l.shape(p)
		n := len(groups)
		if n > 0 {
			before := l.shape(groups[n-1][0])
			if before.H == s.H && before.W == s.W {
				groups[n-1] = append(append(groups[n-1], between...), p)
				between = nil
				continue
			}
			if len(l.weights(between)) == 0 {
				groups[n-1] = append(groups[n-1], between...)
				between = nil
			}
		}
		groups = append(groups, append(between, p))
		between = nil
	}
	if len(groups) < 2 {
		return list
	}
	groups[len(groups)-1] = append(groups[len(groups)-1], between...)
	out := make([]*part, len(groups))
	for i, g := range groups {
		out[i] = &part{kind: "stage", parts: g}
	}
	return out
}

// stagedLayers groups a net of layers only: a stage ends with a pooling and the normalisation
// behind it; the head begins with the first mean of whole maps or fully connected layer behind
// all other maps.
func (l *layouter) stagedLayers(list []*part) []*part {
	head := len(list)
	for i, p := range slices.Backward(list) {
		if l.answers(p) {
			head = i
		} else if l.units[p.unit].shape.Plane() > 1 {
			break
		}
	}
	var out []*part
	for _, stage := range l.cutStages(list, head) {
		if len(l.weights(stage)) > 0 && head < len(list) {
			out = append(out, &part{kind: "stage", parts: stage})
		} else {
			out = append(out, l.modules(stage, 0)...)
		}
	}
	if head < len(list) && len(out) > 0 {
		return append(out, &part{kind: "head", parts: list[head:]})
	}
	return append(out, list[head:]...)
}

// cutStages cuts the layers before the head behind poolings; without any, before convolutions with a stride.
func (l *layouter) cutStages(list []*part, head int) [][]*part {
	var cuts []int
	for at := range head {
		if k := at + 1; l.ends(list, at) && (k == head || !l.ends(list, k) && l.units[list[k].unit].kind != "lrn") {
			cuts = append(cuts, k)
		} else if at > 0 && l.units[list[at].unit].kind == "lrn" && l.ends(list, at-1) {
			cuts = append(cuts, k)
		}
	}
	if len(cuts) == 0 && l.chain(list[:head]) {
		for at, p := range list[:head] {
			if u := &l.units[p.unit]; at > 0 && u.conv != nil && u.shape.H < u.from.H {
				cuts = append(cuts, at)
			}
		}
	}
	var stages [][]*part
	start := 0
	for _, at := range append(cuts, head) {
		if at > start {
			stages = append(stages, list[start:at:at])
		}
		start = at
	}
	return stages
}

// chain says that every layer reads the one before and no other.
func (l *layouter) chain(list []*part) bool {
	for i := 1; i < len(list); i++ {
		if u := &l.units[list[i].unit]; len(u.in) != 1 || u.in[0] != list[i-1].unit {
			return false
		}
	}
	return true
}

// ends says that a chain passes a pooling at this place.
func (l *layouter) ends(list []*part, at int) bool {
	u := &l.units[list[at].unit]
	if u.kind != "pool" && u.kind != "subsample" {
		return false
	}
	return at+1 == len(list) || len(u.out) == 1 && u.out[0] == list[at+1].unit
}
