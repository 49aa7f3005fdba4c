package bench

import (
	"sync"
	"time"

	"vizserver/internal/nn/kernel"
)

// machine measures what this many threads can compute at most, GFLOP/s, and how fast they copy
// memory, GB/s, reading and writing counted.
func machine(set *kernel.Set, threads int) (peak, bandwidth float64) {
	return together(threads, func() float64 { return kernel.PeakGFLOPS(set) }), together(threads, copies)
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
	best := 0.0
	for begin := time.Now(); time.Since(begin) < 100*time.Millisecond; {
		start := time.Now()
		copy(dst, src)
		best = max(best, float64(8*len(src))/float64(time.Since(start).Nanoseconds()))
	}
	return best
}
