package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// mapStep goes over whole maps, block by block: what is no convolution and has a kernel.
type mapStep struct {
	node   *nn.Node
	values []*nn.Value
	bn     *affine // of a batch normalisation
	act    kernel.Clamp
	acts   bool
	clamps bool // the kernel takes a clamp, so an activation can join
	do     mapFunc
}

// newMap returns the step of a node that a map kernel computes, or nil.
func (p *program) newMap(n *nn.Node) step {
	s := &mapStep{node: n, values: []*nn.Value{n.Output}, act: kernel.NoClamp}
	if c, ok := clampOf(n.Op); ok {
		s.act, s.acts, s.do = c, true, doAffine
		return s
	}
	switch o := n.Op.(type) {
	case op.BatchNorm:
		a := foldBN(o, p.params[n.Index])
		s.bn, s.clamps, s.do = &a, true, doAffine
	case op.Add:
		if len(n.Inputs) != 2 || n.Inputs[0].Shape != n.Inputs[1].Shape {
			return nil
		}
		s.clamps, s.do = true, doSum
	case op.Scale:
		a := uniform(float32(o.Factor), p.shapes[n.Output.Index].C)
		s.bn, s.clamps, s.do = &a, true, doAffine
	default:
		if s.do = p.mapFuncOf(n); s.do == nil {
			return nil
		}
	}
	return s
}

// uniform multiplies every channel by the same number.
func uniform(factor float32, channels int) affine {
	a := affine{scale: make([]float32, channels), shift: make([]float32, channels)}
	for c := range a.scale {
		a.scale[c] = factor
	}
	return a
}

func (s *mapStep) stages() []*nn.Value   { return s.values }
func (s *mapStep) out() form             { return blocked }
func (s *mapStep) scratch() int          { return 0 }
func (s *mapStep) first() (int, *affine) { return 0, nil }

func (s *mapStep) inputs() []input {
	list := make([]input, len(s.node.Inputs))
	for i, v := range s.node.Inputs {
		list[i] = input{value: v, form: blocked}
	}
	return list
}

func (s *mapStep) canJoin(n *nn.Node) bool {
	_, ok := clampOf(n.Op)
	return ok && s.clamps && !s.acts
}

func (s *mapStep) join(_ *program, n *nn.Node) {
	s.values = append(s.values, n.Output)
	s.act, _ = clampOf(n.Op)
	s.acts = true
}

func (s *mapStep) run(st *state, stage int, out *kernel.Blocked) {
	act := kernel.NoClamp
	if s.acts && stage == len(s.values)-1 {
		act = s.act
	}
	st.overBlocks(s, out, act)
}

func (s *mapStep) next(st *state, _ int, out *kernel.Blocked) { st.affine(out, out, nil, s.act) }

func doAffine(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
	var scale, shift []float32
	if s.bn != nil {
		scale, shift = s.bn.scale, s.bn.shift
	}
	kernel.Affine(st.p.set, out, st.blocked(s.node.Inputs[0]), scale, shift, act, first, last)
}

func doSum(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
	kernel.Sum(st.p.set, out, st.blocked(s.node.Inputs[0]), st.blocked(s.node.Inputs[1]), act, first, last)
}

// mapJob runs a mapStep on the pool, some blocks an item.
type mapJob struct {
	st    *state
	step  *mapStep
	out   *kernel.Blocked
	act   kernel.Clamp
	items int
}

// smallMap is the floats below which a step over maps runs on one thread: some 50 µs.
const smallMap = 200_000

func (s *state) overBlocks(m *mapStep, out *kernel.Blocked, act kernel.Clamp) {
	blocks := out.AllBlocks()
	s.mapJob = mapJob{st: s, step: m, out: out, act: act, items: min(blocks, 4*s.p.pool.Workers())}
	if blocks*out.H*out.W*kernel.Lanes < smallMap {
		s.mapJob.items = 1
		s.mapJob.Do(0, 0)
		return
	}
	s.p.pool.Run(s.mapJob.items, &s.mapJob)
}

// Do implements nn.Job.
func (j *mapJob) Do(_, item int) {
	blocks := j.out.AllBlocks()
	j.step.do(j.st, j.step, j.out, j.act, blocks*item/j.items, blocks*(item+1)/j.items)
}
