package nn

import (
	"fmt"
	"sync"
)

// Options say how a model is to be computed.
type Options struct {
	Batch  int  // samples of one run; 0: as in the graph, which is one but for odd files
	Poison bool // fill a released run with NaN, so that a late reader shows; for tests
}

// Plan is a compiled model: immutable, shared by many runs. This is the reference
// plan: every value is stored, planar, in one arena, and nodes run in the graph's order.
type Plan struct {
	Model  *Model
	Batch  int
	poison bool
	params [][][]float32 // by node
	shapes []Shape       // by value, with the batch
	offset []int         // by value, in the arena
	size   int
	free   sync.Pool
}

// Compile checks the weights and lays out the memory.
func Compile(m *Model, o Options) (*Plan, error) {
	if err := m.CheckWeights(); err != nil {
		return nil, err
	}
	p := &Plan{Model: m, Batch: o.Batch, poison: o.Poison}
	if p.Batch == 0 {
		p.Batch = m.Graph.input.Shape.N
	}
	for _, n := range m.Graph.Nodes {
		list := make([][]float32, len(n.Params))
		for i, s := range n.Params {
			list[i] = m.Weights[s.Name].Data
		}
		p.params = append(p.params, list)
	}
	if err := p.infer(o.Batch); err != nil {
		return nil, err
	}
	p.free.New = func() any { return newRun(p) }
	return p, nil
}

// infer finds the shape of every value for this batch, 0 being the graph's own, and its place.
func (p *Plan) infer(batch int) error {
	g := p.Model.Graph
	p.shapes = make([]Shape, len(g.Values))
	for _, v := range g.Values {
		s := v.Shape
		switch {
		case batch == 0:
		case v.Node == nil:
			s = s.WithN(batch)
		default: // the operator decides: a constant stays one
			var err error
			if s, err = v.Node.Op.Infer(p.inShapes(v.Node)); err != nil {
				return fmt.Errorf("%s for a batch of %d: %w", v.Name, batch, err)
			}
		}
		if err := s.check(); err != nil {
			return err
		}
		p.shapes[v.Index] = s
		p.offset = append(p.offset, p.size)
		p.size += (s.Len() + 15) &^ 15 // 64-byte lines
	}
	return nil
}

func (p *Plan) inShapes(n *Node) []Shape {
	in := make([]Shape, len(n.Inputs))
	for i, v := range n.Inputs {
		in[i] = p.shapes[v.Index]
	}
	return in
}

// NewRun returns an empty run; its Release gives the memory back to the plan.
func (p *Plan) NewRun() *Run {
	r := p.free.Get().(*Run)
	r.refs.Store(1)
	return r
}

// Bytes returns the memory of one run.
func (p *Plan) Bytes() int { return 4 * p.size }

// layout returns tensors over one arena, one for each value.
func (p *Plan) layout() (arena []float32, tensors []*Tensor) {
	arena = make([]float32, p.size)
	for i, s := range p.shapes {
		o := p.offset[i]
		tensors = append(tensors, &Tensor{Shape: s, Data: arena[o : o+s.Len() : o+s.Len()]})
	}
	return arena, tensors
}
