package imgio

import (
	"image"
	"math"

	"vizserver/internal/nn"
)

// cvBits is the number of binary places of OpenCV's weights for bytes, in one direction.
const cvBits = 11

// cvTap is where one output row or column of OpenCV's bilinear resize comes from: its two
// places in the source, and their weights in units of 2^-cvBits.
type cvTap struct {
	low, high int
	a, b      int32
}

// cvTaps are those of the outputs from…from+n of a resize from in pixels to out: INTER_LINEAR in
// modules/imgproc/src/resize.cpp. At the ends a column weighs its only pixel fully; a row
// weighs it twice by both weights, which rounds otherwise.
func cvTaps(in, out, from, n int, columns bool) []cvTap {
	scale := 1 / (float64(out) / float64(in))
	list := make([]cvTap, n)
	for i := range list {
		at := float32(float64((float64(from+i)+0.5)*scale) - 0.5) // the inner conversion forbids a fused product
		low := int(math.Floor(float64(at)))
		share := at - float32(low)
		if columns && (low < 0 || low >= in-1) {
			low, share = min(max(low, 0), in-1), 0
		}
		weight := func(v float32) int32 { return int32(math.RoundToEven(float64(v * (1 << cvBits)))) }
		list[i] = cvTap{min(max(low, 0), in-1), min(max(low+1, 0), in-1), weight(1 - share), weight(share)}
	}
	return list
}

// opencv resizes m to pre.Resize × pre.Resize as cv2.resize does with bytes, cuts out the middle
// and normalises it: how Caffe made its databases (tools/convert_imageset.cpp) and fed its nets
// (src/caffe/data_transformer.cpp). The same bytes as OpenCV 4.14's; where it halves a picture
// it averages four pixels, which are the same bytes too. Only what the crop needs is computed.
func opencv(dst []float32, m *image.NRGBA, pre nn.ImagePre) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	first := (pre.Resize - pre.Size) / 2
	put := func(x, y, c int, v int32) {
		if pre.BGR {
			c = 2 - c
		}
		dst[(c*pre.Size+y)*pre.Size+x] = normal(float32(v), c, &pre)
	}
	columns := cvTaps(w, pre.Resize, first, pre.Size, true)
	across := func(row []byte, t cvTap, c int) int32 {
		return (int32(row[4*t.low+c])*t.a + int32(row[4*t.high+c])*t.b) >> 4
	}
	for y, row := range cvTaps(h, pre.Resize, first, pre.Size, false) {
		top, bottom := m.Pix[row.low*m.Stride:], m.Pix[row.high*m.Stride:]
		for x, col := range columns {
			for c := range 3 {
				v := (row.a*across(top, col, c))>>16 + (row.b*across(bottom, col, c))>>16
				put(x, y, c, (v+2)>>2)
			}
		}
	}
}
