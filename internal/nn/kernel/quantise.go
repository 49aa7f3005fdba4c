package kernel

import "math"

// Quantise writes src as bytes and returns the range: value = lo + byte·scale, off by at most half a
// scale. Constant values keep theirs exactly (scale 0, bytes 0). Values that are not finite do not widen
// the range: +Inf becomes 255, −Inf and NaN become 0. All sets give the same bytes.
func Quantise(set *Set, dst []byte, src []float32) (lo, scale float32) {
	dst = dst[:len(src)]
	lo, hi := finite(set, src)
	scale = hi/255 - lo/255 // not (hi−lo)/255, which overflows for huge ranges
	if scale <= 0 {
		clear(dst)
		return lo, 0
	}
	base, inverse := float64(lo), 1/float64(scale) // float64: neither overflows
	done := quantised(set, dst, src, base, inverse)
	for i, v := range src[done:] {
		q := (float64(v)-base)*inverse + 0.5
		switch {
		case q >= 255:
			dst[done+i] = 255
		case q >= 0:
			dst[done+i] = byte(q)
		default: // NaN, −Inf
			dst[done+i] = 0
		}
	}
	return lo, scale
}

// finite returns the smallest and the largest finite value; 0, 0 if there is none.
func finite(set *Set, src []float32) (lo, hi float32) {
	lo, hi = float32(math.Inf(1)), float32(math.Inf(-1))
	done := ranged(set, src, &lo, &hi)
	for _, v := range src[done:] {
		if v < lo && v >= -math.MaxFloat32 {
			lo = v
		}
		if v > hi && v <= math.MaxFloat32 {
			hi = v
		}
	}
	switch {
	case lo > hi:
		return 0, 0
	case lo == 0:
		lo = 0 // not −0, which the order of the values would decide about
	}
	return lo, hi
}
