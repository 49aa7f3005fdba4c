package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
	"github.com/natefinch/atomic"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// traceCmd writes the activations of one run.
type traceCmd struct {
	Model       string `arg:"" help:"Network (see 'vizserver models'), imported model, or FILE."`
	Input       string `required:"" placeholder:"FILE" help:"Picture, or array in a .npy or .safetensors file; - is standard input."`
	Out         string `required:"" placeholder:"FILE.safetensors" help:"File to write; it appears whole or not at all."`
	Tensors     string `default:"all" placeholder:"all|GLOB,…" help:"Values to write, by name: all, or names and patterns with * ? [a-z], separated by commas."`
	Raw         bool   `help:"The input is the array itself: no preprocessing. Of a picture of a digit: do not size and centre it."`
	modelFlags  `embed:""`
	engineFlags `embed:""`
}

// Help implements kong's HelpProvider.
func (traceCmd) Help() string {
	return `The file holds one float32 tensor for each value of the network, by its name, 1×C×H×W; the input is one of them. 'vizserver show MODEL' lists the names.

An array of floats of the size of the network's input, C×H×W with any sizes of one, is the input itself; so is height×width×3 for a network of photos. An array of uint8 holds the greys of a digit, 0 paper to 255 ink, 28×28, or the pixels of a photo, height×width×3, and is prepared like a picture; with --raw it is the input itself too. Of a safetensors file the one tensor is read, or the one called "input".

Examples:

  vizserver trace resnet18 --input cat.jpg --out cat.safetensors

  vizserver trace model.onnx --input x.npy --raw --out t.safetensors --tensors 'layer4.*,fc'

Exit codes: 0 done, 1 our own fault or no permission, 2 wrong input, 3 above a limit (a full disk too), 4 not found, 5 not supported, 80 wrong usage.`
}

// Run implements the command.
func (c *traceCmd) Run(e *env) error {
	s, err := c.start(e, c.Model, &c.engineFlags)
	if err != nil {
		return err
	}
	defer s.close()
	values, err := pick(s.Model.Graph, c.Tensors)
	if err != nil {
		return err
	}
	switch dir := filepath.Dir(c.Out); {
	case isDir(c.Out):
		return fault.New(fault.Invalid, "%s is a directory; name a file in it", c.Out)
	case !isDir(dir):
		return fault.New(fault.NotFound, "there is no directory %s for the output", dir)
	}
	if err := newSource(e, c.Raw).read(e.ctx, s.Model, c.Input, s.input); err != nil {
		return err
	}
	if err := s.run.Execute(e.ctx, s.input); err != nil {
		return err
	}
	if err := writeWhole(c.Out, func(w io.Writer) error { return writeValues(w, s, values) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s of %s are in %s\n", humanize.Comma(int64(len(values)))+" values", s.Model.Name, c.Out)
	return err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// pick returns the values that a list of names and patterns means, in the order of the graph.
func pick(g *nn.Graph, list string) ([]*nn.Value, error) {
	if list == "all" {
		return g.Values, nil
	}
	wanted := make([]bool, len(g.Values))
	for glob := range strings.SplitSeq(list, ",") {
		glob, found := strings.TrimSpace(glob), false
		for i, v := range g.Values {
			ok, err := matches(glob, v.Name)
			if err != nil {
				return nil, fault.New(fault.Invalid, "--tensors: %q is no pattern", glob).WithHint(`write * ? [a-z], and \ before such a sign that is meant itself`)
			}
			wanted[i] = wanted[i] || ok
			found = found || ok
		}
		if !found {
			return nil, fault.New(fault.NotFound, "--tensors: no value is called %q; did you mean %s?", glob, near(g, glob)).
				WithHint("vizserver show lists them; * stands for any letters")
		}
	}
	var values []*nn.Value
	for i, v := range g.Values {
		if wanted[i] {
			values = append(values, v)
		}
	}
	return values, nil
}

// matches says whether a name is this one, or fits the pattern of path.Match; a slash is a
// letter like any other, for Caffe's names have them.
func matches(glob, name string) (bool, error) {
	if glob == name {
		return true, nil
	}
	plain := strings.NewReplacer("/", "\x00")
	return path.Match(plain.Replace(glob), plain.Replace(name))
}

// near names the three values whose names are closest.
func near(g *nn.Graph, glob string) string {
	names := make([]string, len(g.Values))
	for i, v := range g.Values {
		names[i] = v.Name
	}
	var list []string
	for range min(3, len(names)) {
		best := fault.Nearest(glob, names)
		list = append(list, best)
		for i, n := range names {
			if n == best {
				names = append(names[:i:i], names[i+1:]...)
				break
			}
		}
	}
	return strings.Join(list, ", ")
}

// writeValues writes the values of a finished run as safetensors, one row of a map at a time.
func writeValues(w io.Writer, s *session, values []*nn.Value) error {
	list := make([]weights.Tensor, len(values))
	views := map[string]nn.View{}
	for i, v := range values {
		view := s.run.ViewOf(v)
		shape := view.Shape()
		views[v.Name] = view
		list[i] = weights.Tensor{Name: v.Name, Dtype: weights.F32, Shape: []int{shape.N, shape.C, shape.H, shape.W}}
	}
	var numbers []float32
	var data []byte
	return weights.Stream(w, list, map[string]string{"model": s.Model.Name, "made_by": versionLine()}, func(w io.Writer, t *weights.Tensor) error {
		view := views[t.Name]
		whole := nn.Whole(view.Shape())
		for c := whole.C0; c < whole.C1; c++ {
			plane := whole
			plane.C0, plane.C1 = c, c+1
			if n := plane.Len(); cap(numbers) < n {
				numbers = make([]float32, n)
			}
			numbers = numbers[:plane.Len()]
			if err := view.Read(numbers, plane); err != nil {
				return err
			}
			data = data[:0]
			for _, x := range numbers {
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
			}
			if _, err := w.Write(data); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeWhole writes a file that appears whole or not at all: beside it first, then renamed.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return outputError(name, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name()) // the error that matters is there
			err = outputError(name, err)
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return atomic.ReplaceFile(f.Name(), name)
}

// outputError says why a file cannot be written.
func outputError(name string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.New(fault.TooLarge, "the disk is full: %s was not written", name).WithCause(err)
	}
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.New(fault.Forbidden, "%s cannot be written", name).WithCause(err)
}
