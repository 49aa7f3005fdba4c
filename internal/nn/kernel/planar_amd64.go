//go:build amd64 && !noasm

package kernel

//go:generate go run ./gen -group planar -out planar_amd64.s -stubs planar_stubs_amd64.go -pkg kernel

// moveLanes copies lanes of h rows of w pixels, from lane from on, to lane to on.
func moveLanes(set *Set, h, w int, dst, src patch, lanes, to, from int) {
	d, s := &dst.data[:(h-1)*dst.row+w*Lanes][to], &src.data[:(h-1)*src.row+w*Lanes][from]
	switch set.isa {
	case avx512:
		moveLanes512(d, s, h, w, 4*dst.row, 4*src.row, lanes)
	case avx2:
		moveLanes256(d, s, h, w, 4*dst.row, 4*src.row, lanes)
	default:
		moveLanesGo(h, w, dst, src, lanes, to, from)
	}
}

// toPlanar takes a row of w pixels apart. Assembly reads whole squares of pixels, up to 15 behind the
// last: the tail of a Blocked's memory is there for that; without it Go does the row.
func toPlanar(set *Set, w, lanes, plane int, dst, src []float32) {
	d, s := &dst[:(lanes-1)*plane+w][0], &src[:w*Lanes][0]
	squares := (w + Lanes - 1) / Lanes * Lanes * Lanes
	switch {
	case w <= 2 || lanes <= 2 || cap(src) < squares:
		toPlanarGo(w, lanes, plane, dst, src)
	case set.isa == avx512:
		toPlanar512(d, s, w, lanes, 4*plane)
	case set.isa == avx2:
		toPlanar256(d, s, w, lanes, 4*plane)
	default:
		toPlanarGo(w, lanes, plane, dst, src)
	}
}

// fromPlanar puts a row of w pixels together; lanes beyond the given ones become zero.
func fromPlanar(set *Set, w, lanes, plane int, dst, src []float32) {
	d, s := &dst[:w*Lanes][0], &src[:(lanes-1)*plane+w][0]
	switch set.isa {
	case avx512:
		fromPlanar512(d, s, w, lanes, 4*plane)
	case avx2:
		fromPlanar256(d, s, w, lanes, 4*plane)
	default:
		fromPlanarGo(w, lanes, plane, dst, src)
	}
}
