package cam

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// job is one call of Explain: what is explained, and the memory for it. It serves one goroutine.
type job struct {
	run    *nn.Run
	m      *nn.Model
	g      *nn.Graph
	o      Options
	logits *nn.Value
	terms  []term
	back   *nn.Backprop
	taken  int // bytes reserved
}

// term is a class with its weight in the score.
type term struct {
	class int
	by    float64
}

// Logits returns the value of the scores: what the softmax at the net's end reads, else the answer.
func Logits(g *nn.Graph) *nn.Value {
	v := g.OutputValue()
	for {
		k := v.Node.Op.Kind()
		last := k == "Softmax" || k == "SoftmaxAxis" || (isView(v.Node) && v.Shape.Plane() == 1)
		if !last || v.Node.Inputs[0].Node == nil {
			return v
		}
		v = v.Node.Inputs[0]
	}
}

func newJob(run *nn.Run, t Target, o Options) (*job, error) {
	m := run.Plan().Model
	j := &job{run: run, m: m, g: m.Graph, o: o, logits: Logits(m.Graph)}
	s := run.ViewOf(j.logits).Shape()
	if s.Plane() != 1 {
		return nil, fault.New(fault.Unsupported, "%s answers with maps of %d×%d, not with one score for each class", m.Name, s.H, s.W)
	}
	if o.Sample < 0 || o.Sample >= s.N {
		return nil, invalid("there is no sample %d in a batch of %d", o.Sample, s.N)
	}
	for _, c := range append([]int{t.Class}, t.Against...) {
		if c < 0 || c >= s.C {
			return nil, invalid("%s has no class %d", m.Name, c).WithHint("classes are 0 to %d", s.C-1)
		}
	}
	if slices.Contains(t.Against, t.Class) {
		return nil, invalid("class %d cannot be compared with itself", t.Class)
	}
	sign := 1.0
	if m.Head.LowerIsBetter {
		sign = -1
	}
	j.terms = []term{{t.Class, sign}}
	for _, c := range t.Against {
		j.terms = append(j.terms, term{c, -sign / float64(len(t.Against))})
	}
	return j, nil
}

// score returns the target's score of one sample of a finished run.
func (j *job) score(run *nn.Run, sample int) float64 {
	var s float64
	var y [1]float32
	for _, t := range j.terms {
		r := nn.Region{N: sample, C0: t.class, C1: t.class + 1, Y1: 1, X1: 1}
		if err := run.ViewOf(j.logits).Read(y[:], r); err != nil {
			panic("cam: " + err.Error()) // the class was checked by newJob
		}
		s += t.by * float64(y[0])
	}
	return s
}

// read copies one sample of a value.
func (j *job) read(run *nn.Run, v *nn.Value, sample int) []float32 {
	view := run.ViewOf(v)
	r := nn.Whole(view.Shape())
	r.N = sample
	x := make([]float32, r.Len())
	if err := view.Read(x, r); err != nil {
		panic("cam: " + err.Error()) // the sample was checked by newJob
	}
	return x
}

// input returns the explained sample's input.
func (j *job) input() []float32 { return j.read(j.run, j.g.InputValue(), j.o.Sample) }

// reserve takes bytes of the budget, or says that it is too small.
func (j *job) reserve(bytes int) error {
	j.taken += bytes
	if limit := j.o.bytes(); j.taken > limit {
		return fault.New(fault.TooLarge, "this map needs %d MiB of memory, the limit is %d MiB", j.taken>>20, limit>>20).
			WithHint("choose a method without gradients (CAM, Eigen-CAM), a smaller net, or a higher limit")
	}
	return nil
}

func (j *job) progress(done, total int) {
	if j.o.Progress != nil {
		j.o.Progress(done, total)
	}
}

// finite refuses values that are no numbers, which broken weights make.
func finite(what string, values []float32) error {
	for i, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fault.New(fault.Unprocessable, "%s holds %v at place %d: there is nothing to explain", what, v, i).
				WithHint("look for damaged weights or an input out of all range")
		}
	}
	return nil
}

// limited runs do within the time of the options, and says so where that ended it.
func limited(ctx context.Context, o Options, do func(context.Context) (*Map, error)) (*Map, error) {
	if o.Time <= 0 {
		return do(ctx)
	}
	within, cancel := context.WithTimeout(ctx, o.Time)
	defer cancel()
	m, err := do(within)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fault.New(fault.Busy, "the map was not done within %v", o.Time).
			WithHint("choose a cheaper method, fewer samples, or a longer limit").WithCause(fmt.Errorf("explain: %w", err))
	}
	return m, err
}
