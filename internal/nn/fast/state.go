package fast

import (
	"context"
	"math"
	"slices"
	"sync"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// state is the memory of one run.
type state struct {
	p       *program
	arena   []float32
	data    [][]float32      // by buffer: own, or borrowed
	views   []kernel.Blocked // by view
	flats   []nn.Tensor      // by value: its planar memory
	inputs  []kernel.Blocked // by value: the planar memory as a convolution reads it
	tensors [][]*nn.Tensor   // by node that runs as the reference does: its output, then its inputs
	scratch [][]float32      // by worker
	at      []int            // by step: the stage that stands in its memory
	edits   []nn.Edit        // those of the run

	convJob  convJob
	mapJob   mapJob
	denseJob denseJob

	mu     sync.Mutex // of what readers make
	asides map[*nn.Value]*kernel.Blocked
	whole  map[*nn.Value]*nn.Tensor
}

// NewState returns the memory of one run.
func (p *program) NewState() nn.State {
	s := &state{
		p: p, arena: kernel.Aligned(p.size), data: make([][]float32, len(p.bufs)), views: slices.Clone(p.views),
		flats: make([]nn.Tensor, len(p.shapes)), inputs: make([]kernel.Blocked, len(p.shapes)),
		tensors: make([][]*nn.Tensor, len(p.model.Graph.Nodes)), at: make([]int, len(p.steps)),
		asides: map[*nn.Value]*kernel.Blocked{}, whole: map[*nn.Value]*nn.Tensor{},
	}
	for range p.pool.Workers() {
		s.scratch = append(s.scratch, kernel.Aligned(p.scratch))
	}
	for i := range p.bufs {
		s.own(i)
	}
	for _, list := range p.steps {
		if r, ok := list.(*refStep); ok {
			s.tensors[r.node.Index] = append(s.tensors[r.node.Index], &s.flats[r.node.Output.Index])
			for _, v := range r.node.Inputs {
				s.tensors[r.node.Index] = append(s.tensors[r.node.Index], &s.flats[v.Index])
			}
		}
	}
	s.bind()
	return s
}

// own points a buffer at its piece of the arena.
func (s *state) own(i int) {
	b := &s.p.bufs[i]
	s.data[i] = s.arena[b.offset : b.offset+b.floats : b.offset+b.floats]
}

// bind points views and tensors at the memory of their buffers.
func (s *state) bind() {
	for i := range s.views {
		s.views[i].Data = s.data[s.p.viewBuf[i]]
	}
	for v, at := range s.p.places {
		if at.buf == none {
			continue
		}
		shape := s.p.shapes[v]
		s.flats[v] = nn.Tensor{Shape: shape, Data: s.data[at.buf]}
		s.inputs[v] = kernel.Blocked{Data: s.data[at.buf], N: shape.N, C: shape.C, H: shape.H, W: shape.W}
	}
}

// blocked returns the blocked memory of a stored value.
func (s *state) blocked(v *nn.Value) *kernel.Blocked { return &s.views[s.p.places[v.Index].view] }

// input returns the memory of a stored value as a convolution reads it.
func (s *state) input(v *nn.Value, planar bool) *kernel.Blocked {
	if planar {
		return &s.inputs[v.Index]
	}
	return s.blocked(v)
}

// Input returns the planar memory of the input.
func (s *state) Input() []float32 {
	return s.flats[s.p.model.Graph.InputValue().Index].Data
}

// Execute does all steps. Without edits and readers a step is done at once; else stage by stage.
func (s *state) Execute(ctx context.Context, edits []nn.Edit, done func(*nn.Value)) error {
	s.begin(edits)
	defer s.p.pool.Rest()
	in := s.p.model.Graph.InputValue()
	s.edit(in, nil)
	s.convert(in)
	if done != nil {
		done(in)
	}
	for i := range s.p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.step(i, done)
	}
	return nil
}

func (s *state) begin(edits []nn.Edit) {
	s.p.pool.Wake()
	s.edits = edits
	clear(s.asides)
	clear(s.whole)
	for i, list := range s.p.lists {
		s.at[i] = len(list) - 1
	}
}

// step does one step.
func (s *state) step(i int, done func(*nn.Value)) {
	st, list := s.p.steps[i], s.p.lists[i]
	last := len(list) - 1
	at := &s.p.places[list[last].Index]
	var out *kernel.Blocked // nil: planar
	if at.home == blocked {
		out = &s.views[at.view]
		c, join := st.(*concatStep)
		s.zero(i, at, join && len(c.copy) > 0)
	}
	if done == nil && !s.edited(list) {
		st.run(s, last, out)
	} else {
		s.staged(i, out, done)
	}
	s.convert(list[last])
	if done != nil {
		s.at[i] = last
		done(list[last])
	}
}

// zero puts the zeros around the maps of a buffer whose memory others used before. Kernels write all
// lanes of a block; what copies lane by lane (FromPlanar, a concatenation of odd parts) needs all zero.
func (s *state) zero(step int, at *place, lanes bool) {
	i := s.p.viewBuf[at.view]
	b := &s.p.bufs[i]
	switch root := &s.views[b.root]; {
	case !b.shared || b.first != step:
	case lanes:
		clear(s.data[i])
	default:
		kernel.ZeroBorder(root, 0, root.AllBlocks())
	}
}

// staged does a step stage by stage, so that each value can be edited and read.
func (s *state) staged(i int, out *kernel.Blocked, done func(*nn.Value)) {
	st, list := s.p.steps[i], s.p.lists[i]
	k, from := st.first()
	st.run(s, k, out)
	s.editBefore(list[0], from, out)
	for told := 0; ; k++ {
		s.edit(list[k], out)
		s.at[i] = k
		for ; done != nil && told <= k && told < len(list)-1; told++ {
			done(list[told])
		}
		if k == len(list)-1 {
			return
		}
		st.next(s, k, out)
	}
}

// Poison overwrites the arena.
func (s *state) Poison() {
	nan := float32(math.NaN())
	for _, v := range s.p.model.Graph.Values {
		at := &s.p.places[v.Index]
		if at.buf != none {
			fill(s.data[at.buf], nan)
		}
		if at.view != none {
			edit := nn.Edit{Channel: -1, Add: nan}
			s.editMaps(edit, &s.views[at.view])
		}
	}
}

func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}
