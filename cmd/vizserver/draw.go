package main

import (
	"image"
	"math"

	"vizserver/internal/imgio"
	"vizserver/internal/nn"
)

// drawInput writes an input that nobody has to bring, and says what it is: a sun over a
// meadow for a network of photos, a one for a network of digits, a wave for any other.
func drawInput(m *nn.Model, dst []float32) (string, error) {
	switch {
	case m.Image.Size > 0:
		return "a drawn picture", imgio.Photo(dst, drawPhoto(), m.Image)
	case m.Pre.Width > 0:
		m.Pre.Apply(dst, drawOne(m.Pre.Width, m.Pre.Height))
		return "a drawn 1", nil
	}
	for i := range dst {
		dst[i] = float32(math.Sin(float64(i) / 7))
	}
	return "a wave of numbers, −1…1", nil
}

func drawPhoto() *image.NRGBA {
	const w, h, sunX, sunY, sun = 320, 240, 220, 70, 40
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p := m.Pix[m.PixOffset(x, y):][:4]
			p[0], p[1], p[2], p[3] = byte(90+y/3), byte(140+y/3), 230, 255
			if y > h*2/3 {
				p[0], p[1], p[2] = 60, byte(200-y/2), 50
			}
			if (x-sunX)*(x-sunX)+(y-sunY)*(y-sunY) < sun*sun {
				p[0], p[1], p[2] = 255, 220, 60
			}
		}
	}
	return m
}

// drawOne draws an upright stroke of ink.
func drawOne(w, h int) []byte {
	greys := make([]byte, w*h)
	for y := h / 6; y < h-h/6; y++ {
		for x := w/2 - w/14; x < w/2+w/14; x++ {
			greys[y*w+x] = 255
		}
	}
	return greys
}
