//go:build amd64 && !noasm

package kernel

// quantised writes the bytes of whole pixels of 16 and returns how many values those are.
func quantised(set *Set, dst []byte, src []float32, base, inverse float64) int {
	n := len(src) / Lanes
	if set.isa == portable || n == 0 {
		return 0
	}
	quantise256(&dst[:n*Lanes][0], &src[0], n, base, inverse)
	return n * Lanes
}

// ranged widens lo…hi by whole pixels of 16 and returns how many values those are.
func ranged(set *Set, src []float32, lo, hi *float32) int {
	n := len(src) / Lanes
	if set.isa == portable || n == 0 {
		return 0
	}
	var ends [2][8]float32
	range256(&src[0], n, &ends[0][0])
	for l := range ends[0] {
		*lo, *hi = min(*lo, ends[0][l]), max(*hi, ends[1][l])
	}
	return n * Lanes
}
