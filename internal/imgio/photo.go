package imgio

import (
	"image"
	"math"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Photo writes what a net sees of a photo, 3×Size×Size values, prepared as pre says and as
// the net's authors did it: not one bit of the resize is ours to choose. It takes opaque
// pictures with bounds from (0, 0), as Decode makes.
//
// The kind of the error is fault.Unsupported where pre asks for a resize that is not here.
func Photo(dst []float32, m *image.NRGBA, pre nn.ImagePre) error {
	k, ok := kernels[pre.Resample]
	switch {
	case ok && pre.Resize >= pre.Size:
		pillow(dst, m, pre, k)
		return nil
	case pre.Resample == "bilinear-raw" && pre.Squash && pre.Resize >= pre.Size:
		opencv(dst, m, pre)
		return nil
	case pre.Resample != "bilinear-raw" || pre.Resize != 0 || pre.Squash:
		return fault.New(fault.Unsupported, "photos cannot be resized for this network yet: it needs %q to %d", pre.Resample, pre.Resize)
	}
	share := pre.CropShare
	if share == 0 {
		share = 1
	}
	bilinearRaw(dst, m, middle(m.Rect, share), pre)
	return nil
}

// middle is the square in the middle of r whose side is this share of the shorter side of r:
// TensorFlow TPU repository, models/official/efficientnet/preprocessing.py,
// _decode_and_center_crop. An odd rest lies at the top and left. At least 1 pixel is left.
func middle(r image.Rectangle, share float64) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	c := max(1, int(float32(share)*float32(min(w, h))))
	x, y := (w-c+1)/2, (h-c+1)/2
	return image.Rect(x, y, x+c, y+c)
}

// bilinearRaw resizes the part r of m to pre.Size and normalises it, in the arithmetic of
// tf.compat.v1.image.resize (BILINEAR, align_corners and half_pixel_centers false): float32
// at every step, the source of output i at i·in/out, no antialiasing. The conversions keep
// the compiler from fusing a product and a sum, which would round once less.
func bilinearRaw(dst []float32, m *image.NRGBA, r image.Rectangle, pre nn.ImagePre) {
	rows, columns := taps(r.Dy(), pre.Size), taps(r.Dx(), pre.Size)
	plane := pre.Size * pre.Size
	for y, row := range rows {
		top := m.Pix[m.PixOffset(r.Min.X, r.Min.Y+row.low):]
		bottom := m.Pix[m.PixOffset(r.Min.X, r.Min.Y+row.high):]
		for x, col := range columns {
			for c := range 3 {
				a := lerp(top[4*col.low+c], top[4*col.high+c], col.share)
				b := lerp(bottom[4*col.low+c], bottom[4*col.high+c], col.share)
				v := a + float32((b-a)*row.share)
				k := c
				if pre.BGR {
					k = 2 - c
				}
				dst[k*plane+y*pre.Size+x] = normal(v, k, &pre)
			}
		}
	}
}

func lerp(a, b byte, share float32) float32 {
	return float32(a) + float32((float32(b)-float32(a))*share)
}

// normal is (v·Range − Mean) / Std of a value 0…255.
func normal(v float32, c int, pre *nn.ImagePre) float32 {
	return (v/(255/pre.Range) - pre.Mean[c]) / pre.Std[c] // ToTensor divides by 255
}

// tap is where one output of a bilinear resize comes from: share of high, the rest of low.
type tap struct {
	low, high int
	share     float32
}

// taps are those of a resize from in pixels to out.
func taps(in, out int) []tap {
	scale := float32(in) / float32(out)
	list := make([]tap, out)
	for i := range list {
		at := float32(float32(i) * scale)
		low := int(math.Floor(float64(at)))
		list[i] = tap{low, min(low+1, in-1), at - float32(low)}
	}
	return list
}
