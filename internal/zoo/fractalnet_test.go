package zoo

import (
	"fmt"
	"slices"
	"testing"
)

// The counts follow from the paper's rule by hand: a block has 1 + 2 + 4 + 8 convolutions of
// 3×3, of which the first of each column reads the block's input.
func TestFractalNet(t *testing.T) {
	params, macs := 512*10+10, 512*10
	in, size := 3, 32
	var shapes []valueShape
	for b, maps := range []int{64, 128, 256, 512, 512} {
		weights := 9 * maps * (4*in + 11*maps)
		params += weights + 15*2*maps
		macs += weights * size * size
		shapes = append(shapes, valueShape{fmt.Sprintf("block%d.join8", b+1), maps, size, size})
		in, size = maps, size/2
		shapes = append(shapes, valueShape{fmt.Sprintf("pool%d", b+1), maps, size, size})
	}
	checkNets(t, []netFacts{{
		name: "fractalnet", params: params, macs: int64(macs), shapes: shapes,
		kinds: []string{"stage", "fractal", "branch", "head", "conv", "bn", "relu", "add", "pool", "fc", "softmax"},
	}})
	if params != 76106634 {
		t.Errorf("%d parameters, want 76,106,634", params)
	}
}

// TestFractalJoins compares one block with Fig. 1 of the paper at C = 4: the columns that meet
// in each row, and what each convolution reads.
func TestFractalJoins(t *testing.T) {
	g := graph(t, "fractalnet")
	for name, want := range map[string][]string{
		"block2.join2":          {"block2.column4.2.relu", "block2.column3.1.relu"},
		"block2.join4":          {"block2.column4.4.relu", "block2.column3.2.relu", "block2.column2.1.relu"},
		"block2.join6":          {"block2.column4.6.relu", "block2.column3.3.relu"},
		"block2.join8":          {"block2.column4.8.relu", "block2.column3.4.relu", "block2.column2.2.relu", "block2.column1.1.relu"},
		"block2.column4.1.conv": {"pool1"},
		"block2.column4.2.conv": {"block2.column4.1.relu"},
		"block2.column3.1.conv": {"pool1"},
		"block2.column2.1.conv": {"pool1"},
		"block2.column1.1.conv": {"pool1"},
		"block2.column3.2.conv": {"block2.join2"},
		"block2.column4.5.conv": {"block2.join4"},
		"block2.column3.3.conv": {"block2.join4"},
		"block2.column2.2.conv": {"block2.join4"},
		"block2.column4.7.conv": {"block2.join6"},
	} {
		v := g.Value(name)
		if v == nil {
			t.Errorf("no value is called %q", name)
			continue
		}
		var got []string
		for _, in := range v.Node.Inputs {
			got = append(got, in.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s reads %v, want %v", name, got, want)
		}
	}
}
