package zoo

import (
	"hash/fnv"
	"math"
	"strings"

	"vizserver/internal/nn"
)

// Seeded returns weights that depend on a graph's names and shapes alone: the same
// numbers as scripts/golden/seeded.py makes, so that parity with PyTorch needs no
// weight files. They keep the size of activations about constant with ReLU:
//
//	weight of rank ≥ 2   uniform ±√(6/Fᵢ), Fᵢ = product of all dimensions but the first;
//	                     a thirtieth of that in the gates of squeeze-and-excitation, else they
//	                     open and shut like switches and SENet-154 is chaotic: PyTorch in
//	                     float32 then differs from itself in float64 by 60 %
//	…weight of rank 1    uniform 0.8…1.2 (γ of batch normalisation, a slope)
//	…running_var         uniform 0.8…1.2
//	all else             uniform ±0.1 (biases, β, running means)
func Seeded(g *nn.Graph) nn.Weights {
	w := nn.Weights{}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			w[p.Name] = nn.Param{Dims: p.Dims, Data: seeded(p)}
		}
	}
	return w
}

func seeded(p nn.ParamSpec) []float32 {
	lo, hi := -0.1, 0.1
	switch {
	case len(p.Dims) > 1:
		fan := 1
		for _, d := range p.Dims[1:] {
			fan *= d
		}
		hi = math.Sqrt(6 / float64(fan))
		if strings.Contains(p.Name, "se.fc") || strings.Contains(p.Name, "se_module.fc") {
			hi /= 30
		}
		lo = -hi
	case strings.HasSuffix(p.Name, "weight"), strings.HasSuffix(p.Name, "running_var"):
		lo, hi = 0.8, 1.2
	}
	return uniform(p.Name, p.Len(), lo, hi)
}

// uniform returns numbers in lo…hi that depend on the name alone.
func uniform(name string, size int, lo, hi float64) []float32 {
	data, seed := make([]float32, size), hash(name)
	for i := range data {
		u := float64(word(seed, i)>>11) * 0x1p-53
		data[i] = float32(lo + float64((hi-lo)*u)) // the inner conversion forbids a fused multiply-add
	}
	return data
}

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash cannot fail
	return h.Sum64()
}

// word is number i of the SplitMix64 stream that starts from a seed.
func word(seed uint64, i int) uint64 {
	return splitMix(seed + uint64(i)*0x9e3779b97f4a7c15)
}

// splitMix is the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func splitMix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
