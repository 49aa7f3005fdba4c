package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"vizserver/internal/bundle"
	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
	"vizserver/internal/pull"
)

// importCmd registers a user's own model.
type importCmd struct {
	Add    importAddCmd    `cmd:"" default:"withargs" help:"Register a model from a file (the default)."`
	Remove importRemoveCmd `cmd:"" help:"Delete an imported model."`
}

// Help implements kong's HelpProvider.
func (importCmd) Help() string {
	return `FILE is ONNX, PyTorch (.pth, .pt), safetensors, Keras (.keras, .h5) or Caffe (.caffemodel): its first bytes say which. What it holds is printed, the network is tried on a drawn picture, and a copy is kept under its name, so that 'show', 'trace' and 'classify' find it and 'models' lists it.

What the file does not say is asked for on a terminal; elsewhere it must be given by flags, or --yes takes what is likely.

Examples:

  vizserver import mynet.onnx --labels classes.txt --preprocess torchvision

  vizserver import mynet.pth --name flowers --labels flowers.txt --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5 --resize 256

  vizserver import remove flowers

Exit codes: 0 done, 1 our own fault or no permission, 2 a wrong file or flag, 3 above a limit (a full disk too), 4 not found, 5 not supported, 80 wrong usage.`
}

type importAddCmd struct {
	File string `arg:"" help:"File of the model."`
	Name string `help:"Name to keep it under; default: the file's."`
	Yes  bool   `short:"y" help:"Ask nothing: take what is likely."`

	Mean     []float32 `sep:"," placeholder:"R,G,B" help:"Own preprocessing: x = (v·range − mean)/std, in the order of the input's channels; with --std."`
	Std      []float32 `sep:"," placeholder:"R,G,B" help:"See --mean."`
	Range    float32   `default:"1" help:"See --mean; v is 0…1. 1 or 255."`
	Resize   int       `help:"Own preprocessing: the shorter side before the middle is cut out; 0: the input's size."`
	Squash   bool      `help:"Own preprocessing: both sides become --resize."`
	Resample string    `enum:"bilinear,bicubic" default:"bilinear" help:"Own preprocessing: ${enum}."`
	BGR      bool      `name:"bgr" help:"Own preprocessing: channels are blue, green, red."`

	fileFlags `embed:""`
	cacheFlag `embed:""`
}

// Validate implements kong's Validatable.
func (c *importAddCmd) Validate() error {
	own := len(c.Mean) > 0 || len(c.Std) > 0
	switch {
	case own && (len(c.Mean) != 3 || len(c.Std) != 3):
		return errors.New("--mean and --std are three numbers each")
	case slices.ContainsFunc(c.Std, func(v float32) bool { return !(v > 0) }): // not a number, too
		return errors.New("--std: the numbers are above 0, for pixels are divided by them")
	case own && c.Preprocess != "":
		return errors.New("--preprocess and --mean exclude each other")
	case !own && (c.Resize != 0 || c.Squash || c.BGR || c.Range != 1 || c.Resample != "bilinear"):
		return errors.New("--resize, --squash, --resample, --range and --bgr go with --mean and --std")
	case c.Range != 1 && c.Range != 255:
		return errors.New("--range is 1 or 255")
	case c.Resize < 0:
		return errors.New("--resize is a number of pixels")
	}
	return c.fileFlags.Validate()
}

// Run implements the command.
func (c *importAddCmd) Run(e *env) error {
	f, ok := e.stdin.(*os.File)
	on := ok && !c.Yes && term.IsTerminal(int(f.Fd())) //nolint:gosec // a file's number is small
	return c.run(e, &asker{in: bufio.NewReader(e.stdin), out: e.stdout, on: on})
}

func (c *importAddCmd) run(e *env, ask *asker) error {
	cache, err := c.cache()
	if err != nil {
		return err
	}
	if c.Name == "" {
		if c.Name, err = ask.text("name", plainName(c.File)); err != nil {
			return err
		}
	}
	if err := checkName(cache, c.Name); err != nil {
		return err
	}
	net, format, err := c.read(e, ask)
	if err != nil {
		return err
	}
	if err := c.try(e, net); err != nil {
		return err
	}
	if yes, err := ask.text("keep it as "+c.Name+"? (yes or no)", "yes"); err != nil || !strings.HasPrefix(strings.ToLower(yes), "y") {
		return err
	}
	return c.store(e, cache, net, format)
}

// read opens the file, prints what it holds and completes what it does not say.
func (c *importAddCmd) read(e *env, ask *asker) (*chosen, string, error) {
	o, err := c.options("")
	if err != nil {
		return nil, "", err
	}
	if len(c.Mean) == 3 {
		o.Image = &nn.ImagePre{
			Resize: c.Resize, Squash: c.Squash, Resample: c.Resample, Range: c.Range, BGR: c.BGR,
			Mean: [3]float32(c.Mean), Std: [3]float32(c.Std), Source: "given by the user",
		}
	}
	m, err := modelfile.Open(e.ctx, c.File, o)
	if err != nil {
		return nil, "", err
	}
	net := &chosen{Model: m.Model, Entry: m.Entry, Notes: m.Notes}
	if err := printFound(e.stdout, m); err != nil {
		return nil, "", err
	}
	net.tell(e)
	noLabels := c.Labels == "" && len(m.Model.Labels) > 0 && m.Model.Labels[0] == "class 0"
	return net, string(m.Format), c.complete(net.Model, ask, noLabels, m.Likely)
}

// complete asks for the names of the classes and for the preprocessing, where they are missing.
func (c *importAddCmd) complete(m *nn.Model, ask *asker, noLabels bool, likely string) error {
	if !ask.on {
		return c.demand(m, noLabels, likely != "")
	}
	if likely != "" {
		name, err := ask.text("how pictures are prepared: "+strings.Join(modelfile.Presets(), ", "), likely)
		if err != nil {
			return err
		}
		if err := modelfile.Prepare(m, name); err != nil {
			return err
		}
	}
	if !noLabels {
		return nil
	}
	file, err := ask.text(fmt.Sprintf("file with the names of the %d classes", len(m.Labels)), "none")
	if err != nil || file == "none" {
		return err
	}
	labels, err := readLabels(file)
	if err != nil {
		return err
	}
	if len(labels) != len(m.Labels) {
		return fault.New(fault.Invalid, "there are %d labels in %s for %d classes", len(labels), file, len(m.Labels))
	}
	m.Labels = labels
	return nil
}

// demand refuses to guess where nobody can be asked.
func (c *importAddCmd) demand(m *nn.Model, noLabels, noWay bool) error {
	if c.Yes || !noLabels && !noWay {
		return nil
	}
	var lacks, flags []string
	if noWay {
		lacks, flags = append(lacks, "how pictures are prepared"), append(flags, "--preprocess PRESET (or --mean and --std)")
	}
	if noLabels {
		lacks, flags = append(lacks, fmt.Sprintf("what its %d classes are called", len(m.Labels))), append(flags, "--labels FILE")
	}
	return fault.New(fault.Invalid, "%s does not say %s", filepath.Base(c.File), strings.Join(lacks, ", nor ")).
		WithHint("give %s, or --yes to take what is likely", strings.Join(flags, " and "))
}

// try runs the network on a drawn picture and prints its answer.
func (c *importAddCmd) try(e *env, net *chosen) error {
	s, err := net.start(&engineFlags{})
	if err != nil {
		return err
	}
	defer s.close()
	what, err := drawInput(s.Model, s.input)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := s.run.Execute(e.ctx, s.input); err != nil {
		return err
	}
	took := time.Since(begin).Round(time.Millisecond)
	out := s.Model.Graph.OutputValue()
	if out.Shape.Plane() != 1 {
		st, err := s.run.ViewOf(out).Stats(nn.Whole(out.Shape))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "\ntried on %s, %v: output %d×%d×%d, %g…%g\n", what, took, out.Shape.C, out.Shape.H, out.Shape.W, st.Min, st.Max)
		return err
	}
	top, err := s.classify(e)
	if err != nil {
		report(e.stderr, err) // a warning here: the person may want to see where it begins
		return nil
	}
	_, err = fmt.Fprintf(e.stdout, "\ntried on %s, %v:\n", what, took)
	for _, g := range top[:min(5, len(top))] {
		if err == nil {
			_, err = fmt.Fprintf(e.stdout, "  %6.2f %%  %s\n", 100*g.Probability, g.Label)
		}
	}
	return err
}

// store keeps the model.
func (c *importAddCmd) store(e *env, cache *pull.Cache, net *chosen, format string) error {
	g := net.Model.Graph
	in := g.InputValue().Shape
	m := &imported{
		Name: c.Name, From: filepath.Base(c.File), Format: format, Input: [3]int{in.C, in.H, in.W}, Units: g.Units(),
		Parameters: g.NumParams(false), Connections: g.Connections(), MACs: g.MACs(),
		At: time.Now().UTC().Truncate(time.Second), dir: modelsDir(cache),
	}
	own := *net.Model
	own.Name, own.Title = c.Name, c.Name
	if err := m.keep(e.ctx, cache, &own, bundle.Info{Source: "imported from " + m.From + " (" + format + ")"}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "\n%s is kept: vizserver show %s\n", m.Name, m.Name)
	return err
}

type importRemoveCmd struct {
	Name string `arg:"" help:"Imported model."`

	cacheFlag `embed:""`
}

// Run implements the command.
func (c *importRemoveCmd) Run(e *env) error {
	cache, err := c.cache()
	if err != nil {
		return err
	}
	m, err := findImported(cache, c.Name)
	if err != nil {
		return err
	}
	if m == nil {
		return unknownImport(cache, c.Name)
	}
	if err := m.remove(e.ctx, cache); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s is removed\n", m.Name)
	return err
}

func unknownImport(cache *pull.Cache, name string) error {
	list, err := listImported(cache)
	if err != nil {
		return err
	}
	f := fault.New(fault.NotFound, "no imported model is called %q", name)
	if len(list) == 0 {
		return f.WithHint("there is none yet: vizserver import FILE")
	}
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	return f.WithHint("did you mean %s?", fault.Nearest(name, names))
}

// unplain is what may not stand in a name.
var unplain = regexp.MustCompile(`[^a-z0-9._-]+`)

// plainName makes a name of a file's.
func plainName(file string) string {
	base := strings.ToLower(filepath.Base(file))
	base = strings.TrimSuffix(base, filepath.Ext(base))
	base = strings.TrimLeft(unplain.ReplaceAllString(base, "-"), "._-")
	return base[:min(len(base), 64)]
}

// printFound prints what a file holds.
func printFound(w io.Writer, m *modelfile.File) error {
	g := m.Model.Graph
	out := g.OutputValue().Shape
	_, _ = fmt.Fprintf(w, "format         %s\n", m.Format)
	if m.Entry != nil {
		_, _ = fmt.Fprintf(w, "network        %s\n", m.Entry.Name)
	}
	printSums(w, g)
	_, _ = fmt.Fprintf(w, "layers         %d, %s units\n", len(g.Layers), humanize.Comma(int64(g.Units())))
	if text := blockText(g.Root); text != "" {
		_, _ = fmt.Fprintf(w, "blocks         %s\n", text)
	}
	answer := fmt.Sprintf("%d classes", out.C)
	if out.Plane() != 1 {
		answer = fmt.Sprintf("%d×%d×%d", out.C, out.H, out.W)
	}
	_, err := fmt.Fprintf(w, "output         %s\n", answer)
	return err
}

// blockText counts the blocks by kind: "16 bottleneck, 4 stage".
func blockText(root *nn.Block) string {
	counts := map[string]int{}
	var order []string
	var walk func(b *nn.Block)
	walk = func(b *nn.Block) {
		for _, child := range b.Children {
			if child.Layer != nil {
				continue
			}
			if counts[child.Kind]++; counts[child.Kind] == 1 {
				order = append(order, child.Kind)
			}
			walk(child)
		}
	}
	walk(root)
	for i, kind := range order {
		order[i] = fmt.Sprintf("%d %s", counts[kind], kind)
	}
	return strings.Join(order, ", ")
}

// asker asks a person, where there is one.
type asker struct {
	in  *bufio.Reader
	out io.Writer
	on  bool
}

// text asks for a line; an empty one, or nobody to ask, means what is likely.
func (a *asker) text(question, likely string) (string, error) {
	if !a.on {
		return likely, nil
	}
	_, _ = fmt.Fprintf(a.out, "%s [%s]: ", question, likely)
	line, err := a.in.ReadString('\n')
	if err != nil {
		return "", fault.New(fault.Invalid, "nothing was answered").WithCause(err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return likely, nil
	}
	return line, nil
}
