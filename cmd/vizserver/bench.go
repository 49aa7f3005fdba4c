package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"vizserver/internal/bench"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// benchCmd measures the engine.
type benchCmd struct {
	Models  []string      `arg:"" optional:"" name:"model" help:"Networks (see 'vizserver models'), imported models, or FILEs; none: ten of the table."`
	Threads []int         `default:"1" sep:"," placeholder:"N,…" help:"Threads of each engine, one after the other."`
	Mode    []string      `enum:"logits,all,converted" default:"all" sep:"," help:"What is kept: ${enum}."`
	Kernels string        `env:"VIZ_KERNELS" placeholder:"NAME" help:"Inner loops: avx512, avx2, go, or reference; default: the best of this processor."`
	Against string        `enum:",ort" default:"" placeholder:"ort" help:"Run ONNX Runtime beside it."`
	Python  string        `env:"VIZ_BENCH_PYTHON" placeholder:"PATH" help:"Python that has onnxruntime, instead of an environment of its own in the cache."`
	Rounds  int           `default:"15" help:"Turns of each engine."`
	Repeat  int           `default:"3" help:"Timed runs of a turn; more where a run is short."`
	Time    time.Duration `default:"20s" help:"No turn begins after it, for one line of the table; three turns are made anyway."`
	Quiet   time.Duration `default:"2s" help:"How long a turn waits at most until the machine is idle."`
	Layers  bool          `help:"Measure each step of the networks."`
	JSON    bool          `name:"json" help:"As a JSON array of objects with model, threads, mode, ours_ms, theirs_ms, ratio and more."`
	HTML    string        `name:"html" placeholder:"FILE" help:"Write a page with a roofline plot of each network; it measures the steps."`

	cacheFlag `embed:""`
}

// benchNets are those of the table that are measured where none is named.
var benchNets = []string{
	"lenet5-modern", "vgg16", "resnet18", "resnet50", "squeezenet-1.1", "googlenet", "inception-v3", "densenet121", "mobilenet-v2", "efficientnet-lite0",
}

// Help implements kong's HelpProvider.
func (benchCmd) Help() string {
	return `OURS and THEIRS are milliseconds of the middle run, RATIO is ours over theirs: below 1 this engine is faster. RATIO P10 is that of the fastest tenth, RATIO CPU that of the processor's time, which other programs disturb less. QUIET counts the turns that found the machine idle; where they are few, look at these two.

Mode logits keeps the answer alone and all keeps every value; beside both, ONNX Runtime gives the answer alone. In mode converted every value is read as planar numbers, and ONNX Runtime gives all of them. Weights are those in the binary, else numbers made from the names. Both engines get the same file of weights and the same input; DIFFERENCE is the largest of any output over the largest number in it.

ONNX Runtime comes from PyPI into an environment of its own in the cache, about 100 MB, which can be deleted.

Examples:

  vizserver bench resnet50 --threads 1,2 --mode logits,all,converted --against ort

  vizserver bench --against ort --json > bench.json

  vizserver bench efficientnet-lite0 --html report.html

Exit codes: 0 done, 1 our own fault, 2 wrong input, 4 not found, 5 kernels or Python that are not here, 80 wrong usage.`
}

// Validate implements kong's Validatable.
func (c *benchCmd) Validate() error {
	switch {
	case len(c.Threads) == 0 || slices.Min(c.Threads) < 1 || slices.Max(c.Threads) > 256:
		return fmt.Errorf("--threads %v: numbers from 1 to 256", c.Threads)
	case c.Rounds < 1 || c.Repeat < 1:
		return fmt.Errorf("--rounds %d, --repeat %d: at least 1", c.Rounds, c.Repeat)
	case c.Quiet < 0 || c.Time < 0:
		return fmt.Errorf("--quiet %v, --time %v: not below zero", c.Quiet, c.Time)
	}
	return nil
}

// Run implements the command.
func (c *benchCmd) Run(e *env) error {
	o := bench.Options{Kernels: c.Kernels, Rounds: c.Rounds, Repeat: c.Repeat, Limit: c.Time, Quiet: c.Quiet, Layers: c.Layers || c.HTML != ""}
	if c.Against == "ort" {
		cache, err := c.cache()
		if err != nil {
			return err
		}
		log := func(text string) { _, _ = fmt.Fprintf(e.stderr, "note: %s\n", text) }
		if o.Theirs, err = bench.NewRuntime(e.ctx, cache.Dir, c.Python, log); err != nil {
			return err
		}
		defer o.Theirs.Close()
	}
	names := c.Models
	if len(names) == 0 {
		names = benchNets
	}
	results := []*bench.Result{}
	for _, name := range names {
		list, err := c.measure(e, name, o)
		if err != nil {
			return err
		}
		results = append(results, list...)
	}
	if c.HTML != "" {
		if err := writeWhole(c.HTML, c.report(results).WriteHTML); err != nil {
			return err
		}
	}
	return c.print(e.stdout, results)
}

// measure makes the lines of one network.
func (c *benchCmd) measure(e *env, name string, o bench.Options) ([]*bench.Result, error) {
	m, err := c.model(e, name)
	if err != nil {
		return nil, err
	}
	var list []*bench.Result
	for _, threads := range c.Threads {
		for _, mode := range c.Mode {
			o.Threads, o.Mode = threads, bench.Mode(mode)
			r, err := bench.Run(e.ctx, m, o)
			if err != nil {
				return nil, err
			}
			r.Model = name
			if r.Diff != nil && !(*r.Diff <= 1e-3) {
				_, _ = fmt.Fprintf(e.stderr, "note: the answers of the two engines on %s differ by %.1e of the largest number\n", name, *r.Diff)
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// model opens a network; one of the table without weights in the binary gets seeded ones.
func (c *benchCmd) model(e *env, name string) (*nn.Model, error) {
	if entry, err := zoo.Find(name); err == nil {
		if _, err := models.Find(name); err == nil {
			return zoo.Load(name)
		}
		g, err := entry.Graph()
		if err != nil {
			return nil, err
		}
		return entry.Bind(zoo.Seeded(g))
	}
	f := modelFlags{cacheFlag: c.cacheFlag}
	chosen, err := f.open(e.ctx, name, false)
	if err != nil {
		return nil, err
	}
	if n := chosen.Model.Graph.InputValue().Shape.N; n != 1 {
		return nil, fault.New(fault.Unsupported, "%s takes %d samples at once; bench measures one", name, n)
	}
	return chosen.Model, nil
}

func (c *benchCmd) report(results []*bench.Result) *bench.Report {
	return &bench.Report{
		Title: "vizserver bench", Command: "vizserver " + strings.Join(os.Args[1:], " "), When: time.Now().UTC().Format("2006-01-02 15:04 MST"),
		Machine: fmt.Sprintf("%s, %d processors, %s/%s", versionLine(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), Results: results,
	}
}

// print writes the results.
func (c *benchCmd) print(w io.Writer, results []*bench.Result) error {
	if c.JSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(results)
	}
	if err := writeTable(w, bench.Rows(results), 3); err != nil {
		return err
	}
	if !c.Layers {
		return nil
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(w, "\n%s, %s, threads: %d\n", r.Model, r.Mode, r.Threads); err != nil {
			return err
		}
		if err := writeTable(w, bench.LayerRows(r), 3); err != nil {
			return err
		}
	}
	return nil
}
