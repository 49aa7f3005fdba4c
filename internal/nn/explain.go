package nn

import (
	"fmt"

	"vizserver/internal/fault"
)

// Unit is one unit of a layer.
type Unit struct{ Layer, Channel, Y, X int }

// Term is a group of products over one box of the input: Channels feature maps from
// Channel on, rows Y…Y+H−1, columns X…X+W−1. Places in the padding are left out.
type Term struct {
	Channel, Channels int
	Y, X, H, W        int
	Inputs            []float32
	Weights           []float32
	Products          []float32 // input·weight, or (x−w)² for an RBF unit
	Sum               float32   // of the products, in order, in float32
}

// Pooling is the arithmetic of a pooling unit.
type Pooling struct {
	Kind        string // "max", "average", "subsample"
	Y, X, H, W  int    // the window in the input map of the same channel
	Inputs      []float32
	Winner      int // index in Inputs; −1 unless max
	Sum         float32
	Coefficient float32 // average: 1/n; subsample: trained
	Bias        float32 // subsample only
}

// Terms is the arithmetic of one unit. Repeated is the result of doing it again in
// the kernel's order; it equals the stored value bit for bit.
type Terms struct {
	Terms    []Term
	Bias     float32
	HasBias  bool
	Pool     *Pooling
	Repeated float32
}

// Explainer is an operator that can spell out the arithmetic of a unit. y is the
// operator's output; the unit lies inside it.
type Explainer interface {
	Explain(in []*Tensor, params [][]float32, y *Tensor, c, row, col int) Terms
}

// UnitError says that a net has no such unit.
type UnitError struct {
	Net  string
	Unit Unit
}

func (e *UnitError) Error() string {
	return fmt.Sprintf("%s has no unit %+v", e.Net, e.Unit)
}

// Kind marks the error as the caller's to mend.
func (e *UnitError) Kind() fault.Kind { return fault.Invalid }

// Explanation is everything about one unit.
type Explanation struct {
	Layer *Layer
	Value float32
	Pre   float32 // the pre-activation; equal to Value where the layer has no activation
	Terms Terms   // empty for the input
	// Exact says that repeating the arithmetic gave the stored pre-activation bit for bit.
	Exact bool
}

// CheckUnit says whether the graph has such a unit.
func (g *Graph) CheckUnit(u Unit) error {
	if u.Layer >= 0 && u.Layer < len(g.Layers) {
		s := g.Layers[u.Layer].Shape()
		if u.Channel >= 0 && u.Channel < s.C && u.Y >= 0 && u.Y < s.H && u.X >= 0 && u.X < s.W {
			return nil
		}
	}
	return &UnitError{Net: g.Name, Unit: u}
}

// Explain spells out the arithmetic of one unit of the first sample. The result owns its memory.
func (r *Run) Explain(u Unit) (*Explanation, error) {
	g := r.plan.Model.Graph
	if err := g.CheckUnit(u); err != nil {
		return nil, err
	}
	l := g.Layers[u.Layer]
	e := &Explanation{Layer: l, Value: r.ViewOf(l.Out).At(u.Channel, u.Y, u.X)}
	e.Pre = e.Value
	if l.Pre != nil {
		e.Pre = r.ViewOf(l.Pre).At(u.Channel, u.Y, u.X)
	}
	if l.Main == nil {
		e.Exact = true
		return e, nil
	}
	ex, ok := l.Main.Op.(Explainer)
	if !ok {
		return e, nil
	}
	i := l.Main.Index
	in := r.throughFlatten(l.Main)
	e.Terms = ex.Explain(in, r.plan.params[i], r.state.Tensor(l.Main.Output), u.Channel, u.Y, u.X)
	e.Exact = e.Terms.Repeated == e.Pre
	return e, nil
}

// throughFlatten returns the node's inputs, with those of a flattening node in its
// place, so that weights of a fully connected layer can be laid out as maps.
func (r *Run) throughFlatten(n *Node) []*Tensor {
	in := make([]*Tensor, len(n.Inputs))
	for i, v := range n.Inputs {
		for v.Node != nil && v.Node.Op.Kind() == "Flatten" {
			v = v.Node.Inputs[0]
		}
		in[i] = r.state.Tensor(v)
	}
	return in
}
