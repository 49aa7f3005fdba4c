package zoo

import (
	"testing"

	"vizserver/internal/nn/op"
)

// The sizes from the modules on are those of Szegedy et al. 2016, Table 1 (288×35×35,
// 768×17×17, 1280×8×8, 2048×8×8); the released net pools after its 192 maps, where the table
// has a convolution of stride 2. Stem and counts: torchvision, and hooks on its modules.
func TestInceptionV3(t *testing.T) {
	checkNets(t, []netFacts{{
		name: "inception-v3", params: 23834568, macs: 5713216096,
		kinds: append([]string{"inception-a", "reduction-a", "inception-b", "reduction-b", "inception-c"}, inceptionKinds...),
		shapes: []valueShape{
			{"Conv2d_1a_3x3.relu", 32, 149, 149},
			{"Conv2d_2a_3x3.relu", 32, 147, 147},
			{"Conv2d_2b_3x3.relu", 64, 147, 147},
			{"maxpool1", 64, 73, 73},
			{"Conv2d_3b_1x1.relu", 80, 73, 73},
			{"Conv2d_4a_3x3.relu", 192, 71, 71},
			{"maxpool2", 192, 35, 35},
			{"Mixed_5b.cat", 256, 35, 35},
			{"Mixed_5c.cat", 288, 35, 35},
			{"Mixed_5d.cat", 288, 35, 35},
			{"Mixed_6a.max_pool2d", 288, 17, 17},
			{"Mixed_6a.cat", 768, 17, 17},
			{"Mixed_6b.branch7x7_2.relu", 128, 17, 17},
			{"Mixed_6b.cat", 768, 17, 17},
			{"Mixed_6c.cat", 768, 17, 17},
			{"Mixed_6d.cat", 768, 17, 17},
			{"Mixed_6e.branch7x7dbl_4.relu", 192, 17, 17},
			{"Mixed_6e.cat", 768, 17, 17},
			{"Mixed_7a.cat", 1280, 8, 8},
			{"Mixed_7b.cat", 768, 8, 8},
			{"Mixed_7b.cat#2", 768, 8, 8},
			{"Mixed_7b.cat#3", 2048, 8, 8},
			{"Mixed_7c.cat#3", 2048, 8, 8},
			{"avgpool", 2048, 1, 1},
			{"fc", 1000, 1, 1},
		},
	}})
}

// TestInceptionV3Kernels holds the order of the factorised kernels (Szegedy et al. 2016, Figs.
// 6 and 7): no square 7×7 is left, and a 1×7 pads the width alone.
func TestInceptionV3Kernels(t *testing.T) {
	g := graph(t, "inception-v3")
	for name, want := range map[string]op.Size{
		"Mixed_6b.branch7x7_2.conv":     {H: 1, W: 7},
		"Mixed_6b.branch7x7_3.conv":     {H: 7, W: 1},
		"Mixed_6b.branch7x7dbl_2.conv":  {H: 7, W: 1},
		"Mixed_6b.branch7x7dbl_3.conv":  {H: 1, W: 7},
		"Mixed_6b.branch7x7dbl_4.conv":  {H: 7, W: 1},
		"Mixed_6b.branch7x7dbl_5.conv":  {H: 1, W: 7},
		"Mixed_7a.branch7x7x3_2.conv":   {H: 1, W: 7},
		"Mixed_7a.branch7x7x3_3.conv":   {H: 7, W: 1},
		"Mixed_7b.branch3x3_2a.conv":    {H: 1, W: 3},
		"Mixed_7b.branch3x3_2b.conv":    {H: 3, W: 1},
		"Mixed_7c.branch3x3dbl_3a.conv": {H: 1, W: 3},
		"Mixed_7c.branch3x3dbl_3b.conv": {H: 3, W: 1},
	} {
		v := g.Value(name)
		if v == nil {
			t.Errorf("no value is called %q", name)
			continue
		}
		if c := v.Node.Op.(op.Conv); c.Kernel != want || c.Pad != (op.Size{H: want.H / 2, W: want.W / 2}) {
			t.Errorf("%s has the kernel %v and the padding %v, want %v, half of it", name, c.Kernel, c.Pad, want)
		}
	}
}
