//go:build amd64 && !noasm

package kernel

//go:generate go run ./gen -group lrn -out lrn_amd64.s -stubs lrn_stubs_amd64.go -pkg kernel

// fast says whether assembly can do it: β = ¾, by square roots, and no reach beyond the neighbouring
// blocks. With K = 0 the zero lanes would become 0·∞.
func (l *LRN) fast() bool {
	return l.Beta == 0.75 && l.K > 0 && l.Size >= 1 && l.Size/2 <= Lanes
}

func (l *LRN) run(set *Set, out, in *Blocked, n, c, y, x, w int) {
	if l.fast() && set.isa != portable {
		l.near(out, in, n, c, y, x, w)
		return
	}
	l.far(out, in, n, c, y, x, w)
}

// near computes a run of pixels: the squares of three blocks side by side, then their sums.
func (l *LRN) near(out, in *Blocked, n, c, y, x, w int) {
	var sq [lrnPixels * 3 * Lanes]float32
	for i := range 3 {
		k := c + (i-1)*Lanes
		if k < 0 || k >= in.C {
			continue
		}
		src := &in.Data[in.Index(n, k, y, x):][:w*Lanes][0]
		squares256(&sq[i*Lanes], src, w)
	}
	dst, src := &out.Data[out.Index(n, c, y, x):][:w*Lanes][0], &in.Data[in.Index(n, c, y, x):][:w*Lanes][0]
	from := &sq[Lanes-(l.Size-1)/2]
	p := [2]float32{float32(l.K), float32(l.Alpha / float64(l.Size))}
	lrn256(dst, src, from, w, l.Size, &p[0])
}
