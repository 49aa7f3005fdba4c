package onnx

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/onnx/onnxpb"
)

// WriteOptions say what the model leaves open.
type WriteOptions struct {
	// Batch is the number of samples of the input; 0 leaves it open.
	Batch int
	// Outputs names values that are outputs beside the answer, which is the first.
	Outputs []string
	// AllOutputs makes outputs of all values.
	AllOutputs bool
}

const (
	writtenIR    = 8 // of ONNX 1.10 to 1.12, which have opset 15 to 17
	writtenOpset = askOpset
	typeFloat    = 1 // TensorProto.DataType
	typeInt64    = 7
)

// tensorData is an initializer whose numbers stand elsewhere.
type tensorData struct {
	name string
	dims []int
	data []float32
}

// writer turns a graph into ONNX's nodes. A vector is N×C there, and N×C×1×1 here.
type writer struct {
	model  *nn.Model
	graph  *onnxpb.GraphProto
	params []tensorData
	vector map[string]bool      // values of the file that are N×C
	forms  map[formOf]string    // values in their other form
	given  map[*nn.Value]string // names of the values
}

// formOf asks for a value as a vector, or as maps.
type formOf struct {
	name   string
	vector bool
}

// Write writes a model with its weights as an ONNX file of opset 17. The values keep their names, and
// nodes those of the values that they make; where one operator here takes several there, the
// first ones are called NAME/PART. Errors: Unsupported for an operator that has no counterpart
// there, TooLarge above protobuf's 2 GiB, Invalid for weights that do not fit, and w's own.
func Write(w io.Writer, m *nn.Model, o WriteOptions) error {
	if err := m.CheckWeights(); err != nil {
		return err
	}
	x := &writer{
		model: m, graph: &onnxpb.GraphProto{Name: &m.Name}, vector: map[string]bool{},
		forms: map[formOf]string{}, given: map[*nn.Value]string{},
	}
	in := m.Graph.InputValue()
	x.graph.Input = append(x.graph.Input, valueInfoOf(in.Name, mapDims(in.Shape, o.Batch), o.Batch))
	x.given[in] = in.Name
	for _, n := range m.Graph.Nodes {
		x.given[n.Output] = n.Output.Name
		if err := x.node(n); err != nil {
			return err
		}
	}
	x.outputs(o)
	return x.encode(w)
}

// outputs declares the answer, and the other values if they are wanted.
func (x *writer) outputs(o WriteOptions) {
	answer := x.model.Graph.OutputValue()
	list := []*nn.Value{answer}
	for _, v := range x.model.Graph.Values {
		if v.Node != nil && v != answer && (o.AllOutputs || slices.Contains(o.Outputs, v.Name)) {
			list = append(list, v)
		}
	}
	for _, v := range list {
		dims := mapDims(v.Shape, o.Batch)
		if x.vector[v.Name] {
			dims = dims[:2]
		}
		x.graph.Output = append(x.graph.Output, valueInfoOf(v.Name, dims, o.Batch))
	}
}

func mapDims(s nn.Shape, batch int) []int64 {
	return []int64{int64(batch), int64(s.C), int64(s.H), int64(s.W)}
}

func valueInfoOf(name string, dims []int64, batch int) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for i, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{DimValue: &d}
		if i == 0 && batch == 0 {
			dim = &onnxpb.TensorShapeProto_Dimension{DimParam: new("batch")}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{
		Name: &name,
		Type: &onnxpb.TypeProto{TensorType: &onnxpb.TypeProto_Tensor{ElemType: new(int32(typeFloat)), Shape: shape}},
	}
}

// encode writes the message; the weights, which may be most of 2 GiB, go out as they are read.
func (x *writer) encode(w io.Writer) error {
	head, err := proto.Marshal(&onnxpb.ModelProto{
		IrVersion: new(int64(writtenIR)), ProducerName: new("vizserver"),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: new(int64(writtenOpset))}},
	})
	if err != nil {
		return err
	}
	body, err := proto.Marshal(x.graph)
	if err != nil {
		return err
	}
	const graphField, initializerField, rawField = 7, 5, 9 // of ModelProto, GraphProto, TensorProto
	size := len(body)
	heads := make([][]byte, len(x.params))
	for i, p := range x.params {
		t := &onnxpb.TensorProto{Name: &p.name, DataType: new(int32(typeFloat))}
		for _, d := range p.dims {
			t.Dims = append(t.Dims, int64(d))
		}
		b, err := proto.Marshal(t)
		if err != nil {
			return err
		}
		raw := 4 * len(p.data)
		b = protowire.AppendTag(b, rawField, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(raw))
		h := protowire.AppendTag(nil, initializerField, protowire.BytesType)
		heads[i] = append(protowire.AppendVarint(h, uint64(len(b)+raw)), b...)
		size += len(heads[i]) + raw
	}
	if size > maxFile-len(head)-16 {
		return fault.New(fault.TooLarge, "the file would have %d bytes, and an ONNX file ends at 2 GiB", size)
	}
	head = protowire.AppendTag(head, graphField, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(size))
	out := bufio.NewWriterSize(w, 1<<16)
	_, _ = out.Write(head) // Flush tells the error
	_, _ = out.Write(body)
	var number [4]byte
	for i, p := range x.params {
		_, _ = out.Write(heads[i])
		for _, v := range p.data {
			binary.LittleEndian.PutUint32(number[:], math.Float32bits(v))
			_, _ = out.Write(number[:])
		}
	}
	return out.Flush()
}

// add appends a node that makes the value out of others.
func (x *writer) add(kind, out string, in []string, attrs ...*onnxpb.AttributeProto) string {
	x.graph.Node = append(x.graph.Node, &onnxpb.NodeProto{
		OpType: &kind, Name: &out, Input: in, Output: []string{out}, Attribute: attrs,
	})
	return out
}

// tensor adds a constant of floats.
func (x *writer) tensor(name string, dims []int, data ...float32) string {
	x.params = append(x.params, tensorData{name: name, dims: dims, data: data})
	return name
}

// whole adds a constant list of whole numbers.
func (x *writer) whole(name string, list ...int64) string {
	x.graph.Initializer = append(x.graph.Initializer, &onnxpb.TensorProto{
		Name: &name, DataType: new(int32(typeInt64)), Dims: []int64{int64(len(list))}, Int64Data: list,
	})
	return name
}

// param adds parameter i of a node as it is.
func (x *writer) param(n *nn.Node, i int) string {
	p := x.model.Weights[n.Params[i].Name]
	return x.tensor(n.Params[i].Name, p.Dims, p.Data...)
}

// as returns the name of a value as a vector or as maps, and adds what reshapes it. Only a value of
// 1×1 maps can be both.
func (x *writer) as(v *nn.Value, vector bool) string {
	name := x.given[v]
	if x.vector[name] == vector {
		return name
	}
	key := formOf{name, vector}
	if x.forms[key] == "" {
		if vector {
			x.forms[key] = x.add("Flatten", name+"/vector", []string{name}, intOf("axis", 1))
			x.vector[name+"/vector"] = true
		} else {
			x.forms[key] = x.add("Unsqueeze", name+"/maps", []string{name, x.whole(name+"/axes", 2, 3)})
		}
	}
	return x.forms[key]
}

// alike returns the names of a node's inputs in one form: vectors where all are.
func (x *writer) alike(n *nn.Node) (names []string, vector bool) {
	vector = true
	for _, v := range n.Inputs {
		vector = vector && x.vector[x.given[v]]
	}
	for _, v := range n.Inputs {
		names = append(names, x.as(v, vector))
	}
	x.vector[n.Name] = vector
	return names, vector
}

func intOf(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: new(int32(2)), I: &v}
}

func floatOf(name string, v float64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: new(int32(1)), F: new(float32(v))}
}

func intListOf(name string, list ...int) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: &name, Type: new(int32(7))}
	for _, v := range list {
		a.Ints = append(a.Ints, int64(v))
	}
	return a
}

func pairOf(name string, s op.Size) *onnxpb.AttributeProto { return intListOf(name, s.H, s.W) }
