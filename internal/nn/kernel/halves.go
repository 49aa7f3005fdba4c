package kernel

func maxHalvesGo(y, x []float32, width int) {
	a, b := x[:2*len(y)], x[width:][:2*len(y)]
	for i := range y {
		y[i] = max(a[2*i], a[2*i+1], b[2*i], b[2*i+1])
	}
}

// gradHalvesGo chooses places without branches, whose outcome nobody could foresee.
func gradHalvesGo(dx, x, dy []float32, width int) {
	a, b := x[:2*len(dy)], x[width:][:2*len(dy)]
	for i, d := range dy {
		p, q, r, s := a[2*i], a[2*i+1], b[2*i], b[2*i+1]
		m := max(p, q, r, s)
		at := width + 1
		if r == m || r != r {
			at = width
		}
		if q == m || q != q {
			at = 1
		}
		if p == m || p != p {
			at = 0
		}
		dx[2*i+at] += d
	}
}
