package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var stochasticNets = []Entry{
	{
		Name: "stochastic-depth-110", Title: "Stochastic Depth, ResNet-110", Year: 2016,
		Paper: "Huang et al., ECCV 2016 (arXiv:1603.09382)",
		Build: func(g *nn.Graph) {
			net := cifarNet{layers: 110}
			net.wrap = stochastic(net.blocks(), 0.5)
			net.build(g)
		},
		Task: CIFAR10, Image: cifarPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// stochastic makes the residual branches of any net of so many blocks stochastic. In training
// the branch of block l (from 1 to L) survives with probability p_l, else the block is the
// identity: Huang et al. 2016, eq. 2. Afterwards it is scaled by p_l: eq. 5.
func stochastic(blocks int, last float64) around {
	return func(g *nn.Graph, path string, at int, branch func() *nn.Value) *nn.Value {
		path += ".drop"
		return block(g, path, "stochastic", func() *nn.Value {
			return leaf(g, path, "scale", op.Scale{Factor: survival(at+1, blocks, last)}, branch())
		})
	}
}

// survival is the linear decay from 1 to p_L: eq. 4.
func survival(l, blocks int, last float64) float64 {
	return 1 - float64(l)/float64(blocks)*(1-last)
}
