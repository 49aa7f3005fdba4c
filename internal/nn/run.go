package nn

import (
	"context"
	"fmt"
	"sync/atomic"

	"vizserver/internal/fault"
)

// Edit changes a value after it was computed: y = Scale·y + Add on one channel, or
// on all when Channel is negative. Scale 0 switches a feature map off.
type Edit struct {
	Value   string
	Channel int
	Scale   float32
	Add     float32
}

// Run holds every activation of one input (or batch). It is not safe for concurrent
// use; reading is, once Execute has returned.
type Run struct {
	// OnValue, where set, is told each value as soon as it is finished.
	OnValue func(*Value)

	plan  *Plan
	state State
	base  *Run
	edits []Edit // those of the last execution
	refs  atomic.Int32
}

// Plan returns the plan that the run belongs to.
func (r *Run) Plan() *Plan { return r.plan }

// Input returns the memory of the input; the caller writes it before Run.
func (r *Run) Input() []float32 { return r.state.Input() }

// Edits returns the edits of the last execution. They belong to the run: nobody may change them.
func (r *Run) Edits() []Edit { return r.edits }

// InputError says that an input has the wrong number of values.
type InputError struct{ Got, Want int }

func (e *InputError) Error() string {
	return fmt.Sprintf("the input has %d values, the net takes %d", e.Got, e.Want)
}

// Kind marks the error as the caller's to mend.
func (e *InputError) Kind() fault.Kind { return fault.Invalid }

// EditError says that an edit names a value or channel that the net does not have.
type EditError struct{ Edit Edit }

func (e *EditError) Error() string {
	return fmt.Sprintf("no channel %d in value %q", e.Edit.Channel, e.Edit.Value)
}

// Kind marks the error as the caller's to mend.
func (e *EditError) Kind() fault.Kind { return fault.Invalid }

// Execute computes every value from the input, N×C×H×W. It looks at ctx between
// steps and allocates nothing.
func (r *Run) Execute(ctx context.Context, input []float32, edits ...Edit) error {
	if err := r.checkEdits(edits); err != nil {
		return err
	}
	dst := r.Input()
	if len(input) != len(dst) {
		return &InputError{Got: len(input), Want: len(dst)}
	}
	if &dst[0] != &input[0] { // the caller may have written it in place
		copy(dst, input)
	}
	r.dropBase()
	r.edits = append(r.edits[:0], edits...)
	return r.state.Execute(ctx, r.edits, r.OnValue)
}

// ExecuteFrom computes what differs from base, a finished run of the same plan, under
// these edits instead of its own, and borrows the rest; base stays alive as long as
// this run needs it. The input itself can be edited only where base did not.
func (r *Run) ExecuteFrom(ctx context.Context, base *Run, edits ...Edit) error {
	if err := r.checkEdits(edits); err != nil {
		return err
	}
	r.dropBase()
	for _, e := range base.edits {
		if e.Value == r.plan.Model.Graph.input.Name {
			return &EditError{Edit: e} // the unedited input is gone
		}
	}
	base.Retain()
	r.base = base
	r.edits = append(r.edits[:0], edits...)
	return r.state.ExecuteFrom(ctx, base.state, base.edits, r.edits, r.OnValue)
}

func (r *Run) checkEdits(edits []Edit) error {
	for _, e := range edits {
		v := r.plan.Model.Graph.Value(e.Value)
		if v == nil || e.Channel >= v.Shape.C {
			return &EditError{Edit: e}
		}
	}
	return nil
}

// Retain keeps the run's values until one more Release.
func (r *Run) Retain() { r.refs.Add(1) }

// Release gives the memory back to the plan when the last user has released it.
func (r *Run) Release() {
	n := r.refs.Add(-1)
	if n < 0 {
		panic("nn: run released more often than retained")
	}
	if n > 0 {
		return
	}
	r.OnValue = nil
	r.dropBase()
	if r.plan.poison {
		r.state.Poison()
	}
	r.plan.free.Put(r)
}

func (r *Run) dropBase() {
	if r.base == nil {
		return
	}
	b := r.base
	r.base = nil
	r.state.Drop()
	b.Release()
}
