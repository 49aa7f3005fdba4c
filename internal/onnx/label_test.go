package onnx

import (
	"testing"

	"vizserver/internal/onnx/onnxpb"
)

// TestLabels: what both exporters of PyTorch write of ResNet-18 and Inception-v3.
func TestLabels(t *testing.T) {
	weight := map[string]*constant{"conv1.weight": {}, "onnx::Conv_193": {}, "scale": {}}
	for name, c := range map[string]struct {
		nodes []*node
		want  []string
	}{
		"script": {
			[]*node{
				{name: "/conv1/Conv", op: "Conv", inputs: []string{"x", "conv1.weight"}},
				{name: "/layer1/layer1.0/conv1/Conv", op: "Conv", inputs: []string{"x", "onnx::Conv_193"}},
				{name: "/layer1/layer1.0/Add", op: "Add"},
				{name: "/layer1/layer1.0/relu_1/Relu", op: "Relu"},
				{name: "/features/features.0/features.0.2/HardSigmoid", op: "HardSigmoid"},
				{name: "/features/features.0/features.0.2/Mul", op: "Mul"},
				{name: "/Mixed_5b/branch1x1/conv/Conv", op: "Conv"},
				{name: "/Mixed_5b/branch1x1/Relu_1", op: "Relu"},
				{name: "/Flatten", op: "Flatten"},
				{name: "node_17", op: "Relu"},
				{name: "//", op: "Relu"},
				{name: "", op: "Relu"},
			},
			[]string{
				"conv1", "layer1.0.conv1", "layer1.0.add", "layer1.0.relu_1", "features.0.2.hardsigmoid", "features.0.2.mul",
				"Mixed_5b.branch1x1.conv", "Mixed_5b.branch1x1.relu", "flatten", "", "", "",
			},
		},
		"dynamo": {
			[]*node{
				{name: "node_Conv_1", op: "Conv", inputs: []string{"x", "conv1.weight"}, scope: "bn1", call: "_native_batch_norm"},
				{name: "node_relu", op: "Relu", scope: "layer1.0.relu", call: "relu_1"},
				{name: "node_relu", op: "Relu", scope: "layer1.0.relu", call: "relu_2"},
				{name: "node_add", op: "Add", scope: "layer1.0", call: "add_12"},
				{name: "node_flatten", op: "Reshape", scope: "", call: "flatten"},
				{name: "node_7", op: "Reshape", scope: "", call: "7"},
			},
			[]string{"conv1", "layer1.0.relu", "layer1.0.relu", "layer1.0.add", "flatten", ""},
		},
	} {
		m := &model{nodes: c.nodes, init: weight}
		for i, n := range m.nodes {
			n.index = i
		}
		l := newLabels(m)
		for i, want := range c.want {
			if got := l.of(i); got != want {
				t.Errorf("%s: node %q is %q, want %q", name, c.nodes[i].name, got, want)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	for note, want := range map[string][2]string{
		"['', 'layer1', 'layer1.0', 'add_2']": {"layer1.0", "add_2"},
		"['', 'relu']":                        {"", "relu"},
		"['relu']":                            {},
		"":                                    {},
		"[":                                   {},
		"['', 'a\xff', 'b']":                  {},
	} {
		n := &onnxpb.NodeProto{MetadataProps: []*onnxpb.StringStringEntryProto{{Key: new("namespace"), Value: new("x")}, {Key: new(scopesKey), Value: &note}}}
		if path, call := scopesOf(n); [2]string{path, call} != want {
			t.Errorf("%q: %q, %q", note, path, call)
		}
	}
}
