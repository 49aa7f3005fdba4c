//go:build !amd64 || noasm

package kernel

// run computes a series of tiles.
func (l *tileLoop) run(_ int, r *tileRun) { l.runPortable(r) }
