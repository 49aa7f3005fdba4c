package imgio

import (
	"bytes"
	"testing"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
)

// FuzzDecode: any bytes give a picture whose size is within the limits and whose digit has 784
// greys, or an error that is not ours, in little memory.
func FuzzDecode(f *testing.F) {
	for _, b := range testutil.Files(f, "testdata/pictures/*") {
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Add(pngHeader(20000, 20000))
	f.Add(pngHeader(0, 0))
	f.Add([]byte("<svg/>"))
	d := New(Limits{MaxPixels: 1 << 16, MaxBytes: 1 << 16, Timeout: 2 * time.Second})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := d.Decode(t.Context(), bytes.NewReader(b))
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad picture is not our fault: %v", err)
			}
			return
		}
		size := p.Image.Rect.Size()
		if size.X < 1 || size.Y < 1 || size.X*size.Y > 1<<16 || len(p.Image.Pix) != 4*size.X*size.Y {
			t.Fatalf("size %v", size)
		}
		for _, centred := range []bool{true, false} {
			if greys, _ := Digit(p.Image, centred); len(greys) != 784 {
				t.Fatalf("%d greys", len(greys))
			}
		}
	})
}

// FuzzOrientation: the parser of EXIF answers 1 to 8 for any bytes.
func FuzzOrientation(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Add([]byte("MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := orientation(b); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if o := jpegOrientation(append([]byte("\xff\xd8"), b...)); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
