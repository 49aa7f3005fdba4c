//go:build !amd64 || noasm

package kernel

// tileArgs is nothing: there is no assembly.
type tileArgs struct{}

func (l *tileLoop) prepare() {}

// run computes a series of tiles.
func (l *tileLoop) run(_ int, r *tileRun) { l.runPortable(r) }

// burn does multiply-adds, n turns, and returns how many operations that were.
func (isa) burn(n int) int { return burnPortable(n) }
