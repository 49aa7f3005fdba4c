package imgio

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

// pictureCase is what is expected of one file of testdata/pictures beside its pixels.
type pictureCase struct {
	format  string
	notices []Notice
	within  int // of Pillow's colours
}

var pictureCases = map[string]pictureCase{
	"rgb8.png":            {format: "PNG"},
	"grey8.png":           {format: "PNG"},
	"rgba8.png":           {format: "PNG", notices: []Notice{{Code: "flattened"}}, within: 1},
	"greyalpha8.png":      {format: "PNG", notices: []Notice{{Code: "flattened"}}, within: 1},
	"grey16.png":          {format: "PNG", notices: []Notice{{Code: "reduced_16"}}},
	"bit1.png":            {format: "PNG"},
	"palette.png":         {format: "PNG"},
	"palette_trns.png":    {format: "PNG", notices: []Notice{{Code: "flattened"}}},
	"animated.png":        {format: "PNG", notices: []Notice{{"first_frame", 2}}},
	"text_bomb.png":       {format: "PNG"},
	"444.jpg":             {format: "JPEG", within: 3},
	"420.jpg":             {format: "JPEG", within: 28}, // Pillow interpolates the halved colours, Go repeats them
	"grey.jpg":            {format: "JPEG", within: 3},
	"progressive.jpg":     {format: "JPEG", within: 3},
	"cmyk.jpg":            {format: "JPEG", within: 3},
	"lossy.webp":          {format: "WebP", within: 28}, // as 420.jpg
	"lossless.webp":       {format: "WebP"},
	"lossy_alpha.webp":    {format: "WebP", notices: []Notice{{Code: "flattened"}}, within: 28},
	"lossless_alpha.webp": {format: "WebP", notices: []Notice{{Code: "flattened"}}, within: 1},
	"frames.gif":          {format: "GIF", notices: []Notice{{"first_frame", 2}}},
	"transparent.gif":     {format: "GIF", notices: []Notice{{Code: "flattened"}}},
	"orientation_1.jpg":   {format: "JPEG", within: 12}, // a lossy copy of the upright original
	"orientation_2.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 2}}, within: 12},
	"orientation_3.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 3}}, within: 12},
	"orientation_4.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 4}}, within: 12},
	"orientation_5.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 5}}, within: 12},
	"orientation_6.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 6}}, within: 12},
	"orientation_7.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 7}}, within: 12},
	"orientation_8.jpg":   {format: "JPEG", notices: []Notice{{"rotated", 8}}, within: 12},
}

// The pictures and their pixels come from Pillow: scripts/golden/images.py.
func TestPictures(t *testing.T) {
	b, err := os.ReadFile("testdata/pictures.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	d := New(Limits{})
	seen := 0
	for name, b := range testutil.Files(t, "testdata/pictures/*") {
		want, ok := pictureCases[name]
		if !ok {
			continue // animated.webp is refused: see TestBadPictures
		}
		seen++
		t.Run(name, func(t *testing.T) {
			p, err := d.Decode(t.Context(), bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if p.Format != want.format || !slices.Equal(p.Notices, want.notices) {
				t.Errorf("%s with notices %v, want %s with %v", p.Format, p.Notices, want.format, want.notices)
			}
			samePixels(t, p.Image, golden.Tensor(name), want.within)
		})
	}
	if seen != len(pictureCases) {
		t.Errorf("%d of %d pictures are there", seen, len(pictureCases))
	}
}

// samePixels compares with an H×W×3 tensor.
func samePixels(t *testing.T, m *image.NRGBA, want *weights.Tensor, within int) {
	t.Helper()
	h, w := want.Shape[0], want.Shape[1]
	if m.Rect != image.Rect(0, 0, w, h) {
		t.Fatalf("bounds %v, want %d×%d", m.Rect, w, h)
	}
	worst := 0
	for y := range h {
		for x := range w {
			px := m.NRGBAAt(x, y)
			if px.A != 255 {
				t.Fatalf("(%d, %d) is not opaque", x, y)
			}
			for c, v := range [3]uint8{px.R, px.G, px.B} {
				worst = max(worst, abs(int(v)-int(want.Data[(y*w+x)*3+c])))
			}
		}
	}
	if worst > within {
		t.Errorf("colours are off by %d, at most %d is allowed", worst, within)
	}
}

func abs(n int) int { return max(n, -n) }

// A cut file gives an error or the whole first frame, never a picture that is half grey.
func TestTruncated(t *testing.T) {
	d := New(Limits{})
	for _, name := range []string{"rgb8.png", "palette.png", "444.jpg", "progressive.jpg", "frames.gif", "lossy.webp", "lossless.webp", "lossy_alpha.webp"} {
		b, err := os.ReadFile(filepath.Join("testdata/pictures", name))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := d.Decode(t.Context(), bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if testing.Short() {
			step = 13
		}
		for n := 0; n < len(b); n += step {
			p, err := d.Decode(t.Context(), bytes.NewReader(b[:n]))
			switch k := fault.KindOf(err); {
			case err == nil:
				if !bytes.Equal(p.Image.Pix, whole.Image.Pix) {
					t.Errorf("%s cut to %d bytes shows other pixels", name, n)
				}
			case n == 0 && k != fault.Invalid, n >= 16 && k != fault.Unprocessable, k == fault.Internal:
				t.Errorf("%s cut to %d bytes: %v (%v)", name, n, err, k)
			}
		}
	}
}

func TestNoticesAreNamed(t *testing.T) {
	for _, c := range pictureCases {
		for _, n := range c.notices {
			if s := n.String(); s == n.Code || s == "" {
				t.Errorf("notice %q has no text", n.Code)
			}
		}
	}
	if s := (Notice{"first_frame", 2000}).String(); !strings.Contains(s, "first of 2000 frames") {
		t.Error(s)
	}
}
