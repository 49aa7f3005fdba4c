package bench

import (
	"context"
	"math"
	"runtime"
	"strings"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/nn/kernel"
)

const reference = "reference"

// engine is our side.
type engine struct {
	kernels string
	set     *kernel.Set
	pool    *nn.Pool // nil: one thread
	plan    *nn.Plan
	run     *nn.Run
	input   []float32
	compile time.Duration
	planar  [][]float32 // by value, where all are converted
	before  int64       // bytes of the heap before the compilation
	err     error       // of reading a value
}

// KernelNames lists what Options.Kernels can be on this processor, best first.
func KernelNames() []string {
	var names []string
	for _, s := range kernel.Sets() {
		names = append(names, s.Name)
	}
	return append(names, reference)
}

// newEngine compiles the model.
func newEngine(m *nn.Model, o Options) (*engine, error) {
	if o.Kernels == kernel.Auto {
		o.Kernels = ""
	}
	e := &engine{kernels: o.Kernels, set: kernel.Find(o.Kernels)}
	if o.Kernels == reference {
		e.set = kernel.Find(kernel.Auto) // what the reference is compared with
	}
	if e.set == nil {
		return nil, fault.New(fault.Unsupported, "this processor has no kernels %q", o.Kernels).
			WithHint("there are %s", strings.Join(KernelNames(), ", "))
	}
	if e.kernels == "" {
		e.kernels = e.set.Name
	}
	compiler := nn.Compiler(nn.Reference)
	if e.kernels != reference {
		f := fast.Options{Set: e.set}
		if o.Threads > 1 {
			e.pool = nn.NewPool(o.Threads)
			f.Pool = e.pool
		}
		if o.Mode == Logits {
			f.Keep = answers(m.Graph)
		}
		compiler = f.Compile
	}
	e.before = heap()
	start := time.Now()
	plan, err := nn.Compile(m, nn.Options{Compiler: compiler})
	if err != nil {
		e.close()
		return nil, err
	}
	e.compile, e.plan, e.run = time.Since(start), plan, plan.NewRun()
	e.input = Input(m)
	if o.Mode == Converted {
		e.convertAll()
	}
	return e, nil
}

// Input makes the numbers that every engine is measured on; ort.py makes the same ones.
func Input(m *nn.Model) []float32 {
	x := make([]float32, m.Graph.InputValue().Shape.Len())
	for i := range x {
		x[i] = float32(math.Sin(0.37 * float64(i)))
	}
	return x
}

// convertAll makes each run read every value, as soon as it is there, into memory of its own.
func (e *engine) convertAll() {
	for _, v := range e.plan.Model.Graph.Values {
		e.planar = append(e.planar, make([]float32, v.Shape.Len()))
	}
	e.run.OnValue = func(v *nn.Value) {
		if err := e.run.ViewOf(v).Read(e.planar[v.Index], nn.Whole(v.Shape)); err != nil {
			e.err = err
		}
	}
}

func (e *engine) close() {
	if e.run != nil {
		e.run.Release()
	}
	if e.pool != nil {
		e.pool.Close()
	}
}

// once runs the net.
func (e *engine) once(ctx context.Context) error {
	if err := e.run.Execute(ctx, e.input); err != nil {
		return err
	}
	return e.err
}

// warm runs the net the first times, and weighs it.
func (e *engine) warm(ctx context.Context, r *Result) error {
	for range 2 {
		if err := e.once(ctx); err != nil {
			return err
		}
	}
	const weighed = 4
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range weighed {
		if err := e.once(ctx); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	g := e.plan.Model.Graph.Memory()
	r.Memory = Memory{
		Weights: g.Weights, Activations: g.Activations, Run: int64(e.plan.Bytes()), Allocs: float64(after.Mallocs-before.Mallocs) / weighed,
	}
	r.Memory.Plan = heap() - e.before - r.Memory.Run
	for _, x := range e.planar {
		r.Memory.Plan -= 4 * int64(len(x))
	}
	r.Memory.Plan = max(r.Memory.Plan, 0) // of a small net less than what came and went beside it
	return nil
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // a sync.Pool, where plans keep their runs, holds things over one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// answers names what a run for the answer alone keeps: the answer, and the logits before a softmax,
// which show better whether two engines agree.
func answers(g *nn.Graph) []string {
	out := g.OutputValue()
	names := []string{out.Name}
	if out.Node.Op.Kind() == "Softmax" && out.Node.Inputs[0].Node != nil {
		names = append(names, out.Node.Inputs[0].Name)
	}
	return names
}

// value returns a value of the last run, planar; nil where there is none of this name.
func (e *engine) value(name string) ([]float32, error) {
	v := e.plan.Model.Graph.Value(name)
	switch {
	case v == nil:
		return nil, nil
	case e.planar != nil:
		return e.planar[v.Index], nil
	}
	x := make([]float32, v.Shape.Len())
	return x, e.run.ViewOf(v).Read(x, nn.Whole(v.Shape))
}

// turn runs the net once for the caches and then so many times.
func (e *engine) turn(ctx context.Context, repeat int, s *samples) error {
	for i := range repeat + 1 {
		cpu, wall := cpuTime(), time.Now()
		if err := e.once(ctx); err != nil {
			return err
		}
		if took := time.Since(wall); i > 0 {
			s.add(ms(took), ms(cpuTime()-cpu))
		}
	}
	return nil
}
