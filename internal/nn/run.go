package nn

import (
	"context"
	"fmt"
	"math"
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

	plan    *Plan
	arena   []float32
	own     []*Tensor // tensors over the arena, by value
	tensors []Tensor  // what readers see: own, or borrowed from base
	inputs  [][]*Tensor
	base    *Run
	edits   []Edit // those of the last execution
	refs    atomic.Int32
}

func newRun(p *Plan) *Run {
	r := &Run{plan: p}
	r.arena, r.own = p.layout()
	r.tensors = make([]Tensor, len(r.own))
	for i, t := range r.own {
		r.tensors[i] = *t
	}
	for _, n := range p.Model.Graph.Nodes {
		in := make([]*Tensor, len(n.Inputs))
		for i, v := range n.Inputs {
			in[i] = &r.tensors[v.Index]
		}
		r.inputs = append(r.inputs, in)
	}
	return r
}

// Plan returns the plan that the run belongs to.
func (r *Run) Plan() *Plan { return r.plan }

// Input returns the memory of the input; the caller writes it before Run.
func (r *Run) Input() []float32 {
	return r.own[r.plan.Model.Graph.input.Index].Data
}

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
// nodes and allocates nothing.
func (r *Run) Execute(ctx context.Context, input []float32, edits ...Edit) error {
	if err := r.checkEdits(edits); err != nil {
		return err
	}
	dst := r.Input()
	if len(input) != len(dst) {
		return &InputError{Got: len(input), Want: len(dst)}
	}
	copy(dst, input)
	r.dropBase()
	r.edits = append(r.edits[:0], edits...)
	in := r.plan.Model.Graph.input
	r.tensors[in.Index].Data = dst
	r.finish(in, edits)
	return r.steps(ctx, edits, nil)
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
	dirty := make([]bool, len(r.own))
	g := r.plan.Model.Graph
	for _, v := range g.Values {
		edited := names(edits, v) || names(base.edits, v)
		below := false
		if v.Node != nil {
			for _, in := range v.Node.Inputs {
				below = below || dirty[in.Index]
			}
		}
		dirty[v.Index] = edited || below
		switch {
		case !dirty[v.Index]:
			r.tensors[v.Index].Data = base.tensors[v.Index].Data
		case !below: // edited itself: a copy to edit
			r.tensors[v.Index].Data = r.own[v.Index].Data
			copy(r.own[v.Index].Data, base.tensors[v.Index].Data)
			r.reedit(base, v, edits)
		default:
			r.tensors[v.Index].Data = r.own[v.Index].Data
		}
	}
	return r.steps(ctx, edits, dirty)
}

func names(edits []Edit, v *Value) bool {
	for _, e := range edits {
		if e.Value == v.Name {
			return true
		}
	}
	return false
}

// reedit recomputes a value whose inputs are unchanged, since base may itself hold edits of it.
func (r *Run) reedit(base *Run, v *Value, edits []Edit) {
	if v.Node == nil {
		r.edit(v, edits)
		return
	}
	in := make([]*Tensor, len(v.Node.Inputs))
	for i, src := range v.Node.Inputs {
		in[i] = &base.tensors[src.Index]
	}
	v.Node.Op.Forward(in, r.plan.params[v.Node.Index], &r.tensors[v.Index])
	r.edit(v, edits)
}

// steps runs the nodes in order; with dirty, only those whose inputs changed.
func (r *Run) steps(ctx context.Context, edits []Edit, dirty []bool) error {
	for i, n := range r.plan.Model.Graph.Nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dirty == nil {
			r.tensors[n.Output.Index].Data = r.own[n.Output.Index].Data
		} else if !anyDirty(n, dirty) {
			if r.OnValue != nil {
				r.OnValue(n.Output)
			}
			continue
		}
		n.Op.Forward(r.inputs[i], r.plan.params[i], &r.tensors[n.Output.Index])
		r.finish(n.Output, edits)
	}
	return nil
}

func anyDirty(n *Node, dirty []bool) bool {
	for _, v := range n.Inputs {
		if dirty[v.Index] {
			return true
		}
	}
	return false
}

func (r *Run) finish(v *Value, edits []Edit) {
	if len(edits) > 0 {
		r.edit(v, edits)
	}
	if r.OnValue != nil {
		r.OnValue(v)
	}
}

func (r *Run) edit(v *Value, edits []Edit) {
	t := &r.tensors[v.Index]
	for _, e := range edits {
		if e.Value != v.Name {
			continue
		}
		for n := range t.Shape.N {
			for c := range t.Shape.C {
				if e.Channel >= 0 && e.Channel != c {
					continue
				}
				p := t.Plane(n, c)
				for i := range p {
					p[i] = float32(e.Scale*p[i]) + e.Add
				}
			}
		}
	}
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
		nan := float32(math.NaN())
		for i := range r.arena {
			r.arena[i] = nan
		}
	}
	r.plan.free.Put(r)
}

func (r *Run) dropBase() {
	if r.base == nil {
		return
	}
	b := r.base
	r.base = nil
	for i, t := range r.own {
		r.tensors[i].Data = t.Data
	}
	b.Release()
}
