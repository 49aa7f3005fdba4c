package zoo

import "testing"

// The net ends in one map for each class; a 6×6 map is what pool4's kernel of 6 covers.
// The counts are products of the sizes in nin_imagenet's train_val.prototxt.
func TestNIN(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "nin",
		params: 96*363 + 96 + 2*(96*96+96) + 256*2400 + 256 + 2*(256*256+256) + 384*2304 + 384 + 2*(384*384+384) +
			1024*3456 + 1024 + 1024*1024 + 1024 + 1000*1024 + 1000,
		macs: 54*54*(96*363+2*96*96) + 27*27*(256*2400+2*256*256) + 13*13*(384*2304+2*384*384) +
			6*6*(1024*3456+1024*1024+1000*1024),
		shapes: []valueShape{
			{"conv1", 96, 54, 54},
			{"pool0", 96, 27, 27},
			{"pool2", 256, 13, 13},
			{"pool3", 384, 6, 6},
			{"relu12", 1000, 6, 6},
			{"pool4", 1000, 1, 1},
		},
		kinds: []string{"stage", "head", "conv", "relu", "pool", "gap", "softmax"},
	}})
}
