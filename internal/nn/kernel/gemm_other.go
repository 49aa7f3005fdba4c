//go:build !amd64 || noasm

package kernel

func (t *gemmTask) run(isa) { t.portable() }

func (d *Dots) tile(_ isa, out, a, b []float32, _, _ int) { out[0] = d.dotGo(a, b) }

// AddScaled adds a·x to y.
func AddScaled(_ *Set, y, x []float32, a float32) { Axpy(y, a, x) }

// GateClamp adds dy to dx where y lies between the bounds: the gradient of a clamp whose result is y.
// At a bound, and where y is no number, there is none.
func GateClamp(_ *Set, dx, dy, y []float32, act Clamp) { gateClampGo(dx, dy, y, act) }

func copyLines(_ isa, dst, src []float32, h, w, dstRow, srcRow int) {
	linesGo(dst, src, h, w, dstRow, srcRow, false)
}

func addLines(_ isa, dst, src []float32, h, w, dstRow, srcRow int) {
	linesGo(dst, src, h, w, dstRow, srcRow, true)
}

// MaxHalves finds the largest values of windows of 2×2 side by side in two rows of x, width floats apart.
// What is no number wins.
func MaxHalves(_ *Set, y, x []float32, width int) { maxHalvesGo(y, x, width) }

// GradHalves adds the gradients dy of MaxHalves to those of x: each goes to the largest value of its
// window; of equals, to the first.
func GradHalves(_ *Set, dx, x, dy []float32, width int) { gradHalvesGo(dx, x, dy, width) }
