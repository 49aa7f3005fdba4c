package fast

import (
	"context"

	"vizserver/internal/nn"
)

// ExecuteFrom does the steps below the edits and borrows the memory of the others. A program that
// keeps only some values does all steps.
func (s *state) ExecuteFrom(ctx context.Context, from nn.State, baseEdits, edits []nn.Edit, done func(*nn.Value)) error {
	base := from.(*state) // of the same program: Run sees to that
	in := s.p.model.Graph.InputValue()
	if !s.p.all {
		copy(s.Input(), base.Input())
		return s.Execute(ctx, edits, done)
	}
	s.begin(edits)
	defer s.p.pool.Rest()
	dirty := s.dirty(baseEdits, edits)
	s.borrow(base, dirty)
	if dirty[in.Index] {
		s.edit(in, nil)
		s.convert(in)
	}
	if done != nil {
		done(in)
	}
	for i, list := range s.p.lists {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dirty[list[len(list)-1].Index] {
			s.step(i, done)
			continue
		}
		for _, v := range list {
			if done != nil {
				done(v)
			}
		}
	}
	return nil
}

// dirty marks the values that differ from base's; those of a step go together.
func (s *state) dirty(baseEdits, edits []nn.Edit) []bool {
	dirty := make([]bool, len(s.p.shapes))
	named := map[string]bool{}
	for _, list := range [...][]nn.Edit{baseEdits, edits} {
		for _, e := range list {
			named[e.Value] = true
		}
	}
	in := s.p.model.Graph.InputValue()
	dirty[in.Index] = named[in.Name]
	for i, st := range s.p.steps {
		changed := false
		for _, v := range s.p.lists[i] {
			changed = changed || named[v.Name]
		}
		for _, x := range st.inputs() {
			changed = changed || dirty[x.value.Index]
		}
		for _, v := range s.p.lists[i] {
			dirty[v.Index] = changed
		}
	}
	return dirty
}

// borrow points the buffers that no changed value is written to at base's memory. One that holds
// both kinds, as of a concatenation, is copied.
func (s *state) borrow(base *state, dirty []bool) {
	wet := make([]bool, len(s.p.bufs)) // a changed value is written to it
	dry := make([]bool, len(s.p.bufs)) // one that is as in base
	for v := range s.p.places {
		for _, b := range s.p.buffersOf(&s.p.places[v]) {
			wet[b] = wet[b] || dirty[v]
			dry[b] = dry[b] || !dirty[v]
		}
	}
	for _, v := range s.p.model.Graph.Values {
		if v.Node == nil && dirty[v.Index] { // edited anew from base's
			copy(s.Input(), base.Input())
		}
	}
	for b := range s.data {
		switch {
		case !wet[b]:
			s.data[b] = base.data[b]
		case dry[b]:
			copy(s.data[b], base.data[b])
		}
	}
	s.bind()
}

// Drop points all buffers at the state's own memory again.
func (s *state) Drop() {
	for i := range s.data {
		s.own(i)
	}
	s.bind()
}
