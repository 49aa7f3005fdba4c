package nn

import (
	"context"
	"fmt"
	"math"
)

// reference is the program that specifies what all others compute: every value is stored,
// planar, in one arena, and nodes run in the graph's order.
type reference struct {
	model  *Model
	params [][][]float32 // by node
	shapes []Shape       // by value, with the batch
	size   int
}

// Reference compiles a model into plain loops. It is what Compile uses where no compiler is named.
func Reference(m *Model, batch int) (Program, error) {
	shapes, err := m.Graph.Shapes(batch)
	if err != nil {
		return nil, err
	}
	p := &reference{model: m, params: m.Params(), shapes: shapes}
	for _, s := range shapes {
		p.size += (s.Len() + 15) &^ 15 // 64-byte lines
	}
	return p, nil
}

// Params returns the data of all parameters by node, in the order of the node's own list.
func (m *Model) Params() [][][]float32 {
	var all [][][]float32
	for _, n := range m.Graph.Nodes {
		list := make([][]float32, len(n.Params))
		for i, s := range n.Params {
			list[i] = m.Weights[s.Name].Data
		}
		all = append(all, list)
	}
	return all
}

// Shapes returns the shape of every value, by its index, for a batch; 0 is the graph's own.
func (g *Graph) Shapes(batch int) ([]Shape, error) {
	shapes := make([]Shape, len(g.Values))
	for _, v := range g.Values {
		s := v.Shape
		switch {
		case batch == 0:
		case v.Node == nil:
			s = s.WithN(batch)
		default: // the operator decides: a constant stays one
			in := make([]Shape, len(v.Node.Inputs))
			for i, src := range v.Node.Inputs {
				in[i] = shapes[src.Index]
			}
			var err error
			if s, err = v.Node.Op.Infer(in); err != nil {
				return nil, fmt.Errorf("%s for a batch of %d: %w", v.Name, batch, err)
			}
		}
		if err := s.check(); err != nil {
			return nil, err
		}
		shapes[v.Index] = s
	}
	return shapes, nil
}

// Bytes returns the memory of one run.
func (p *reference) Bytes() int { return 4 * p.size }

// NewState returns the memory of one run.
func (p *reference) NewState() State {
	s := &refState{program: p}
	s.arena, s.own = layout(p.shapes)
	s.tensors = make([]Tensor, len(s.own))
	for i, t := range s.own {
		s.tensors[i] = *t
	}
	for _, n := range p.model.Graph.Nodes {
		in := make([]*Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			in[i] = &s.tensors[v.Index]
		}
		s.inputs = append(s.inputs, in)
	}
	return s
}

// layout returns tensors over one arena, one for each shape.
func layout(shapes []Shape) (arena []float32, tensors []*Tensor) {
	size := 0
	for _, s := range shapes {
		size += (s.Len() + 15) &^ 15
	}
	arena = make([]float32, size)
	o := 0
	for _, s := range shapes {
		tensors = append(tensors, &Tensor{Shape: s, Data: arena[o : o+s.Len() : o+s.Len()]})
		o += (s.Len() + 15) &^ 15
	}
	return arena, tensors
}

// refState is the arena of one run.
type refState struct {
	program *reference
	arena   []float32
	own     []*Tensor // tensors over the arena, by value
	tensors []Tensor  // what readers see: own, or borrowed
	inputs  [][]*Tensor
	steps   Steps // nil: the operators do all
}

// Input returns the memory of the input.
func (s *refState) Input() []float32 { return s.own[s.program.model.Graph.input.Index].Data }

// Execute runs all nodes. It allocates nothing.
func (s *refState) Execute(ctx context.Context, edits []Edit, done func(*Value)) error {
	in := s.program.model.Graph.input
	s.tensors[in.Index].Data = s.Input()
	s.finish(in, edits, done)
	return s.walk(ctx, edits, nil, done)
}

// ExecuteFrom runs the nodes below the edits.
func (s *refState) ExecuteFrom(ctx context.Context, from State, baseEdits, edits []Edit, done func(*Value)) error {
	base := from.(*refState) // of the same program: Run sees to that
	dirty := make([]bool, len(s.own))
	for _, v := range s.program.model.Graph.Values {
		edited := names(edits, v) || names(baseEdits, v)
		below := false
		if v.Node != nil {
			for _, in := range v.Node.Inputs {
				below = below || dirty[in.Index]
			}
		}
		dirty[v.Index] = edited || below
		switch {
		case !dirty[v.Index]:
			s.tensors[v.Index].Data = base.tensors[v.Index].Data
		case !below: // edited itself: a copy to edit
			s.tensors[v.Index].Data = s.own[v.Index].Data
			copy(s.own[v.Index].Data, base.tensors[v.Index].Data)
			s.reedit(base, v, edits)
		default:
			s.tensors[v.Index].Data = s.own[v.Index].Data
		}
	}
	return s.walk(ctx, edits, dirty, done)
}

func names(edits []Edit, v *Value) bool {
	for _, e := range edits {
		if e.Value == v.Name {
			return true
		}
	}
	return false
}

// reedit recomputes a value whose inputs are unchanged, since base may itself hold edits of it.
func (s *refState) reedit(base *refState, v *Value, edits []Edit) {
	if v.Node == nil {
		s.edit(v, edits)
		return
	}
	in := make([]*Tensor, len(v.Node.Inputs))
	for i, src := range v.Node.Inputs {
		in[i] = &base.tensors[src.Index]
	}
	s.forward(v.Node, in)
	s.edit(v, edits)
}

func (s *refState) forward(n *Node, in []*Tensor) {
	params, out := s.program.params[n.Index], &s.tensors[n.Output.Index]
	if s.steps == nil || !s.steps.Forward(n, in, params, out) {
		n.Op.Forward(in, params, out)
	}
}

// walk runs the nodes in order; with dirty, only those whose inputs changed.
func (s *refState) walk(ctx context.Context, edits []Edit, dirty []bool, done func(*Value)) error {
	for i, n := range s.program.model.Graph.Nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dirty == nil {
			s.tensors[n.Output.Index].Data = s.own[n.Output.Index].Data
		} else if !anyDirty(n, dirty) {
			if done != nil {
				done(n.Output)
			}
			continue
		}
		s.forward(n, s.inputs[i])
		s.finish(n.Output, edits, done)
	}
	return nil
}

func anyDirty(n *Node, dirty []bool) bool {
	for _, v := range n.Inputs {
		if dirty[v.Index] {
			return true
		}
	}
	return false
}

func (s *refState) finish(v *Value, edits []Edit, done func(*Value)) {
	if len(edits) > 0 {
		s.edit(v, edits)
	}
	if done != nil {
		done(v)
	}
}

func (s *refState) edit(v *Value, edits []Edit) {
	for _, e := range edits {
		if e.Value == v.Name {
			e.Apply(&s.tensors[v.Index])
		}
	}
}

// Apply changes a planar value.
func (e Edit) Apply(t *Tensor) {
	for n := range t.Shape.N {
		for c := range t.Shape.C {
			if e.Channel >= 0 && e.Channel != c {
				continue
			}
			p := t.Plane(n, c)
			for i := range p {
				p[i] = float32(e.Scale*p[i]) + e.Add
			}
		}
	}
}

// Drop points all values at the state's own memory again.
func (s *refState) Drop() {
	for i, t := range s.own {
		s.tensors[i].Data = t.Data
	}
}

// Tensor returns a value where it lies.
func (s *refState) Tensor(v *Value) *Tensor { return &s.tensors[v.Index] }

// Read copies a region.
func (s *refState) Read(v *Value, dst []float32, r Region) { s.tensors[v.Index].Region(dst, r) }

// Region copies a region of a planar tensor to dst.
func (t *Tensor) Region(dst []float32, r Region) {
	i := 0
	for c := r.C0; c < r.C1; c++ {
		p := t.Plane(r.N, c)
		for y := r.Y0; y < r.Y1; y++ {
			i += copy(dst[i:], p[y*t.Shape.W+r.X0:y*t.Shape.W+r.X1])
		}
	}
}

// Poison overwrites the arena.
func (s *refState) Poison() {
	nan := float32(math.NaN())
	for i := range s.arena {
		s.arena[i] = nan
	}
}
