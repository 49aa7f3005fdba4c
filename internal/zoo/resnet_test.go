package zoo

import "testing"

// The counts without a tabulated source are those that hooks on the modules of torchvision
// 0.29.2 (v1.5), of timm 1.0.31 (resnetv2_50 …) and of scripts/golden/nets_c.py (v1) give.
func TestResNet(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params int
		macs   int64
		blocks [4]string // the last of each stage
		kind   string
		widths [4]int
	}{
		{"resnet18", 11689512, 1814073344, [4]string{"1", "1", "1", "1"}, "residual", [4]int{64, 128, 256, 512}},
		{"resnet34", 21797672, 3663761408, [4]string{"2", "3", "5", "2"}, "residual", [4]int{64, 128, 256, 512}},
		{"resnet50", 25557032, 4089184256, [4]string{"2", "3", "5", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
		{"resnet101", 44549160, 7801405440, [4]string{"2", "3", "22", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
		{"resnet152", 60192808, 11513626624, [4]string{"2", "7", "35", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
		{"resnet50-v1", 25557032, 3857973248, [4]string{"2", "3", "5", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
		{"resnet101-v1", 44549160, 7570194432, [4]string{"2", "3", "22", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
		{"resnet152-v1", 60192808, 11282415616, [4]string{"2", "7", "35", "2"}, "bottleneck", [4]int{256, 512, 1024, 2048}},
	} {
		last := ".relu#2"
		if tt.kind == "bottleneck" {
			last = ".relu#3"
		}
		// He et al. 2015, Table 1.
		checkNets(t, []netFacts{{
			name: tt.name, params: tt.params, macs: tt.macs,
			shapes: []valueShape{
				{"relu", 64, 112, 112},
				{"maxpool", 64, 56, 56},
				{"layer1." + tt.blocks[0] + last, tt.widths[0], 56, 56},
				{"layer2." + tt.blocks[1] + last, tt.widths[1], 28, 28},
				{"layer3." + tt.blocks[2] + last, tt.widths[2], 14, 14},
				{"layer4." + tt.blocks[3] + last, tt.widths[3], 7, 7},
				{"avgpool", tt.widths[3], 1, 1},
				{"fc", 1000, 1, 1},
			},
			kinds: []string{"stem", "stage", tt.kind, "shortcut", "head", "conv", "bn", "relu", "add", "pool", "gap", "fc", "softmax"},
		}})
	}
}

// TestResNetStride: v1 halves the maps in a bottleneck's first 1×1, v1.5 in its 3×3, with the
// same parameters.
func TestResNetStride(t *testing.T) {
	for name, size := range map[string]int{"resnet50": 56, "resnet50-v1": 28} {
		if s := graph(t, name).Value("layer2.0.conv1").Shape; s.H != size || s.W != size {
			t.Errorf("%s: layer2.0.conv1 is %v, want %d×%d", name, s, size, size)
		}
	}
}

func TestResNetV2(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params int
		macs   int64
		second string // the last block of the second stage
		third  string
	}{
		{"resnet-v2-50", 25549352, 4089184256, "3", "5"},
		{"resnet-v2-101", 44541480, 7801405440, "3", "22"},
		{"resnet-v2-152", 60185128, 11513626624, "7", "35"},
	} {
		checkNets(t, []netFacts{{
			name: tt.name, params: tt.params, macs: tt.macs,
			shapes: []valueShape{
				{"stem.conv", 64, 112, 112},
				{"stem.pool", 64, 56, 56},
				{"stages.0.blocks.0.norm1.act", 64, 56, 56},
				{"stages.0.blocks.2.add", 256, 56, 56},
				{"stages.1.blocks." + tt.second + ".add", 512, 28, 28},
				{"stages.2.blocks." + tt.third + ".add", 1024, 14, 14},
				{"stages.3.blocks.2.add", 2048, 7, 7},
				{"norm.act", 2048, 7, 7},
				{"head.fc", 1000, 1, 1},
			},
			kinds: []string{"stem", "stage", "bottleneck", "shortcut", "head", "conv", "bn", "relu", "add", "gap", "softmax"},
		}})
	}
}

// TestPreActivation: the shortcut of a block reads what the block reads; a projection, what
// the first ReLU gives. He et al. 2016, Fig. 1 (b).
func TestPreActivation(t *testing.T) {
	g := graph(t, "resnet-v2-50")
	for value, want := range map[string]string{
		"stages.1.blocks.1.norm1":           "stages.1.blocks.0.add",
		"stages.1.blocks.0.downsample.conv": "stages.1.blocks.0.norm1.act",
		"stages.1.blocks.2.norm1":           "stages.1.blocks.1.add",
	} {
		if in := g.Value(value).Node.Inputs[0].Name; in != want {
			t.Errorf("%s reads %s, want %s", value, in, want)
		}
	}
	for _, in := range g.Value("stages.1.blocks.1.add").Node.Inputs {
		if in.Name != "stages.1.blocks.1.conv3" && in.Name != "stages.1.blocks.0.add" {
			t.Errorf("the addition reads %s", in.Name)
		}
	}
}
