package zoo

import (
	"fmt"
	"testing"
)

// The sizes are those of Huang et al. 2017, Table 1: a block of l layers with growth k turns
// c maps into c + l·k, a transition halves them. The counts are torchvision's by hooks on its
// modules (0.29.2); parameters as in Keras Applications and nets.md.
func TestDenseNet(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params int
		macs   int64
		first  int    // maps of the stem
		dense  [4]int // maps after each block
	}{
		{"densenet121", 7978856, 2834161664, 64, [4]int{256, 512, 1024, 1024}},
		{"densenet161", 28681000, 7727907072, 96, [4]int{384, 768, 2112, 2208}},
		{"densenet169", 14149480, 3359843328, 64, [4]int{256, 512, 1280, 1664}},
		{"densenet201", 20013928, 4291365888, 64, [4]int{256, 512, 1792, 1920}},
	} {
		want := netFacts{
			name: tt.name, params: tt.params, macs: tt.macs,
			shapes: []valueShape{
				{"features.conv0", tt.first, 112, 112},
				{"features.pool0", tt.first, 56, 56},
				{"adaptive_avg_pool2d", tt.dense[3], 1, 1},
				{"classifier", 1000, 1, 1},
			},
			kinds: []string{"stem", "dense-block", "dense", "transition", "head", "conv", "bn", "relu", "concat", "pool", "gap", "fc", "softmax"},
		}
		for i, maps := range tt.dense {
			size := 56 >> i
			want.shapes = append(want.shapes, valueShape{fmt.Sprintf("features.denseblock%d.cat", i+1), maps, size, size})
			if i < 3 {
				want.shapes = append(want.shapes, valueShape{fmt.Sprintf("features.transition%d.pool", i+1), maps / 2, size / 2, size / 2})
			}
		}
		checkNets(t, []netFacts{want})
	}
}

// TestDenseLayersReadAllBefore: layer l of a block reads its input and the l − 1 layers before.
func TestDenseLayersReadAllBefore(t *testing.T) {
	g := graph(t, "densenet121")
	for l := 1; l <= 12; l++ {
		in := g.Value(fmt.Sprintf("features.denseblock2.denselayer%d.cat", l)).Node.Inputs
		if len(in) != l || in[0].Name != "features.transition1.pool" {
			t.Fatalf("layer %d reads %d values from %s on", l, len(in), in[0].Name)
		}
		for i, v := range in[1:] {
			if want := fmt.Sprintf("features.denseblock2.denselayer%d.conv2", i+1); v.Name != want {
				t.Errorf("layer %d reads %s, want %s", l, v.Name, want)
			}
		}
	}
}
