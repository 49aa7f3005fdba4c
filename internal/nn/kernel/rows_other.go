//go:build !amd64 || noasm

package kernel

func mapRows(_ *Set, op mapOp, h, w int, dst, x, y patch, p *params) {
	mapRowsGo(op, h, w, dst, x, y, p)
}

func moveLanes(_ *Set, h, w int, dst, src patch, lanes, to, from int) {
	moveLanesGo(h, w, dst, src, lanes, to, from)
}

func windows(_ *Set, op windowOp, w *window, p *params) { windowsGo(op, w, p) }

func sumRows(_ *Set, h, w int, src patch, sum *[Lanes]float64) { sumRowsGo(h, w, src, sum) }

func denseRowsOf(_ *Set, y, w, x, bias []float32, act Clamp) { denseRowsGo(y, w, x, bias, act) }

func toPlanar(_ *Set, w, lanes, plane int, dst, src []float32) { toPlanarGo(w, lanes, plane, dst, src) }

func fromPlanar(_ *Set, w, lanes, plane int, dst, src []float32) {
	fromPlanarGo(w, lanes, plane, dst, src)
}

func (l *LRN) run(_ *Set, out, in *Blocked, n, c, y, x, w int) { l.far(out, in, n, c, y, x, w) }

func quantised(*Set, []byte, []float32, float64, float64) int { return 0 }

func ranged(*Set, []float32, *float32, *float32) int { return 0 }
