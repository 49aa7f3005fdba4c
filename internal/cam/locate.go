package cam

import (
	"cmp"
	"math"
	"slices"

	"vizserver/internal/fault"
)

// Frame says where the net's input lies in the photo: its edges in the photo's pixels, which may be
// fractions (a resize came between) or outside (a border was added). Pixel i covers i … i+1.
type Frame struct {
	Width, Height            int // of the photo
	Left, Top, Right, Bottom float64
}

// WholeFrame returns the frame of an input that shows the whole photo.
func WholeFrame(width, height int) Frame {
	return Frame{Width: width, Height: height, Right: float64(width), Bottom: float64(height)}
}

// maxSide bounds a photo's side, maxWork that of the grid in which regions are found: a photo of
// 12 megapixels is boxed to 4 pixels, far less than a map's cell.
const (
	maxSide = 1 << 16
	maxWork = 1024
)

func (f Frame) check() error {
	w, h := f.Right-f.Left, f.Bottom-f.Top
	if f.Width < 1 || f.Height < 1 || f.Width > maxSide || f.Height > maxSide {
		return invalid("a photo of %d×%d cannot be marked: sides are 1 to %d", f.Width, f.Height, maxSide)
	}
	if !(w > 0 && h > 0) || w > 16*maxSide || h > 16*maxSide || !(math.Abs(f.Left) < 16*maxSide && math.Abs(f.Top) < 16*maxSide) {
		return invalid("the net's input covers no part of the photo: %g, %g to %g, %g", f.Left, f.Top, f.Right, f.Bottom)
	}
	return nil
}

// Box is a rectangle of the photo's pixels, ends excluded.
type Box struct{ X0, Y0, X1, Y1 int }

// Area counts the box's pixels.
func (b Box) Area() int { return max(0, b.X1-b.X0) * max(0, b.Y1-b.Y0) }

// IoU returns the intersection of two boxes over their union, 0…1.
func IoU(a, b Box) float64 {
	both := Box{max(a.X0, b.X0), max(a.Y0, b.Y0), min(a.X1, b.X1), min(a.Y1, b.Y1)}.Area()
	if both == 0 {
		return 0
	}
	return float64(both) / float64(a.Area()+b.Area()-both)
}

// Contains says whether a pixel lies in the box: the pointing game.
func (b Box) Contains(x, y int) bool { return x >= b.X0 && x < b.X1 && y >= b.Y0 && y < b.Y1 }

// Region is a connected part of what a map marks.
type Region struct {
	Box  Box
	Area float64 // in the photo's pixels
	Sum  float64 // of the map over the area
}

// Location is what a map marks in a photo.
type Location struct {
	Frame     Frame
	Threshold float32  // of the enlarged map: what is above it is marked
	Max       float32  // of the enlarged map
	PeakX     int      // the photo's pixel of the maximum
	PeakY     int      //
	Regions   []Region // the largest first; empty where nothing is above zero

	w, h   int   // of the grid
	labels []int // by cell: the region's index + 1; 0: none
}

// Locate finds what lies above a share of the map's maximum (0: Zhou et al.'s 0.2) and parts it into
// connected regions, corners included; the first is the paper's object. The map is enlarged to the net's
// input in the photo by bilinear interpolation, at most 1024 cells to a side; threshold and maximum are those
// of the enlarged map, which is not scaled to 0…1 first. Boxes are rounded outwards to whole pixels and cut
// at the photo's border.
func (m *Map) Locate(f Frame, share float64) (*Location, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if share == 0 {
		share = 0.2
	}
	if !(share > 0 && share < 1) {
		return nil, invalid("the threshold is a share between 0 and 1 of the map's maximum, not %g", share)
	}
	if err := finite("the map", m.Values); err != nil {
		return nil, err
	}
	l := &Location{Frame: f}
	l.w, l.h = workGrid(f, m)
	big := bilinear(m.Values, m.H, m.W, l.h, l.w)
	peak := 0
	for i, v := range big {
		if v > big[peak] {
			peak = i
		}
	}
	l.Max = big[peak]
	l.PeakX, l.PeakY = l.pixel(peak%l.w, peak/l.w)
	l.labels = make([]int, len(big))
	if l.Max <= 0 {
		return l, nil
	}
	l.Threshold = float32(share) * l.Max
	l.grow(big)
	return l, nil
}

// workGrid returns the size in which regions are found: a cell for each pixel of the frame, at most
// maxWork to a side, and at least one for each cell of the map.
func workGrid(f Frame, m *Map) (w, h int) {
	fw, fh := f.Right-f.Left, f.Bottom-f.Top
	shrink := min(1, maxWork/max(fw, fh))
	return max(m.W, int(math.Round(fw*shrink))), max(m.H, int(math.Round(fh*shrink)))
}

// pixel returns the photo's pixel of the middle of a cell, at the border the outermost.
func (l *Location) pixel(x, y int) (px, py int) {
	fx := l.Frame.Left + (float64(x)+0.5)*(l.Frame.Right-l.Frame.Left)/float64(l.w)
	fy := l.Frame.Top + (float64(y)+0.5)*(l.Frame.Bottom-l.Frame.Top)/float64(l.h)
	return min(max(int(fx), 0), l.Frame.Width-1), min(max(int(fy), 0), l.Frame.Height-1)
}

// grow labels the regions and sorts them by their area.
func (l *Location) grow(big []float32) {
	type found struct {
		Region
		label int
	}
	var list []found
	var stack []int
	for start, v := range big {
		if v <= l.Threshold || l.labels[start] != 0 {
			continue
		}
		r := found{label: len(list) + 1}
		x0, y0, x1, y1, cells := l.w, l.h, 0, 0, 0
		l.labels[start] = r.label
		for stack = append(stack[:0], start); len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%l.w, at/l.w
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			cells++
			r.Sum += float64(big[at])
			for ny := max(y-1, 0); ny <= min(y+1, l.h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, l.w-1); nx++ {
					if i := ny*l.w + nx; l.labels[i] == 0 && big[i] > l.Threshold {
						l.labels[i] = r.label
						stack = append(stack, i)
					}
				}
			}
		}
		cell := (l.Frame.Right - l.Frame.Left) / float64(l.w) * (l.Frame.Bottom - l.Frame.Top) / float64(l.h)
		r.Area, r.Sum = float64(cells)*cell, r.Sum*cell
		r.Box = l.box(x0, y0, x1, y1)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b found) int { return cmp.Compare(b.Area, a.Area) })
	order := make([]int, len(list)+1)
	for i, r := range list {
		l.Regions = append(l.Regions, r.Region)
		order[r.label] = i + 1
	}
	for i, label := range l.labels {
		l.labels[i] = order[label]
	}
}

// box turns cells into the photo's pixels.
func (l *Location) box(x0, y0, x1, y1 int) Box {
	sx, sy := (l.Frame.Right-l.Frame.Left)/float64(l.w), (l.Frame.Bottom-l.Frame.Top)/float64(l.h)
	const eps = 1e-6 // an edge that lies on a pixel's but for rounding is that pixel's
	at := func(v float64, most int) int { return min(max(int(v), 0), most) }
	return Box{
		X0: at(math.Floor(l.Frame.Left+float64(x0)*sx+eps), l.Frame.Width), X1: at(math.Ceil(l.Frame.Left+float64(x1)*sx-eps), l.Frame.Width),
		Y0: at(math.Floor(l.Frame.Top+float64(y0)*sy+eps), l.Frame.Height), Y1: at(math.Ceil(l.Frame.Top+float64(y1)*sy-eps), l.Frame.Height),
	}
}

// maxMask bounds a mask, in pixels.
const maxMask = 256 << 20

// Mask returns one byte for each pixel of the photo, row by row: 255 where the region is, else 0. A region
// below zero means all of them.
func (l *Location) Mask(region int) ([]byte, error) {
	if region >= len(l.Regions) {
		return nil, invalid("there is no region %d of %d", region, len(l.Regions))
	}
	w, h := l.Frame.Width, l.Frame.Height
	if w*h > maxMask {
		return nil, fault.New(fault.TooLarge, "a mask of %d×%d pixels is too large, the limit is %d", w, h, maxMask)
	}
	mask := make([]byte, w*h)
	sx, sy := float64(l.w)/(l.Frame.Right-l.Frame.Left), float64(l.h)/(l.Frame.Bottom-l.Frame.Top)
	for y := range h {
		cy := int(math.Floor((float64(y) + 0.5 - l.Frame.Top) * sy))
		if cy < 0 || cy >= l.h {
			continue
		}
		for x := range w {
			cx := int(math.Floor((float64(x) + 0.5 - l.Frame.Left) * sx))
			if cx < 0 || cx >= l.w {
				continue
			}
			if label := l.labels[cy*l.w+cx]; label != 0 && (region < 0 || label == region+1) {
				mask[y*w+x] = 255
			}
		}
	}
	return mask, nil
}
