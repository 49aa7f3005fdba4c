package zoo

import (
	"testing"

	"vizserver/internal/nn/op"
)

// The sizes of maps are those of Szegedy et al. 2017, Fig. 15 (35×35, 17×17, 8×8); widths and
// counts, timm's inception_resnet_v2 (1.0.31) by hooks on its modules.
func TestInceptionResNet(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "inception-resnet-v2", params: 55843464, macs: 13155794016,
		shapes: []valueShape{
			{"conv2d_1a.bn.act", 32, 149, 149},
			{"conv2d_2b.bn.act", 64, 147, 147},
			{"maxpool_3a", 64, 73, 73},
			{"conv2d_4a.bn.act", 192, 71, 71},
			{"maxpool_5a", 192, 35, 35},
			{"mixed_5b.cat", 320, 35, 35},
			{"repeat.9.act", 320, 35, 35},
			{"mixed_6a.cat", 1088, 17, 17},
			{"repeat_1.0.cat", 384, 17, 17},
			{"repeat_1.19.act", 1088, 17, 17},
			{"mixed_7a.cat", 2080, 8, 8},
			{"repeat_2.8.relu", 2080, 8, 8},
			{"block8.add", 2080, 8, 8},
			{"conv2d_7b.bn.act", 1536, 8, 8},
			{"classif", 1000, 1, 1},
		},
		kinds: []string{
			"stem", "stage", "inception", "inception-resnet-a", "inception-resnet-b", "inception-resnet-c", "reduction-a", "reduction-b",
			"branch", "head", "conv", "bn", "relu", "pool", "concat", "scale", "add", "gap", "fc", "softmax",
		},
	}})
}

// TestScaledResiduals: 10 blocks at 0.17, 20 at 0.10, 9 at 0.20, and the last, not scaled and
// without a ReLU.
func TestScaledResiduals(t *testing.T) {
	g := graph(t, "inception-resnet-v2")
	count := map[float64]int{}
	for _, n := range g.Nodes {
		if s, ok := n.Op.(op.Scale); ok {
			count[s.Factor]++
		}
	}
	for factor, want := range map[float64]int{0.17: 10, 0.1: 20, 0.2: 9, 1: 1} {
		if count[factor] != want {
			t.Errorf("%d blocks are scaled by %g, want %d", count[factor], factor, want)
		}
	}
	if in := g.Value("conv2d_7b.conv").Node.Inputs[0].Name; in != "block8.add" {
		t.Errorf("conv2d_7b reads %s, want block8.add", in)
	}
}
