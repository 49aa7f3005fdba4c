package fast

import (
	"runtime"
	"sync"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Options say how to compile. The zero value keeps every value and takes the best kernels.
type Options struct {
	Set  *kernel.Set // nil: the best that this processor can run
	Pool Pool        // nil: the calling goroutine alone
	// Keep names the values that can be read after a run, beside the answer; nil: all of them.
	// Memory of others is used again within the run.
	Keep []string
	// Conv chooses among the ways to compute convolutions.
	Conv kernel.ConvOptions
}

// Pool runs jobs on several goroutines; nn.Pool is one.
type Pool interface {
	Workers() int
	Run(items int, j nn.Job)
	Wake() // a run begins
	Rest() // it has ended
}

// alone is the pool of one.
type alone struct{}

// Workers is 1.
func (alone) Workers() int { return 1 }

// Run does the items one after the other.
func (alone) Run(items int, j nn.Job) {
	for i := range items {
		j.Do(0, i)
	}
}

// Wake does nothing.
func (alone) Wake() {}

// Rest does nothing.
func (alone) Rest() {}

// program is a compiled model.
type program struct {
	model   *nn.Model
	set     *kernel.Set
	pool    Pool
	conv    kernel.ConvOptions
	all     bool            // every value is kept
	keep    map[string]bool // else these
	shapes  []nn.Shape      // by value
	params  [][][]float32   // by node
	readers [][]*nn.Node    // by value
	places  []place         // by value
	steps   []step
	lists   [][]*nn.Value    // by step: its stages
	views   []kernel.Blocked // layouts, without memory
	viewBuf []int            // the buffer of each view
	bufs    []buffer
	size    int // floats of the arena
	scratch int // floats of scratch memory of one worker
}

// Compile is an nn.Compiler.
func (o Options) Compile(m *nn.Model, batch int) (nn.Program, error) {
	shapes, err := m.Graph.Shapes(batch)
	if err != nil {
		return nil, err
	}
	p := &program{
		model: m, set: o.Set, pool: o.Pool, conv: o.Conv, all: o.Keep == nil, keep: map[string]bool{},
		shapes: shapes, params: m.Params(), places: make([]place, len(shapes)), readers: make([][]*nn.Node, len(shapes)),
	}
	if p.set == nil {
		p.set = kernel.Sets()[0]
	}
	if p.pool == nil {
		p.pool = alone{}
	}
	for _, name := range o.Keep {
		p.keep[name] = true
	}
	for _, n := range m.Graph.Nodes {
		for _, v := range n.Inputs {
			p.readers[v.Index] = append(p.readers[v.Index], n)
		}
	}
	p.lower()
	for _, s := range p.steps {
		p.lists = append(p.lists, s.stages())
	}
	p.ready()
	p.place()
	p.arrange()
	return p, nil
}

// ready packs the weights of all steps, on as many processors as there are.
func (p *program) ready() {
	var wg sync.WaitGroup
	next := make(chan *convStep)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var scratch []float32
			for s := range next {
				s.ready(p, &scratch)
			}
		})
	}
	for _, s := range p.steps {
		if c, ok := s.(*convStep); ok {
			next <- c
		}
	}
	close(next)
	wg.Wait()
}

// Bytes returns the memory of one run.
func (p *program) Bytes() int { return 4 * (p.size + p.scratch*p.pool.Workers()) }

// visible says whether a value must be stored: it is the answer, somebody asked for it by name, or
// more than one node reads it.
func (p *program) visible(v *nn.Value) bool {
	return v == p.model.Graph.OutputValue() || len(p.readers[v.Index]) != 1 || p.keep[v.Name]
}
