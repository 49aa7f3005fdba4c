package onnx

import (
	"strconv"
	"unicode/utf8"

	"vizserver/internal/wire"
)

// Limits on what a file may ask for. They are far above real nets: ResNet-152 has 518 nodes and
// 932 tensors, and the largest classifiers of the ONNX model zoo have under 2,000 nodes.
const (
	maxFile     = 2<<30 - 1 // bytes; protobuf itself ends at 2 GiB
	maxExternal = 2<<30 - 1 // bytes of all tensors in other files together
	maxNodes    = 20_000
	maxTensors  = 65_536
	maxRank     = 8
	maxName     = 512     // bytes of any name
	maxElems    = 1 << 29 // of one tensor: 2 GiB of float32
	maxInts     = 1 << 26 // integers of all tensors together: they are kept in 8 bytes each
	maxDim      = 1<<31 - 1

	minOpset, maxOpset = 7, 28 // up to the newest that the node tests of ONNX 1.23 have
	askOpset           = 17    // what a hint asks an exporter for: all of the last years know it
	minIR, maxIR       = 3, 14

	// Folding: the elements of one constant that it makes, the numbers of a list of sizes or axes,
	// and the elements that it makes for one model: some for any, and in proportion to the weights
	// that the file brings, which exporters like to transpose or scale.
	maxFoldElems = 1 << 27
	maxFoldList  = 1 << 16
	foldBase     = 1 << 24
	foldFactor   = 4
	maxFoldWork  = 1 << 28

	maxShown = 64 // bytes of a name in an error's text
)

// decoded bounds what decoding the protobuf may make.
var decoded = wire.Limits{
	Depth:    12,      // the deepest chain of onnx.proto is model, graph, value, type, tensor, shape, size
	Messages: 1 << 20, // ResNet-152: 8,000
	Values:   1 << 22,
	Packed:   maxInts,
	Of: map[string]int{
		"GraphProto.node": maxNodes, "GraphProto.initializer": maxTensors,
		"GraphProto.input": maxTensors, "GraphProto.output": maxTensors,
		"NodeProto.attribute": 64, "NodeProto.metadata_props": 64, "NodeProto.input": 4096, "NodeProto.output": 4096,
		"ModelProto.metadata_props": 1024, "ModelProto.opset_import": 64, "ModelProto.functions": 4096,
		"TensorProto.external_data": 16,
	},
}

// show quotes a name of the file for an error's text, cut to a readable length.
func show(name string) string { return strconv.Quote(cut(name)) }

// cut shortens a text to maxShown bytes at a rune's border.
func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
