package imgio

import (
	"image"
	"math"

	"vizserver/internal/nn"
)

// kernel is a filter of Pillow's resize: its half width at scale 1, and its value at x ≥ 0.
type kernel struct {
	support float64
	at      func(x float64) float64
}

// kernels are those that ImagePre.Resample names: src/libImaging/Resample.c of Pillow.
var kernels = map[string]kernel{
	"bilinear": {1, func(x float64) float64 { return max(0, 1-x) }},
	"bicubic": {2, func(x float64) float64 {
		const a = -0.5
		switch {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return (((x-5)*x+8)*x - 4) * a
		}
		return 0
	}},
}

// pillowBits is the number of binary places of Pillow's weights for bytes.
const pillowBits = 32 - 8 - 2

// reach is what one output pixel is made of: weights of the input pixels from first on, in
// units of 2^-pillowBits.
type reach struct {
	first   int
	weights []int32
}

// reaches are those of the outputs from…from+n of a resize of in pixels to out, antialiased:
// precompute_coeffs and normalize_coeffs_8bpc in Resample.c.
func (k kernel) reaches(in, out, from, n int) []reach {
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	support := k.support * wide
	list := make([]reach, n)
	for i := range list {
		centre := (float64(from+i) + 0.5) * scale
		first := max(0, int(centre-support+0.5))
		last := min(in, int(centre+support+0.5))
		w, sum := make([]float64, last-first), 0.0
		for j := range w {
			w[j] = k.at(math.Abs((float64(j+first) - centre + 0.5) * (1 / wide)))
			sum += w[j]
		}
		list[i] = reach{first, make([]int32, len(w))}
		for j, v := range w {
			if sum != 0 {
				v /= sum
			}
			list[i].weights[j] = int32(math.Copysign(0.5, v) + v*(1<<pillowBits))
		}
	}
	return list
}

// pillow resizes m as torchvision and timm do with a Pillow image, cuts out the middle and
// normalises it: Resize(pre.Resize), CenterCrop(pre.Size), ToTensor, Normalize. First the
// rows, then the columns, each rounded to bytes; only what the crop needs is computed, so a
// long thin picture costs no memory.
func pillow(dst []float32, m *image.NRGBA, pre nn.ImagePre, k kernel) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	outW, outH := pre.Resize, pre.Resize
	switch {
	case pre.Squash:
	case w < h:
		outH = int(float64(pre.Resize*h) / float64(w))
	default:
		outW = int(float64(pre.Resize*w) / float64(h))
	}
	middle := func(out int) int { return int(math.RoundToEven(float64(out-pre.Size) / 2)) } // Python's round
	columns := k.reaches(w, outW, middle(outW), pre.Size)
	rows := k.reaches(h, outH, middle(outH), pre.Size)
	top := rows[0].first
	last := rows[len(rows)-1]
	narrow := make([]byte, 3*pre.Size*(last.first+len(last.weights)-top))
	for y := range len(narrow) / (3 * pre.Size) {
		from := m.Pix[(top+y)*m.Stride:]
		to := narrow[3*pre.Size*y:]
		for x, r := range columns {
			for c := range 3 {
				to[3*x+c] = r.sum(from[c:], 4)
			}
		}
	}
	for y, r := range rows {
		from := narrow[3*pre.Size*(r.first-top):]
		r := reach{0, r.weights}
		for x := range pre.Size {
			for c := range 3 {
				channel := c
				if pre.BGR {
					channel = 2 - c
				}
				v := float32(r.sum(from[3*x+c:], 3*pre.Size))
				dst[(channel*pre.Size+y)*pre.Size+x] = normal(v, channel, &pre)
			}
		}
	}
}

// sum weighs the pixels that lie step bytes apart, rounds and clips.
func (r reach) sum(pix []byte, step int) byte {
	sum := int32(1) << (pillowBits - 1)
	at := r.first * step
	for _, w := range r.weights {
		sum += int32(pix[at]) * w
		at += step
	}
	return byte(min(255, max(0, sum>>pillowBits)))
}
