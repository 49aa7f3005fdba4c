package onnx

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
)

func TestParse(t *testing.T) {
	t.Parallel()
	m, err := parse(encode(t, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.opset != 17 || m.producer != "test 1.2" || m.props["k"] != "v" {
		t.Errorf("opset %d, producer %q, props %v", m.opset, m.producer, m.props)
	}
	in := m.inputs[0]
	if len(m.inputs) != 1 || in.name != "x" || in.elem != "float32" || !in.ranked || !slices.Equal(in.dims, []dim{{-1, "batch"}, {3, ""}}) {
		t.Errorf("inputs %+v", m.inputs)
	}
	if len(m.outputs) != 1 || m.outputs[0].name != "y" {
		t.Errorf("outputs %+v", m.outputs)
	}
	if w := m.init["w"]; !slices.Equal(w.dims, []int{3}) || w.elem != "float32" || !slices.Equal(w.floats, []float32{1, 2, 3}) {
		t.Errorf("w is %+v", w)
	}
	if len(m.nodes) != 2 || m.nodes[0].op != "Add" || !slices.Equal(m.nodes[0].inputs, []string{"x", "w"}) || m.nodes[1].String() != `node "the Relu" (Relu)` {
		t.Errorf("nodes %v", m.nodes)
	}
}

// TestParseAccepts lists what looks odd and is allowed.
func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(m *onnxpb.ModelProto)
		check  func(m *model) bool
	}{
		"an input that is an initializer too, as before IR 4": {
			func(m *onnxpb.ModelProto) { m.Graph.Input = append(m.Graph.Input, valueProto("w", 1, 3)) },
			func(m *model) bool { return len(m.inputs) == 1 && m.inputs[0].name == "x" },
		},
		"nodes out of order": {
			func(m *onnxpb.ModelProto) { slices.Reverse(m.Graph.Node) },
			func(m *model) bool { return m.nodes[0].op == "Add" && m.nodes[1].op == "Relu" },
		},
		"the long name of the default domain": {
			func(m *onnxpb.ModelProto) {
				m.OpsetImport[0].Domain = new("ai.onnx")
				m.Graph.Node[0].Domain = new("ai.onnx")
			},
			func(m *model) bool { return m.nodes[0].domain == "" },
		},
		"a size of -1": {
			func(m *onnxpb.ModelProto) { m.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = new(int64(-1)) },
			func(m *model) bool { return m.inputs[0].dims[0].size == -1 },
		},
		"an input of no known rank": {
			func(m *onnxpb.ModelProto) { m.Graph.Input[0].Type.TensorType.Shape = nil },
			func(m *model) bool { return !m.inputs[0].ranked },
		},
		"an optional input and output left out": {
			func(m *onnxpb.ModelProto) {
				m.Graph.Node[1].Input = append(m.Graph.Node[1].Input, "", "w")
				m.Graph.Node[1].Output = append(m.Graph.Node[1].Output, "")
			},
			func(m *model) bool { return slices.Equal(m.nodes[1].inputs, []string{"sum", "", "w"}) },
		},
		"a function that nobody calls": {
			func(m *onnxpb.ModelProto) {
				m.Functions = []*onnxpb.FunctionProto{{Name: new("f"), Domain: new("local")}}
			},
			func(*model) bool { return true },
		},
	} {
		m, err := parse(encode(t, tc.change), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !tc.check(m) {
			t.Errorf("%s: read wrongly: %+v", name, m)
		}
	}
}

// TestParseRefuses is the table of rows 22, 28, 30, 33 and 34 of the goals: each fault, the kind
// of its error, and a part of the text.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	graphAttr := func(op string) func(m *onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) {
			m.Graph.Node[1].OpType = &op
			m.Graph.Node[1].Attribute = []*onnxpb.AttributeProto{{Name: new("body"), Type: new(int32(5)), G: nested(1000)}}
		}
	}
	tensor := func(change func(t *onnxpb.TensorProto)) func(m *onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) { change(m.Graph.Initializer[0]) }
	}
	attribute := func(a *onnxpb.AttributeProto) func(m *onnxpb.ModelProto) {
		return func(m *onnxpb.ModelProto) {
			m.Graph.Node[1].Attribute = []*onnxpb.AttributeProto{a, intAttr("axis", 1)}
		}
	}
	for name, tc := range map[string]struct {
		change func(m *onnxpb.ModelProto)
		kind   fault.Kind
		text   string
	}{
		"no graph":      {func(m *onnxpb.ModelProto) { m.Graph = nil }, fault.Unprocessable, "no graph"},
		"no IR version": {func(m *onnxpb.ModelProto) { m.IrVersion = nil }, fault.Unprocessable, "IR version"},
		"old IR":        {func(m *onnxpb.ModelProto) { m.IrVersion = new(int64(2)) }, fault.Unsupported, "IR version 2"},
		"future IR":     {func(m *onnxpb.ModelProto) { m.IrVersion = new(int64(99)) }, fault.Unsupported, "IR version 99"},
		"no opset":      {func(m *onnxpb.ModelProto) { m.OpsetImport = nil }, fault.Unprocessable, "opset"},
		"old opset":     {func(m *onnxpb.ModelProto) { m.OpsetImport[0].Version = new(int64(6)) }, fault.Unsupported, "version 6 of the operators"},
		"future opset":  {func(m *onnxpb.ModelProto) { m.OpsetImport[0].Version = new(int64(900)) }, fault.Unsupported, "version 900"},
		"two opsets": {func(m *onnxpb.ModelProto) {
			m.OpsetImport = append(m.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: new("ai.onnx"), Version: new(int64(9))})
		}, fault.Unprocessable, "two versions"},
		"no output": {func(m *onnxpb.ModelProto) { m.Graph.Output = nil }, fault.Unprocessable, "no output"},

		"a cycle":                          {func(m *onnxpb.ModelProto) { m.Graph.Node[0].Input[0] = "y" }, fault.Unprocessable, `cycle: these nodes wait for each other: node "the Add" (Add), node "the Relu" (Relu)`},
		"a node that reads itself":         {func(m *onnxpb.ModelProto) { m.Graph.Node[1].Input[0] = "y" }, fault.Unprocessable, "cycle"},
		"a missing tensor":                 {func(m *onnxpb.ModelProto) { m.Graph.Node[0].Input[1] = "gone" }, fault.Unprocessable, `node "the Add" (Add) reads the value "gone"`},
		"a missing output":                 {func(m *onnxpb.ModelProto) { *m.Graph.Output[0].Name = "gone" }, fault.Unprocessable, `output "gone"`},
		"an output twice":                  {func(m *onnxpb.ModelProto) { m.Graph.Node[1].Output[0] = "sum" }, fault.Unprocessable, `node "the Relu" (Relu) gives the value "sum", and node "the Add" (Add)`},
		"a node that gives an initializer": {func(m *onnxpb.ModelProto) { m.Graph.Node[1].Output[0] = "w" }, fault.Unprocessable, `gives the value "w", and an input or initializer`},
		"an initializer twice":             {func(m *onnxpb.ModelProto) { m.Graph.Initializer = append(m.Graph.Initializer, m.Graph.Initializer[0]) }, fault.Unprocessable, `two initializers have the name "w"`},
		"an input twice":                   {func(m *onnxpb.ModelProto) { m.Graph.Input = append(m.Graph.Input, m.Graph.Input[0]) }, fault.Unprocessable, `two inputs have the name "x"`},
		"an initializer without a name":    {tensor(func(t *onnxpb.TensorProto) { t.Name = nil }), fault.Unprocessable, "initializer 0 of the graph has no name"},
		"a node without an operator":       {func(m *onnxpb.ModelProto) { m.Graph.Node[0].OpType = nil }, fault.Unprocessable, "no name"},
		"a node without a name or output":  {func(m *onnxpb.ModelProto) { m.Graph.Node[0] = &onnxpb.NodeProto{OpType: new("Foo")} }, fault.Unprocessable, "node 0 (Foo) has no output"},
		"a long name":                      {func(m *onnxpb.ModelProto) { m.Graph.Node[0].Name = new(strings.Repeat("ä", 300)) }, fault.TooLarge, "600 bytes"},
		"a name that is no text":           {func(m *onnxpb.ModelProto) { m.Graph.Node[0].Name = new("a\xff") }, fault.Unprocessable, "no text"},

		"If":   {graphAttr("If"), fault.Unsupported, `node "the Relu" (If)`},
		"Loop": {graphAttr("Loop"), fault.Unsupported, "(Loop)"},
		"Scan": {graphAttr("Scan"), fault.Unsupported, "(Scan)"},
		"a function that is called": {func(m *onnxpb.ModelProto) {
			m.Functions = []*onnxpb.FunctionProto{{Name: new("Relu"), Domain: new("local")}}
			m.Graph.Node[1].Domain = new("local")
		}, fault.Unsupported, "calls a function"},
		"a sparse tensor": {func(m *onnxpb.ModelProto) { m.Graph.SparseInitializer = [][]byte{{}} }, fault.Unsupported, "sparse"},

		"an attribute twice":                  {attribute(intAttr("axis", 0)), fault.Unprocessable, `attribute "axis" twice`},
		"an attribute without a name":         {attribute(&onnxpb.AttributeProto{Type: new(int32(2))}), fault.Unprocessable, "without a name"},
		"an attribute of new type":            {attribute(&onnxpb.AttributeProto{Name: new("a"), Type: new(int32(13))}), fault.Unsupported, "type 13"},
		"an attribute with a list of tensors": {attribute(&onnxpb.AttributeProto{Name: new("a"), Tensors: [][]byte{{}}}), fault.Unsupported, "list of tensors"},
		"an attribute by reference":           {attribute(&onnxpb.AttributeProto{Name: new("a"), RefAttrName: new("b")}), fault.Unprocessable, "outside of any"},
		"a tensor that is missing":            {attribute(&onnxpb.AttributeProto{Name: new("a"), Type: new(int32(4))}), fault.Unprocessable, "no tensor"},

		"dims and raw_data disagree":   {tensor(func(t *onnxpb.TensorProto) { t.FloatData, t.RawData = nil, make([]byte, 11) }), fault.Unprocessable, `initializer "w" has the sizes [3] of float32: that takes 12 bytes, and it has 11`},
		"dims and float_data disagree": {tensor(func(t *onnxpb.TensorProto) { t.FloatData = t.FloatData[:2] }), fault.Unprocessable, "takes 3 values, and it has 2"},
		"no data":                      {tensor(func(t *onnxpb.TensorProto) { t.FloatData = nil }), fault.Unprocessable, "it has 0"},
		"data twice":                   {tensor(func(t *onnxpb.TensorProto) { t.RawData = make([]byte, 12) }), fault.Unprocessable, "twice"},
		"data in the wrong field":      {tensor(func(t *onnxpb.TensorProto) { t.FloatData, t.Int32Data = nil, []int32{1, 2, 3} }), fault.Unprocessable, "it has 0"},
		"a negative size":              {tensor(func(t *onnxpb.TensorProto) { t.Dims = []int64{-3} }), fault.Unprocessable, "size -3"},
		"a huge size":                  {tensor(func(t *onnxpb.TensorProto) { t.Dims = []int64{1 << 40} }), fault.Unprocessable, "size 1099511627776"},
		"a product that overflows":     {tensor(func(t *onnxpb.TensorProto) { t.Dims = []int64{1 << 30, 1 << 30, 1 << 30} }), fault.TooLarge, "elements"},
		"many dimensions":              {tensor(func(t *onnxpb.TensorProto) { t.Dims = []int64{1, 1, 1, 1, 1, 1, 1, 1, 3} }), fault.TooLarge, "9 dimensions"},
		"an unknown type":              {tensor(func(t *onnxpb.TensorProto) { t.DataType = new(int32(77)) }), fault.Unprocessable, "data type 77"},
		"no type":                      {tensor(func(t *onnxpb.TensorProto) { t.DataType = nil }), fault.Unprocessable, "data type 0"},
		"a string tensor":              {tensor(func(t *onnxpb.TensorProto) { t.DataType = new(int32(8)) }), fault.Unsupported, "string"},
	} {
		_, err := parse(encode(t, tc.change), nil)
		refused(t, name, err, tc.kind, tc.text)
	}
}

// refused demands an error of that kind whose text says so.
func refused(t *testing.T, name string, err error, kind fault.Kind, text string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind() != kind || !strings.Contains(f.Text, text) {
		t.Errorf("%s: error %v of kind %v, want %v and %q", name, err, fault.KindOf(err), kind, text)
	}
}

// nested is a graph in a graph in a graph: each has a node with an attribute that holds the next.
func nested(depth int) []byte {
	var g []byte
	for range depth {
		a := protowire.AppendBytes(protowire.AppendTag(nil, 6, protowire.BytesType), g)
		n := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), a)
		g = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), n)
	}
	return g
}

// TestParseBadBytes: what is no model, or a part of one.
func TestParseBadBytes(t *testing.T) {
	t.Parallel()
	random := make([]byte, 4096)
	chacha := rand.NewChaCha8([32]byte{7})
	_, _ = chacha.Read(random)
	good := encode(t, func(m *onnxpb.ModelProto) {
		m.Graph.Initializer[0] = floatsProto("w", []int64{1024, 3}, make([]float32, 3*1024)...)
	})
	wrong := bytes.Clone(good)
	wrong[0] = 1<<3 | 5 // ir_version as a fixed32
	bad := map[string][]byte{
		"empty": {}, "seven bytes": good[:7], "random": random, "wrong wire type": wrong,
		"10,000 graphs deep": protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), nested(10_000)),
		"10,000 groups deep": bytes.Repeat([]byte{3<<3 | 3}, 10_001),
	}
	for name, b := range bad {
		if _, err := parse(b, nil); err == nil || fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for at := 0; at < len(good); at += 64 {
		if _, err := parse(good[:at], nil); fault.KindOf(err) != fault.Unprocessable {
			t.Errorf("cut at %d of %d: %v", at, len(good), err)
		}
	}
	if _, err := parse(good, nil); err != nil {
		t.Errorf("whole: %v", err)
	}
}

// TestParseLimits: messages that are small on the disk and large in memory are refused before they
// are decoded. Not parallel: it counts what is allocated.
func TestParseLimits(t *testing.T) {
	many := func(field protowire.Number, n int) []byte { // n empty messages of a graph
		b := bytes.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), nil), n)
		return protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), b)
	}
	packed := func(n int) []byte { // int64_data of an initializer: one byte each
		data := protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), make([]byte, n))
		b := protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType), data)
		return protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), b)
	}
	for name, tc := range map[string]struct {
		in   []byte
		text string
	}{
		"nodes":        {many(1, maxNodes+1), "GraphProto.node stands more than 20000 times"},
		"initializers": {many(5, maxTensors+1), "GraphProto.initializer"},
		"integers":     {packed(maxInts + 1), "too many numbers in lists"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parse(tc.in, nil)
		runtime.ReadMemStats(&after)
		refused(t, name, err, fault.TooLarge, tc.text)
		allocated := after.TotalAlloc - before.TotalAlloc
		if allocated > 1<<20 {
			t.Errorf("%s: refused after %d bytes of memory", name, allocated)
		}
	}
}
