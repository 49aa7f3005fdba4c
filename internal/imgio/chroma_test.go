package imgio

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vizserver/internal/testutil"
)

// TestChromaIsLibjpegs compares every value of the magnified chroma and every colour with libjpeg's, by Pillow
// (scripts/golden/photo_torchvision.py), on tiles that all decoders decode alike.
func TestChromaIsLibjpegs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testutil.Root(t), "testdata/golden/photos")
	b, err := os.ReadFile(filepath.Join(dir, "chroma.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		File string `json:"file"`
		Cb   string `json:"cb"`
		Cr   string `json:"cr"`
		RGB  string `json:"rgb"`
		Row  []int  `json:"row"` // row 17 of Cb
	}
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) != 2 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, c := range cases {
		b, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := New(Limits{}).Decode(t.Context(), bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var rgb []byte
		for i, v := range whole.Image.Pix {
			if i%4 < 3 {
				rgb = append(rgb, v)
			}
		}
		if sum := sha256.Sum256(rgb); hex.EncodeToString(sum[:]) != c.RGB {
			t.Errorf("%s: some colour differs", c.File)
		}
		m, err := decodeJPEG(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		p, ok := m.(*image.YCbCr)
		if !ok || p.SubsampleRatio != image.YCbCrSubsampleRatio444 || p.CStride != 75 {
			t.Fatalf("%s: %T", c.File, m)
		}
		row := make([]int, 75)
		for x := range row {
			row[x] = int(p.Cb[17*75+x])
		}
		if !slices.Equal(row, c.Row) {
			t.Errorf("%s: row 17 is %v, want %v", c.File, row, c.Row)
		}
		for plane, want := range map[string]string{string(p.Cb): c.Cb, string(p.Cr): c.Cr} {
			if sum := sha256.Sum256([]byte(plane)); hex.EncodeToString(sum[:]) != want {
				t.Errorf("%s: some value of chroma differs", c.File)
			}
		}
	}
}

// Tiny pictures keep their chroma.
func TestChromaOfTinyPictures(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {4, 9}, {5, 1}, {6, 2}, {1, 40}} {
		p := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		for i := range p.Cb {
			p.Cb[i], p.Cr[i] = 90, 200
		}
		m := smoothChroma(p)
		for y := range size.Y {
			for x := range size.X {
				if m.At(x, y) != p.At(x, y) {
					t.Fatalf("%v: (%d, %d) is %v, want %v", size, x, y, m.At(x, y), p.At(x, y))
				}
			}
		}
	}
}
