package onnx

import (
	"strconv"
	"unicode/utf8"
)

// limits bound what a file may ask for. They are far above real nets: ResNet-152 has 518 nodes
// and 932 tensors; the largest classifiers of the ONNX zoo have under 2,000 nodes.
const (
	maxFile    = 2<<30 - 1 // bytes; protobuf itself ends at 2 GiB
	maxNodes   = 20_000
	maxTensors = 65_536
	maxValues  = 65_536 // inputs, outputs and value_info together
	maxRank    = 8
	maxName    = 512 // bytes of any name
	maxNest    = 32  // depth of messages: a plain model needs 7 (model, graph, node, attribute, tensor, …)
	maxAttrs   = 64  // of one node
	maxEdges   = 4096
	maxProps   = 1024

	minOpset, maxOpset = 7, 22
	minIR, maxIR       = 3, 10

	// Folding is for shapes and small tables. What one constant may have, and all of a model
	// together may cost, in elements.
	maxFoldElems = 1 << 24
	maxFoldWork  = 1 << 28

	maxShown = 64 // bytes of a name in an error's text
)

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
