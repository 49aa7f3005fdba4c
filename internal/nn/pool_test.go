package nn_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"vizserver/internal/nn"
)

// count marks every item, and that no two goroutines are the same worker at a time.
type count struct {
	done    []atomic.Int32
	at      [8]atomic.Int32
	crowded atomic.Bool
	fail    int
}

func (c *count) Do(worker, item int) {
	if c.at[worker].Add(1) > 1 {
		c.crowded.Store(true)
	}
	if item == c.fail {
		c.at[worker].Add(-1)
		panic("item fails")
	}
	c.done[item].Add(1)
	c.at[worker].Add(-1)
}

func (c *count) check(t *testing.T) {
	t.Helper()
	for i := range c.done {
		if n := c.done[i].Load(); n != 1 {
			t.Errorf("item %d was done %d times", i, n)
		}
	}
	if c.crowded.Load() {
		t.Error("two goroutines were the same worker")
	}
}

func TestPool(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, workers := range []int{0, 1, 2, 5} {
		for _, items := range []int{0, 1, 2, 3, 100} {
			t.Run(fmt.Sprintf("%d workers, %d items", workers, items), func(t *testing.T) {
				p := nn.NewPool(workers)
				defer p.Close()
				for range 20 {
					c := &count{done: make([]atomic.Int32, items), fail: -1}
					p.Wake()
					p.Run(items, c)
					p.Rest()
					c.check(t)
				}
			})
		}
	}
}

// Many callers share the goroutines, more than there are slots.
func TestPoolIsShared(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := nn.NewPool(3)
	defer p.Close()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			p.Wake()
			defer p.Rest()
			for range 50 {
				c := &count{done: make([]atomic.Int32, 17), fail: -1}
				p.Run(17, c)
				c.check(t)
			}
		})
	}
	wg.Wait()
}

func TestPoolPanics(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := nn.NewPool(3)
	defer p.Close()
	for range 50 {
		func() {
			defer func() {
				if cause := recover(); cause == nil || !strings.Contains(fmt.Sprint(cause), "item fails") {
					t.Errorf("the panic is %v", cause)
				}
			}()
			p.Run(20, &count{done: make([]atomic.Int32, 20), fail: 13})
		}()
	}
	c := &count{done: make([]atomic.Int32, 20), fail: -1}
	p.Run(20, c)
	c.check(t)
}

type nothing struct{}

func (nothing) Do(int, int) {}

func BenchmarkPool(b *testing.B) {
	p := nn.NewPool(2)
	defer p.Close()
	p.Wake()
	defer p.Rest()
	b.ReportAllocs()
	var j nn.Job = nothing{}
	for b.Loop() {
		p.Run(8, j)
	}
}
