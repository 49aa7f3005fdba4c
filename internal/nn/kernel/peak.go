package kernel

import "time"

// PeakGFLOPS measures in 50 ms how many billion operations a second one thread can do at most, two
// for each multiply-add, with the instructions of a set: what no convolution can exceed, but for
// Winograd's, which leave products out. The best of many short turns counts, since other work on
// the machine only slows it.
func PeakGFLOPS(s *Set) float64 {
	const turns = 20_000
	best := 0.0
	for begin := time.Now(); time.Since(begin) < 50*time.Millisecond; {
		start := time.Now()
		flops := s.isa.burn(turns)
		best = max(best, float64(flops)/float64(time.Since(start).Nanoseconds()))
	}
	return best
}

// burnPortable does n turns of eight products and sums that wait for nothing, and returns how many
// operations that were.
func burnPortable(n int) int {
	x, f := float32(1), float32(0.5)
	var a, b, c, d, e, g, h, i float32
	for range n {
		a += float32(x * f)
		b += float32(x * f)
		c += float32(x * f)
		d += float32(x * f)
		e += float32(x * f)
		g += float32(x * f)
		h += float32(x * f)
		i += float32(x * f)
		f = -f
	}
	if a+b+c+d+e+g+h+i > 1e30 {
		return 0
	}
	return n * 16
}
