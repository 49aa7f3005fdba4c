package modelfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/dustin/go-humanize"

	"vizserver/internal/bundle"
	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// Options say what a file alone does not.
type Options struct {
	Net    string       // net of the zoo for files that hold weights alone; empty: found by names and sizes
	Input  []int        // sizes of the input, N×C×H×W, where the file leaves them open
	Labels []string     // names of the classes; nil: ImageNet's where there are 1,000 classes
	Image  *nn.ImagePre // how photos are prepared; Size 0 is the input's; nil: Preset
	Preset string       // how pictures are prepared, by its name; empty: as the net of the zoo says, else the usual way of the format
}

// File is a model that was read from a file.
type File struct {
	Model  *nn.Model
	Format Format
	Entry  *zoo.Entry // the net of the zoo whose weights the file holds; nil where it brought its own graph
	Likely string     // preset that was taken because nothing says how pictures are prepared; empty: something does
	Notes  []string   // what was assumed, left out, or looks wrong: for a person
}

// maxFile bounds what is read into memory. The largest net of the table, VGG-19, takes
// 575 MB in float32.
const maxFile = 4 << 30

// Open reads a model. Errors say what is wrong with the file and where; paths stay out of
// them but for the file's own name.
func Open(ctx context.Context, path string, o Options) (*File, error) {
	r, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	m, err := r.read(ctx, o)
	if err != nil {
		return nil, naming(path, err)
	}
	return m, nil
}

// reader is an open file on its way to a model.
type reader struct {
	*os.File
	path   string
	size   int64
	format Format

	bundled bool // it looks like our own bundle
}

func openFile(path string) (*reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	r := &reader{File: f, path: path}
	if err := r.inspect(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// inspect looks at the file's size and first bytes.
func (r *reader) inspect() error {
	info, err := r.Stat()
	switch {
	case err != nil:
		return openError(r.path, err)
	case info.IsDir():
		return naming(r.path, fault.New(fault.Invalid, "this is a directory, not a file").WithHint("give the file of a model in it"))
	case !info.Mode().IsRegular():
		return naming(r.path, fault.New(fault.Invalid, "this is a pipe or a device, not a regular file").
			WithHint("write it to a file first: models are not read from a stream"))
	case info.Size() > maxFile:
		return naming(r.path, fault.New(fault.TooLarge, "the file has %s, at most %s can be read",
			humanize.IBytes(uint64(info.Size())), humanize.IBytes(maxFile)))
	}
	r.size = info.Size()
	head := make([]byte, sniffed)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return openError(r.path, err)
	}
	r.bundled = bytes.Contains(head[:n], []byte(`"`+bundle.Key+`"`))
	if r.format, err = sniff(head[:n], r.path); err != nil {
		return naming(r.path, err)
	}
	return nil
}

// bytes reads the whole file. It is not mapped: somebody may cut it off while it is read.
func (r *reader) bytes() ([]byte, error) {
	b := make([]byte, r.size)
	n, err := r.ReadAt(b, 0)
	if errors.Is(err, io.EOF) || err == nil && n < len(b) {
		return nil, fault.New(fault.Unprocessable, "the file became shorter while it was read: %d of %d bytes", n, len(b))
	}
	if err != nil {
		return nil, openError(r.path, err)
	}
	return b, nil
}

func openError(path string, err error) error {
	name := filepath.Base(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "there is no file %s", name).WithCause(err)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Forbidden, "no permission for %s", name).WithCause(err)
	}
	return fault.New(fault.Invalid, "%s cannot be read", name).WithCause(err)
}

// read makes the model.
func (r *reader) read(ctx context.Context, o Options) (*File, error) {
	f, err := formats[r.format].read(ctx, r, o)
	if err != nil {
		return nil, err
	}
	if f.Format == "" {
		f.Format = r.format
	}
	if err := f.describe(o); err != nil {
		return nil, err
	}
	if err := f.checkLabels(o); err != nil {
		return nil, err
	}
	f.Notes = append(f.Notes, oddWeights(f.Model.Weights)...)
	return f, nil
}

// fromDraft makes the model of a file that brings its own graph. A classifier that ends with
// logits gets a softmax behind them.
func (r *reader) fromDraft(n *draft.Net) (*File, error) {
	n.Name = strings.TrimSuffix(filepath.Base(r.path), filepath.Ext(r.path))
	g, w, err := n.Build()
	if err == nil && endsWithLogits(g) {
		g, w, err = withSoftmax(n).Build()
	}
	if err != nil {
		return nil, err
	}
	m := &nn.Model{Name: n.Name, Title: n.Name, Graph: g, Weights: w, Image: n.Image, Head: nn.Head{Kind: "softmax"}}
	if last := g.Nodes[len(g.Nodes)-1].Op.Kind(); last != "Softmax" {
		m.Head.Kind = "none"
	}
	return &File{Model: m}, m.CheckWeights()
}

// oddWeights warns of numbers that are none.
func oddWeights(w nn.Weights) []string {
	var bad []string
	for name, p := range w {
		for _, v := range p.Data {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				bad = append(bad, name)
				break
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	sort.Strings(bad)
	const most = 5
	text := strings.Join(bad[:min(len(bad), most)], ", ")
	if more := len(bad) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{"weights that are not numbers (NaN or infinite) stand in " + text}
}

// problem puts the file's name in front of what is wrong with it.
type problem struct {
	name string
	err  error
}

func (e *problem) Error() string { return e.name + ": " + e.err.Error() }
func (e *problem) Unwrap() error { return e.err }

func naming(path string, err error) error {
	return &problem{name: filepath.Base(path), err: err}
}
