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
	stderr  io.Writer
	decoder *imgio.Decoder
	raw     bool // arrays are the input itself; digits are not centred
}

func newSource(e *env, raw bool) *source {
	return &source{stdin: e.stdin, stderr: e.stderr, decoder: imgio.New(imgio.Limits{}), raw: raw}
}

// read writes the input of m from a picture or an array into dst. The name "-" is standard
// input. What a file is, its first bytes say.
func (s *source) read(ctx context.Context, m *nn.Model, name string, dst []float32) error {
	b, err := s.bytes(name)
	if err != nil {
		return err
	}
	a, err := readArray(b)
	if err == nil && a != nil {
		err = s.array(m, a, dst)
	} else if err == nil {
		err = s.picture(ctx, m, b, dst)
	}
	return naming(name, err)
}

// picture writes the input from a picture.
func (s *source) picture(ctx context.Context, m *nn.Model, b []byte, dst []float32) error {
	in := m.Graph.InputValue().Shape
	switch {
	case m.Image.Size > 0 && s.raw:
		return fault.New(fault.Invalid, "with --raw the input of %s is an array, and this is none", m.Name).
			WithHint("give %d×%d×%d numbers in a .npy or .safetensors file, or a photo without --raw", in.C, in.H, in.W)
	case m.Image.Size > 0:
		_, err := s.decoder.Photo(ctx, bytes.NewReader(b), dst, m.Image)
		return err
	case m.Pre.Width == 0:
		return fault.New(fault.Unsupported, "nobody says how a picture becomes the input of %s, %d×%d×%d", m.Name, in.C, in.H, in.W).
			WithHint("give the input itself, as a .npy or .safetensors file")
	}
	greys, _, inked, err := s.decoder.Digit(ctx, bytes.NewReader(b), !s.raw)
	if err != nil {
		return err
	}
	if !inked {
		return fault.New(fault.Unprocessable, "there is no ink on it")
	}
	m.Pre.Apply(dst, greys)
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
