package nn

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"vizserver/internal/fault"
)

// Param is a named parameter tensor. Data is shared by all runs of all plans.
type Param struct {
	Dims []int
	Data []float32
}

// Weights are the parameters of a model by name.
type Weights map[string]Param

// Head says how the output is to be read.
type Head struct {
	Kind          string // "softmax", "tanh", "rbf"
	LowerIsBetter bool   // RBF: a distance
}

// Model binds weights to a graph, with what a user needs to feed it and to read it.
type Model struct {
	Name    string
	Title   string
	Graph   *Graph
	Weights Weights
	Pre     Preprocess // of greys; used where Image is not set
	Image   ImagePre   // of photos
	Labels  []string
	Head    Head
}

// Preprocess turns a picture of greys into the net's input:
//
//	x = grey/255 · Scale + Offset
//
// on a field that is Pad pixels wider on every side; the border is paper, grey 0.
type Preprocess struct {
	Width, Height int // of the picture of greys
	Pad           int
	Scale, Offset float32
}

// Apply writes the input of one sample, (Height+2·Pad)·(Width+2·Pad) values, from greys 0…255.
func (p Preprocess) Apply(dst []float32, greys []byte) {
	w := p.Width + 2*p.Pad
	for i := range dst {
		dst[i] = p.Offset
	}
	for y := range p.Height {
		row := dst[(y+p.Pad)*w+p.Pad:]
		for x := range p.Width {
			row[x] = p.Value(greys[y*p.Width+x])
		}
	}
}

// Value returns the input value of one grey.
func (p Preprocess) Value(grey byte) float32 {
	return float32(float32(grey)/255*p.Scale) + p.Offset
}

// WeightsError lists what a file lacks, has too much, or has in another shape.
type WeightsError struct {
	Model                       string
	Missing, Unexpected, Shaped []string
}

func (e *WeightsError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the weights do not fit the model %q", e.Model)
	for _, part := range [...]struct {
		word string
		list []string
	}{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"of another shape", e.Shaped}} {
		if n := len(part.list); n > 0 {
			fmt.Fprintf(&b, "; %s: %s", part.word, strings.Join(part.list[:min(n, 10)], ", "))
			if n > 10 {
				fmt.Fprintf(&b, " and %d more", n-10)
			}
		}
	}
	return b.String()
}

// Kind marks the error as the caller's to mend.
func (e *WeightsError) Kind() fault.Kind { return fault.Invalid }

// CheckWeights compares the weights with what the graph asks for.
func (m *Model) CheckWeights() error {
	e := &WeightsError{Model: m.Name}
	want := map[string]bool{}
	for _, n := range m.Graph.Nodes {
		for _, p := range n.Params {
			want[p.Name] = true
			got, ok := m.Weights[p.Name]
			switch {
			case !ok:
				e.Missing = append(e.Missing, p.Name)
			case !slices.Equal(got.Dims, p.Dims) || len(got.Data) != p.Len():
				e.Shaped = append(e.Shaped, fmt.Sprintf("%s is %v, want %v", p.Name, got.Dims, p.Dims))
			}
		}
	}
	for name := range m.Weights {
		if !want[name] {
			e.Unexpected = append(e.Unexpected, name)
		}
	}
	if len(e.Missing)+len(e.Unexpected)+len(e.Shaped) == 0 {
		return nil
	}
	sort.Strings(e.Unexpected)
	return e
}

// Scores writes the net's outputs for the first sample to dst, as they are.
func (m *Model) Scores(r *Run, dst []float32) {
	v := r.ViewOf(m.Graph.OutputValue())
	for c := range dst {
		dst[c] = v.At(c, 0, 0)
	}
}

// Answer returns the class that the net gives the first sample: the largest output,
// or the smallest where lower is better; of equals, the first.
func (m *Model) Answer(r *Run) int {
	v := r.ViewOf(m.Graph.OutputValue())
	best := 0
	for c := range v.Shape().C {
		if m.Head.Better(v.At(c, 0, 0), v.At(best, 0, 0)) {
			best = c
		}
	}
	return best
}

// Better says whether score a is a better answer than score b.
func (h Head) Better(a, b float32) bool {
	if h.LowerIsBetter {
		return a < b
	}
	return a > b
}
