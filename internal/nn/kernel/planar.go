package kernel

// FromPlanar copies channels of a planar sample, C×H×W, into sample n of a blocked value: the
// blocks first…last−1, so that callers can split the work. Lanes beyond C and the border stay as
// they are.
func FromPlanar(_ *Set, dst *Blocked, n int, src []float32, first, last int) {
	plane := dst.H * dst.W
	for b := first; b < last; b++ {
		for c := b * Lanes; c < min((b+1)*Lanes, dst.C); c++ {
			for y := range dst.H {
				at := dst.Index(n, c, y, 0)
				for x, v := range src[c*plane+y*dst.W:][:dst.W] {
					dst.Data[at+x*Lanes] = v
				}
			}
		}
	}
}

// Box is a part of a sample: channels C0…C1−1, rows Y0…Y1−1, columns X0…X1−1.
type Box struct{ C0, C1, Y0, Y1, X0, X1 int }

// ToPlanar copies a part of sample n of a blocked value to dst, planar: channel by channel, row by row.
func ToPlanar(_ *Set, dst []float32, src *Blocked, n int, b Box) {
	i := 0
	for c := b.C0; c < b.C1; c++ {
		for y := b.Y0; y < b.Y1; y++ {
			at := src.Index(n, c, y, b.X0)
			for range b.X1 - b.X0 {
				dst[i] = src.Data[at]
				at += Lanes
				i++
			}
		}
	}
}
