package imgio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
)

// pngHeader is a PNG of which only the header is there.
func pngHeader(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	ihdr := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	ihdr = binary.BigEndian.AppendUint32(ihdr, h)
	ihdr = append(ihdr, 8, 2, 0, 0, 0) // 8 bits, RGB
	return append(b, chunk(ihdr)...)
}

// chunk frames name and payload of a PNG chunk.
func chunk(b []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(b)-4))
	return binary.BigEndian.AppendUint32(append(out, b...), crc32.ChecksumIEEE(b))
}

func encode(tb testing.TB, f func(io.Writer) error) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func encodePNG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w io.Writer) error { return png.Encode(w, m) })
}

func encodeJPEG(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w io.Writer) error { return jpeg.Encode(w, m, nil) })
}

// jpegHeader patches the size in the SOF segment of a small JPEG.
func jpegHeader(tb testing.TB, w, h uint16) []byte {
	tb.Helper()
	b := encodeJPEG(tb, image.NewGray(image.Rect(0, 0, 8, 8)))
	i := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[i+5:], h)
	binary.BigEndian.PutUint16(b[i+7:], w)
	return b
}

// badPalettePNG has a pixel of colour 7 and a palette of 3.
func badPalettePNG(tb testing.TB) []byte {
	tb.Helper()
	pal := color.Palette{color.Black, color.White, color.Gray{9}}
	m := image.NewPaletted(image.Rect(0, 0, 5, 3), append(pal, color.Gray{1}, color.Gray{2}, color.Gray{3}, color.Gray{4}, color.Gray{5}))
	m.SetColorIndex(2, 1, 7)
	big := encodePNG(tb, m)
	// The file of the larger palette, with the smaller one in its place.
	plte := chunk(append([]byte("PLTE"), 0, 0, 0, 255, 255, 255, 9, 9, 9))
	i, j := bytes.Index(big, []byte("PLTE"))-4, bytes.Index(big, []byte("IDAT"))-4
	return bytes.Join([][]byte{big[:i], plte, big[j:]}, nil)
}

// manyScans is a progressive JPEG of n empty scans.
func manyScans(tb testing.TB, n int) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/pictures/progressive.jpg")
	if err != nil {
		tb.Fatal(err)
	}
	i := bytes.Index(b, []byte{0xff, 0xc2})
	b = bytes.Clone(b)
	binary.BigEndian.PutUint16(b[i+5:], 4000)
	binary.BigEndian.PutUint16(b[i+7:], 4000)
	s := bytes.Index(b, []byte{0xff, 0xda})
	head := b[:s]
	scan := []byte{0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0x10, 0} // DC refinement of one component
	return append(append(bytes.Clone(head), bytes.Repeat(scan, n)...), 0xff, 0xd9)
}

type badCase struct {
	name string
	in   []byte
	kind fault.Kind
	text string
}

// The numbers are those of reliability.md §2.5.
func badCases(t *testing.T) []badCase {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata/pictures", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	lie := bytes.Clone(read("lossless_alpha.webp"))
	if i := bytes.Index(lie, []byte("VP8X")); i > 0 {
		lie[i+12] = 3 // the canvas is 4 pixels wide, the picture is not
	} else {
		i = bytes.Index(lie, []byte("VP8L"))
		binary.LittleEndian.PutUint32(lie[i+9:], 16383|16383<<14) // 16384×16384
	}
	return []badCase{
		{"1 large PNG header", pngHeader(20000, 20000), fault.TooLarge, "400 Mpx is above the limit of 50 Mpx"},
		{"1 long PNG header", pngHeader(20001, 1), fault.TooLarge, "20001×1 is above the limit of 20000"},
		{"1 PNG of 2^31 pixels", pngHeader(1<<31, 1), fault.Unprocessable, "damaged"},
		{"1 PNG of 2^31-1 pixels a side", pngHeader(1<<31-1, 1<<31-1), fault.Unprocessable, "damaged"},
		{"2 large JPEG header", jpegHeader(t, 65535, 65535), fault.TooLarge, "4294.8 Mpx"},
		{"3 JPEG of 5,000 scans", manyScans(t, 5000), fault.Unprocessable, "5000 scans"},
		{"4 PNG without its end", read("rgb8.png")[:300], fault.Unprocessable, "ends early, after 300 bytes"},
		{"5 PNG 0×0", pngHeader(0, 0), fault.Unprocessable, "no pixels: it is 0×0"},
		{"5 PNG 1×0", pngHeader(1, 0), fault.Unprocessable, "no pixels: it is 1×0"},
		{"12 animated WebP", read("animated.webp"), fault.Unsupported, "animated WebP"},
		{"13 WebP that lies", lie, fault.TooLarge, "268.4 Mpx"},
		{"14 HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), fault.Unsupported, "HEIC"},
		{"14 AVIF", []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1"), fault.Unsupported, "AVIF"},
		{"14 JPEG XL", []byte("\xff\x0a\x00\x00"), fault.Unsupported, "JPEG XL"},
		{"14 TIFF", []byte("II*\x00\x08\x00\x00\x00"), fault.Unsupported, "TIFF"},
		{"14 BMP", []byte("BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00"), fault.Unsupported, "BMP"},
		{"14 PSD", []byte("8BPS\x00\x01"), fault.Unsupported, "PSD"},
		{"15 SVG", []byte("<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), fault.Unsupported, "SVG"},
		{"15 SVG with entities", []byte("<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>"), fault.Unsupported, "SVG"},
		{"16 page that starts like a GIF", []byte("GIF89a=1;/*<html><script>alert(1)</script>*/"), fault.TooLarge, "Mpx"}, // its text read as a size
		{"16 page behind a GIF header", []byte("GIF89a\x05\x00\x03\x00\x00\x00\x00<html><script>alert(1)</script>"), fault.Unprocessable, "GIF"},
		{"16 web page", []byte("<!doctype html><title>x</title>"), fault.Unsupported, "web page"},
		{"17 text", []byte("seven, ещё семь, 七\n"), fault.Unsupported, "looks like text"},
		{"18 palette index past the end", badPalettePNG(t), fault.Unprocessable, "palette of 3"},
		{"20 empty", nil, fault.Invalid, "empty"},
		{"random bytes", []byte{1, 2, 3, 250, 251, 0, 9}, fault.Unsupported, "not a picture of a kind that is known"},
		{"PDF", []byte("%PDF-1.7\n"), fault.Unsupported, "PDF"},
		{"broken PNG checksum", func() []byte { b := bytes.Clone(read("rgb8.png")); b[50] ^= 1; return b }(), fault.Unprocessable, "damaged"},
	}
}

func TestBadPictures(t *testing.T) {
	d := New(Limits{})
	for _, tc := range badCases(t) {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			p, err := d.Decode(t.Context(), bytes.NewReader(tc.in))
			if err == nil {
				t.Fatalf("no error; %v", p.Image.Rect)
			}
			if k := fault.KindOf(err); k != tc.kind || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%v: %v; want %v with %q", k, err, tc.kind, tc.text)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A header that promises 400 Mpx must cost nothing.
func TestRefusalAllocatesNothing(t *testing.T) {
	d := New(Limits{})
	for _, b := range [][]byte{pngHeader(20000, 20000), jpegHeader(t, 65535, 65535)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := d.Decode(t.Context(), bytes.NewReader(b)); fault.KindOf(err) != fault.TooLarge {
			t.Error(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%d bytes allocated", n)
		}
	}
}

func TestTooManyBytes(t *testing.T) {
	d := New(Limits{MaxBytes: 100})
	_, err := d.Decode(t.Context(), io.LimitReader(zeros{}, 1<<40))
	if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "100 B") {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// 6: odd sizes are no errors.
func TestOddSizes(t *testing.T) {
	d := New(Limits{})
	for _, size := range []image.Point{{1, 1}, {1, 10000}, {10000, 1}, {2, 3}} {
		m := image.NewGray(image.Rectangle{Max: size})
		p, err := d.Decode(t.Context(), bytes.NewReader(encodePNG(t, m)))
		if err != nil || p.Image.Rect.Max != size {
			t.Errorf("%v: %v", size, err)
			continue
		}
		if _, ok := Digit(p.Image, true); ok {
			t.Errorf("%v: a black picture has ink", size)
		}
	}
}

// 11: of an animation only the first frame is decoded.
func TestManyFrames(t *testing.T) {
	const n = 2000
	g := &gif.GIF{Config: image.Config{Width: 300, Height: 200}}
	frame := image.NewPaletted(image.Rect(0, 0, 300, 200), color.Palette{color.White, color.Black})
	frame.SetColorIndex(5, 7, 1)
	for range n {
		g.Image = append(g.Image, frame)
		g.Delay = append(g.Delay, 1)
	}
	b := encode(t, func(w io.Writer) error { return gif.EncodeAll(w, g) })
	d := New(Limits{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := d.Decode(t.Context(), bytes.NewReader(b))
	runtime.ReadMemStats(&after)
	if err != nil || len(p.Notices) != 1 || p.Notices[0] != (Notice{"first_frame", n}) {
		t.Fatalf("%v, %v", p, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes allocated", used)
	}
}

// A first frame that covers a part of the canvas lies on white.
func TestGIFSmallFrame(t *testing.T) {
	frame := image.NewPaletted(image.Rect(10, 20, 15, 27), color.Palette{color.Black, color.White})
	g := &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 40, Height: 30}}
	b := encode(t, func(w io.Writer) error { return gif.EncodeAll(w, g) })
	p, err := New(Limits{}).Decode(t.Context(), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if p.Image.Rect != image.Rect(0, 0, 40, 30) || p.Image.NRGBAAt(9, 19).R != 255 || p.Image.NRGBAAt(10, 20).R != 0 || p.Image.NRGBAAt(15, 27).R != 255 {
		t.Errorf("bounds %v", p.Image.Rect)
	}
}

// 9: EXIF that is junk means upright.
func TestJunkEXIF(t *testing.T) {
	jpg := encodeJPEG(t, image.NewGray(image.Rect(0, 0, 9, 5)))
	for seed := range 50 {
		junk := make([]byte, 65000)
		for i := range junk {
			junk[i] = byte((i*i*7 + seed*i) >> 3)
		}
		copy(junk, "Exif\x00\x00MM\x00*\x00\x00\x00\x08")
		seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(junk)+2))
		b := bytes.Join([][]byte{jpg[:2], seg, junk, jpg[2:]}, nil)
		p, err := New(Limits{}).Decode(t.Context(), bytes.NewReader(b))
		if err != nil || p.Image.Rect != image.Rect(0, 0, 9, 5) {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// A decode that is asked to end ends, and a full queue says so.
func TestEndsAndQueues(t *testing.T) {
	b := encodePNG(t, image.NewGray(image.Rect(0, 0, 3000, 2000)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Limits{}).Decode(ctx, bytes.NewReader(b)); err == nil {
		t.Error("a cancelled decode gave a picture")
	}
	if _, err := New(Limits{Timeout: time.Nanosecond}).Decode(t.Context(), bytes.NewReader(b)); fault.KindOf(err) != fault.Unprocessable {
		t.Errorf("timeout: %v", err)
	}
	d := New(Limits{Parallel: 1, Wait: time.Millisecond})
	if err := d.turns.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(t.Context(), bytes.NewReader(b)); fault.KindOf(err) != fault.Busy {
		t.Errorf("full queue: %v", err)
	}
}

// Many at once share a small budget of memory, and all succeed.
func TestSharedMemory(t *testing.T) {
	b := encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 200)))
	d := New(Limits{Memory: 300 * 200 * 9, Parallel: 8})
	var g errgroup.Group
	for range 40 {
		g.Go(func() error {
			_, _, ok, err := d.Digit(t.Context(), bytes.NewReader(b), true)
			if ok {
				return errors.New("black has ink")
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// 18: below v0.47.0 of x/image, BMP and TIFF files can end the process through imaging, and a VP8X
// header can hide a large VP8L.
func TestImageModuleVersion(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`golang\.org/x/image v0\.(\d+)\.`).FindSubmatch(b)
	if m == nil {
		t.Fatal("go.mod does not require golang.org/x/image v0")
	}
	if minor, _ := strconv.Atoi(string(m[1])); minor < 47 {
		t.Errorf("golang.org/x/image v0.%d is below v0.47.0", minor)
	}
}
