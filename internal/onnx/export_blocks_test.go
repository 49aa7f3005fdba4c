package onnx

import (
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/onnx/onnxpb"
)

// exportBlocks counts the blocks of the exported nets by the papers and torchvision's sources.
var exportBlocks = map[string]map[string]int{
	"resnet50":           {"bottleneck": 16, "shortcut": 4, "stage": 4},
	"densenet121":        {"dense-block": 4, "dense": 6 + 12 + 24 + 16, "transition": 3},
	"inception_v3":       {"inception-a": 3, "reduction-a": 1, "inception-b": 4, "reduction-b": 1, "inception-c": 2},
	"googlenet":          {"inception": 9},
	"squeezenet1_1":      {"fire": 8},
	"mobilenet_v3_large": {"inverted-residual": 15, "se": 8},
	"mobilenet_v3_small": {"inverted-residual": 11, "se": 9},
	"efficientnet_b0":    {"inverted-residual": 16, "se": 16},
	"shufflenet_v2_x1_0": {"shuffle-unit": 4 + 8 + 4},
	"mnasnet1_0":         {"inverted-residual": 1 + 16}, // the first is the end of the stem
	"regnet_y_400mf":     {"bottleneck": 1 + 3 + 6 + 6, "shortcut": 4, "se": 16},
	"convnext_tiny":      {"convnext": 3 + 3 + 9 + 3},
}

// checkBlocks compares the blocks of an imported net with what it is known to have, and its layers of
// batch normalisation with the file's.
func checkBlocks(t *testing.T, name string, m *onnxpb.ModelProto, g *nn.Graph) {
	t.Helper()
	inFile, shown := 0, 0
	for _, n := range m.Graph.Node {
		if n.GetOpType() == "BatchNormalization" {
			inFile++
		}
	}
	for _, l := range g.Layers {
		if l.Kind == "bn" {
			shown++
		}
	}
	if shown != inFile {
		t.Errorf("%d layers of batch normalisation, the file has %d", shown, inFile)
	}
	net, _, _ := strings.Cut(name, "-")
	got := map[string]int{}
	eachBlock(g.Root, func(b *nn.Block) { got[b.Kind]++ })
	for kind, n := range exportBlocks[net] {
		if got[kind] != n {
			t.Errorf("%d blocks of kind %q, want %d", got[kind], kind, n)
		}
	}
	var layers []int // of each dense block
	eachBlock(g.Root, func(b *nn.Block) {
		if b.Kind == "dense-block" {
			layers = append(layers, len(b.Children)-1) // the last one is the concatenation
		}
	})
	if net == "densenet121" && !slices.Equal(layers, []int{6, 12, 24, 16}) {
		t.Errorf("dense blocks of %v layers", layers)
	}
	if len(exportBlocks[net]) == 0 {
		t.Errorf("no blocks are known of %s", net)
	}
}

// eachBlock calls do for all blocks that are no layers.
func eachBlock(b *nn.Block, do func(*nn.Block)) {
	if b.Layer == nil {
		do(b)
	}
	for _, c := range b.Children {
		eachBlock(c, do)
	}
}
