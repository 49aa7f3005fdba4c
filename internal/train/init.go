package train

import (
	"math"
	"math/rand/v2"
	"strings"

	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// initWeights draws the first weights of a graph from a seed.
//
// Nets of tanh follow LeCun et al. 1998, §II.D: uniform between ±2.4/Fᵢ, Fᵢ the number
// of inputs of the unit. Nets of ReLU follow He et al. 2015: normal with variance
// 2/Fᵢ, biases zero. The codes of an RBF layer are fixed.
func initWeights(g *nn.Graph, seed uint64) nn.Weights {
	r := rand.New(rand.NewPCG(seed, 0x1217))
	relu := false
	for _, n := range g.Nodes {
		relu = relu || n.Op.Kind() == "Relu"
	}
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			data := make([]float32, p.Len())
			switch {
			case p.Fixed:
				copy(data, zoo.RBFCodes())
			case relu && strings.HasSuffix(p.Name, ".bias"): // zero
			case relu:
				std := math.Sqrt(2 / float64(p.FanIn))
				for i := range data {
					data[i] = float32(r.NormFloat64() * std)
				}
			default:
				limit := 2.4 / float64(p.FanIn)
				for i := range data {
					data[i] = float32((2*r.Float64() - 1) * limit)
				}
			}
			w[p.Name] = nn.Param{Dims: p.Dims, Data: data}
		}
	}
	return w
}
