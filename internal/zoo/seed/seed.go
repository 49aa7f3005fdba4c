// Package seed makes numbers from names and sizes alone: the weights and inputs with which nets are
// compared with PyTorch without any file of weights, and what such a comparison measures of a
// value. scripts/golden/seeded.py and zoo.py make the same bits; testdata/golden/zoo/seeded.json
// holds both to it.
package seed

import (
	"hash/fnv"
	"math"
	"strings"
)

// Param returns the numbers of the parameter of this name. They keep the size of activations
// about constant with ReLU:
//
//	weight of rank ≥ 2   uniform ±√(6/Fᵢ), Fᵢ = product of all dimensions but the first;
//	                     a thirtieth of that in the gates of squeeze-and-excitation, else they
//	                     open and shut like switches and SENet-154 is chaotic: PyTorch in
//	                     float32 then differs from itself in float64 by 60 %
//	…weight of rank 1    uniform 0.8…1.2 (γ of batch normalisation, a slope)
//	…running_var         uniform 0.8…1.2
//	all else             uniform ±0.1 (biases, β, running means)
func Param(name string, dims []int) []float32 {
	size, fan := 1, 1
	for i, d := range dims {
		size *= d
		if i > 0 {
			fan *= d
		}
	}
	lo, hi := -0.1, 0.1
	switch {
	case len(dims) > 1:
		hi = math.Sqrt(6 / float64(fan))
		if strings.Contains(name, "se.fc") || strings.Contains(name, "se_module.fc") {
			hi /= 30
		}
		lo = -hi
	case strings.HasSuffix(name, "weight"), strings.HasSuffix(name, "running_var"):
		lo, hi = 0.8, 1.2
	}
	return Uniform(name, size, lo, hi)
}

// Input returns the input of all nets: so many numbers of 0…1.
func Input(size int) []float32 { return Uniform("input", size, 0, 1) }

// Stats are what Measure computes, in this order. "signed" is Σ ±x/√n with seeded signs: it
// moves when numbers change places.
var Stats = []string{"mean", "std", "min", "max", "l2", "signed"}

// Measure returns the Stats of a value of this name and so many of its numbers at seeded places.
func Measure(name string, x []float32, probes int) (stats, at []float32) {
	n := float64(len(x))
	low, high := math.Inf(1), math.Inf(-1)
	var sum, squares, signed float64
	seed, bits := hash("sign:"+name), uint64(0)
	for i, f := range x {
		d := float64(f)
		low, high = math.Min(low, d), math.Max(high, d)
		sum += d
		squares += d * d
		if i%64 == 0 {
			bits = word(seed, i/64)
		}
		if bits&1 == 1 {
			d = -d
		}
		bits >>= 1
		signed += d
	}
	mean := sum / n
	var spread float64
	for _, f := range x {
		d := float64(f) - mean
		spread += d * d
	}
	for _, s := range []float64{mean, math.Sqrt(spread / n), low, high, math.Sqrt(squares), signed / math.Sqrt(n)} {
		stats = append(stats, float32(s))
	}
	for _, i := range Places(name, len(x), probes) {
		at = append(at, x[i])
	}
	return stats, at
}

// Places returns the places of a value of this name that are probed, below size.
func Places(name string, size, probes int) []int {
	seed, list := hash("probe:"+name), make([]int, probes)
	for j := range list {
		list[j] = int(word(seed, j) % uint64(size))
	}
	return list
}

// Uniform returns numbers in lo…hi that depend on the name alone.
func Uniform(name string, size int, lo, hi float64) []float32 {
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
