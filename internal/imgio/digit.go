package imgio

import (
	"image"
	"math"
	"slices"

	"github.com/disintegration/imaging"
)

// pictureMinSide is the least side of ink, in pixels, that is scaled up to the whole 20×20 box:
// a picture of fewer pixels than the field is never magnified.
const pictureMinSide = boxSide

// Digit reduces a picture of one digit to the 28×28 greys that a net sees, 0 (paper) … 255 (ink),
// by Centred or by Uncentred. It takes opaque pictures with bounds from (0, 0), as Decode makes.
//
// Which colour is ink follows from the rim: its median is paper, so dark on light and light on dark
// both work. A rim that is almost all pure white or pure black is a drawing, whose greys are taken
// as they are; any other is a photograph: its paper is levelled, its ink stretched
// to 255, and specks and what reaches in from the rim are left out.
// A 28×28 drawing that MNIST's recipe has already made (a file of the data set) stays as it is.
//
// ok is false, and all greys 0, where there is no ink.
func Digit(m *image.NRGBA, centred bool) (greys []byte, ok bool) {
	g := inkOf(m)
	switch {
	case g.w == FieldSide && g.h == FieldSide && (!centred || g.fulfilsRecipe()):
		_, ok = findInk(g.greys, g.w, g.h, inkGrey)
		greys = slices.Clone(g.greys)
	case centred:
		greys = Centred(g.greys, g.w, g.h, pictureMinSide)
		ok = greys != nil
	default:
		greys = Uncentred(g.greys, g.w, g.h)
		ok = greys != nil
	}
	if !ok {
		greys = make([]byte, FieldSide*FieldSide)
	}
	return greys, ok
}

// plane is a picture of one channel.
type plane struct {
	w, h  int
	greys []byte
}

// fulfilsRecipe says whether a 28×28 plane is what MNIST's recipe makes: a longer side of 20 (18 at
// the least, for faint ends fade away) and the centre of mass in pixel 14. It holds for all of
// the 10,000 test digits.
func (p plane) fulfilsRecipe() bool {
	box, ok := findInk(p.greys, p.w, p.h, 1)
	if !ok {
		return false
	}
	side := max(box.x1-box.x0, box.y1-box.y0)
	const slack = 0.1
	inside := func(c float64) bool { return math.Abs(c-centre) <= 0.5+slack }
	return side >= boxSide-2 && side <= boxSide && inside(box.cx) && inside(box.cy)
}

// inkOf turns a picture into ink: 0 paper, 255 full ink.
func inkOf(m *image.NRGBA) plane {
	p := luminance(m)
	rim := p.rim()
	slices.Sort(rim)
	paper := rim[len(rim)/2]
	light := paper >= 128
	if isDrawing(rim, light) {
		if light {
			for i, g := range p.greys {
				p.greys[i] = 255 - g
			}
		}
		return p
	}
	const side = 512 // enough for a digit; a photograph's grain is averaged away
	if max(p.w, p.h) > side {
		p = luminance(imaging.Fit(m, side, side, imaging.Box))
	}
	return p.level(paper, light)
}

// luminance is the grey of each pixel, by the weights of Rec. 601, as image/color has them.
func luminance(m *image.NRGBA) plane {
	p := plane{w: m.Rect.Dx(), h: m.Rect.Dy()}
	p.greys = make([]byte, p.w*p.h)
	for y := range p.h {
		row := m.Pix[y*m.Stride:]
		for x := range p.w {
			r, g, b := uint32(row[4*x]), uint32(row[4*x+1]), uint32(row[4*x+2])
			p.greys[y*p.w+x] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		}
	}
	return p
}

// rim is a copy of the outermost pixels, a fiftieth of the shorter side wide.
func (p plane) rim() []byte {
	d := max(1, min(p.w, p.h)/50)
	var out []byte
	for y := range p.h {
		row := p.greys[y*p.w : (y+1)*p.w]
		if y < d || y >= p.h-d || 2*d >= p.w {
			out = append(out, row...)
			continue
		}
		out = append(append(out, row[:d]...), row[p.w-d:]...)
	}
	return out
}

// isDrawing says whether 19 of 20 pixels of the sorted rim are within 2 of pure paper.
func isDrawing(rim []byte, light bool) bool {
	k := len(rim) / 20
	if light {
		return rim[k] >= 253
	}
	return rim[len(rim)-1-k] <= 2
}

// level turns a photograph into ink: the paper's shade is fitted by a plane through the rim and
// taken away; what is left counts as ink from a third of the contrast on, fully from two thirds on.
func (p plane) level(paper byte, light bool) plane {
	shade := p.fitShade(paper)
	depth := make([]float64, len(p.greys)) // how much darker (or lighter) than the paper
	for y := range p.h {
		for x := range p.w {
			d := shade[0] + shade[1]*float64(x) + shade[2]*float64(y) - float64(p.greys[y*p.w+x])
			if !light {
				d = -d
			}
			depth[y*p.w+x] = d
		}
	}
	sorted := slices.Clone(depth)
	slices.Sort(sorted)
	full := sorted[len(sorted)-1-len(sorted)/500] // the 99.8th percentile: a digit may be small
	const faintest = 30                           // below this contrast a blank page's grain would be stretched into ink
	out := plane{w: p.w, h: p.h, greys: make([]byte, len(p.greys))}
	if full < faintest {
		return out
	}
	for i, d := range depth {
		out.greys[i] = byte(255*math.Min(1, math.Max(0, (3*d-full)/full)) + 0.5)
	}
	out.clean()
	return out
}

// fitShade fits a + b·x + c·y to the rim's pixels near the median by least squares.
func (p plane) fitShade(paper byte) [3]float64 {
	const near = 48 // further off it is ink, a shadow or a table's edge
	d := max(1, min(p.w, p.h)/50)
	var n, sx, sy, sxx, sxy, syy, sg, sgx, sgy float64
	for y := range p.h {
		for x := range p.w {
			if y >= d && y < p.h-d && x >= d && x < p.w-d {
				continue
			}
			g := float64(p.greys[y*p.w+x])
			if math.Abs(g-float64(paper)) > near {
				continue
			}
			fx, fy := float64(x), float64(y)
			n, sx, sy, sg = n+1, sx+fx, sy+fy, sg+g
			sxx, sxy, syy, sgx, sgy = sxx+fx*fx, sxy+fx*fy, syy+fy*fy, sgx+g*fx, sgy+g*fy
		}
	}
	flat := [3]float64{float64(paper), 0, 0}
	if n < 3 {
		return flat
	}
	// Normal equations about the mean: two unknowns.
	cxx, cxy, cyy := sxx-sx*sx/n, sxy-sx*sy/n, syy-sy*sy/n
	cgx, cgy := sgx-sg*sx/n, sgy-sg*sy/n
	det := cxx*cyy - cxy*cxy
	if det < 1e-6*cxx*cyy || det == 0 {
		return flat
	}
	b, c := (cgx*cyy-cgy*cxy)/det, (cgy*cxx-cgx*cxy)/det
	return [3]float64{sg/n - b*sx/n - c*sy/n, b, c}
}
