package draft

import "slices"

// series takes the units between fork and join, in order of execution, apart into a chain:
// layers that all paths pass, and regions of branches between them. Every unit reads only
// fork and others of the list; join (noUnit: there is none, the last unit is the end) reads some of them.
func (l *layouter) series(units []int, fork, join, depth int) []*part {
	if depth > maxDepth {
		return leaves(units)
	}
	for place, u := range units {
		l.side[u] = place
	}
	cuts := l.cuts(units, fork, join)
	var list []*part
	from := -1
	for _, at := range cuts {
		a, b := fork, join
		if from >= 0 {
			a = units[from]
		}
		if at < len(units) {
			b = units[at]
		}
		if between := units[from+1 : min(at, len(units))]; len(between) > 0 {
			list = append(list, l.parallel(between, a, b, at < len(units), depth)...)
		} else if at < len(units) {
			list = append(list, leaf(b))
		}
		from = at
	}
	return list
}

// cuts returns the places of the list that no edge jumps over, and its end.
func (l *layouter) cuts(units []int, fork, join int) []int {
	end := len(units)
	earliest := end - 1 // the first place that something behind the place at hand reads; −1: fork
	for place, u := range units {
		if join != noUnit && slices.Contains(l.units[u].out, join) {
			earliest = min(earliest, place)
			break
		}
	}
	cuts := []int{end}
	for at := end - 1; at >= 0; at-- {
		if earliest >= at {
			cuts = append(cuts, at)
		}
		for _, in := range l.units[units[at]].in {
			if in == fork || in == noUnit {
				earliest = -1
			} else {
				earliest = min(earliest, l.side[in])
			}
		}
		if len(l.units[units[at]].in) == 0 {
			earliest = -1 // it holds constants only
		}
	}
	slices.Reverse(cuts)
	return cuts
}

func leaves(units []int) []*part {
	list := make([]*part, len(units))
	for i, u := range units {
		list[i] = leaf(u)
	}
	return list
}

// parallel makes a region of the units between fork and join, which is a part of it if joins.
func (l *layouter) parallel(units []int, fork, join int, joins bool, depth int) []*part {
	direct := joins && slices.Contains(l.units[join].in, fork)
	groups := l.components(units, fork)
	if len(groups) == 1 && direct {
		if p := l.dense(units, fork, join); p != nil {
			return []*part{p}
		}
	}
	if len(groups) == 1 && !direct { // no branches that meet only at the join
		list := l.modules(leaves(units), 0)
		if joins {
			list = append(list, leaf(join))
		}
		return list
	}
	p := &part{kind: "?", fork: fork, join: join, direct: direct}
	for _, group := range groups {
		b := &part{kind: "?branch", fork: fork, join: join, parts: l.chainOf(group, fork, join, depth+1)}
		p.branches = append(p.branches, b)
		p.parts = append(p.parts, b)
	}
	if !joins {
		return plain(p.parts)
	}
	p.parts = append(p.parts, leaf(join))
	return []*part{p}
}

// chainOf is series, with the blocks in it named.
func (l *layouter) chainOf(units []int, fork, join, depth int) []*part {
	return l.joinedAll(l.series(units, fork, join, depth))
}

// components splits units into sets with no edge between them, in order of their first unit.
func (l *layouter) components(units []int, fork int) [][]int {
	for _, u := range units {
		l.root[u] = u
	}
	find := func(u int) int {
		for l.root[u] != u {
			l.root[u] = l.root[l.root[u]]
			u = l.root[u]
		}
		return u
	}
	for _, u := range units {
		for _, in := range l.units[u].in {
			if in != noUnit && in != fork {
				l.root[find(in)] = find(u)
			}
		}
	}
	var groups [][]int
	number := map[int]int{}
	for _, u := range units {
		r := find(u)
		k, ok := number[r]
		if !ok {
			k = len(groups)
			number[r] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], u)
	}
	return groups
}
