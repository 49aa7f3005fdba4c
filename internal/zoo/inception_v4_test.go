package zoo

import (
	"testing"

	"vizserver/internal/nn/op"
)

// The sizes are those of Szegedy et al. 2017, Figs. 3 and 9 (384×35×35, 1024×17×17,
// 1536×8×8); counts: timm's inception_v4 (1.0.31) by hooks on its modules.
func TestInceptionV4(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "inception-v4", params: 42679816, macs: 12253974624,
		kinds: append([]string{"inception-a", "reduction-a", "inception-b", "reduction-b", "inception-c"}, inceptionKinds...),
		shapes: []valueShape{
			{"features.0.bn.act", 32, 149, 149},
			{"features.1.bn.act", 32, 147, 147},
			{"features.2.bn.act", 64, 147, 147},
			{"features.3.cat", 160, 73, 73},
			{"features.4.cat", 192, 71, 71},
			{"features.5.cat", 384, 35, 35},
			{"features.6.cat", 384, 35, 35},
			{"features.9.cat", 384, 35, 35},
			{"features.10.cat", 1024, 17, 17},
			{"features.11.branch2.4.bn.act", 256, 17, 17},
			{"features.11.cat", 1024, 17, 17},
			{"features.17.cat", 1024, 17, 17},
			{"features.18.cat", 1536, 8, 8},
			{"features.19.cat", 512, 8, 8},
			{"features.19.branch2_2.bn.act", 512, 8, 8},
			{"features.19.cat#2", 512, 8, 8},
			{"features.19.branch3.1.bn.act", 256, 8, 8},
			{"features.21.cat#3", 1536, 8, 8},
			{"global_pool.pool", 1536, 1, 1},
			{"last_linear", 1000, 1, 1},
		},
	}})
}

// TestInceptionV4Modules: 4 × A, 7 × B and 3 × C (Szegedy et al. 2017, Fig. 9), and as many
// average poolings, which leave the padding out as TensorFlow does.
func TestInceptionV4Modules(t *testing.T) {
	g := graph(t, "inception-v4")
	count := map[string]int{}
	for _, stage := range g.Root.Children {
		for _, b := range stage.Children {
			count[b.Kind]++
		}
	}
	for kind, want := range map[string]int{"inception-a": 4, "reduction-a": 1, "inception-b": 7, "reduction-b": 1, "inception-c": 3} {
		if count[kind] != want {
			t.Errorf("%d blocks of kind %s, want %d", count[kind], kind, want)
		}
	}
	pools := 0
	for _, n := range g.Nodes {
		if p, ok := n.Op.(op.AvgPool); ok {
			pools++
			if p.CountIncludePad {
				t.Errorf("%s counts the padding", n.Output.Name)
			}
		}
	}
	if pools != 14 {
		t.Errorf("%d average poolings, want 14", pools)
	}
}
