package kernel

// FromPlanar copies channels of a planar sample, C×H×W, into sample n of a blocked value: the
// blocks first…last−1, so that callers can split the work. Lanes beyond C become zero; the border
// stays as it is.
func FromPlanar(set *Set, dst *Blocked, n int, src []float32, first, last int) {
	plane := dst.H * dst.W
	for b := first; b < last; b++ {
		c := b * Lanes
		lanes := min(Lanes, dst.C-c)
		to := dst.patch(n, c)
		from := src[c*plane : (c+lanes)*plane]
		if plane == 1 {
			clear(to.data[copy(to.data, from):])
			continue
		}
		for y := range dst.H {
			fromPlanar(set, dst.W, lanes, plane, to.data[y*to.row:], from[y*dst.W:])
		}
	}
}

// Box is a part of a sample: channels C0…C1−1, rows Y0…Y1−1, columns X0…X1−1.
type Box struct{ C0, C1, Y0, Y1, X0, X1 int }

// ToPlanar copies a part of sample n of a blocked value to dst, planar: channel by channel, row by row.
func ToPlanar(set *Set, dst []float32, src *Blocked, n int, b Box) {
	w, plane := b.X1-b.X0, (b.Y1-b.Y0)*(b.X1-b.X0)
	if plane <= 0 {
		return
	}
	for c := b.C0; c < b.C1; {
		lanes := min(Lanes-c%Lanes, b.C1-c)
		to := dst[(c-b.C0)*plane : (c-b.C0+lanes)*plane]
		for y := b.Y0; y < b.Y1; y++ {
			at := src.Index(n, c, y, b.X0)
			from := src.Data[at : at+(w-1)*Lanes+lanes]
			if c%Lanes == 0 && lanes > 2 {
				toPlanar(set, w, lanes, plane, to[(y-b.Y0)*w:], src.Data[at:at+w*Lanes])
			} else {
				toPlanarGo(w, lanes, plane, to[(y-b.Y0)*w:], from)
			}
		}
		c += lanes
	}
}

// toPlanarGo takes a row of w pixels apart: its lanes go to channels that stand plane floats apart.
func toPlanarGo(w, lanes, plane int, dst, src []float32) {
	for l := range lanes {
		d := dst[l*plane:][:w]
		for x := range d {
			d[x] = src[x*Lanes+l]
		}
	}
}

// fromPlanarGo puts a row of w pixels together; lanes beyond the given ones become zero.
func fromPlanarGo(w, lanes, plane int, dst, src []float32) {
	for l := range Lanes {
		if l >= lanes {
			for x := range w {
				dst[x*Lanes+l] = 0
			}
			continue
		}
		s := src[l*plane:][:w]
		for x, v := range s {
			dst[x*Lanes+l] = v
		}
	}
}
