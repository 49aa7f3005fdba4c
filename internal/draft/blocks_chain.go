package draft

import "slices"

// chained names what only a run of neighbours tells: dense blocks of single steps, transitions,
// inverted residuals without a sum.
func (l *layouter) chained(list []*part) []*part {
	list = l.denseSteps(l.joinedAll(list))
	var out []*part
	for i := 0; i < len(list); {
		if n := l.inverted(list[i:]); n > 0 {
			out = append(out, &part{kind: "inverted-residual", parts: list[i : i+n : i+n]})
			i += n
			continue
		}
		out = append(out, list[i])
		i++
	}
	return l.transitions(plain(out))
}

// inverted counts the parts at the head of a chain that are an inverted residual without a sum:
// widened by 1×1, each map filtered alone, narrowed without an activation (Sandler et al., CVPR
// 2018, Table 1). Gates may stand before the last convolution. Where nothing is widened there must
// be an activation between the two, else it is a separable convolution.
func (l *layouter) inverted(list []*part) int {
	s := scan{l: l, list: list}
	widened := false
	if u := s.peek(); u != nil && u.conv != nil && u.pointwise() && u.shape.C > u.from.C {
		widened = true
		s.at++
		s.optional(isNorm)
		if !s.optional(isAct) {
			return 0
		}
		s.optional(func(u *unit) bool { return u.kind == "pad" })
	}
	if u := s.peek(); u == nil || !u.depthwise() {
		return 0
	}
	s.at++
	s.optional(isNorm)
	active := s.optional(isAct)
	s.block("se")
	active = s.optional(isAct) || active
	if u := s.peek(); u == nil || u.conv == nil || !u.pointwise() || !active && !widened {
		return 0
	}
	s.at++
	s.optional(isNorm)
	if u := s.peek(); u != nil && u.act {
		return 0
	}
	return s.at
}

// scan reads a chain of parts.
type scan struct {
	l    *layouter
	list []*part
	at   int
}

// peek returns the layer at hand if it reads the part before, and nothing else does; or nil.
func (s *scan) peek() *unit {
	if s.at == len(s.list) || !s.list[s.at].leaf() {
		return nil
	}
	u := &s.l.units[s.list[s.at].unit]
	if s.at > 0 {
		before := s.list[s.at-1].last()
		if len(u.in) != 1 || u.in[0] != before || len(s.l.units[before].out) != 1 && s.list[s.at-1].leaf() {
			return nil
		}
	}
	return u
}

func isNorm(u *unit) bool { return u.kind == "bn" || u.kind == "norm" }
func isAct(u *unit) bool  { return u.act }

func (s *scan) optional(is func(*unit) bool) bool {
	u := s.peek()
	if u == nil || !is(u) {
		return false
	}
	s.at++
	return true
}

// block passes a block of this kind, if there is one.
func (s *scan) block(kind string) {
	if s.at < len(s.list) && s.list[s.at].kind == kind {
		s.at++
	}
}

// transitions names the layers between two dense blocks.
func (l *layouter) transitions(list []*part) []*part {
	var out []*part
	for i := 0; i < len(list); i++ {
		out = append(out, list[i])
		if list[i].kind != "dense-block" {
			continue
		}
		n := 1
		for i+n < len(list) && list[i+n].leaf() {
			n++
		}
		if between := list[i+1 : min(i+n, len(list))]; i+n < len(list) && list[i+n].kind == "dense-block" && len(between) > 1 {
			out = append(out, &part{kind: "transition", parts: between})
			i += n - 1
		}
	}
	return out
}

// denseSteps makes a dense block of two steps or more that each add maps to all before them: the
// way that Keras writes DenseNet.
func (l *layouter) denseSteps(list []*part) []*part {
	var out []*part
	for i := 0; i < len(list); i++ {
		n := 0
		for i+n < len(list) && list[i+n].kind == "?dense" {
			n++
		}
		if n < 2 {
			out = append(out, list[i])
			continue
		}
		for _, p := range list[i : i+n] {
			p.kind = "dense"
		}
		out = append(out, &part{kind: "dense-block", parts: list[i : i+n : i+n]})
		i += n - 1
	}
	return out
}

// dense recognises a dense block as the paper draws it (Huang et al., CVPR 2017, Fig. 1): each
// layer reads the concatenation of the input and of all layers before it, and so does
// the end. Nil: it is none.
func (l *layouter) dense(units []int, fork, join int) *part {
	if l.units[join].kind != "concat" {
		return nil
	}
	owner := map[int]int{} // by unit: its layer, from 1
	var made []int         // the last units of the layers
	block := &part{kind: "dense-block", fork: fork, join: join}
	for _, end := range l.units[join].in {
		if end == fork {
			continue
		}
		k := len(made) + 1
		own := l.own(end, fork, k, owner)
		if !l.readsAll(own, fork, k, owner, made) {
			return nil
		}
		made = append(made, end)
		block.parts = append(block.parts, &part{kind: "dense", parts: leaves(own)})
	}
	if len(made) < 2 || len(owner) != len(units) {
		return nil
	}
	block.parts = append(block.parts, leaf(join))
	return block
}

// own marks the units that end needs and no layer before it owns, and returns them in order.
func (l *layouter) own(end, fork, k int, owner map[int]int) []int {
	var list []int
	stack := []int{end}
	for len(stack) > 0 {
		u := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if u == fork || u == noUnit || owner[u] > 0 {
			continue
		}
		owner[u] = k
		list = append(list, u)
		stack = append(stack, l.units[u].in...)
	}
	slices.Sort(list)
	return list
}

// readsAll says whether layer k reads the input and ends of layers only, the last one among them.
func (l *layouter) readsAll(own []int, fork, k int, owner map[int]int, made []int) bool {
	input, before := false, k == 1
	for _, u := range own {
		for _, in := range l.units[u].in {
			switch {
			case in == fork:
				input = true
			case owner[in] == k:
			case owner[in] == 0:
				return false
			case in == made[owner[in]-1]:
				before = before || owner[in] == k-1
			default:
				return false
			}
		}
	}
	return len(own) > 0 && input && before
}
