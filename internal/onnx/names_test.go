package onnx

import (
	"testing"

	"vizserver/internal/onnx/onnxpb"
)

// The step from 3×1×1 maps to a vector computes nothing, but the file has a name for its
// value, which a trace of the net is expected to hold.
func TestFlattenKeepsItsName(t *testing.T) {
	flatten := nodeProto("Flatten", "flat", "pooled")
	b := encode(t, func(m *onnxpb.ModelProto) {
		m.Graph.Node = []*onnxpb.NodeProto{
			nodeProto("GlobalAveragePool", "pooled", "x"), flatten, nodeProto("Add", "sum", "flat", "w"), nodeProto("Relu", "y", "sum"),
		}
		m.Graph.Input = []*onnxpb.ValueInfoProto{valueProto("x", 1, 1, 3, 4, 4)}
	})
	net, err := Read(b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range net.Nodes {
		if n.Name == "flat" {
			return
		}
	}
	t.Errorf("no node is called %q: %+v", "flat", net.Nodes)
}
