package onnx

import (
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
)

// notOurs demands that an error of a reader is the file's fault.
func notOurs(t *testing.T, err error) {
	t.Helper()
	if k := fault.KindOf(err); err != nil && k != fault.Unprocessable && k != fault.TooLarge && k != fault.Unsupported {
		t.Errorf("error of kind %v: %v", k, err)
	}
}

// FuzzParse: a model or an error; in a model each constant has as many values as its sizes say, each
// value that is read stands before its reader, and constant nodes fold or say why not.
func FuzzParse(f *testing.F) {
	f.Add(encode(f, nil))
	f.Add(encode(f, func(m *onnxpb.ModelProto) {
		m.Graph.Node = append(m.Graph.Node, nodeProto("Concat", "z", "w", "w"))
		m.Graph.Node[2].Attribute = []*onnxpb.AttributeProto{intAttr("axis", 0), {
			Name: new("value"), Type: new(int32(4)),
			T: &onnxpb.TensorProto{Dims: []int64{2}, DataType: new(int32(7)), Int64Data: []int64{1, -1}},
		}}
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b, nil)
		if notOurs(t, err); err != nil {
			return
		}
		known := map[string]bool{"": true}
		for name, c := range m.init {
			known[name] = true
			wellMade(t, c)
		}
		for _, in := range m.inputs {
			known[in.name] = true
		}
		for _, n := range m.nodes {
			in := make([]*constant, len(n.inputs))
			for i, name := range n.inputs {
				if !known[name] {
					t.Errorf("%s reads %q too early", n, name)
				}
				in[i] = m.init[name]
			}
			for _, name := range n.outputs {
				known[name] = true
			}
			out, _, err := m.fold(n, in)
			notOurs(t, err)
			for _, c := range out {
				wellMade(t, c)
			}
		}
	})
}

func wellMade(t *testing.T, c *constant) {
	t.Helper()
	n, ok := elements(c.dims, maxElems)
	if !ok || n != c.len() || c.isFloat() && len(c.ints) > 0 || !c.isFloat() && len(c.floats) > 0 || len(c.dims) > maxRank {
		t.Errorf("constant %s %v with %d floats and %d integers", c.elem, c.dims, len(c.floats), len(c.ints))
	}
}

// FuzzTensor reads a TensorProto alone.
func FuzzTensor(f *testing.F) {
	for _, tp := range []*onnxpb.TensorProto{
		floatsProto("w", []int64{1, 2}, 1, 2),
		{Dims: []int64{2}, DataType: new(int32(10)), RawData: []byte{1, 2, 3, 4}},
		{Dims: []int64{3}, DataType: new(int32(3)), Int32Data: []int32{1, 2, -3}},
	} {
		b, err := proto.Marshal(tp)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tp := &onnxpb.TensorProto{}
		if proto.Unmarshal(b, tp) != nil {
			return
		}
		c, err := (&parser{}).tensor(tp, "t")
		if notOurs(t, err); err == nil {
			wellMade(t, c)
		}
	})
}

// FuzzFold folds a node of any operator of the table, with one attribute and up to three lists.
func FuzzFold(f *testing.F) {
	names := foldNames()
	f.Add(uint8(0), "axis", int64(0), []byte{1, 2, 3}, []byte{4}, []byte{5}, uint8(3))
	for i := range names {
		f.Add(uint8(i), "axis", int64(0), []byte{2, 3}, []byte{0}, []byte{1}, uint8(0x12))
	}
	f.Fuzz(func(t *testing.T, which uint8, name string, value int64, a, b, c []byte, form uint8) {
		n := attrList{}.int(name, value).node(names[int(which)%len(names)], 2)
		m := &model{budget: 1 << 16}
		var in []*constant
		for i, data := range [][]byte{a, b, c} {
			in = append(in, formed(data, form>>(2*i)&3))
		}
		out, _, err := m.fold(n, in)
		notOurs(t, err)
		for _, c := range out {
			wellMade(t, c)
		}
	})
}

// formed makes a constant of bytes: a list, a matrix of two rows, floats, or a number.
func formed(data []byte, form uint8) *constant {
	c := intsOf("int64", []int{len(data)}, nil)
	for _, v := range data {
		c.ints = append(c.ints, int64(int8(v)))
	}
	switch form {
	case 1:
		if len(data)%2 == 0 {
			c.dims = []int{2, len(data) / 2}
		}
	case 2:
		c.elem = "float32"
		for _, v := range c.ints {
			c.floats = append(c.floats, float32(v)/2)
		}
		c.ints = nil
	case 3:
		if len(data) > 0 {
			c.dims, c.ints = nil, c.ints[:1]
		}
	}
	return c
}

// FuzzLocation: what the path check lets through stays in the folder, by the rules of every system.
func FuzzLocation(f *testing.F) {
	for _, s := range []string{"w.bin", "sub/w.bin", "../w.bin", "a/../../w", "/w", `C:\w`, ".", "", "a//b", "..a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, location string) {
		err := checkLocation(location, "w")
		if notOurs(t, err); err != nil {
			return
		}
		if !filepath.IsLocal(filepath.FromSlash(location)) || strings.ContainsAny(location, "\\:\x00") || strings.HasPrefix(location, "/") {
			t.Errorf("%q was let through", location)
		}
		for part := range strings.SplitSeq(location, "/") {
			if part == ".." {
				t.Errorf("%q was let through", location)
			}
		}
	})
}
