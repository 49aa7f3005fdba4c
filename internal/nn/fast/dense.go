package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// denseStep is a fully connected layer with the clamp behind it. It reads and writes planar rows.
type denseStep struct {
	node   *nn.Node
	values []*nn.Value
	dense  *kernel.Dense
	cost   int64 // multiply-adds
	act    kernel.Clamp
	acts   bool
}

func (p *program) newDense(n *nn.Node) *denseStep {
	out := p.shapes[n.Output.Index].C
	params := p.params[n.Index]
	return &denseStep{
		node: n, values: []*nn.Value{n.Output}, act: kernel.NoClamp, dense: kernel.NewDense(p.set, params[0], bias(params), out),
		cost: n.MACs() * int64(p.shapes[n.Output.Index].N),
	}
}

func (s *denseStep) stages() []*nn.Value   { return s.values }
func (s *denseStep) inputs() []input       { return []input{{value: s.node.Inputs[0], form: planar}} }
func (s *denseStep) out() form             { return planar }
func (s *denseStep) scratch() int          { return 0 }
func (s *denseStep) first() (int, *affine) { return 0, nil }

func (s *denseStep) canJoin(n *nn.Node) bool {
	_, ok := clampOf(n.Op)
	return ok && !s.acts
}

func (s *denseStep) join(_ *program, n *nn.Node) {
	s.values = append(s.values, n.Output)
	s.act, _ = clampOf(n.Op)
	s.acts = true
}

// run writes the value of a stage: to out, the memory of a value that is made again, or to the step's.
func (s *denseStep) run(st *state, stage int, out *kernel.Blocked) {
	y := &st.flats[s.values[len(s.values)-1].Index]
	j := &st.denseJob
	*j = denseJob{dense: s.dense, dst: y.Data, src: st.flats[s.node.Inputs[0].Index].Data, n: y.Shape.N, act: kernel.NoClamp}
	if s.acts && stage == len(s.values)-1 {
		j.act = s.act
	}
	if out != nil {
		j.dst = make([]float32, len(y.Data))
	}
	if items := s.dense.Items(); s.cost < smallDense {
		alone{}.Run(items, j)
	} else {
		st.p.pool.Run(items, j)
	}
	if out != nil {
		for n := range y.Shape.N {
			kernel.FromPlanar(st.p.set, out, n, j.dst[n*y.Shape.C:], 0, out.AllBlocks()/out.N)
		}
	}
}

func (s *denseStep) next(st *state, _ int, out *kernel.Blocked) {
	if out != nil {
		st.affine(out, out, nil, s.act)
		return
	}
	y := st.flats[s.values[len(s.values)-1].Index].Data
	for i, v := range y {
		y[i] = min(max(v, s.act.Lo), s.act.Hi)
	}
}

// smallDense is the multiply-adds below which a fully connected layer runs on one thread: what takes
// some 50 µs to read from the cache.
const smallDense = 500_000

// denseJob runs one fully connected layer on the pool.
type denseJob struct {
	dense    *kernel.Dense
	dst, src []float32
	n        int
	act      kernel.Clamp
}

// Do implements nn.Job.
func (j *denseJob) Do(_, item int) { j.dense.Do(item, j.dst, j.src, j.n, j.act) }
