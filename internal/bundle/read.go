package bundle

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// inputKind is the kind of the block and layer that a graph makes for its input.
const inputKind = "input"

// Limits on what a bundle may hold; those on graphs are draft's.
const (
	maxBlocks  = 40_000
	maxDepth   = 64 // of blocks in each other; those of the history go to 5
	maxLabels  = 100_000
	maxText    = 512       // bytes of a name or a label
	maxAbout   = 64 << 10  // bytes of source and licence
	maxMembers = 1_000_000 // inputs of all nodes together
)

// Is says whether a file is a bundle.
func Is(f *weights.File) bool {
	_, ok := f.Metadata[Key]
	return ok
}

// Read makes the model of a bundle. The weights are views into the file's bytes, where these are
// float32. Nothing of the file is believed: operators, shapes, names, limits and weights
// are checked as those of any file from outside.
//
// Kinds of errors: fault.Unprocessable for damaged files and nets without sense,
// fault.Unsupported for bundles and operators of a later version, fault.TooLarge.
func Read(f *weights.File) (*nn.Model, Info, error) {
	text, ok := f.Metadata[Key]
	if !ok {
		return nil, Info{}, fault.New(fault.Unsupported, "the safetensors file holds weights alone, and no model of vizserver")
	}
	m, info, err := restore([]byte(text), f.Tensors)
	if err != nil {
		return nil, Info{}, fmt.Errorf("read the bundle: %w", err)
	}
	return m, info, nil
}

func bad(format string, args ...any) error {
	return fault.New(fault.Unprocessable, format, args...)
}

// restore makes the model that text describes, of these weights.
func restore(text []byte, tensors []weights.Tensor) (*nn.Model, Info, error) {
	h, err := parse(text)
	if err != nil {
		return nil, Info{}, err
	}
	if err := h.check(); err != nil {
		return nil, Info{}, err
	}
	ops, err := h.Graph.operators()
	if err != nil {
		return nil, Info{}, err
	}
	if err := h.Graph.checkNet(ops); err != nil {
		return nil, Info{}, err
	}
	g, err := h.Graph.build(ops)
	if err != nil {
		return nil, Info{}, err
	}
	m := &nn.Model{Name: h.Name, Title: h.Title, Graph: g, Weights: nn.Weights{}, Labels: h.Labels, Head: h.Head}
	for i := range tensors {
		t := &tensors[i]
		m.Weights[t.Name] = nn.Param{Dims: t.Shape, Data: t.View()}
	}
	if h.Photo != nil {
		m.Image = *h.Photo
	}
	if h.Greys != nil {
		m.Pre = *h.Greys
	}
	if err := checkUse(m); err != nil {
		return nil, Info{}, err
	}
	return m, Info{Source: h.Source, Licence: h.Licence}, nil
}

// parse decodes the JSON. A later version is told apart from a damaged file, whatever else
// stands in it.
func parse(text []byte) (*header, error) {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fault.New(fault.Unprocessable, "its description is not the JSON that it should be").WithCause(err)
	}
	if v.Version != version {
		return nil, fault.New(fault.Unsupported, "it is of version %d, and version %d can be read", v.Version, version).
			WithHint("a newer vizserver may read it")
	}
	h := &header{}
	if err := json.Unmarshal(text, h, decoding); err != nil {
		return nil, fault.New(fault.Unprocessable, "its description is not the JSON that it should be").WithCause(err)
	}
	return h, nil
}

// check looks at the texts and the counts.
func (h *header) check() error {
	g := &h.Graph
	switch {
	case len(g.Blocks) > maxBlocks:
		return fault.New(fault.TooLarge, "it has %d blocks, at most %d can be read", len(g.Blocks), maxBlocks)
	case len(h.Labels) > maxLabels:
		return fault.New(fault.TooLarge, "it has %d labels, at most %d can be read", len(h.Labels), maxLabels)
	case len(h.Source) > maxAbout || len(h.Licence) > maxAbout:
		return fault.New(fault.TooLarge, "its source or its licence is longer than %d bytes", maxAbout)
	case h.Name == "":
		return bad("the model has no name")
	}
	inputs := 0
	names := slices.Concat([]string{h.Name, h.Title, g.Name, g.Input.Name, h.Head.Kind}, h.Labels)
	for i := range g.Nodes {
		names = append(names, g.Nodes[i].Name)
		inputs += len(g.Nodes[i].Inputs)
	}
	for i := range g.Blocks {
		names = append(names, g.Blocks[i].Name, g.Blocks[i].Kind)
	}
	for _, n := range names {
		if len(n) > maxText || strings.ContainsFunc(n, unicode.IsControl) {
			return bad("the name %.60q is longer than %d bytes or holds control characters", n, maxText)
		}
	}
	if inputs > maxMembers {
		return fault.New(fault.TooLarge, "its nodes have %d inputs, at most %d can be read", inputs, maxMembers)
	}
	return g.checkTree()
}

// operators makes the operator of every node; those that are not known are named at once.
func (g *graph) operators() ([]nn.Op, error) {
	var unknown []string
	list := make([]nn.Op, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		t, ok := types[n.Op]
		if !ok {
			if name := fmt.Sprintf("%.60q", n.Op); !slices.Contains(unknown, name) && len(unknown) < 20 {
				unknown = append(unknown, name)
			}
			continue
		}
		var err error
		if list[i], err = operator(t, n.Attrs); err != nil {
			return nil, fault.New(fault.Unprocessable, "node %.60q: attributes that %s does not have", n.Name, n.Op).WithCause(err)
		}
	}
	if len(unknown) > 0 {
		return nil, fault.New(fault.Unsupported, "operators that are not known: %s", strings.Join(unknown, ", ")).
			WithHint("a newer vizserver may know them")
	}
	return list, nil
}

// checkNet demands what every graph that comes from a file has to fulfil.
func (g *graph) checkNet(ops []nn.Op) error {
	net := draft.Net{Name: g.Name, Input: g.Input.Name, Shape: g.Input.shape()}
	for i := range g.Nodes {
		net.Nodes = append(net.Nodes, draft.Node{Name: g.Nodes[i].Name, Op: ops[i], Inputs: g.Nodes[i].Inputs})
		net.Output = g.Nodes[i].Name
	}
	return net.Check()
}

func (i *input) shape() nn.Shape {
	return nn.Shape{N: i.Shape[0], C: i.Shape[1], H: i.Shape[2], W: i.Shape[3]}
}

// checkUse looks at what feeds the net and reads its answer.
func checkUse(m *nn.Model) error {
	if err := m.CheckWeights(); err != nil {
		return fault.New(fault.Unprocessable, "%v", err)
	}
	in, out := m.Graph.InputValue().Shape, m.Graph.OutputValue().Shape
	if n := len(m.Labels); n > 0 && n != out.C {
		return bad("it has %d labels for %d outputs", n, out.C)
	}
	if p := m.Image; p != (nn.ImagePre{}) {
		if in.C != 3 || p.Size != in.H || p.Size != in.W {
			return bad("its preprocessing makes photos of 3×%d×%d, and its input is %v", p.Size, p.Size, in)
		}
		for c := range 3 {
			if !(p.Std[c] > 0) || !(p.Mean[c]-p.Mean[c] == 0) || !(p.Std[c]-p.Std[c] == 0) {
				return bad("its preprocessing has the mean %v and the standard deviation %v", p.Mean, p.Std)
			}
		}
		if !(p.Range > 0) || p.Range-p.Range != 0 || p.Resize < 0 || p.Resize > maxSide || !(p.CropShare >= 0 && p.CropShare <= 1) {
			return bad("its preprocessing has the range %v, resizes to %d and cuts out %v", p.Range, p.Resize, p.CropShare)
		}
	}
	if p := m.Pre; p != (nn.Preprocess{}) {
		if p.Pad < 0 || p.Pad > maxSide || in.C != 1 || p.Height+2*p.Pad != in.H || p.Width+2*p.Pad != in.W || p.Height < 1 || p.Width < 1 {
			return bad("its preprocessing makes %d×%d greys with a border of %d, and its input is %v", p.Height, p.Width, p.Pad, in)
		}
	}
	return nil
}

// maxSide bounds the sides of pictures that a preprocessing makes.
const maxSide = 1 << 14
