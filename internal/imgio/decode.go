package imgio

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Picture is a decoded picture; it belongs to the caller.
type Picture struct {
	// Image is upright and opaque (alpha lies over white), with bounds from (0, 0).
	Image *image.NRGBA
	// Format is the name of the file's format: "PNG", "JPEG", "GIF", "WebP".
	Format string
	// Notices say what was done to the picture that its owner might not expect.
	Notices []Notice
}

// Notice is one thing that was done to a picture.
type Notice struct {
	// Code is "flattened" (alpha put over white), "first_frame" (of Count frames), "rotated"
	// (by EXIF orientation Count) or "reduced_16" (16 bits a channel to 8).
	Code  string `json:"code"`
	Count int    `json:"count,omitempty"`
}

// String is the notice in English.
func (n Notice) String() string {
	switch n.Code {
	case "flattened":
		return "transparent parts lie over white"
	case "first_frame":
		return fmt.Sprintf("first of %d frames", n.Count)
	case "rotated":
		return "turned upright by its EXIF orientation"
	case "reduced_16":
		return "16 bits a channel reduced to 8"
	}
	return n.Code
}

// codec is what a readable format brings.
type codec struct {
	// config reads size and colour model from the header and allocates nothing by them.
	config func(io.Reader) (image.Config, error)
	// check looks for what makes a decode costly or wrong though its header is innocent; may be nil.
	check func(b []byte, pixels int64) error
	// decode decodes the first frame.
	decode func(io.Reader) (image.Image, error)
	// perPixel is the memory of a decode, in bytes for each pixel, our NRGBA copy included.
	perPixel func(m color.Model) int64
	// frames counts the frames; nil: one.
	frames func(b []byte) int
	// orientation is the EXIF orientation, 1 … 8; nil: 1.
	orientation func(b []byte) int
}

// Decode reads one picture from r. It finds the format by the first bytes, the size from the
// header, and refuses before it decodes: kinds Invalid (empty), Unsupported (another format),
// TooLarge (a limit, which the text names), Unprocessable (damaged), Busy (no turn in time).
func (d *Decoder) Decode(ctx context.Context, r io.Reader) (*Picture, error) {
	var p *Picture
	err := d.with(ctx, r, func(got *Picture) { p = got })
	return p, err
}

// Digit decodes a picture from r and reduces it to a digit, within the same limits; see Digit for
// what ok and centred mean. Only the 784 greys outlive the call.
func (d *Decoder) Digit(ctx context.Context, r io.Reader, centred bool) (greys []byte, notices []Notice, ok bool, err error) {
	err = d.with(ctx, r, func(p *Picture) {
		notices = p.Notices
		greys, ok = Digit(p.Image, centred)
	})
	return greys, notices, ok, err
}

// Photo decodes a picture from r and writes what a net sees of it into dst, within the same limits;
// see Photo.
func (d *Decoder) Photo(ctx context.Context, r io.Reader, dst []float32, pre nn.ImagePre) ([]Notice, error) {
	var notices []Notice
	var failed error
	err := d.with(ctx, r, func(p *Picture) {
		notices = p.Notices
		failed = Photo(dst, p.Image, pre)
	})
	return notices, cmp.Or(err, failed)
}

// with decodes r and calls use while the decode's share of memory is held.
func (d *Decoder) with(ctx context.Context, r io.Reader, use func(*Picture)) error {
	b, err := d.read(r)
	if err != nil {
		return err
	}
	f, err := sniff(b)
	if err != nil {
		return err
	}
	cfg, err := d.measure(f, b)
	if err != nil {
		return err
	}
	if err := d.acquire(ctx, d.turns, 1); err != nil {
		return err
	}
	defer d.turns.Release(1)
	need := min(int64(cfg.Width)*int64(cfg.Height)*f.decode.perPixel(cfg.ColorModel), d.limits.Memory)
	if err := d.acquire(ctx, d.memory, need); err != nil {
		return err
	}
	defer d.memory.Release(need)
	p, err := d.decode(ctx, f, b, cfg)
	if err != nil {
		return err
	}
	use(p)
	return nil
}

func (d *Decoder) read(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, d.limits.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	if int64(len(b)) > d.limits.MaxBytes {
		return nil, fault.New(fault.TooLarge, "the picture is above the limit of %s", humanize.IBytes(uint64(d.limits.MaxBytes))).
			WithHint("send it smaller or more compressed")
	}
	return b, nil
}

// measure reads the header and holds it against the limits.
func (d *Decoder) measure(f *format, b []byte) (image.Config, error) {
	cfg, err := f.decode.config(bytes.NewReader(b))
	if err != nil {
		return cfg, damaged(f, b, err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return cfg, fault.New(fault.Unprocessable, "the picture has no pixels: it is %d×%d", cfg.Width, cfg.Height)
	}
	pixels := int64(cfg.Width) * int64(cfg.Height)
	if pixels > d.limits.MaxPixels {
		return cfg, fault.New(fault.TooLarge, "%s Mpx is above the limit of %s Mpx", mega(pixels), mega(d.limits.MaxPixels)).
			WithHint("send it smaller")
	}
	if cfg.Width > d.limits.MaxSide || cfg.Height > d.limits.MaxSide {
		return cfg, fault.New(fault.TooLarge, "%d×%d is above the limit of %d pixels a side", cfg.Width, cfg.Height, d.limits.MaxSide).
			WithHint("send it smaller")
	}
	if f.decode.check != nil {
		return cfg, f.decode.check(b, pixels)
	}
	return cfg, nil
}

func mega(pixels int64) string { return humanize.FtoaWithDigits(float64(pixels)/1e6, 1) }

func (d *Decoder) decode(ctx context.Context, f *format, b []byte, cfg image.Config) (*Picture, error) {
	ctx, cancel := context.WithTimeout(ctx, d.limits.Timeout)
	defer cancel()
	m, err := f.decode.decode(patientReader{ctx, bytes.NewReader(b)})
	if ctx.Err() != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, fault.New(fault.Unprocessable, "decoding the %s took longer than %v", f.name, d.limits.Timeout).WithCause(err)
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, damaged(f, b, err)
	}
	if err := checkPalette(f, m, cfg.ColorModel); err != nil {
		return nil, err
	}
	p := &Picture{Format: f.name}
	if f.decode.frames != nil {
		if n := f.decode.frames(b); n > 1 {
			p.Notices = append(p.Notices, Notice{"first_frame", n})
		}
	}
	if is16(m) {
		p.Notices = append(p.Notices, Notice{Code: "reduced_16"})
	}
	img, flattened := flatten(m, cfg.Width, cfg.Height)
	if flattened {
		p.Notices = append(p.Notices, Notice{Code: "flattened"})
	}
	if f.decode.orientation != nil {
		if o := f.decode.orientation(b); o > 1 {
			img = upright(img, o)
			p.Notices = append(p.Notices, Notice{"rotated", o})
		}
	}
	p.Image = img
	return p, nil
}

// damaged turns a decoder's error into a sentence. The decoders' texts name rules of the format
// and hold no paths.
func damaged(f *format, b []byte, err error) error {
	text := err.Error()
	early := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		strings.Contains(text, "not enough") // the words of image/png and image/gif for it
	if early {
		return fault.New(fault.Unprocessable, "the %s ends early, after %d bytes", f.name, len(b)).
			WithHint("send the whole file").WithCause(err)
	}
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return fault.New(fault.Unprocessable, "the %s is damaged: %s", f.name, text).WithCause(err)
}
