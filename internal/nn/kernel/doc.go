// Package kernel holds the inner loops of the reference engine: plain Go over
// slices, no shapes, no allocation. Sums run in float32 in the order of the loops,
// and every product is rounded before it is added (the explicit float32 conversion
// forbids a fused multiply-add), so that an explanation that repeats a sum gets the
// stored value bit for bit on every CPU.
package kernel
