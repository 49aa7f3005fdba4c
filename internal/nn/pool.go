package nn

import (
	"fmt"
	"math/bits"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Job is work that falls into independent items.
type Job interface {
	// Do does one item. worker is 0…Workers−1 and belongs to one goroutine of the job at a time.
	Do(worker, item int)
}

// Pool runs jobs on a fixed number of goroutines; the caller of Run is one of them. Jobs of several
// callers share the others. Between the jobs of a run, which Wake and Rest enclose, the goroutines
// spin for a while, because waking one that sleeps costs more than most layers; afterwards they sleep,
// because one that spins takes the processor from everybody else.
//
// What is counted is finished items, not workers, so that a worker that comes late holds nobody up.
type Pool struct {
	workers []*poolWorker
	slots   [maxJobs]jobSlot
	used    atomic.Uint64 // the slots that belong to a caller, one bit each
	active  atomic.Int32  // runs between Wake and Rest
	closed  atomic.Bool
	wg      sync.WaitGroup
}

const (
	maxJobs  = 64      // bits of used: callers that share the goroutines at one time; others work alone
	maxItems = 1 << 20 // of one job
	spinTime = 2 * time.Millisecond
)

// jobSlot holds one job at a time. state packs the generation of the job, how many items it has and
// how many are taken: a worker takes one by compare-and-swap, so that one who looked at an earlier
// job of the slot takes nothing of the next.
type jobSlot struct {
	state  atomic.Uint64 // generation<<40 | items<<20 | taken
	done   atomic.Int32
	job    Job // stable while an item is taken and not done
	failed atomic.Pointer[poolPanic]
	_      [64]byte // neighbours do not share a cache line
}

// poolPanic carries a panic of a job's item to the caller of Run.
type poolPanic struct {
	cause any
	stack []byte
}

func (p *poolPanic) Error() string { return fmt.Sprintf("%v\n\nin a worker:\n%s", p.cause, p.stack) }

type poolWorker struct {
	id     int
	next   int // the slot to look at first: the one behind that served last
	parked atomic.Bool
	wake   chan struct{}
}

// NewPool starts workers−1 goroutines; below 2 there are none, and jobs run on their callers. Close
// ends them.
func NewPool(workers int) *Pool {
	p := &Pool{}
	for id := 1; id < workers; id++ {
		w := &poolWorker{id: id, wake: make(chan struct{}, 1)}
		p.workers = append(p.workers, w)
		p.wg.Go(func() { p.work(w) })
	}
	return p
}

// Close ends the goroutines. No job may be running.
func (p *Pool) Close() {
	p.closed.Store(true)
	p.unpark()
	p.wg.Wait()
}

// Workers is the number of goroutines that can work on one job, the caller included.
func (p *Pool) Workers() int { return len(p.workers) + 1 }

// Wake says that a run begins.
func (p *Pool) Wake() {
	p.active.Add(1)
	p.unpark()
}

// Rest says that it has ended.
func (p *Pool) Rest() { p.active.Add(-1) }

// Run does all items of a job and returns when they are done. A panic in an item is raised again
// here, once the others are through.
func (p *Pool) Run(items int, j Job) {
	slot := -1
	if len(p.workers) > 0 && items > 1 && items < maxItems {
		slot = p.claim()
	}
	if slot < 0 {
		for i := range items {
			j.Do(0, i)
		}
		return
	}
	s := &p.slots[slot]
	s.job = j
	s.done.Store(0)
	s.failed.Store(nil)
	generation := s.state.Load()>>40 + 1
	s.state.Store(generation<<40 | uint64(items)<<20)
	p.unpark()
	for s.take(0) {
	}
	for spins := 0; int(s.done.Load()) < items; spins++ {
		if spins > 4096 {
			runtime.Gosched()
		} else {
			pause()
		}
	}
	failed := s.failed.Load()
	s.job = nil
	p.used.And(^(uint64(1) << slot))
	if failed != nil {
		panic(failed)
	}
}

// claim returns a free slot, or −1.
func (p *Pool) claim() int {
	for {
		used := p.used.Load()
		slot := bits.TrailingZeros64(^used)
		if slot == maxJobs {
			return -1
		}
		if p.used.CompareAndSwap(used, used|1<<slot) {
			return slot
		}
	}
}

// take does one item of the slot's job, if there is one left.
func (s *jobSlot) take(worker int) bool {
	for {
		state := s.state.Load()
		items, taken := state>>20&(maxItems-1), state&(maxItems-1)
		if taken >= items {
			return false
		}
		if s.state.CompareAndSwap(state, state+1) {
			s.do(worker, int(taken))
			return true
		}
	}
}

func (s *jobSlot) do(worker, item int) {
	defer s.done.Add(1)
	defer func() {
		if cause := recover(); cause != nil {
			s.failed.CompareAndSwap(nil, &poolPanic{cause: cause, stack: debug.Stack()})
		}
	}()
	s.job.Do(worker, item)
}

// work looks for items until the pool is closed.
func (p *Pool) work(w *poolWorker) {
	idle := time.Now()
	for turn := 0; !p.closed.Load(); turn++ {
		if p.serve(w) {
			idle = time.Now()
			continue
		}
		for range 32 {
			pause()
		}
		if turn&63 == 0 {
			runtime.Gosched() // who waits for a processor goes before one who waits for work
		}
		if p.active.Load() == 0 || turn&63 == 0 && time.Since(idle) > spinTime {
			p.park(w)
			idle = time.Now()
		}
	}
}

// serve does one item of some job. It begins behind the slot that it served last, so that callers
// take turns.
func (p *Pool) serve(w *poolWorker) bool {
	used := p.used.Load()
	for used != 0 {
		ahead := bits.TrailingZeros64(bits.RotateLeft64(used, -w.next))
		slot := (w.next + ahead) % maxJobs
		if p.slots[slot].take(w.id) {
			w.next = (slot + 1) % maxJobs
			return true
		}
		used &^= 1 << slot
	}
	return false
}

// park sleeps until somebody has work. The look at the slots behind the flag closes the gap in which
// a job could be published unseen.
func (p *Pool) park(w *poolWorker) {
	w.parked.Store(true)
	if (p.waiting() || p.closed.Load()) && w.parked.CompareAndSwap(true, false) {
		return
	}
	<-w.wake
}

// waiting says whether a job has items that nobody took.
func (p *Pool) waiting() bool {
	for used := p.used.Load(); used != 0; used &= used - 1 {
		state := p.slots[bits.TrailingZeros64(used)].state.Load()
		if state&(maxItems-1) < state>>20&(maxItems-1) {
			return true
		}
	}
	return false
}

func (p *Pool) unpark() {
	for _, w := range p.workers {
		if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
}

var paused atomic.Uint32

// pause waits some nanoseconds without giving the processor away.
func pause() {
	for range 8 {
		paused.Load()
	}
}
