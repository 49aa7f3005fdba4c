package imgio

import (
	"image"
	"image/color"
	"image/draw"
	"slices"

	"github.com/disintegration/imaging"

	"vizserver/internal/fault"
)

// checkPalette refuses indices past the palette that the header announced. The PNG decoder makes
// them black; imaging panics on them in its own goroutine (CVE-2023-36308), which ends the process.
func checkPalette(f *format, m image.Image, model color.Model) error {
	p, ok := m.(*image.Paletted)
	if !ok {
		return nil
	}
	n := len(p.Palette)
	if announced, ok := model.(color.Palette); ok && f.name == "PNG" {
		n = len(announced)
	}
	if len(p.Pix) > 0 && int(slices.Max(p.Pix)) >= n {
		return fault.New(fault.Unprocessable, "the %s is damaged: a pixel's colour is not in its palette of %d", f.name, n)
	}
	return nil
}

// is16 says whether the decoder gave 16 bits a channel.
func is16(m image.Image) bool {
	switch m.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		return true
	}
	return false
}

// flatten draws m, which may be smaller than the w×h canvas (a GIF's first frame), over white.
// It is our own copy: no later step sees the decoder's types.
func flatten(m image.Image, w, h int) (img *image.NRGBA, flattened bool) {
	canvas := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range canvas.Pix {
		canvas.Pix[i] = 255
	}
	if p, ok := m.(*image.YCbCr); ok && p.SubsampleRatio == image.YCbCrSubsampleRatio444 && p.Rect == canvas.Rect {
		convert(canvas.Pix, p) // a JPEG
		return &image.NRGBA{Pix: canvas.Pix, Stride: canvas.Stride, Rect: canvas.Rect}, false
	}
	bounds := m.Bounds().Intersect(canvas.Bounds())
	o, ok := m.(interface{ Opaque() bool })
	flattened = bounds != canvas.Bounds() || !ok || !o.Opaque()
	draw.Draw(canvas, bounds, m, bounds.Min, draw.Over)
	// All is opaque now, so premultiplied and plain colours are the same bytes.
	return &image.NRGBA{Pix: canvas.Pix, Stride: canvas.Stride, Rect: canvas.Rect}, flattened
}

// upright undoes EXIF orientation o (EXIF 2.32 §4.6.4, table "Orientation").
func upright(m *image.NRGBA, o int) *image.NRGBA {
	switch o {
	case 2:
		return imaging.FlipH(m)
	case 3:
		return imaging.Rotate180(m)
	case 4:
		return imaging.FlipV(m)
	case 5:
		return imaging.Transpose(m)
	case 6:
		return imaging.Rotate270(m) // counter-clockwise in imaging: 90° clockwise
	case 7:
		return imaging.Transverse(m)
	case 8:
		return imaging.Rotate90(m)
	}
	return m
}
