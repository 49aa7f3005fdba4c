package kernel

// winoBT and winoAT are the matrices Bᵀ and Aᵀ by m, as functions of a line of up to six numbers.

func winoBT(m int, d *[6]float32) [6]float32 {
	if m == 2 {
		return [6]float32{d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]}
	}
	a, b := d[4]-float32(4*d[2]), d[3]-float32(4*d[1])
	e, f := d[4]-d[2], float32(2*(d[3]-d[1]))
	return [6]float32{
		float32(4*d[0]) - float32(5*d[2]) + d[4], a + b, a - b, e + f, e - f, float32(4*d[1]) - float32(5*d[3]) + d[5],
	}
}

func winoAT(m int, d *[6]float32) [4]float32 {
	if m == 2 {
		return [4]float32{d[0] + d[1] + d[2], d[1] - d[2] - d[3]}
	}
	s1, d1, s2, d2 := d[1]+d[2], d[1]-d[2], d[3]+d[4], d[3]-d[4]
	return [4]float32{d[0] + s1 + s2, d1 + float32(2*d2), s1 + float32(4*s2), d1 + float32(8*d2) + d[5]}
}

// inputPortable transforms inputs in plain Go.
func (l *winoLoop) inputPortable() {
	side := l.m + 2
	for t := range l.count {
		for lane := range Lanes {
			src, dst := l.src[t*l.srcStep+lane:], l.dst[t*l.dstStep+lane:]
			var rows [6][6]float32
			for y := range side {
				var d [6]float32
				for x := range side {
					d[x] = src[y*l.srcRow+x*Lanes]
				}
				rows[y] = winoBT(l.m, &d)
			}
			for x := range side {
				var d [6]float32
				for y := range side {
					d[y] = rows[y][x]
				}
				d = winoBT(l.m, &d)
				for y := range side {
					dst[(x*side+y)*l.pos] = d[y]
				}
			}
		}
	}
}

// outputPortable transforms products in plain Go.
func (l *winoLoop) outputPortable() {
	side := l.m + 2
	for t := range l.count {
		for lane := range Lanes {
			src, dst := l.src[t*l.srcStep+lane:], l.dst[t*l.dstStep+lane:]
			var columns [6][4]float32
			for x := range side {
				var d [6]float32
				for y := range side {
					d[y] = src[(x*side+y)*l.pos]
				}
				columns[x] = winoAT(l.m, &d)
			}
			for y := range l.m {
				var d [6]float32
				for x := range side {
					d[x] = columns[x][y]
				}
				for x, v := range winoAT(l.m, &d) {
					if x == l.m {
						break
					}
					v += l.bias[lane]
					if l.res != nil {
						v += l.res[t*l.resStep+y*l.resRow+x*Lanes+lane]
					}
					dst[y*l.dstRow+x*Lanes] = clamp(v, l.lo[lane], l.hi[lane])
				}
			}
		}
	}
}
