package nn

import "sync"

// Options say how a model is to be computed.
type Options struct {
	Batch  int  // samples of one run; 0: one
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
	p := &Plan{Model: m, Batch: max(o.Batch, 1), poison: o.Poison}
	for _, n := range m.Graph.Nodes {
		list := make([][]float32, len(n.Params))
		for i, s := range n.Params {
			list[i] = m.Weights[s.Name].Data
		}
		p.params = append(p.params, list)
	}
	for _, v := range m.Graph.Values {
		s := v.Shape.WithN(p.Batch)
		if err := s.check(); err != nil {
			return nil, err
		}
		p.shapes = append(p.shapes, s)
		p.offset = append(p.offset, p.size)
		p.size += (s.Len() + 15) &^ 15 // 64-byte lines
	}
	p.free.New = func() any { return newRun(p) }
	return p, nil
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
