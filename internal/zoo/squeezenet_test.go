package zoo

import "testing"

// The sizes are those of Iandola et al. 2016, Table 1 (1.0: its 55, 27 and 13 are 54, 27 and
// 13 here, since torchvision's conv1 has no padding); counts: torchvision.
func TestSqueezeNet(t *testing.T) {
	kinds := []string{"stem", "stage", "fire", "branch", "head", "conv", "relu", "pool", "concat", "gap", "softmax"}
	checkNets(t, []netFacts{
		{
			name: "squeezenet-1.0", params: 1248424, macs: 818924576, kinds: kinds,
			shapes: []valueShape{
				{"features.1", 96, 109, 109},
				{"features.2", 96, 54, 54},
				{"features.3.cat", 128, 54, 54},
				{"features.5.cat", 256, 54, 54},
				{"features.10.cat", 512, 27, 27},
				{"features.12.cat", 512, 13, 13},
				{"classifier.2", 1000, 13, 13},
				{"softmax", 1000, 1, 1},
			},
		},
		{
			name: "squeezenet-1.1", params: 1235496, macs: 349151936, kinds: kinds,
			shapes: []valueShape{
				{"features.1", 64, 111, 111},
				{"features.4.cat", 128, 55, 55},
				{"features.7.cat", 256, 27, 27},
				{"features.12.cat", 512, 13, 13},
				{"classifier.3", 1000, 1, 1},
			},
		},
	})
}

// TestSqueezeNetFires holds the parameters of every module: Iandola et al. 2016, Table 1,
// before pruning.
func TestSqueezeNetFires(t *testing.T) {
	checkBlockParams(t, "squeezenet-1.0", map[string]int{
		"features.0":   14208,
		"features.3":   11920,
		"features.4":   12432,
		"features.5":   45344,
		"features.7":   49440,
		"features.8":   104880,
		"features.9":   111024,
		"features.10":  188992,
		"features.12":  197184,
		"classifier.1": 513000,
	})
}
