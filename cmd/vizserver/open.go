package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
	"vizserver/internal/pull"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// cacheFlag names the directory of what was pulled and imported.
type cacheFlag struct {
	Cache string `placeholder:"DIR" env:"VIZ_CACHE" help:"Directory of pulled weights and imported models; default: vizserver in the user's cache directory."`
}

// cache returns the directory; it need not exist.
func (f *cacheFlag) cache() (*pull.Cache, error) {
	if f.Cache != "" {
		return &pull.Cache{Dir: f.Cache}, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fault.New(fault.Invalid, "there is no cache directory of the user").WithCause(err).WithHint("name one with --cache or VIZ_CACHE")
	}
	return &pull.Cache{Dir: filepath.Join(dir, "vizserver")}, nil
}

// fileFlags say what the file of a model does not.
type fileFlags struct {
	Net        string `placeholder:"NAME" help:"Network of the table that a file of weights alone is for; without it, the one whose names and sizes fit."`
	InputShape []int  `sep:"," placeholder:"N,C,H,W" help:"Size of the input, where the file leaves it open."`
	Labels     string `placeholder:"FILE" help:"Names of the classes, in their order: text with one a line, JSON or CSV."`
	Preprocess string `placeholder:"PRESET" help:"How pictures are prepared; photos: torchvision, torchvision-v2, timm, inception, caffe, keras-caffe, keras-tf, keras-torch, unit or raw; digits: digits, digits-norm."`
}

// Validate implements kong's Validatable.
func (f *fileFlags) Validate() error {
	if n := f.InputShape; len(n) > 0 && (len(n) > 8 || slices.Min(n) < 1) {
		return fmt.Errorf("--input-shape %v: sizes are whole numbers from 1 on, N,C,H,W", n)
	}
	return nil
}

// options are those of modelfile for a file that is for this net of the table, or "".
func (f *fileFlags) options(net string) (modelfile.Options, error) {
	if f.Net != "" {
		if _, err := findNet(f.Net); err != nil {
			return modelfile.Options{}, err
		}
		net = f.Net
	}
	o := modelfile.Options{Net: net, Input: f.InputShape, Preset: f.Preprocess}
	if f.Labels != "" {
		labels, err := readLabels(f.Labels)
		if err != nil {
			return o, err
		}
		o.Labels = labels
	}
	return o, nil
}

// modelFlags are the flags of a command that works on one network.
type modelFlags struct {
	cacheFlag `embed:""`
	fileFlags `embed:""`
	Weights   string `placeholder:"FILE" help:"Weights for a network of the table, instead of those in the binary or pulled."`
}

// chosen is the network that a command line names.
type chosen struct {
	Model *nn.Model  // without weights where only the graph was asked for
	Entry *zoo.Entry // of the table; nil where the file brings its own graph
	About string     // what it is, for show
	Notes []string   // what was assumed, for a person
}

// open finds the network: a name of the table, with the weights of --weights, those in the
// binary, or those that were pulled; else an imported model; else a file. The graph alone
// needs no weights.
func (f *modelFlags) open(ctx context.Context, name string, graphOnly bool) (*chosen, error) {
	c, err := f.find(ctx, name, graphOnly)
	if err != nil {
		return nil, err
	}
	if c.Entry == nil || f.Preprocess == "" && f.Labels == "" {
		return c, nil
	}
	return c, f.change(c)
}

func (f *modelFlags) find(ctx context.Context, name string, graphOnly bool) (*chosen, error) {
	net, _, tagged := strings.Cut(name, "@")
	if entry, err := zoo.Find(net); err == nil {
		if f.Net != "" {
			return nil, fault.New(fault.Invalid, "--net says which network a file of weights is for; %s is no file", name).
				WithHint("give the file by --weights")
		}
		return f.ofTable(ctx, entry, name, tagged, graphOnly)
	}
	if f.Weights != "" {
		return nil, fault.New(fault.Invalid, "--weights goes with a network of the table, and %q is none", name).WithHint("see: vizserver models")
	}
	cache, err := f.cache()
	if err != nil {
		return nil, err
	}
	if m, err := findImported(cache, name); err != nil || m != nil {
		if err != nil {
			return nil, err
		}
		return m.open(ctx, f)
	}
	if !looksLikeFile(name) {
		return nil, unknownModel(cache, name)
	}
	o, err := f.options("")
	if err != nil {
		return nil, err
	}
	return openFile(ctx, name, o)
}

// ofTable opens a network of the table.
func (f *modelFlags) ofTable(ctx context.Context, entry *zoo.Entry, name string, tagged, graphOnly bool) (*chosen, error) {
	about := fmt.Sprintf("%s (%s), %d: %s", entry.Title, entry.Name, entry.Year, entry.Paper)
	if f.Weights == "" && graphOnly {
		g, err := entry.Graph()
		return &chosen{Model: &nn.Model{Name: entry.Name, Graph: g, Image: entry.Image, Pre: entry.Pre, Head: entry.Head}, Entry: entry, About: about}, err
	}
	path, o := f.Weights, modelfile.Options{Net: entry.Name}
	if own, err := pull.Find(entry.Name + "@keras"); err == nil && filepath.Ext(path) == ".h5" {
		o.Image = &own.Pre // Keras's own file
	}
	if path == "" {
		if _, err := models.Find(entry.Name); err == nil && !tagged {
			m, err := zoo.Load(entry.Name)
			return &chosen{Model: m, Entry: entry, About: about}, err
		}
		var err error
		if path, o.Image, err = f.pulled(name); err != nil {
			return nil, err
		}
	}
	c, err := openFile(ctx, path, o)
	if err != nil {
		return nil, err
	}
	if c.Entry == nil { // Keras's weights come with Keras's graph
		c.Entry, c.Model.Name, c.Model.Title = entry, entry.Name, entry.Title
		c.Notes = append(c.Notes, "the graph is that of the file's own maker, not that of the table")
	}
	c.About = about
	return c, nil
}

// pulled returns the file of official weights, and how they want photos.
func (f *modelFlags) pulled(name string) (string, *nn.ImagePre, error) {
	file, err := pull.Find(name)
	if err != nil {
		if strings.Contains(name, "@") {
			return "", nil, err
		}
		return "", nil, fault.New(fault.NotFound, "there are no weights of %s in this binary, and none that can be pulled", name).
			WithHint("give a file of them with --weights")
	}
	cache, err := f.cache()
	if err != nil {
		return "", nil, err
	}
	path, _, err := cache.Path(file)
	if absent, ok := errors.AsType[*pull.AbsentError](err); ok {
		return "", nil, fault.New(fault.NotFound, "%v", absent).WithHint("vizserver pull %s, or give a file of them with --weights", name)
	}
	return path, &file.Pre, err
}

// openFile reads a file of any format.
func openFile(ctx context.Context, path string, o modelfile.Options) (*chosen, error) {
	m, err := modelfile.Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	about := fmt.Sprintf("%s (%s)", filepath.Base(path), m.Format)
	if m.Entry != nil {
		about = fmt.Sprintf("%s (%s) of %s", m.Entry.Title, m.Entry.Name, about)
	}
	return &chosen{Model: m.Model, Entry: m.Entry, About: about, Notes: m.Notes}, nil
}

// change gives a model of the table other labels or another preparation. The model is shared
// and stays as it is.
func (f *modelFlags) change(c *chosen) error {
	m := *c.Model
	if f.Preprocess != "" {
		if err := modelfile.Prepare(&m, f.Preprocess); err != nil {
			return err
		}
	}
	if f.Labels != "" {
		labels, err := readLabels(f.Labels)
		if err != nil {
			return err
		}
		if n := m.Graph.OutputValue().Shape.C; len(labels) != n {
			return fault.New(fault.Invalid, "there are %d labels in %s for %d classes", len(labels), f.Labels, n)
		}
		m.Labels = labels
	}
	c.Model = &m
	return nil
}

// looksLikeFile says whether a person who wrote this means a file: it is one, or has the form of one.
func looksLikeFile(name string) bool {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return true
	}
	ext := strings.TrimLeft(filepath.Ext(name), ".0123456789") // squeezenet-1.0 is a network
	return strings.ContainsAny(name, `/\`) || ext != ""
}

// unknownModel says which name was probably meant.
func unknownModel(cache *pull.Cache, name string) error {
	imported, err := listImported(cache)
	if err != nil {
		return err
	}
	names := zoo.Names(zoo.Table())
	for _, m := range imported {
		names = append(names, m.Name)
	}
	near := zoo.Nearest(name)
	if !strings.HasPrefix(near, strings.ToLower(name)) {
		near = fault.Nearest(name, names)
	}
	return fault.New(fault.NotFound, "there is no network and no file %q; did you mean %s?", name, near).WithHint("see: vizserver models")
}

// readLabels reads the names of classes from a file.
func readLabels(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	labels, err := modelfile.ReadLabels(f)
	return labels, naming(name, err)
}

// session is a network that is ready to run, with the memory of its input.
type session struct {
	*chosen
	run   *nn.Run
	input []float32
	close func() // ends the threads
}

// start opens a network for pictures and compiles it; its notes go to standard error. The caller
// closes the session.
func (f *modelFlags) start(e *env, name string, engine *engineFlags) (*session, error) {
	c, err := f.open(e.ctx, name, false)
	if err != nil {
		return nil, err
	}
	c.tell(e)
	return c.start(engine)
}

// tell prints the notes.
func (c *chosen) tell(e *env) {
	for _, n := range c.Notes {
		_, _ = fmt.Fprintf(e.stderr, "note: %s\n", n)
	}
}

func (c *chosen) start(engine *engineFlags) (*session, error) {
	compiler, end, err := engine.compiler(c.Model)
	if err != nil {
		return nil, err
	}
	plan, err := nn.Compile(c.Model, nn.Options{Compiler: compiler})
	if err != nil {
		end()
		return nil, err
	}
	run := plan.NewRun()
	return &session{chosen: c, run: run, input: make([]float32, len(run.Input())), close: end}, nil
}
