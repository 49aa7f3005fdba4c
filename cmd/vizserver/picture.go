package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"vizserver/internal/fault"
	"vizserver/internal/imgio"
	"vizserver/internal/nn"
)

// maxFile bounds what is read of an input file; imgio has its own, lower bounds.
const maxFile = 64 << 20

// source reads the input of a network from files.
type source struct {
	stdin   io.Reader
	decoder *imgio.Decoder
	raw     bool // do not centre
}

func newSource(e *env, raw bool) *source {
	return &source{stdin: e.stdin, decoder: imgio.New(imgio.Limits{}), raw: raw}
}

// read writes the input of m from a picture or a .npy file into dst. The name
// "-" is standard input. What a file is, its first bytes say.
func (s *source) read(ctx context.Context, m *nn.Model, name string, dst []float32) error {
	b, err := s.bytes(name)
	if err != nil {
		return err
	}
	if m.Image.Size > 0 {
		return naming(name, s.photo(ctx, m, b, dst))
	}
	if bytes.HasPrefix(b, []byte("\x93NUMPY")) {
		a, err := imgio.ReadNPY(bytes.NewReader(b))
		if err != nil {
			return naming(name, err)
		}
		return naming(name, fromArray(m, a, dst))
	}
	greys, _, inked, err := s.decoder.Digit(ctx, bytes.NewReader(b), !s.raw)
	if err != nil {
		return naming(name, err)
	}
	if !inked {
		return naming(name, fault.New(fault.Unprocessable, "there is no ink on it"))
	}
	m.Pre.Apply(dst, greys)
	return nil
}

// photo writes the input of a network for photos.
func (s *source) photo(ctx context.Context, m *nn.Model, b []byte, dst []float32) error {
	if s.raw {
		return fault.New(fault.Invalid, "%s takes photos, which are always prepared as its authors did", m.Name).
			WithHint("--raw is for the networks of digits")
	}
	_, err := s.decoder.Photo(ctx, bytes.NewReader(b), dst, m.Image)
	return err
}

// fromArray writes the input from an array: one of bytes holds greys, one of
// floats of the input's size is the input itself.
func fromArray(m *nn.Model, a *imgio.Array, dst []float32) error {
	in, pre := m.Graph.InputValue().Shape, m.Pre
	whole := a.Height == in.H && a.Width == in.W
	switch {
	case whole && !a.Bytes:
		copy(dst, a.Values)
	case whole:
		for i, v := range a.Values {
			dst[i] = pre.Value(byte(v))
		}
	case a.Height == pre.Height && a.Width == pre.Width && a.Bytes:
		greys := make([]byte, len(a.Values))
		for i, v := range a.Values {
			greys[i] = byte(v)
		}
		pre.Apply(dst, greys)
	default:
		return fault.New(fault.Unprocessable, "an array of %d×%d is not an input of %s", a.Height, a.Width, m.Name).
			WithHint("give %d×%d greys as uint8, or the input itself, %d×%d, as float32", pre.Height, pre.Width, in.H, in.W)
	}
	return nil
}

// bytes reads a file whole.
func (s *source) bytes(name string) ([]byte, error) {
	r := s.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fileError(name, err)
		}
		defer func() { _ = f.Close() }() // it was only read
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fileError(name, err)
	}
	if len(b) > maxFile {
		return nil, fault.New(fault.TooLarge, "%s is above the limit of %d MiB", name, maxFile>>20)
	}
	return b, nil
}

// fileError says in one sentence why a file cannot be read or written.
func fileError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "there is no file %s", name).WithCause(err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Forbidden, "no permission for %s", name).WithCause(err)
	case errors.Is(err, syscall.EISDIR):
		return fault.New(fault.Invalid, "%s is a directory, not a file", name).WithCause(err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// fileProblem puts the file's name in front of what is wrong with it.
type fileProblem struct {
	name string
	err  error
}

func (e *fileProblem) Error() string { return e.name + ": " + e.err.Error() }
func (e *fileProblem) Unwrap() error { return e.err }

func naming(name string, err error) error {
	if err == nil {
		return nil
	}
	return &fileProblem{name: name, err: err}
}
