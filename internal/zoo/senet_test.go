package zoo

import (
	"testing"

	"vizserver/internal/nn"
)

// The sizes are those of Hu et al. 2018, Table 1; the counts, timm's (1.0.31) by hooks on the
// modules of seresnet50 and legacy_senet154.
func TestSENet(t *testing.T) {
	kinds := []string{"stem", "stage", "bottleneck", "se", "shortcut", "head", "conv", "bn", "relu", "add", "pool", "gap", "fc", "sigmoid", "scale", "softmax"}
	checkNets(t, []netFacts{
		{
			name: "se-resnet50", params: 28088024, macs: 4091699200,
			shapes: []valueShape{
				{"act1", 64, 112, 112},
				{"maxpool", 64, 56, 56},
				{"layer1.2.se.fc1", 16, 1, 1},
				{"layer1.2.se.gate", 256, 1, 1},
				{"layer1.2.se.mul", 256, 56, 56},
				{"layer1.2.act3", 256, 56, 56},
				{"layer2.3.act3", 512, 28, 28},
				{"layer3.5.act3", 1024, 14, 14},
				{"layer4.2.se.fc1", 128, 1, 1},
				{"layer4.2.act3", 2048, 7, 7},
				{"global_pool.pool", 2048, 1, 1},
				{"fc", 1000, 1, 1},
			},
			kinds: kinds,
		},
		{
			name: "senet154", params: 115088984, macs: 20688363520,
			shapes: []valueShape{
				{"layer0.relu1", 64, 112, 112},
				{"layer0.relu3", 128, 112, 112},
				{"pool0", 128, 56, 56},
				{"layer1.0.conv1", 128, 56, 56},
				{"layer1.0.conv2", 256, 56, 56},
				{"layer1.2.relu#3", 256, 56, 56},
				{"layer2.7.relu#3", 512, 28, 28},
				{"layer3.35.relu#3", 1024, 14, 14},
				{"layer4.2.se_module.fc1", 128, 1, 1},
				{"layer4.2.relu#3", 2048, 7, 7},
				{"global_pool.pool", 2048, 1, 1},
				{"last_linear", 1000, 1, 1},
			},
			kinds: kinds,
		},
	})
}

// TestExcitationWrapsAnyResidualNet: in ResNet-18 too each of the eight branches gets a block
// of 2c²/16 weights and c/16 + c biases.
func TestExcitationWrapsAnyResidualNet(t *testing.T) {
	build := func(g *nn.Graph) {
		resNet{blocks: [4]int{2, 2, 2, 2}, wrap: excited("se", seNames{relu: "relu", gate: "sigmoid"})}.build(g)
	}
	g, err := (&Entry{Name: "se-resnet18", Build: build}).Graph()
	if err != nil {
		t.Fatal(err)
	}
	want := graph(t, "resnet18").NumParams(false)
	for _, c := range []int{64, 128, 256, 512} {
		want += 2 * (2*c*c/16 + c/16 + c)
	}
	if got := g.NumParams(false); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	for _, in := range g.Value("layer3.1.add").Node.Inputs {
		if in.Name != "layer3.1.se.mul" && in.Name != "layer3.0.relu#2" {
			t.Errorf("the addition reads %s", in.Name)
		}
	}
}
