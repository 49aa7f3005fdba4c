package zoo

import (
	"slices"
	"testing"

	"vizserver/internal/nn/op"
)

// Sizes: Ioffe and Szegedy 2015, appendix, Fig. 5 (192×28×28, 256, 320, 576×14×14, …, 1024×7×7),
// with the 608 maps of 4c and 4d as deployed; counts: the package pretrainedmodels, whose
// outputs scripts/golden/nets_b.py repeats bit for bit.
func TestBNInception(t *testing.T) {
	kinds := append([]string{"inception", "reduction"}, inceptionKinds...)
	shapes := []valueShape{
		{"conv1_relu_7x7", 64, 112, 112},
		{"pool1_3x3_s2", 64, 56, 56},
		{"conv2_relu_3x3", 192, 56, 56},
		{"pool2_3x3_s2", 192, 28, 28},
		{"inception_3a_pool", 192, 28, 28},
		{"inception_3a_double_3x3_reduce", 64, 28, 28},
		{"inception_3a_double_3x3_1", 96, 28, 28},
		{"inception_3a_double_3x3_2", 96, 28, 28},
		{"inception_3a_output", 256, 28, 28},
		{"inception_3b_output", 320, 28, 28},
		{"inception_3c_pool", 320, 14, 14},
		{"inception_3c_output", 576, 14, 14},
		{"inception_4a_output", 576, 14, 14},
		{"inception_4b_output", 576, 14, 14},
		{"inception_4c_output", 608, 14, 14},
		{"inception_4d_output", 608, 14, 14},
		{"inception_4e_pool", 608, 7, 7},
		{"inception_4e_output", 1056, 7, 7},
		{"inception_5a_output", 1024, 7, 7},
		{"inception_5b_output", 1024, 7, 7},
		{"global_pool", 1024, 1, 1},
		{"last_linear", 1000, 1, 1},
	}
	excited := []valueShape{
		{"inception_3a_se.fc1", 16, 1, 1},
		{"inception_3a_se.sigmoid", 256, 1, 1},
		{"inception_3a_se.mul", 256, 28, 28},
		{"inception_3c_se.mul", 576, 14, 14},
		{"inception_5b_se.mul", 1024, 7, 7},
	}
	checkNets(t, []netFacts{
		{name: "bn-inception", params: 11295240, macs: 2032600064, shapes: shapes, kinds: kinds},
		{
			name: "se-bn-inception", params: 11941638, macs: 2033239424, shapes: slices.Concat(shapes, excited),
			kinds: append([]string{"se", "scale", "sigmoid"}, kinds...),
		},
	})
}

// TestBNInceptionPooling holds which modules take the mean and which the largest: Ioffe and
// Szegedy 2015, appendix, column "pool".
func TestBNInceptionPooling(t *testing.T) {
	g := graph(t, "bn-inception")
	for _, m := range []string{"3a", "3b", "4a", "4b", "4c", "4d", "5a"} {
		if p, ok := g.Value("inception_" + m + "_pool").Node.Op.(op.AvgPool); !ok || !p.CountIncludePad {
			t.Errorf("%s does not take the mean with the padding counted", m)
		}
	}
	for _, m := range []string{"3c", "4e", "5b"} {
		if _, ok := g.Value("inception_" + m + "_pool").Node.Op.(op.MaxPool); !ok {
			t.Errorf("%s does not take the largest", m)
		}
	}
}
