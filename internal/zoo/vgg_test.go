package zoo

import "testing"

// The counts of VGG-11 and VGG-13 and of the nets with batch normalisation are those that
// hooks on torchvision's modules give; Simonyan and Zisserman 2014, Table 2, print 133, 133,
// 138 and 144 millions.
func TestVGG(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params int
		macs   int64
		last   string // the last pooling
	}{
		{"vgg11", 132863336, 7609090048, "features.20"},
		{"vgg13", 133047848, 11308466176, "features.24"},
		{"vgg16", 138357544, 15470264320, "features.30"},
		{"vgg19", 143667240, 19632062464, "features.36"},
		{"vgg11-bn", 132868840, 7609090048, "features.28"},
		{"vgg13-bn", 133053736, 11308466176, "features.34"},
		{"vgg16-bn", 138365992, 15470264320, "features.43"},
		{"vgg19-bn", 143678248, 19632062464, "features.52"},
	} {
		checkNets(t, []netFacts{{
			name: tt.name, params: tt.params, macs: tt.macs,
			shapes: []valueShape{
				{"features.0", 64, 224, 224},
				{tt.last, 512, 7, 7},
				{"classifier.0", 4096, 1, 1},
				{"classifier.6", 1000, 1, 1},
			},
			kinds: []string{"stage", "head", "conv", "relu", "pool", "fc", "softmax"},
		}})
	}
}

// TestVGG16Stages holds the sizes of Simonyan and Zisserman 2014, Table 1, column D.
func TestVGG16Stages(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "vgg16", params: 138357544, macs: 15470264320,
		shapes: []valueShape{
			{"features.4", 64, 112, 112},
			{"features.9", 128, 56, 56},
			{"features.16", 256, 28, 28},
			{"features.23", 512, 14, 14},
			{"features.30", 512, 7, 7},
		},
	}})
}
