package draft

import "vizserver/internal/nn"

// eachUnit calls do for all layers of these parts until it returns false.
func (l *layouter) eachUnit(parts []*part, do func(u *unit, inside string) bool) bool {
	return l.walkUnits(parts, "", do)
}

func (l *layouter) walkUnits(parts []*part, inside string, do func(u *unit, inside string) bool) bool {
	for _, p := range parts {
		if p.leaf() {
			if !do(&l.units[p.unit], inside) {
				return false
			}
			continue
		}
		in := inside
		if p.kind == "se" {
			in = "se"
		}
		if !l.walkUnits(p.parts, in, do) {
			return false
		}
	}
	return true
}

// eachLeaf calls do for all layers of these parts.
func (l *layouter) eachLeaf(parts []*part, do func(unit int)) {
	for _, p := range parts {
		if p.leaf() {
			do(p.unit)
		}
		l.eachLeaf(p.parts, do)
	}
}

// op returns the operator that makes a layer's value.
func (l *layouter) op(unit int) nn.Op {
	nodes := l.units[unit].nodes
	return l.net.Nodes[nodes[len(nodes)-1]].Op
}

// weights returns the convolutions and matrices of these parts, but for gates.
func (l *layouter) weights(parts []*part) []*unit {
	var list []*unit
	l.eachUnit(parts, func(u *unit, inside string) bool {
		if u.weighted() && inside == "" {
			list = append(list, u)
		}
		return true
	})
	return list
}

// any says whether a layer fulfils a condition.
func (l *layouter) any(parts []*part, is func(u *unit) bool) bool {
	return !l.eachUnit(parts, func(u *unit, _ string) bool { return !is(u) })
}

// find returns the first layer of a kind, or nil.
func (l *layouter) find(parts []*part, kind string) (found *unit) {
	l.any(parts, func(u *unit) bool {
		if u.kind == kind {
			found = u
		}
		return found != nil
	})
	return found
}

// count returns the number of layers of a part.
func count(p *part) int {
	if p.leaf() {
		return 1
	}
	n := 0
	for _, c := range p.parts {
		n += count(c)
	}
	return n
}

// blocksIn returns the blocks among parts, those of unknown kind opened.
func blocksIn(parts []*part) []*part {
	var list []*part
	for _, p := range plain(parts) {
		if !p.leaf() {
			list = append(list, p)
		}
	}
	return list
}
