package imgio

import (
	"bytes"
	"unicode/utf8"

	"vizserver/internal/fault"
)

// format is one kind of file, known by its first bytes. Names and endings of files say nothing.
type format struct {
	name   string
	magic  []string // alternatives; '?' stands for any byte
	decode *codec   // nil: we name it and do not read it
}

// formats are tried in order.
var formats = []format{
	{name: "PNG", magic: []string{"\x89PNG\r\n\x1a\n"}, decode: &pngCodec},
	{name: "JPEG", magic: []string{"\xff\xd8\xff"}, decode: &jpegCodec},
	{name: "GIF", magic: []string{"GIF87a", "GIF89a"}, decode: &gifCodec},
	{name: "WebP", magic: []string{"RIFF????WEBPVP8"}, decode: &webpCodec},
	{name: "AVIF", magic: []string{"????ftypavif", "????ftypavis"}},
	{name: "HEIC", magic: []string{"????ftyphei", "????ftyphev", "????ftypmif1", "????ftypmsf1"}},
	{name: "JPEG XL", magic: []string{"\xff\x0a", "\x00\x00\x00\x0cJXL "}},
	{name: "JPEG 2000", magic: []string{"\x00\x00\x00\x0cjP  ", "\xff\x4f\xff\x51"}},
	{name: "TIFF", magic: []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"}},
	{name: "BMP", magic: []string{"BM????\x00\x00\x00\x00"}},
	{name: "PSD", magic: []string{"8BPS"}},
	{name: "ICO", magic: []string{"\x00\x00\x01\x00"}},
	{name: "PDF", magic: []string{"%PDF-"}},
	{name: "ZIP", magic: []string{"PK\x03\x04"}},
	{name: "gzip", magic: []string{"\x1f\x8b"}},
	{name: "NumPy", magic: []string{"\x93NUMPY"}},
}

const wanted = "send a PNG, JPEG, GIF or WebP"

// sniff names the format of b, or says what it is instead.
func sniff(b []byte) (*format, error) {
	if len(b) == 0 {
		return nil, fault.New(fault.Invalid, "the picture is empty").WithHint(wanted)
	}
	for i := range formats {
		f := &formats[i]
		for _, m := range f.magic {
			if !matches(b, m) {
				continue
			}
			if f.decode == nil {
				return nil, fault.New(fault.Unsupported, "%s pictures are not read", f.name).WithHint(wanted)
			}
			return f, nil
		}
	}
	return nil, fault.New(fault.Unsupported, "%s", describe(b)).WithHint(wanted)
}

func matches(b []byte, magic string) bool {
	if len(b) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != b[i] {
			return false
		}
	}
	return true
}

// describe says what a file of no known magic looks like.
func describe(b []byte) string {
	head := b[:min(len(b), 1024)]
	low := bytes.ToLower(head)
	switch {
	case bytes.Contains(low, []byte("<svg")):
		return "SVG pictures are not read: they are programs rather than pixels"
	case bytes.Contains(low, []byte("<html")), bytes.Contains(low, []byte("<!doctype html")):
		return "this is a web page, not a picture"
	case looksLikeText(head):
		return "this looks like text, not like a picture"
	}
	return "this is not a picture of a kind that is known"
}

func looksLikeText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		cut := r == utf8.RuneError && n == 1 && len(b) < utf8.UTFMax // by our own cut
		if (r == utf8.RuneError && n <= 1 && !cut) || (r < ' ' && r != '\t' && r != '\n' && r != '\r') {
			return false
		}
		b = b[n:]
	}
	return true
}
