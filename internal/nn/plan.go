package nn

import "sync"

// Options say how a model is to be computed.
type Options struct {
	Batch    int      // samples of one run; 0: as in the graph, which is one but for odd files
	Compiler Compiler // nil: Reference
	Poison   bool     // fill a released run with NaN, so that a late reader shows; for tests
}

// Plan is a compiled model: immutable, shared by many runs.
type Plan struct {
	Model   *Model
	Batch   int
	program Program
	shapes  []Shape // by value, with the batch
	params  [][][]float32
	poison  bool
	free    sync.Pool
}

// Compile checks the weights and makes the program.
func Compile(m *Model, o Options) (*Plan, error) {
	if err := m.CheckWeights(); err != nil {
		return nil, err
	}
	shapes, err := m.Graph.Shapes(o.Batch)
	if err != nil {
		return nil, err
	}
	compiler := o.Compiler
	if compiler == nil {
		compiler = Reference
	}
	program, err := compiler(m, o.Batch)
	if err != nil {
		return nil, err
	}
	p := &Plan{Model: m, Batch: shapes[m.Graph.input.Index].N, program: program, shapes: shapes, params: m.Params(), poison: o.Poison}
	p.free.New = func() any { return &Run{plan: p, state: program.NewState()} }
	return p, nil
}

// NewRun returns an empty run; its Release gives the memory back to the plan.
func (p *Plan) NewRun() *Run {
	r := p.free.Get().(*Run)
	r.refs.Store(1)
	return r
}

// Bytes returns the memory of one run.
func (p *Plan) Bytes() int { return p.program.Bytes() }
