package bench

import (
	"fmt"
	"sync"
	"time"

	"vizserver/internal/nn/kernel"
)

// limits is what a number of threads can do at most.
type limits struct{ peak, bandwidth float64 }

// measured keeps the limits, so that all lines of a report refer to the same ones.
var measured sync.Map // name of the set and number of threads → limits

// machine measures what this many threads can compute at most, GFLOP/s, and how fast they copy
// memory, GB/s, reading and writing counted.
func machine(set *kernel.Set, threads int) (peak, bandwidth float64) {
	key := fmt.Sprint(set.Name, threads)
	if l, ok := measured.Load(key); ok {
		return l.(limits).peak, l.(limits).bandwidth
	}
	l := limits{together(threads, func() float64 { return kernel.PeakGFLOPS(set) }), together(threads, copies)}
	measured.Store(key, l)
	return l.peak, l.bandwidth
}

// together adds up what several goroutines reach at the same time.
func together(n int, measure func() float64) float64 {
	var wg sync.WaitGroup
	list := make([]float64, n)
	for i := range list {
		wg.Go(func() { list[i] = measure() })
	}
	wg.Wait()
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum
}

// copies copies 64 MiB, more than the caches hold, for a while; the best turn counts.
func copies() float64 {
	src, dst := make([]float32, 16<<20), make([]float32, 16<<20)
	for i := range src {
		src[i] = 1 // pages that were never written are one page in the cache
	}
	copy(dst, src) // the system gives out the pages only now
	const least = 5
	best, turns := 0.0, 0
	for begin := time.Now(); turns < least || time.Since(begin) < 100*time.Millisecond; turns++ {
		start := time.Now()
		copy(dst, src)
		best = max(best, float64(8*len(src))/float64(time.Since(start).Nanoseconds()))
	}
	return best
}
