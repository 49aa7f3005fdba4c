package zoo

import "testing"

// The sizes are those of Sandler et al. 2018, Table 2; the counts, torchvision's.
func TestMobileNetV2(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "mobilenet-v2", params: 3504872, macs: 300774272,
		shapes: []valueShape{
			{"features.0.2", 32, 112, 112},
			{"features.1.conv.2", 16, 112, 112},
			{"features.3.add", 24, 56, 56},
			{"features.6.add", 32, 28, 28},
			{"features.10.add", 64, 14, 14},
			{"features.13.add", 96, 14, 14},
			{"features.16.add", 160, 7, 7},
			{"features.17.conv.3", 320, 7, 7},
			{"features.18.2", 1280, 7, 7},
			{"classifier.1", 1000, 1, 1},
		},
		kinds: []string{"stem", "stage", "inverted-residual", "head", "conv", "bn", "relu", "add", "gap", "fc", "softmax"},
	}})
}

// The sizes are those of Tan and Le 2019, Table 1, at 224; the counts, those of the PyPI
// package efficientnet-lite-pytorch by hooks on its modules.
func TestEfficientNetLite0(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "efficientnet-lite0", params: 4652008, macs: 385187552,
		shapes: []valueShape{
			{"_swish", 32, 112, 112},
			{"_blocks.0._bn2", 16, 112, 112},
			{"_blocks.2.add", 24, 56, 56},
			{"_blocks.4.add", 40, 28, 28},
			{"_blocks.7.add", 80, 14, 14},
			{"_blocks.10.add", 112, 14, 14},
			{"_blocks.14.add", 192, 7, 7},
			{"_blocks.15._bn2", 320, 7, 7},
			{"_swish#2", 1280, 7, 7},
			{"_fc", 1000, 1, 1},
		},
		kinds: []string{"stem", "stage", "inverted-residual", "head", "conv", "bn", "relu", "add", "gap", "fc", "softmax"},
	}})
}

// TestSamePadding holds TensorFlow's rule: ⌈size/stride⌉ outputs, the odd row or column of
// padding at the bottom and right.
func TestSamePadding(t *testing.T) {
	for _, tt := range []struct{ k, s, size, pad, extra int }{
		{3, 2, 224, 0, 1},
		{3, 2, 225, 1, 0},
		{3, 1, 112, 1, 0},
		{5, 2, 56, 1, 1},
		{5, 1, 28, 2, 0},
		{1, 2, 7, 0, 0},
	} {
		c := same(8, tt.k, tt.s, tt.size)
		if c.Pad.H != tt.pad || c.Extra.H != tt.extra || c.Pad.W != tt.pad || c.Extra.W != tt.extra {
			t.Errorf("%d×%d at stride %d on %d: padding %v and %v, want %d and %d", tt.k, tt.k, tt.s, tt.size, c.Pad, c.Extra, tt.pad, tt.extra)
		}
	}
}
