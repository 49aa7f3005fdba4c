package nn

import "context"

// Program is one way to compute a model: the reference, which does the nodes one after the
// other on planar memory and is the specification, or a compiled one (package fast). It is
// immutable and shared by many runs.
type Program interface {
	// NewState returns the memory of one run.
	NewState() State
	// Bytes is the size of that memory.
	Bytes() int
}

// State is the memory of one run and what computes in it. It serves one goroutine at a
// time; reading is free for all once Execute has returned.
type State interface {
	// Input is the memory of the input, planar N×C×H×W; the caller writes it before Execute.
	Input() []float32
	// Execute computes every value from the input under the edits, and tells done, where it is
	// not nil, each value as soon as it can be read. It looks at ctx between steps.
	Execute(ctx context.Context, edits []Edit, done func(*Value)) error
	// ExecuteFrom computes what differs from base, a finished state of the same program, under
	// these edits instead of base's, and borrows the rest until Drop.
	ExecuteFrom(ctx context.Context, base State, baseEdits, edits []Edit, done func(*Value)) error
	// Drop ends the borrowing.
	Drop()
	// Tensor returns a whole value, planar. It belongs to the state and is valid until the next
	// execution; nobody may change it.
	Tensor(v *Value) *Tensor
	// Read copies a region, which lies inside the value, to dst, planar.
	Read(v *Value, dst []float32, r Region)
	// Poison overwrites all memory with NaN.
	Poison()
}

// Compiler makes the program of a model for a batch; 0 is the graph's own.
type Compiler func(m *Model, batch int) (Program, error)
