package fast

import (
	"slices"
	"sync"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// convStep is a convolution with what follows it: batch normalisation folded into the weights, the
// addition of a residual, a clamp.
type convStep struct {
	node   *nn.Node
	values []*nn.Value
	spec   kernel.ConvSpec
	w, b   []float32 // as trained
	conv   convolution
	bn     *affine
	add    *nn.Value // the residual
	addAt  int       // its stage
	act    kernel.Clamp
	acts   bool
	cost   int64 // multiply-adds

	raw  convolution // of the convolution alone, made when somebody reads it and bn cannot be undone
	once sync.Once
}

func (p *program) newConv(n *nn.Node, c op.Conv) *convStep {
	in, out := p.shapes[n.Inputs[0].Index], p.shapes[n.Output.Index]
	stride, dilation := c.Stride.OrOne(), c.Dilation.OrOne()
	s := &convStep{
		node: n, values: []*nn.Value{n.Output}, act: kernel.NoClamp, cost: n.MACs() * int64(in.N),
		w: p.params[n.Index][0], b: bias(p.params[n.Index]),
		spec: kernel.ConvSpec{
			In: in.C, Out: out.C, H: in.H, W: in.W, OutH: out.H, OutW: out.W, KH: c.Kernel.H, KW: c.Kernel.W,
			SH: stride.H, SW: stride.W, DH: dilation.H, DW: dilation.W, PadT: c.Pad.H, PadL: c.Pad.W, Groups: max(c.Groups, 1),
		},
	}
	if c.Table != nil {
		s.w = untabled(s.w, c.Table, in.C)
	}
	if !s.spec.Fast() && !s.depthwise() {
		return nil
	}
	return s
}

// untabled returns the weights of a convolution with a connection table as those of one that reads all
// maps: zero where there is no connection.
func untabled(w []float32, table [][]int, in int) []float32 {
	links := 0
	for _, row := range table {
		links += len(row)
	}
	taps := len(w) / links
	out := make([]float32, len(table)*in*taps)
	for o, row := range table {
		for _, i := range row {
			copy(out[(o*in+i)*taps:][:taps], w)
			w = w[taps:]
		}
	}
	return out
}

// newSubsample returns the sum of each window times a number, plus a bias, as a convolution of each
// map by itself.
func (p *program) newSubsample(n *nn.Node, c op.Subsample) *convStep {
	in := p.shapes[n.Inputs[0].Index]
	s := p.newConv(n, op.Conv{Out: in.C, Kernel: c.Kernel, Stride: strideOf(c), Groups: in.C})
	taps := c.Kernel.H * c.Kernel.W
	w := make([]float32, 0, in.C*taps)
	for _, v := range s.w {
		w = append(w, slices.Repeat([]float32{v}, taps)...)
	}
	s.w, s.cost = w, int64(len(w))*int64(in.N*n.Output.Shape.Plane())
	return s
}

func strideOf(c op.Subsample) op.Size {
	if c.Stride == (op.Size{}) {
		return c.Kernel
	}
	return c.Stride
}

// convolution is a kernel of one; kernel.Conv is one.
type convolution interface {
	Pad() int
	PlanarInput() bool
	Scratch() int
	Phases(threads int) int
	Items(phase, threads, n int) int
	Do(phase, item, threads int, scratch []float32, in, out, residual *kernel.Blocked, act kernel.Clamp)
}

// depthwise is a convolution of each channel with its own kernel.
type depthwise struct{ *kernel.Depthwise }

func (depthwise) PlanarInput() bool       { return false }
func (depthwise) Scratch() int            { return 0 }
func (depthwise) Phases(int) int          { return 1 }
func (d depthwise) Items(_, _, n int) int { return d.Depthwise.Items(n) }

func (d depthwise) Do(_, item, _ int, _ []float32, in, out, residual *kernel.Blocked, act kernel.Clamp) {
	d.Depthwise.Do(item, in, out, residual, act)
}

func (s *convStep) depthwise() bool {
	return s.spec.Groups > 1 && s.spec.Groups == s.spec.In && s.spec.In == s.spec.Out
}

// pack makes the kernel for these weights.
func (s *convStep) pack(p *program, w, b []float32) convolution {
	if s.depthwise() {
		return depthwise{kernel.NewDepthwise(p.set, s.spec, w, b)}
	}
	return kernel.NewConv(p.set, s.spec, w, b, p.conv)
}

// ready packs the weights, with the batch normalisation that joined folded in; scratch is memory for
// that, kept for the next.
func (s *convStep) ready(p *program, scratch *[]float32) {
	w, b := s.w, s.b
	if s.bn != nil {
		w, b = s.folded(w, scratch), s.foldedBias(b)
	}
	s.conv = s.pack(p, w, b)
}

func bias(params [][]float32) []float32 {
	if len(params) < 2 {
		return nil
	}
	return params[1]
}

func (s *convStep) stages() []*nn.Value { return s.values }
func (s *convStep) out() form           { return blocked }
func (s *convStep) scratch() int        { return s.conv.Scratch() }

func (s *convStep) inputs() []input {
	in := input{value: s.node.Inputs[0], form: blocked, pad: s.conv.Pad()}
	if s.conv.PlanarInput() {
		in.form, in.pad = planar, 0
	}
	list := []input{in}
	if s.add != nil {
		list = append(list, input{value: s.add, form: blocked})
	}
	return list
}

func (s *convStep) canJoin(n *nn.Node) bool {
	switch n.Op.(type) {
	case op.BatchNorm:
		return len(s.values) == 1
	case op.Add:
		return s.add == nil && !s.acts && len(n.Inputs) == 2 && n.Inputs[0].Shape == n.Inputs[1].Shape
	}
	_, ok := clampOf(n.Op)
	return ok && !s.acts
}

func (s *convStep) join(p *program, n *nn.Node) {
	last := s.values[len(s.values)-1]
	s.values = append(s.values, n.Output)
	switch o := n.Op.(type) {
	case op.BatchNorm:
		a := foldBN(o, p.params[n.Index])
		s.bn = &a
	case op.Add:
		s.add, s.addAt = n.Inputs[0], len(s.values)-1
		if s.add == last {
			s.add = n.Inputs[1]
		}
	default:
		s.act, _ = clampOf(n.Op)
		s.acts = true
	}
}

// folded multiplies the weights of each output by its scale.
func (s *convStep) folded(w []float32, scratch *[]float32) []float32 {
	if cap(*scratch) < len(w) {
		*scratch = make([]float32, len(w))
	}
	out := (*scratch)[:len(w)]
	per := len(w) / s.spec.Out
	for o, k := range s.bn.scale {
		row := out[o*per : (o+1)*per]
		for i, v := range w[o*per : (o+1)*per] {
			row[i] = v * k
		}
	}
	return out
}

func (s *convStep) foldedBias(b []float32) []float32 {
	out := make([]float32, s.spec.Out)
	copy(out, s.bn.shift)
	for i, v := range b {
		out[i] += v * s.bn.scale[i]
	}
	return out
}

func (s *convStep) first() (int, *affine) {
	if s.bn != nil {
		return 1, s.bn
	}
	return 0, nil
}

// run computes the value of a stage. That of the convolution before its batch normalisation takes
// the weights as they were.
func (s *convStep) run(st *state, stage int, out *kernel.Blocked) {
	j := &st.convJob
	*j = convJob{step: s.conv, in: st.input(s.node.Inputs[0], s.conv.PlanarInput()), out: out, act: kernel.NoClamp}
	if s.bn != nil && stage == 0 {
		s.once.Do(func() {
			s.raw = s.pack(st.p, s.w, s.b)
		})
		j.step = s.raw
	}
	if s.add != nil && stage >= s.addAt {
		j.residual = st.blocked(s.add)
	}
	if s.acts && stage == len(s.values)-1 {
		j.act = s.act
	}
	j.run(st, s.cost)
}

// next applies what makes the following stage.
func (s *convStep) next(st *state, stage int, out *kernel.Blocked) {
	if s.add != nil && stage+1 == s.addAt {
		st.sum(out, out, st.blocked(s.add), kernel.NoClamp)
		return
	}
	st.affine(out, out, nil, s.act)
}

// convJob runs one convolution on the pool.
type convJob struct {
	step              convolution
	in, out, residual *kernel.Blocked
	act               kernel.Clamp
	phase, threads    int
	scratch           [][]float32
}

// smallCost is the multiply-adds below which a step runs on one thread: some 50 µs.
const smallCost = 2_000_000

func (j *convJob) run(st *state, cost int64) {
	j.scratch, j.threads = st.scratch, st.p.pool.Workers()
	if cost < smallCost {
		j.threads = 1
	}
	for j.phase = 0; j.phase < j.step.Phases(j.threads); j.phase++ {
		items := j.step.Items(j.phase, j.threads, j.in.N)
		if j.threads == 1 {
			alone{}.Run(items, j)
			continue
		}
		st.p.pool.Run(items, j)
	}
}

// Do implements nn.Job.
func (j *convJob) Do(worker, item int) {
	j.step.Do(j.phase, item, j.threads, j.scratch[worker], j.in, j.out, j.residual, j.act)
}
