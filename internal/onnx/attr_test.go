package onnx

import (
	"slices"
	"testing"

	"vizserver/internal/fault"
)

func TestAttributes(t *testing.T) {
	t.Parallel()
	n := &node{op: "Foo", outputs: []string{"", "y"}, attrs: map[string]*attr{
		"i": {kind: attrInt, i: 7}, "is": {kind: attrInts, ints: []int64{1, -2}}, "f": {kind: attrFloat, f: 0.5},
		"fs": {kind: attrFloats, floats: []float32{1, 2}}, "s": {kind: attrString, s: "text"},
		"t": {kind: attrTensor, t: &constant{elem: "int64"}}, "other": {kind: attrInt},
	}}
	if n.int("i", 1) != 7 || n.int("none", 5) != 5 || !n.bool("i", false) || n.bool("none", false) ||
		!slices.Equal(n.ints("is"), []int{1, -2}) || n.ints("none") != nil ||
		n.float("f", 0) != 0.5 || n.float("none", 3) != 3 || !slices.Equal(n.floats("fs"), []float32{1, 2}) || n.floats("none") != nil ||
		n.str("s", "") != "text" || n.str("none", "d") != "d" || n.tensor("t").elem != "int64" || n.tensor("none") != nil {
		t.Error("an attribute was read wrongly")
	}
	if err := n.err(); err != nil {
		t.Errorf("error %v", err)
	}
	if got := n.unread(); !slices.Equal(got, []string{"other"}) {
		t.Errorf("unread are %v", got)
	}
	if !n.has("other") || n.has("none") || len(n.unread()) != 0 {
		t.Error("has is wrong, or does not count as reading")
	}
	n.ints("s")
	n.float("i", 0)
	refused(t, "wrong type", n.err(), fault.Unprocessable, `node "y" (Foo): attribute "s" is a string, want a list of integers`)
}
