package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/zoo/seed"
)

// Seeded returns weights that depend on a graph's names and shapes alone (see seed.Param), so
// that parity with PyTorch needs no weight files.
func Seeded(g *nn.Graph) nn.Weights {
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			w[p.Name] = nn.Param{Dims: p.Dims, Data: seed.Param(p.Name, p.Dims)}
		}
	}
	return w
}
