package modelfile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/onnx/onnxpb"
)

// onnxFile writes y = Flatten(Conv(x, w)) of x: 1×3×8×6 and w: 4×3×3×2, after a change.
func onnxFile(t *testing.T, change func(m *onnxpb.ModelProto)) []byte {
	t.Helper()
	m := &onnxpb.ModelProto{
		IrVersion:   new(int64(8)),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: new(int64(17))}},
		Graph: &onnxpb.GraphProto{
			Node: []*onnxpb.NodeProto{
				{OpType: new("Conv"), Name: new("conv1"), Input: []string{"x", "w"}, Output: []string{"maps"}},
				{OpType: new("Flatten"), Name: new("flat"), Input: []string{"maps"}, Output: []string{"y"}},
			},
			Initializer: []*onnxpb.TensorProto{floats("w", make([]float32, 72), 4, 3, 3, 2)},
			Input:       []*onnxpb.ValueInfoProto{input("x", 1, 3, 8, 6)},
			Output:      []*onnxpb.ValueInfoProto{{Name: new("y")}},
		},
	}
	if change != nil {
		change(m)
	}
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func floats(name string, values []float32, dims ...int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: new(int32(1)), FloatData: values}
}

func int64s(name string, values ...int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: &name, Dims: []int64{int64(len(values))}, DataType: new(int32(7)), Int64Data: values}
}

// input describes the net's input; a size below zero is left open.
func input(name string, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{DimValue: &d}
		if d < 0 {
			dim = &onnxpb.TensorShapeProto_Dimension{DimParam: new("open")}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{TensorType: &onnxpb.TypeProto_Tensor{ElemType: new(int32(1)), Shape: shape}}}
}

func ints(name string, values ...int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: new(int32(7)), Ints: values}
}

func whole(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: new(int32(2)), I: &v}
}

func onnxNode(op, name, out string, in ...string) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: &op, Name: &name, Input: in, Output: []string{out}}
}

// nestedGraphs is a graph in a node's attribute, in a graph, and so on.
func nestedGraphs(depth int) []byte {
	var g []byte
	for range depth {
		a := protowire.AppendBytes(protowire.AppendTag(nil, 6, protowire.BytesType), g)
		n := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), a)
		g = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), n)
	}
	return g
}

// onnxCase is one line of the table: what the good file becomes.
type onnxCase struct {
	row    int
	name   string
	change func(m *onnxpb.ModelProto)
	o      modelfile.Options
	kind   fault.Kind
	text   string
	hint   string
}

// TestBadONNX is rows 28 to 36 and 47, one or more of each: all cases stand in package onnx.
func TestBadONNX(t *testing.T) {
	conv := func(a ...*onnxpb.AttributeProto) func(*onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) { m.Graph.Node[0].Attribute = a }
	}
	// last puts nodes behind the convolution in place of Flatten, with constants of their own.
	last := func(n []*onnxpb.NodeProto, constants ...*onnxpb.TensorProto) func(*onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) {
			m.Graph.Node = append(m.Graph.Node[:1], n...)
			m.Graph.Initializer = append(m.Graph.Initializer, constants...)
		}
	}
	weight := func(change func(w *onnxpb.TensorProto)) func(*onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) { change(m.Graph.Initializer[0]) }
	}
	external := func(pairs ...string) func(*onnxpb.ModelProto) {
		return weight(func(w *onnxpb.TensorProto) {
			w.FloatData, w.DataLocation = nil, new(int32(1))
			for i := 0; i < len(pairs); i += 2 {
				w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: &pairs[i], Value: &pairs[i+1]})
			}
		})
	}
	cases := []onnxCase{
		{row: 28, name: "sizes of another wire type", change: weight(func(w *onnxpb.TensorProto) {
			w.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), []byte{1}))
		})},
		{row: 29, name: "unknown ops, all at once", change: last([]*onnxpb.NodeProto{
			{OpType: new("Foo"), Domain: new("x"), Name: new("N"), Input: []string{"maps"}, Output: []string{"a"}},
			onnxNode("Bar", "M", "y", "a"),
		}), kind: fault.Unsupported, text: `op "Foo" (domain "x") in node "N" (Foo), op "Bar" in node "M" (Bar)`},
		{row: 30, name: "cycle", change: func(m *onnxpb.ModelProto) { m.Graph.Node[0].Input[0] = "y" }, text: `cycle: these nodes wait for each other: node "conv1" (Conv), node "flat" (Flatten)`},
		{row: 30, name: "missing tensor", change: func(m *onnxpb.ModelProto) { m.Graph.Node[0].Input[1] = "gone" }, text: `node "conv1" (Conv) reads the value "gone"`},
		{row: 30, name: "output twice", change: func(m *onnxpb.ModelProto) { m.Graph.Node[1].Output[0] = "maps" }, text: `node "flat" (Flatten) gives the value "maps"`},
		{row: 31, name: "kernel −1", change: conv(ints("kernel_shape", -1, 2)), text: `node "conv1" (Conv): kernel_shape is [-1 2]`},
		{row: 31, name: "kernel 0", change: conv(ints("kernel_shape", 0, 2)), text: "kernel_shape is [0 2]"},
		{row: 31, name: "stride 0", change: conv(ints("strides", 1, 0)), text: `attribute "strides" is [1 0]`},
		{row: 31, name: "dilation 0", change: conv(ints("dilations", 0, 1)), text: `attribute "dilations" is [0 1]`},
		{row: 31, name: "pad below zero", change: conv(ints("pads", 0, -1, 0, 0)), text: `attribute "pads" is [0 -1 0 0]`},
		{row: 31, name: "groups do not divide", change: conv(whole("group", 2)), text: `node "conv1" (Conv)`},
		{row: 31, name: "group 0", change: conv(whole("group", 0)), text: "group"},
		{row: 31, name: "kernel above the input", change: func(m *onnxpb.ModelProto) { m.Graph.Input[0] = input("x", 1, 3, 2, 6) }, text: `node "conv1" (Conv)`},
		{row: 32, name: "reshape to 10^12", change: last([]*onnxpb.NodeProto{onnxNode("Reshape", "r", "y", "maps", "to")}, int64s("to", 1, 1e6, 1e6)), text: "1000000"},
		{row: 32, name: "expand to 10^12", change: last([]*onnxpb.NodeProto{onnxNode("Expand", "e", "y", "one", "to")}, floats("one", []float32{1}, 1), int64s("to", 1, 1000, 1e5, 1e4)), kind: fault.TooLarge, text: `node "e" (Expand): a constant of the sizes [1 1000 100000 10000]`},
		{row: 32, name: "upsample to 10^12", change: last([]*onnxpb.NodeProto{onnxNode("Resize", "r", "y", "maps", "", "", "to")}, int64s("to", 1, 4, 5e5, 5e5)), text: `tensor "y": input is 1×4×500000×500000, want at most`},
		{row: 32, name: "input of 10^11", change: func(m *onnxpb.ModelProto) { m.Graph.Input[0] = input("x", 1, 3, 200_000, 200_000) }, kind: fault.TooLarge, text: `the input "x" is 1×3×200000×200000: more than 134217728 numbers`},
		{row: 32, name: "10^13 multiplications", change: func(m *onnxpb.ModelProto) {
			m.Graph.Input[0] = input("x", 1, 64, 128, 128)
			m.Graph.Initializer[0] = floats("w", make([]float32, 64*64*15*15), 64, 64, 15, 15)
			m.Graph.Node = nil
			from := "x"
			for i := range 670 {
				to := fmt.Sprint("maps", i)
				n := onnxNode("Conv", to, to, from, "w")
				n.Attribute = []*onnxpb.AttributeProto{ints("pads", 7, 7, 7, 7)}
				m.Graph.Node = append(m.Graph.Node, n)
				from = to
			}
			m.Graph.Output[0].Name = &from
		}, kind: fault.TooLarge, text: "the net needs 10116661248000 multiply-adds, at most 10000000000000 are run"},
		{row: 33, name: "dims and data", change: weight(func(w *onnxpb.TensorProto) { w.FloatData = w.FloatData[:71] }), text: `initializer "w" has the sizes [4 3 3 2]: that takes 72 values, and it has 71`},
		{row: 33, name: "data twice", change: weight(func(w *onnxpb.TensorProto) { w.RawData = make([]byte, 288) }), text: "twice"},
		{row: 34, name: "loop", kind: fault.Unsupported, text: `node "flat" (Loop)`, change: func(m *onnxpb.ModelProto) {
			m.Graph.Node[1].OpType = new("Loop")
			m.Graph.Node[1].Attribute = []*onnxpb.AttributeProto{{Name: new("body"), Type: new(int32(5)), G: nestedGraphs(1000)}}
		}},
		{row: 35, name: "parent", change: external("location", "../x"), text: "outside the model's folder"},
		{row: 35, name: "parent within", change: external("location", "a/../../x"), text: "outside the model's folder"},
		{row: 35, name: "absolute", change: external("location", "/etc/passwd"), text: "outside the model's folder"},
		{row: 35, name: "drive", change: external("location", `C:\x`), text: "outside the model's folder"},
		{row: 35, name: "environment", change: external("location", "/proc/self/environ"), text: "outside the model's folder"},
		{row: 35, name: "negative offset", change: external("location", "model.onnx", "offset", "-1"), text: "offset"},
		{row: 35, name: "length past the end", change: external("location", "model.onnx", "length", "100000"), text: "outside of the file"},
		{row: 36, name: "no picture", change: func(m *onnxpb.ModelProto) { m.Graph.Input[0] = input("x", 1, 2, 3, 8, 6) }, kind: fault.Unsupported, text: `the input "x" is 1×2×3×8×6`},
		{row: 36, name: "open sizes", change: func(m *onnxpb.ModelProto) { m.Graph.Input[0] = input("x", -1, 3, -1, -1) }, text: `the input "x" open: open×3×open×open`, hint: "--input"},
		{row: 36, name: "sizes that do not fit", o: modelfile.Options{Input: []int{1, 4, 8, 6}}, kind: fault.Invalid, text: "1×3×8×6, which 1×4×8×6 does not fit"},
		{row: 47, name: "hostile name", change: func(m *onnxpb.ModelProto) {
			m.Graph.Node[1].OpType, m.Graph.Node[1].Name = new("Foo"), new("<script>\x1b[2J\u202e\x00"+strings.Repeat("a", 400))
		}, kind: fault.Unsupported, text: "<script>"},
		{row: 47, name: "name of 1 MB", change: func(m *onnxpb.ModelProto) { m.Graph.Node[1].Name = new(strings.Repeat("a", 1<<20)) }, kind: fault.TooLarge, text: "1048576 bytes"},
	}
	var table []badFile
	for _, tc := range cases {
		table = append(table, badFile{row: tc.row, name: tc.name, file: "model.onnx", in: onnxFile(t, tc.change), o: tc.o, kind: tc.kind, text: tc.text, hint: tc.hint})
	}
	deep := bytes.Repeat([]byte{0x3a}, 2)
	for range 10_000 {
		deep = protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), deep)
		if len(deep) > 1<<20 {
			break
		}
	}
	table = append(table,
		badFile{row: 28, name: "wrong wire type", file: "model.onnx", in: []byte{0x08, 0x08, 0x39, 1, 2, 3, 4, 5, 6, 7, 8}},
		badFile{row: 28, name: "messages within messages", file: "model.onnx", in: deep},
	)
	run(t, table)
}

// TestGoodONNX holds that the file of which the bad ones are made is good.
func TestGoodONNX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, onnxFile(t, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := modelfile.Open(t.Context(), path, modelfile.Options{}); err != nil {
		t.Fatal(err)
	}
}

// TestExternalLinks is the rest of row 35: what looks like a file of the folder and is none.
func TestExternalLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making links needs a privilege on Windows")
	}
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.bin")
	for _, name := range []string{secret, filepath.Join(dir, "twice.bin"), filepath.Join(dir, "good.bin")} {
		if err := os.WriteFile(name, make([]byte, 288), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link.bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "twice.bin"), filepath.Join(dir, "hard.bin")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"good.bin", "link.bin", "hard.bin", "gone.bin"} {
		b := onnxFile(t, func(m *onnxpb.ModelProto) {
			w := m.Graph.Initializer[0]
			w.FloatData, w.DataLocation = nil, new(int32(1))
			w.ExternalData = []*onnxpb.StringStringEntryProto{{Key: new("location"), Value: &name}}
		})
		path := filepath.Join(dir, "model.onnx")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := modelfile.Open(t.Context(), path, modelfile.Options{})
		if name == "good.bin" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if fault.KindOf(err) != fault.Unprocessable || err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
