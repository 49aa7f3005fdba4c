package zoo

import (
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// TestSurvival holds Huang et al. 2016, §3: p_0 = 1 for the input, p_L = 0.5, a straight line
// between; of 54 blocks 40 are expected to survive.
func TestSurvival(t *testing.T) {
	g := graph(t, "stochastic-depth-110")
	var factors []float64
	for _, n := range g.Nodes {
		if s, ok := n.Op.(op.Scale); ok {
			factors = append(factors, s.Factor)
			if n.Block.Parent.Kind != "stochastic" || n.Block.Parent.Parent.Kind != "residual" {
				t.Errorf("%s is not in a stochastic branch of a residual block", n.Name)
			}
		}
	}
	if len(factors) != 54 || factors[26] != 0.75 || factors[53] != 0.5 {
		t.Fatalf("%d factors, want 54; the middle one 0.75, the last 0.5: %v", len(factors), factors)
	}
	sum := 0.0
	for _, p := range factors {
		sum += p
	}
	if sum < 40.2 || sum > 40.3 {
		t.Errorf("%g blocks are expected to survive, want 40.25 = (3·54 − 1)/4", sum)
	}
}

// TestStochasticWrapsAnyResidualNet wraps bottlenecks too: the net stays the same but for one
// factor in each block.
func TestStochasticWrapsAnyResidualNet(t *testing.T) {
	g := nn.NewGraph("stochastic-resnet50")
	resNet{blocks: [4]int{3, 4, 6, 3}, bottleneck: true, wrap: stochastic(16, 0.5)}.build(g)
	if _, err := g.Build(); err != nil {
		t.Fatal(err)
	}
	plain := graph(t, "resnet50")
	if got, want := len(g.Nodes), len(plain.Nodes)+16; got != want {
		t.Errorf("%d nodes, want %d", got, want)
	}
	if got, want := g.NumParams(false), plain.NumParams(false); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
}
