package nn

import "testing"

// tally counts its items; one goroutine does them all.
type tally struct{ items int }

func (t *tally) Do(int, int) { t.items++ }

// A worker divides its time among the callers evenly, wherever their slots are.
func TestPoolTakesTurns(t *testing.T) {
	p := &Pool{}
	var jobs [3]tally
	for i, slot := range [...]int{0, 1, 40} {
		s := &p.slots[slot]
		s.job = &jobs[i]
		s.state.Store(1<<40 | 100<<20)
		p.used.Or(1 << slot)
	}
	w := &poolWorker{id: 1, next: 7}
	for range 30 {
		if !p.serve(w) {
			t.Fatal("a job with items left was not found")
		}
	}
	for i := range jobs {
		if jobs[i].items != 10 {
			t.Errorf("caller %d got %d of 30 turns, want 10", i, jobs[i].items)
		}
	}
}

// A slot is claimed once, and all of them can be.
func TestPoolSlots(t *testing.T) {
	p := &Pool{}
	seen := map[int]bool{}
	for range maxJobs {
		seen[p.claim()] = true
	}
	if len(seen) != maxJobs || seen[-1] {
		t.Errorf("%d different slots were claimed, want %d", len(seen), maxJobs)
	}
	if slot := p.claim(); slot != -1 {
		t.Errorf("slot %d was claimed twice", slot)
	}
}
