package kernel

// What goes over whole maps works on a range of blocks, counted over all samples: block b of sample
// n is n·⌈C/16⌉ + b. Callers split the range; the bits do not depend on how.

// eachRow calls do with the places of every row of these blocks in values of equal size.
func eachRow(out *Blocked, first, last int, do func(n, c, y int)) {
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		for y := range out.H {
			do(b/per, b%per*Lanes, y)
		}
	}
}

// AllBlocks returns how many blocks a value has, over all samples.
func (b *Blocked) AllBlocks() int { return b.N * blocksOf(b.C) }

// Affine computes out = clamp(scale[c]·in + shift[c]); scale and shift may be nil for 1 and 0, and
// out may be in.
func Affine(_ *Set, out, in *Blocked, scale, shift []float32, act Clamp, first, last int) {
	eachRow(out, first, last, func(n, c, y int) {
		o, i := out.Data[out.Index(n, c, y, 0):], in.Data[in.Index(n, c, y, 0):]
		lanes := min(Lanes, out.C-c)
		for x := range out.W {
			for l := range lanes {
				v := i[x*Lanes+l]
				if scale != nil {
					v = float32(v*scale[c+l]) + shift[c+l]
				}
				o[x*Lanes+l] = min(max(v, act.Lo), act.Hi)
			}
		}
	})
}

// Sum computes out = clamp(a + b); out may be a.
func Sum(_ *Set, out, a, b *Blocked, act Clamp, first, last int) {
	eachRow(out, first, last, func(n, c, y int) {
		o, p, q := out.Data[out.Index(n, c, y, 0):], a.Data[a.Index(n, c, y, 0):], b.Data[b.Index(n, c, y, 0):]
		for i := range out.W * Lanes {
			o[i] = min(max(p[i]+q[i], act.Lo), act.Hi)
		}
	})
}

// Copy writes a value into channels of another, from channel at on.
func Copy(_ *Set, out *Blocked, at int, in *Blocked, first, last int) {
	eachRow(in, first, last, func(n, c, y int) {
		i := in.Index(n, c, y, 0)
		for l := range min(Lanes, in.C-c) {
			o := out.Index(n, at+c+l, y, 0)
			for x := range in.W {
				out.Data[o+x*Lanes] = in.Data[i+x*Lanes+l]
			}
		}
	})
}
