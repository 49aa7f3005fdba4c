package trace

import (
	"sync"

	"vizserver/internal/fault"
)

// inbox is what a session's reader leaves for its writer. It is bounded: of a drawing, a
// model, a subscription and a list of edits it keeps the newest only; requests and errors
// form a short queue, and what does not fit is refused by name.
type inbox struct {
	wake chan struct{} // holds one token when something new is there

	mu       sync.Mutex
	fatal    error // ends the session after the viewer was told
	drawing  [drawingSide * drawingSide]byte
	run      uint32
	hasInput bool // a drawing that has not run
	model    string
	hasModel bool
	sub      *subscribe
	edits    *setEdits
	queue    []request
	inFlight []uint32 // runs sent and not acknowledged, oldest first

	limits     *Limits
	superseded uint64
}

// request is an entry of the queue: a message to answer, or an error to tell.
type request struct {
	ask message
	err error
	id  uint32
}

func newInbox(l *Limits) *inbox {
	return &inbox{wake: make(chan struct{}, 1), limits: l}
}

// signal wakes the writer; call it after a change.
func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

// putDrawing leaves a drawing; it replaces one that has not run yet, and says so.
func (b *inbox) putDrawing(run uint32, greys []byte) (replaced bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	replaced = b.hasInput
	if replaced {
		b.superseded++
	}
	copy(b.drawing[:], greys)
	b.run, b.hasInput = run, true
	b.signal()
	return replaced
}

// putModel leaves a change of the model. What was asked of the old one is void: its
// subscription and edits are dropped, its requests refused.
func (b *inbox) putModel(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.model, b.hasModel = name, true
	b.sub, b.edits = nil, nil
	for i := range b.queue {
		if b.queue[i].ask != nil {
			b.queue[i].ask = nil
			b.queue[i].err = newError(fault.Busy, "stale", "the model was changed before this could be answered")
		}
	}
	b.signal()
}

func (b *inbox) putSubscription(s subscribe) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sub = &s
	b.signal()
}

func (b *inbox) putEdits(e setEdits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.edits = &e
	b.signal()
}

// putRequest queues a message to be answered. Where the queue is full the viewer is told
// so; where even that does not fit, it sent far more than it read, and nothing is said.
func (b *inbox) putRequest(m message, id uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch n := len(b.queue); {
	case n < b.limits.Requests:
		b.queue = append(b.queue, request{ask: m, id: id})
	case n < 2*b.limits.Requests:
		err := newError(fault.Busy, "busy", "more than %d requests wait already", b.limits.Requests)
		b.queue = append(b.queue, request{err: err.withHint("Ask again when some were answered."), id: id})
	}
	b.signal()
}

// putFatal ends the session with an error that the viewer is told first.
func (b *inbox) putFatal(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fatal == nil {
		b.fatal = err
	}
	b.signal()
}

// ack takes back the credit of a run and of those sent before it; false if none was due.
func (b *inbox) ack(run uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, r := range b.inFlight {
		if r == run {
			b.inFlight = append(b.inFlight[:0], b.inFlight[i+1:]...)
			b.signal()
			return true
		}
	}
	return false
}

// sent takes a credit for a run.
func (b *inbox) sent(run uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight = append(b.inFlight, run)
}

// hasCredit says whether another run may be sent.
func (b *inbox) hasCredit() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.inFlight) < b.limits.Unacked
}
