package imgio

import "math"

// FieldSide is the height and width of what a net for digits sees.
const FieldSide = 28

// Constants of the recipe; web/static/js/digit/recipe.js has the same ones and says why.
const (
	boxSide = 20   // a digit is scaled into 20×20
	centre  = 14.5 // and its mass is put into the middle of pixel 14
	inkGrey = 64   // the least grey that counts for the box
)

// Centred is MNIST's own recipe, as web/static/js/digit/recipe.js has it for the pad: the digit is
// scaled, keeping its aspect, so that the longer side of its ink becomes 20 pixels, and laid on a
// 28×28 field with its centre of mass in the field's centre:
//
//	q = max(box width, box height, minSide) / 20
//	out(i, j) = round(mean of greys over [cx+(i−14.5)q, cx+(i−13.5)q) × [cy+(j−14.5)q, cy+(j−13.5)q))
//
// Box: pixels of grey ≥ 64; (cx, cy): centre of mass of all greys; outside the picture is paper.
// The area average is exact, by parts of pixels, in float64; halves round up. Greys are w×h,
// 0 (paper) … 255 (ink). The result belongs to the caller; it is nil where there is no ink.
//
// LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
func Centred(greys []byte, w, h int, minSide float64) []byte {
	ink, ok := findInk(greys, w, h, inkGrey)
	if !ok {
		return nil
	}
	q := math.Max(math.Max(float64(ink.x1-ink.x0), float64(ink.y1-ink.y0)), minSide) / boxSide
	return areaAverage(greys, w, h, grid{ink.cx - centre*q, ink.cy - centre*q, q, q})
}

// Uncentred reduces the whole picture to 28×28, as Harley's page does, neither scaled nor centred:
// the same mean over cells of (w/28)×(h/28) from (0, 0). It is nil where there is no ink.
func Uncentred(greys []byte, w, h int) []byte {
	if _, ok := findInk(greys, w, h, inkGrey); !ok {
		return nil
	}
	return areaAverage(greys, w, h, grid{0, 0, float64(w) / FieldSide, float64(h) / FieldSide})
}

// ink says where the ink is: its box (x1 and y1 excluded) and its centre of mass.
type ink struct {
	x0, y0, x1, y1 int
	cx, cy         float64
}

// findInk finds the box of the pixels of at least least, and the centre of mass of all; false
// where no pixel is as dark.
func findInk(greys []byte, w, h int, least byte) (ink, bool) {
	box := ink{x0: w, y0: h}
	var mass, massX, massY int64 // exact in any order
	for y := range h {
		var row int64
		inked := false
		for x, g := range greys[y*w : (y+1)*w] {
			row += int64(g)
			massX += int64(g) * int64(x)
			if g >= least {
				inked = true
				box.x0, box.x1 = min(box.x0, x), max(box.x1, x+1)
			}
		}
		mass += row
		massY += row * int64(y)
		if inked {
			box.y0, box.y1 = min(box.y0, y), y+1
		}
	}
	if box.x1 == 0 {
		return ink{}, false
	}
	box.cx = float64(massX)/float64(mass) + 0.5
	box.cy = float64(massY)/float64(mass) + 0.5
	return box, true
}

// grid is a field of 28×28 cells of qx×qy pixels, the first of which begins at (left, top).
type grid struct{ left, top, qx, qy float64 }

// areaAverage averages the greys over the cells of g.
func areaAverage(greys []byte, w, h int, g grid) []byte {
	var sums [FieldSide * FieldSide]float64
	var cells [FieldSide]float64
	first := max(0, int(math.Floor(g.top)))
	past := min(h, int(math.Ceil(g.top+FieldSide*g.qy)))
	for y := first; y < past; y++ {
		if !sumRow(greys[y*w:(y+1)*w], g.left, g.qx, &cells) {
			continue
		}
		fy := float64(y)
		for j := max(0, int(math.Floor((fy-g.top)/g.qy))); j < FieldSide && g.top+float64(j)*g.qy < fy+1; j++ {
			part := math.Min(fy+1, g.top+float64(j+1)*g.qy) - math.Max(fy, g.top+float64(j)*g.qy)
			if part <= 0 {
				continue
			}
			for i, c := range cells {
				sums[j*FieldSide+i] += part * c
			}
		}
	}
	out := make([]byte, len(sums))
	area := g.qx * g.qy
	for k, s := range sums {
		out[k] = byte(math.Min(255, math.Floor(s/area+0.5)))
	}
	return out
}

// sumRow sums a row of pixels into 28 cells of q pixels from left on; false where all are empty.
// It keeps the running sum up to each cell's edge, so each pixel is read once.
func sumRow(row []byte, left, q float64, cells *[FieldSide]float64) bool {
	x, whole := 0, 0.0 // whole is the sum of the pixels before x
	before, inked := 0.0, false
	for i := range FieldSide + 1 {
		edge := math.Min(float64(len(row)), math.Max(0, left+float64(i)*q))
		last := int(edge)
		for ; x < last; x++ {
			whole += float64(row[x])
		}
		upTo := whole
		if last < len(row) {
			upTo += (edge - float64(last)) * float64(row[last])
		}
		if i > 0 {
			cells[i-1] = upTo - before
			inked = inked || upTo > before
		}
		before = upTo
	}
	return inked
}
