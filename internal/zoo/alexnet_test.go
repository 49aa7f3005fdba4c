package zoo

import "testing"

// The sizes are those of Krizhevsky et al. 2012, Fig. 2. The multiply-adds by hand:
// conv1 55²·96·363, conv2 27²·256·1200, conv3 13²·384·2304, conv4 13²·384·1728,
// conv5 13²·256·1728, fc 9216·4096 + 4096² + 4096·1000. torchvision's were counted by
// hooks on its modules.
func TestAlexNet(t *testing.T) {
	checkNets(t, []netFacts{
		{
			name: "alexnet-2012", params: 60965224,
			macs: 55*55*96*363 + 27*27*256*1200 + 169*(384*2304+384*1728+256*1728) + 9216*4096 + 4096*4096 + 4096*1000,
			shapes: []valueShape{
				{"conv1", 96, 55, 55},
				{"pool1", 96, 27, 27},
				{"conv2", 256, 27, 27},
				{"pool2", 256, 13, 13},
				{"relu5", 256, 13, 13},
				{"pool5", 256, 6, 6},
				{"fc6", 4096, 1, 1},
				{"fc8", 1000, 1, 1},
			},
			kinds: []string{"stage", "head", "conv", "relu", "lrn", "pool", "fc", "softmax"},
		},
		{
			name: "alexnet", params: 61100840, macs: 714188480,
			shapes: []valueShape{
				{"features.0", 64, 55, 55},
				{"features.3", 192, 27, 27},
				{"features.12", 256, 6, 6},
				{"classifier.6", 1000, 1, 1},
			},
			kinds: []string{"stage", "head", "conv", "relu", "pool", "fc", "softmax"},
		},
	})
}

// TestAlexNetTowers holds that a tower of conv2 sees only its own 48 maps: of the
// 60,954,656 weights without biases, which the paper rounds to 60 million.
func TestAlexNetTowers(t *testing.T) {
	g := graph(t, "alexnet-2012")
	weights := 0
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			if p.Name == n.Name+".weight" {
				weights += p.Len()
			}
			if p.Name == "conv2.weight" && (p.Dims[0] != 256 || p.Dims[1] != 48) {
				t.Errorf("conv2's weight is %v, want 256×48×5×5", p.Dims)
			}
		}
	}
	if weights != 60954656 {
		t.Errorf("%d weights, want 60,954,656", weights)
	}
}

// TestAlexNetLayers holds the parameters of every layer: outputs × (inputs of one output + 1), where
// an output of conv2, conv4 and conv5 has the inputs of its own tower alone.
func TestAlexNetLayers(t *testing.T) {
	checkBlockParams(t, "alexnet-2012", map[string]int{
		"conv1": 34944, "conv2": 307456, "conv3": 885120, "conv4": 663936, "conv5": 442624,
		"fc6": 37752832, "fc7": 16781312, "fc8": 4097000,
	})
}

// The sizes are those of Zeiler and Fergus, Fig. 3; the counts follow from them by hand.
func TestZFNet(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "zfnet",
		params: 96*147 + 96 + 256*2400 + 256 + 384*2304 + 384 + 384*3456 + 384 + 256*3456 + 256 +
			9216*4096 + 4096 + 4096*4096 + 4096 + 4096*1000 + 1000,
		macs: 110*110*96*147 + 26*26*256*2400 + 169*(384*2304+384*3456+256*3456) + 9216*4096 + 4096*4096 + 4096*1000,
		shapes: []valueShape{
			{"conv1", 96, 110, 110},
			{"pool1", 96, 55, 55},
			{"conv2", 256, 26, 26},
			{"pool2", 256, 13, 13},
			{"conv4", 384, 13, 13},
			{"pool5", 256, 6, 6},
		},
		kinds: []string{"stage", "head", "conv", "relu", "lrn", "pool", "fc", "softmax"},
	}})
}
