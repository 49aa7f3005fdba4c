package onnx

import "slices"

// The accessors below return the attribute's value, or def where the node has none. An attribute
// of another type than the one asked for is kept as the node's error, so that an importer reads
// all that it needs and asks err once.

func (n *node) int(name string, def int) int {
	a := n.want(name, attrInt)
	if a == nil {
		return def
	}
	return n.fit(name, a.i)
}

func (n *node) bool(name string, def bool) bool {
	a := n.want(name, attrInt)
	if a == nil {
		return def
	}
	return a.i != 0
}

// ints returns nil where the node has no such attribute.
func (n *node) ints(name string) []int {
	a := n.want(name, attrInts)
	if a == nil {
		return nil
	}
	out := make([]int, len(a.ints))
	for i, v := range a.ints {
		out[i] = n.fit(name, v)
	}
	return out
}

func (n *node) float(name string, def float32) float32 {
	a := n.want(name, attrFloat)
	if a == nil {
		return def
	}
	return a.f
}

// floats returns nil where the node has no such attribute.
func (n *node) floats(name string) []float32 {
	if a := n.want(name, attrFloats); a != nil {
		return a.floats
	}
	return nil
}

func (n *node) str(name, def string) string {
	if a := n.want(name, attrString); a != nil {
		return a.s
	}
	return def
}

// tensor returns nil where the node has no such attribute.
func (n *node) tensor(name string) *constant {
	if a := n.want(name, attrTensor); a != nil {
		return a.t
	}
	return nil
}

// has tells whether the node has the attribute, and counts as reading it.
func (n *node) has(name string) bool {
	n.mark(name)
	return n.attrs[name] != nil
}

// err is the first attribute that was asked for and had the wrong type or size, as an error.
func (n *node) err() error { return n.attrErr }

// unread returns the names of the attributes that nobody asked for, sorted: what an importer
// would leave out without a word.
func (n *node) unread() []string {
	var names []string
	for name := range n.attrs {
		if !n.read[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (n *node) mark(name string) {
	if n.read == nil {
		n.read = map[string]bool{}
	}
	n.read[name] = true
}

func (n *node) want(name string, kind attrKind) *attr {
	n.mark(name)
	a := n.attrs[name]
	if a == nil || a.kind == kind {
		return a
	}
	n.fail("%s: attribute %q is %s, want %s", n, name, a.kind, kind)
	return nil
}

func (n *node) fit(name string, v int64) int {
	if int64(int(v)) != v {
		n.fail("%s: attribute %q is %d, which is too large for this machine", n, name, v)
		return 0
	}
	return int(v)
}

func (n *node) fail(format string, args ...any) {
	if n.attrErr == nil {
		n.attrErr = damaged(format, args...)
	}
}

// String names the node in an error: its operator, and its own name or its first output.
func (n *node) String() string {
	name := n.name
	for _, o := range n.outputs {
		if name == "" {
			name = o
		}
	}
	return "node " + show(name) + " (" + cut(n.op) + ")"
}

func (k attrKind) String() string {
	return [...]string{
		"of an unknown type", "a float", "an integer", "a string", "a tensor",
		"a list of floats", "a list of integers", "a list of strings",
	}[k]
}
