package imgio

import (
	"image"
	"image/jpeg"
	"io"
)

// decodeJPEG decodes a JPEG as libjpeg does by default ("fancy upsampling"), and so Pillow,
// TensorFlow and browsers: chroma of half the width, or of half the width and height, is
// interpolated. image/jpeg leaves it to the picture's At, which repeats the nearest value.
func decodeJPEG(r io.Reader) (image.Image, error) {
	m, err := jpeg.Decode(r)
	if p, ok := m.(*image.YCbCr); ok && err == nil {
		return smoothChroma(p), nil
	}
	return m, err
}

// smoothChroma returns the picture with chroma of full size. As in libjpeg, chroma of at most
// two columns is not interpolated, nor is any but 4:2:0 and 4:2:2.
func smoothChroma(p *image.YCbCr) image.Image {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	half := (w + 1) / 2
	tall := p.SubsampleRatio == image.YCbCrSubsampleRatio420
	if !tall && p.SubsampleRatio != image.YCbCrSubsampleRatio422 || half <= 2 {
		return p
	}
	full := &image.YCbCr{
		Y: p.Y, YStride: p.YStride, Rect: p.Rect, SubsampleRatio: image.YCbCrSubsampleRatio444,
		Cb: make([]byte, w*h), Cr: make([]byte, w*h), CStride: w,
	}
	sums := make([]int, half)
	for y := range h {
		for _, c := range [2]struct{ from, to []byte }{{p.Cb, full.Cb}, {p.Cr, full.Cr}} {
			to := c.to[y*w : (y+1)*w]
			if !tall {
				row := c.from[y*p.CStride:]
				for i := range sums {
					sums[i] = int(row[i])
				}
				widen(to, sums, 2, 1, 2)
				continue
			}
			near := y / 2
			far := min(max(near-1+2*(y%2), 0), (h+1)/2-1)
			a, b := c.from[near*p.CStride:], c.from[far*p.CStride:]
			for i := range sums {
				sums[i] = 3*int(a[i]) + int(b[i])
			}
			widen(to, sums, 4, 8, 7)
		}
	}
	return full
}

// widen doubles a row: each output is 3/4 of the nearer value and 1/4 of the farther, rounded
// by left and right in turn: h2v1_fancy_upsample and h2v2_fancy_upsample of libjpeg's jdsample.c.
func widen(to []byte, from []int, shift uint, left, right int) {
	for x := range to {
		i := x / 2
		far, round := max(i-1, 0), left
		if x%2 == 1 {
			far, round = min(i+1, len(from)-1), right
		}
		to[x] = byte((3*from[i] + from[far] + round) >> shift)
	}
}

// convert writes the opaque colours of p in the arithmetic of libjpeg's jdcolor.c, which
// differs by 1 from image/color's in every seventh value.
func convert(rgba []byte, p *image.YCbCr) {
	const half = 1 << 15
	w := p.Rect.Dx()
	for y := range p.Rect.Dy() {
		luma, cb, cr := p.Y[y*p.YStride:], p.Cb[y*p.CStride:], p.Cr[y*p.CStride:]
		out := rgba[4*w*y:]
		for x := range w {
			l, b, r := int32(luma[x]), int32(cb[x])-128, int32(cr[x])-128
			out[4*x] = clip(l + (91881*r+half)>>16)            // 1.40200
			out[4*x+1] = clip(l + (-22554*b-46802*r+half)>>16) // 0.34414, 0.71414
			out[4*x+2] = clip(l + (116130*b+half)>>16)         // 1.77200
			out[4*x+3] = 255
		}
	}
}

func clip(v int32) byte { return byte(min(255, max(0, v))) }
