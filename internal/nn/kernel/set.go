package kernel

import "math"

// Set is a family of inner loops for one kind of processor. All sets compute the same functions on
// the same layout; their results differ by rounding only.
type Set struct {
	Name string // "avx512", "avx2", "go"
	isa  isa
}

type isa uint8

const (
	portable isa = iota
	avx2         // AVX2, FMA
	avx512       // AVX-512 F, DQ, BW, VL
)

// Sets returns the families that this processor can run, best first. "go" is always among them.
func Sets() []*Set { return append(machineSets(), &Set{Name: "go", isa: portable}) }

// Auto is the name that stands for the best family.
const Auto = "auto"

// Find returns the family of this name, the best for Auto or no name, or nil where this processor
// has none.
func Find(name string) *Set {
	for _, s := range Sets() {
		if name == "" || name == Auto || name == s.Name {
			return s
		}
	}
	return nil
}

// NoClamp lets every number pass.
var NoClamp = Clamp{Lo: float32(math.Inf(-1)), Hi: float32(math.Inf(1))}

// ReLU cuts at zero.
var ReLU = Clamp{Lo: 0, Hi: float32(math.Inf(1))}
