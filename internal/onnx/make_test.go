package onnx

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/onnx/onnxpb"
)

// The functions below make small models as an exporter would write them.

func valueProto(name string, elem int32, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{DimValue: &d}
		if d < 0 {
			dim = &onnxpb.TensorShapeProto_Dimension{DimParam: new("batch")}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}
}

func nodeProto(op, out string, in ...string) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: &op, Name: new("the " + op), Input: in, Output: []string{out}}
}

func floatsProto(name string, dims []int64, values ...float32) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: new(int32(1)), FloatData: values}
}

func intAttr(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: new(int32(2)), I: &v}
}

// modelProto is y = Relu(x + w) of x: batch×3, w: 3.
func modelProto() *onnxpb.ModelProto {
	return &onnxpb.ModelProto{
		IrVersion: new(int64(8)), ProducerName: new("test"), ProducerVersion: new("1.2"),
		OpsetImport:   []*onnxpb.OperatorSetIdProto{{Version: new(int64(17))}},
		MetadataProps: []*onnxpb.StringStringEntryProto{{Key: new("k"), Value: new("v")}},
		Graph: &onnxpb.GraphProto{
			Node:        []*onnxpb.NodeProto{nodeProto("Add", "sum", "x", "w"), nodeProto("Relu", "y", "sum")},
			Initializer: []*onnxpb.TensorProto{floatsProto("w", []int64{3}, 1, 2, 3)},
			Input:       []*onnxpb.ValueInfoProto{valueProto("x", 1, -1, 3)},
			Output:      []*onnxpb.ValueInfoProto{valueProto("y", 1, -1, 3)},
		},
	}
}

// encode writes the model after a change.
func encode(tb testing.TB, change func(m *onnxpb.ModelProto)) []byte {
	tb.Helper()
	m := modelProto()
	if change != nil {
		change(m)
	}
	b, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
