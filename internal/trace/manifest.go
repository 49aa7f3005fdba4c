package trace

import (
	"strconv"
	"strings"

	"vizserver/internal/nn"
)

// Kinds of heads, as nn.Head spells them.
const headSoftmax = "softmax"

// Manifest says what a net is: all that a page needs to lay it out and to label it. It
// goes to a viewer after hello and after each change of the model.
type Manifest struct {
	Type        string      `json:"type"` // "manifest"
	Version     int         `json:"version"`
	Model       string      `json:"model"`
	Title       string      `json:"title"`
	Units       int         `json:"units"`
	Params      int         `json:"params"` // trained ones
	Connections int64       `json:"connections"`
	Input       InputSpec   `json:"input"`
	Layers      []LayerSpec `json:"layers"`
	Blocks      *BlockSpec  `json:"blocks"`
	Head        HeadSpec    `json:"head"`
	Weights     WeightsSpec `json:"weights"`
	Accuracy    float64     `json:"accuracy"`  // 0…1 on the test set; 0 where it was not measured
	Confusion   [][]int     `json:"confusion"` // [true class][answer]; null where it was not measured
}

// InputSpec says how a drawing's greys become the input: the field is Pad pixels wider on
// every side, x = grey/255·Scale + Offset.
type InputSpec struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Pad    int    `json:"pad"`
	Scale  number `json:"scale"`
	Offset number `json:"offset"`
	Text   string `json:"text"` // the formula as a person reads it
}

// LayerSpec describes one layer that a viewer sees. Pairs are (height, width).
type LayerSpec struct {
	Index       int             `json:"index"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind"`
	Op          string          `json:"op"`
	Shape       [3]int          `json:"shape"` // C, H, W
	Inputs      []int           `json:"inputs"`
	Kernel      *[2]int         `json:"kernel"`
	Stride      *[2]int         `json:"stride"`
	Padding     *[2]int         `json:"padding"`
	Table       [][]int         `json:"table"` // rows = input maps, columns = output maps; null: all connected
	Activation  *ActivationSpec `json:"activation"`
	Signed      bool            `json:"signed"` // values below zero occur
	Params      int             `json:"params"`
	Connections int64           `json:"connections"`
	Weight      *string         `json:"weight"` // names in the weights file
	Bias        *string         `json:"bias"`
}

// ActivationSpec names an activation function of s, the weighted sum. A and B are the
// constants of A·tanh(B·s).
type ActivationSpec struct {
	Name    string  `json:"name"`
	Formula string  `json:"formula"`
	A       float64 `json:"a,omitzero"`
	B       float64 `json:"b,omitzero"`
}

// BlockSpec is a node of the block tree. Layers lists all layers below it, in order.
type BlockSpec struct {
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`
	Layers   []int        `json:"layers"`
	Children []*BlockSpec `json:"children"`
}

// HeadSpec says how to read the output.
type HeadSpec struct {
	Kind          string   `json:"kind"`
	Labels        []string `json:"labels"`
	LowerIsBetter bool     `json:"lowerIsBetter"`
}

// WeightsSpec says where the weights file is, and its SHA-256 in hexadecimal.
type WeightsSpec struct {
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
}

// What the manifest asks of operators, where they have it.
type (
	windowed interface {
		WindowSizes() (kernel, stride, padding [2]int)
	}
	connected interface{ Connected() [][]int }
	scaled    interface{ Constants() (a, b float64) }
)

// NewManifest describes a net. The result is new and owned by the caller.
func NewManifest(n *Net) *Manifest {
	m, g := n.Model, n.Model.Graph
	f := &Manifest{
		Type: "manifest", Version: FrameVersion,
		Model: m.Name, Title: m.Title,
		Units: g.Units(), Params: g.NumParams(false), Connections: g.Connections(),
		Input: InputSpec{
			Width: m.Pre.Width, Height: m.Pre.Height, Pad: m.Pre.Pad,
			Scale: number(m.Pre.Scale), Offset: number(m.Pre.Offset), Text: inputFormula(m.Pre),
		},
		Blocks:   blockSpec(g.Root),
		Head:     HeadSpec{Kind: m.Head.Kind, Labels: m.Labels, LowerIsBetter: m.Head.LowerIsBetter},
		Weights:  WeightsSpec{URL: n.WeightsURL, SHA256: n.WeightsSHA256},
		Accuracy: n.Accuracy, Confusion: n.Confusion,
	}
	for _, l := range g.Layers {
		f.Layers = append(f.Layers, layerSpec(l, f.Layers))
	}
	return f
}

// inputFormula writes x = raw/255·1.275 − 0.1, leaving out what does nothing.
func inputFormula(p nn.Preprocess) string {
	digits := func(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
	text := "x = raw/255"
	if p.Scale != 1 {
		text += "·" + digits(p.Scale)
	}
	switch {
	case p.Offset < 0:
		text += " − " + digits(-p.Offset)
	case p.Offset > 0:
		text += " + " + digits(p.Offset)
	}
	return text
}

// layerSpec describes one layer; earlier holds the layers before it.
func layerSpec(l *nn.Layer, earlier []LayerSpec) LayerSpec {
	s := l.Shape()
	spec := LayerSpec{
		Index: l.Index, Name: l.Name, Kind: l.Kind, Op: "Input",
		Shape: [3]int{s.C, s.H, s.W}, Inputs: append([]int{}, l.Inputs...),
	}
	if l.Main == nil {
		return spec // the drawing is shown as light, not as signed numbers
	}
	spec.Op = l.Main.Op.Kind()
	if w, ok := l.Main.Op.(windowed); ok {
		k, st, p := w.WindowSizes()
		spec.Kernel, spec.Stride, spec.Padding = &k, &st, &p
	}
	if c, ok := l.Main.Op.(connected); ok && c.Connected() != nil {
		spec.Table = tableOf(c.Connected(), l.Main.Inputs[0].Shape.C)
	}
	for _, n := range l.Block.Nodes {
		for _, p := range n.Params {
			if !p.Fixed {
				spec.Params += p.Len()
			}
		}
		if d, ok := n.Op.(nn.Describer); ok {
			spec.Connections += d.Connections(n.InShapes())
		}
	}
	for i := range l.Main.Params {
		name := l.Main.Params[i].Name
		switch {
		case strings.HasSuffix(name, ".weight"):
			spec.Weight = &name
		case strings.HasSuffix(name, ".bias"):
			spec.Bias = &name
		}
	}
	spec.Activation, spec.Signed = activationOf(l, earlier)
	return spec
}

// activationOf returns the layer's activation and whether its values can be below zero:
// as the activation says; a pooling layer as what it pools; a distance never.
func activationOf(l *nn.Layer, earlier []LayerSpec) (*ActivationSpec, bool) {
	if l.Act == nil {
		switch l.Kind {
		case "rbf":
			return nil, false
		case "pool":
			return nil, len(l.Inputs) > 0 && earlier[l.Inputs[0]].Signed
		}
		return nil, true
	}
	act, ok := l.Act.Op.(nn.Activation)
	if !ok {
		return nil, true
	}
	spec := &ActivationSpec{Name: act.ActivationName(), Formula: act.Formula()}
	if c, ok := l.Act.Op.(scaled); ok {
		spec.A, spec.B = c.Constants()
	}
	return spec, act.Signed()
}

// tableOf turns, for each output map, its input maps into rows of input maps and columns
// of output maps, as LeCun et al. 1998, Table I, prints it.
func tableOf(reads [][]int, inputs int) [][]int {
	table := make([][]int, inputs)
	for i := range table {
		table[i] = make([]int, len(reads))
	}
	for o, list := range reads {
		for _, i := range list {
			table[i][o] = 1
		}
	}
	return table
}

func blockSpec(b *nn.Block) *BlockSpec {
	spec := &BlockSpec{Name: b.Name, Kind: b.Kind, Layers: []int{}, Children: []*BlockSpec{}}
	if b.Layer != nil {
		spec.Layers = append(spec.Layers, b.Layer.Index)
	}
	for _, c := range b.Children {
		child := blockSpec(c)
		spec.Children = append(spec.Children, child)
		spec.Layers = append(spec.Layers, child.Layers...)
	}
	return spec
}
