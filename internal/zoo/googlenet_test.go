package zoo

import "testing"

var inceptionKinds = []string{
	"stem", "stage", "branch", "head", "conv", "bn", "relu", "pool", "concat", "gap", "fc", "softmax",
}

// The sizes are those of Szegedy et al. 2015, Table 1; counts: torchvision, and hooks on its
// modules.
func TestGoogLeNet(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "googlenet", params: 6624904, macs: 1498376192,
		kinds: append([]string{"inception"}, inceptionKinds...),
		shapes: []valueShape{
			{"conv1.relu", 64, 112, 112},
			{"maxpool1", 64, 56, 56},
			{"conv2.relu", 64, 56, 56},
			{"conv3.relu", 192, 56, 56},
			{"maxpool2", 192, 28, 28},
			{"inception3a.branch1.relu", 64, 28, 28},
			{"inception3a.branch2.0.relu", 96, 28, 28},
			{"inception3a.branch2.1.relu", 128, 28, 28},
			{"inception3a.branch3.0.relu", 16, 28, 28},
			{"inception3a.branch3.1.relu", 32, 28, 28},
			{"inception3a.branch4.0", 192, 28, 28},
			{"inception3a.branch4.1.relu", 32, 28, 28},
			{"inception3a.cat", 256, 28, 28},
			{"inception3b.cat", 480, 28, 28},
			{"maxpool3", 480, 14, 14},
			{"inception4a.cat", 512, 14, 14},
			{"inception4b.cat", 512, 14, 14},
			{"inception4c.cat", 512, 14, 14},
			{"inception4d.cat", 528, 14, 14},
			{"inception4e.cat", 832, 14, 14},
			{"maxpool4", 832, 7, 7},
			{"inception5a.cat", 832, 7, 7},
			{"inception5b.cat", 1024, 7, 7},
			{"avgpool", 1024, 1, 1},
			{"fc", 1000, 1, 1},
		},
	}})
}

// TestGoogLeNetCaffe holds Szegedy et al. 2015, Table 1: sizes of all rows; counts: Caffe.
func TestGoogLeNetCaffe(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "googlenet-caffe", params: 6998552, macs: 1582671872,
		kinds: []string{"stem", "stage", "inception", "branch", "head", "conv", "relu", "pool", "lrn", "concat", "gap", "fc", "softmax"},
		shapes: []valueShape{
			{"conv1/relu_7x7_s2", 64, 112, 112},
			{"pool1/norm1", 64, 56, 56},
			{"conv2/norm2", 192, 56, 56},
			{"pool2/3x3_s2", 192, 28, 28},
			{"inception_3a/1x1", 64, 28, 28},
			{"inception_3a/3x3_reduce", 96, 28, 28},
			{"inception_3a/3x3", 128, 28, 28},
			{"inception_3a/5x5_reduce", 16, 28, 28},
			{"inception_3a/5x5", 32, 28, 28},
			{"inception_3a/pool", 192, 28, 28},
			{"inception_3a/pool_proj", 32, 28, 28},
			{"inception_3a/output", 256, 28, 28},
			{"inception_3b/output", 480, 28, 28},
			{"pool3/3x3_s2", 480, 14, 14},
			{"inception_4a/output", 512, 14, 14},
			{"inception_4b/output", 512, 14, 14},
			{"inception_4c/output", 512, 14, 14},
			{"inception_4d/output", 528, 14, 14},
			{"inception_4e/output", 832, 14, 14},
			{"pool4/3x3_s2", 832, 7, 7},
			{"inception_5a/output", 832, 7, 7},
			{"inception_5b/output", 1024, 7, 7},
			{"pool5/7x7_s1", 1024, 1, 1},
			{"loss3/classifier", 1000, 1, 1},
		},
	}})
}

// TestGoogLeNetModules holds the parameters of each module: weights and biases from the
// widths of Table 1, whose own column prints 159K, 380K, 364K, 437K, 463K, 580K, 840K, 1072K
// and 1388K.
func TestGoogLeNetModules(t *testing.T) {
	checkBlockParams(t, "googlenet-caffe", map[string]int{
		"inception_3a":     163696,
		"inception_3b":     388736,
		"inception_4a":     376176,
		"inception_4b":     449160,
		"inception_4c":     510104,
		"inception_4d":     605376,
		"inception_4e":     868352,
		"inception_5a":     1043456,
		"inception_5b":     1444080,
		"loss3/classifier": 1025000,
	})
}

// TestGoogLeNetNaive: a naive module's output is its input's maps and those of its three
// convolutions, whose widths are Table 1's; counts: hooks on scripts/golden/nets_b.py.
func TestGoogLeNetNaive(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "googlenet-naive", params: 97526008, macs: 12568061056,
		kinds: []string{"stem", "stage", "inception-naive", "branch", "head", "lrn", "concat", "gap", "fc"},
		shapes: []valueShape{
			{"inception_3a/pool", 192, 28, 28},
			{"inception_3a/output", 192 + 64 + 128 + 32, 28, 28},
			{"inception_3b/output", 416 + 128 + 192 + 96, 28, 28},
			{"inception_4a/output", 832 + 192 + 208 + 48, 14, 14},
			{"inception_4b/output", 1280 + 160 + 224 + 64, 14, 14},
			{"inception_4c/output", 1728 + 128 + 256 + 64, 14, 14},
			{"inception_4d/output", 2176 + 112 + 288 + 64, 14, 14},
			{"inception_4e/output", 2640 + 256 + 320 + 128, 14, 14},
			{"inception_5a/output", 3344 + 256 + 320 + 128, 7, 7},
			{"inception_5b/output", 4048 + 384 + 384 + 128, 7, 7},
			{"softmax", 1000, 1, 1},
		},
	}})
}
