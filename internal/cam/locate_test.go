package cam

import (
	"math"
	"slices"
	"testing"

	"vizserver/internal/fault"
)

// TestLocateByHand boxes maps in their own grid, where no cell is enlarged.
func TestLocateByHand(t *testing.T) {
	m := &Map{H: 4, W: 7, Values: []float32{
		10, 0, 0, 3, 3, 0, 0,
		0, 3, 2, 0, 3, 0, 0,
		0, 0, 0, 3, 0, 0, 2,
		-9, 0, 0, 0, 0, 0, 1,
	}}
	l, err := m.Locate(WholeFrame(7, 4), 0)
	if err != nil {
		t.Fatal(err)
	}
	// Above 0.2·10 = 2, corners connected: the four 3s on the right, then 10 and 3 on the left; 2 is not above.
	want := []Region{{Box: Box{3, 0, 5, 3}, Area: 4, Sum: 12}, {Box: Box{0, 0, 2, 2}, Area: 2, Sum: 13}}
	if !slices.Equal(l.Regions, want) || l.Threshold != 2 || l.PeakX != 0 || l.PeakY != 0 {
		t.Errorf("got %+v, threshold %v, peak %d, %d", l.Regions, l.Threshold, l.PeakX, l.PeakY)
	}
	mask, err := l.Mask(1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range mask {
		if in := i == 0 || i == 8; (v == 255) != in {
			t.Errorf("pixel %d of the mask is %d", i, v)
		}
	}
	all, err := l.Mask(-1)
	if err != nil || len(all) != 28 || all[3] != 255 || all[0] != 255 || all[20] != 0 {
		t.Errorf("the mask of all regions is %v, %v", all, err)
	}
	if _, err := l.Mask(2); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v for a region that does not exist", err)
	}
}

// TestLocateInPhotos puts one bright cell of a 7×7 map into photos of six aspect ratios, whose middle square the net
// saw, and one that was given a border: the box lies within one cell of the bright one.
func TestLocateInPhotos(t *testing.T) {
	m := &Map{H: 7, W: 7, Values: make([]float32, 49)}
	m.Values[2*7+4] = 1
	for _, size := range [][2]int{{224, 224}, {640, 480}, {480, 640}, {4000, 3000}, {1000, 300}, {91, 1213}} {
		w, h := float64(size[0]), float64(size[1])
		side := math.Min(w, h) * 0.875 // crop 224 of 256
		for _, f := range []Frame{
			{Width: size[0], Height: size[1], Left: (w - side) / 2, Top: (h - side) / 2, Right: (w + side) / 2, Bottom: (h + side) / 2},
			{Width: size[0], Height: size[1], Left: (w - max(w, h)) / 2, Top: (h - max(w, h)) / 2, Right: (w + max(w, h)) / 2, Bottom: (h + max(w, h)) / 2},
		} {
			l, err := m.Locate(f, 0)
			if err != nil {
				t.Fatal(err)
			}
			cell := (f.Right - f.Left) / 7
			cut := func(v float64, most int) float64 { return min(max(v, 0), float64(most)) }
			want := []float64{cut(f.Left+4*cell, f.Width), cut(f.Top+2*cell, f.Height), cut(f.Left+5*cell, f.Width), cut(f.Top+3*cell, f.Height)}
			b := l.Regions[0].Box
			for i, got := range []int{b.X0, b.Y0, b.X1, b.Y1} {
				if !(math.Abs(float64(got)-want[i]) <= cell+1) {
					t.Errorf("%v, %+v: the box is %+v, the cell %v", size, f, b, want)
				}
			}
			if len(l.Regions) != 1 || !(math.Abs(float64(l.PeakX)-cut(f.Left+4.5*cell, f.Width)) <= cell/2+1) {
				t.Errorf("%v: %d regions, peak at %d", size, len(l.Regions), l.PeakX)
			}
		}
	}
}

// TestLocateRefuses gives limits that cannot be; a map without evidence marks nothing.
func TestLocateRefuses(t *testing.T) {
	m := &Map{H: 1, W: 2, Values: []float32{-1, 0}}
	l, err := m.Locate(WholeFrame(5, 3), 0)
	if err != nil || len(l.Regions) != 0 {
		t.Errorf("got %v, %v", l, err)
	}
	nan := math.NaN()
	for _, f := range []Frame{{}, WholeFrame(0, 5), WholeFrame(1<<20, 5), {Width: 5, Height: 5, Right: nan, Bottom: 5}, {Width: 5, Height: 5, Left: 4, Right: 4, Bottom: 5}} {
		if _, err := m.Locate(f, 0); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: got %v", f, err)
		}
	}
	for _, share := range []float64{-0.1, 1, nan} {
		if _, err := m.Locate(WholeFrame(5, 3), share); fault.KindOf(err) != fault.Invalid {
			t.Errorf("share %v: got %v", share, err)
		}
	}
	m.Values[0] = float32(nan)
	if _, err := m.Locate(WholeFrame(5, 3), 0); fault.KindOf(err) != fault.Unprocessable {
		t.Errorf("NaN: got %v", err)
	}
}

// TestIoU compares boxes by hand: 4 pixels of 9 and 12 are common.
func TestIoU(t *testing.T) {
	a, b := Box{0, 0, 3, 3}, Box{1, 1, 5, 4}
	if got := IoU(a, b); math.Abs(got-4.0/(9+12-4)) > 1e-12 {
		t.Errorf("IoU is %v", got)
	}
	if IoU(a, Box{3, 0, 5, 2}) != 0 || IoU(Box{}, Box{}) != 0 || IoU(a, a) != 1 || !a.Contains(2, 2) || a.Contains(3, 2) {
		t.Error("edges are not excluded")
	}
}
