package kernel

// runPortable computes tiles of 2×2 pixels in plain Go, two outputs at a time: eight sums fit the
// registers of amd64 and arm64.
func (l *tileLoop) runPortable(r *tileRun) {
	for t := range r.count {
		var src, dst, res [4]int
		n := 0
		for i := range 2 {
			for p := r.from[i]; p < r.to[i]; p++ {
				src[n] = r.src[i] + t*r.srcStep + p*l.pix
				dst[n] = r.dst[i] + t*r.dstStep + p*Lanes
				res[n] = r.res[i] + t*r.resStep + p*Lanes
				n++
			}
		}
		for i := n; i < len(src); i++ {
			src[i] = src[0] // computed and dropped
		}
		for lane := 0; lane < Lanes; lane += 2 {
			acc := l.sums(src, lane)
			for i := range n {
				for j := range 2 {
					v := acc[2*i+j]
					if l.res != nil {
						v += l.res[res[i]+lane+j]
					}
					l.out[dst[i]+lane+j] = clamp(v, l.lo[lane+j], l.hi[lane+j])
				}
			}
		}
	}
}

// clamp lets NaN pass.
func clamp(v, lo, hi float32) float32 {
	if v < lo {
		return lo
	}
	if v > hi {
		return hi
	}
	return v
}

// sums returns the sums of four pixels for the outputs lane and lane+1.
func (l *tileLoop) sums(src [4]int, lane int) (acc [8]float32) {
	b0, b1 := l.bias[lane], l.bias[lane+1]
	a00, a01, a10, a11, a20, a21, a30, a31 := b0, b1, b0, b1, b0, b1, b0, b1
	w, at := l.w[lane:], 0
	for n0 := range l.n0 {
		run, step2 := l.n3*l.unroll, l.step2
		if n0 == l.n0-1 {
			run, step2 = l.n3Last*l.unroll, l.step2Last
		}
		for range l.n1 {
			for range l.n2 {
				x0 := l.in[src[0]+at:][:run]
				x1 := l.in[src[1]+at:][:run]
				x2 := l.in[src[2]+at:][:run]
				x3 := l.in[src[3]+at:][:run]
				for k, p0 := range x0 {
					p1, p2, p3 := x1[k], x2[k], x3[k]
					w0, w1 := w[k*Lanes], w[k*Lanes+1]
					a00 += float32(p0 * w0)
					a01 += float32(p0 * w1)
					a10 += float32(p1 * w0)
					a11 += float32(p1 * w1)
					a20 += float32(p2 * w0)
					a21 += float32(p2 * w1)
					a30 += float32(p3 * w0)
					a31 += float32(p3 * w1)
				}
				w = w[min(len(w), run*Lanes):]
				at += run + step2
			}
			at += l.step1
		}
		at += l.step0
	}
	return [8]float32{a00, a01, a10, a11, a20, a21, a30, a31}
}
