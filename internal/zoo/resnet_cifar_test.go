package zoo

import (
	"fmt"
	"testing"
)

// He et al. 2015, Table 6, prints 0.27, 0.46, 0.66, 0.85 and 1.7 millions of parameters. The
// exact counts are those of scripts/golden/nets_c.py by hooks on its modules.
func TestCIFARResNet(t *testing.T) {
	for _, tt := range []struct {
		name   string
		n      int // blocks of a stage
		params int
		macs   int64
		kinds  []string
	}{
		{"cifar-resnet20", 3, 269722, 40551040, []string{"residual", "shortcut", "pad", "add"}},
		{"cifar-resnet32", 5, 464154, 68862592, []string{"residual", "shortcut", "pad", "add"}},
		{"cifar-resnet44", 7, 658586, 97174144, []string{"residual", "shortcut", "pad", "add"}},
		{"cifar-resnet56", 9, 853018, 125485696, []string{"residual", "shortcut", "pad", "add"}},
		{"cifar-resnet110", 18, 1727962, 252887680, []string{"residual", "shortcut", "pad", "add"}},
		{"stochastic-depth-110", 18, 1727962, 252887680, []string{"residual", "shortcut", "pad", "add", "stochastic", "scale"}},
		{"cifar-plain20", 3, 269722, 40551040, []string{"plain"}},
		{"cifar-plain56", 9, 853018, 125485696, []string{"plain"}},
	} {
		last := func(stage int) string { return fmt.Sprintf("layer%d.%d.relu#2", stage, tt.n-1) }
		checkNets(t, []netFacts{{
			name: tt.name, params: tt.params, macs: tt.macs,
			shapes: []valueShape{
				{"relu", 16, 32, 32},
				{last(1), 16, 32, 32},
				{last(2), 32, 16, 16},
				{last(3), 64, 8, 8},
				{"avg_pool2d", 64, 1, 1},
				{"linear", 10, 1, 1},
			},
			kinds: append(tt.kinds, "stem", "stage", "head", "conv", "bn", "relu", "gap", "fc", "softmax"),
		}})
	}
}

// TestPlainHasNoShortcut: a plain net is its residual net without additions.
func TestPlainHasNoShortcut(t *testing.T) {
	kinds := map[string]bool{}
	countKinds(graph(t, "cifar-plain56").Root, kinds)
	for _, k := range []string{"residual", "shortcut", "add"} {
		if kinds[k] {
			t.Errorf("a plain net has a block of kind %s", k)
		}
	}
}
