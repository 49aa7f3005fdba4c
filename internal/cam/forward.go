package cam

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"vizserver/internal/nn"
)

// forward runs count inputs through the net, as many at once as the plan's batch has, under the edits of
// the explained run. fill writes input i, C×H×W; use reads the finished run of the inputs first … first+n−1,
// which are its samples 0 … n−1.
func (j *job) forward(ctx context.Context, count int, fill func(i int, dst []float32), use func(run *nn.Run, first, n int) error) error {
	plan := j.run.Plan()
	if err := j.reserve(plan.Bytes()); err != nil {
		return err
	}
	run := plan.NewRun()
	defer run.Release()
	in := j.g.InputValue()
	edits := slices.DeleteFunc(slices.Clone(j.run.Edits()), func(e nn.Edit) bool { return e.Value == in.Name }) // done already
	batch, size := run.ViewOf(in).Shape().N, in.Shape.Sample()
	for first := 0; first < count; first += batch {
		n := min(batch, count-first)
		x := run.Input()
		for i := range n {
			fill(first+i, x[i*size:][:size])
		}
		for i := n; i < batch; i++ {
			copy(x[i*size:][:size], x[:size])
		}
		if err := run.Execute(ctx, x, edits...); err != nil {
			return err
		}
		if err := use(run, first, n); err != nil {
			return err
		}
		j.progress(first+n, count)
	}
	return nil
}

// scores returns the target's score for each of count inputs.
func (j *job) scores(ctx context.Context, count int, fill func(i int, dst []float32)) ([]float64, error) {
	out := make([]float64, count)
	err := j.forward(ctx, count, fill, func(run *nn.Run, first, n int) error {
		for i := range n {
			out[first+i] = j.score(run, i)
		}
		return nil
	})
	return out, err
}

// baseline returns the input that stands for nothing.
func (j *job) baseline() ([]float32, error) {
	n := j.g.InputValue().Shape.Sample()
	if j.o.Baseline == nil {
		return make([]float32, n), nil
	}
	if len(j.o.Baseline) != n {
		return nil, invalid("the baseline has %d values, the net takes %d", len(j.o.Baseline), n)
	}
	return j.o.Baseline, finite("the baseline", j.o.Baseline)
}

// noisy returns what writes the i-th noisy copy of x: Gaussian noise whose standard deviation is share of
// the range of x. The i-th depends on seed and i alone, not on the batch.
func noisy(x []float32, share float64, seed uint64) func(i int, dst []float32) {
	sigma := share * float64(slices.Max(x)-slices.Min(x))
	return func(i int, dst []float32) {
		r := random(seed, uint64(i))
		for k, v := range x {
			dst[k] = v + float32(sigma*r.NormFloat64())
		}
	}
}

// random returns a stream of random numbers of its own.
func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream+1)) }

// softmax of scores, in place of them; of none it is none.
func softmax(x []float64) {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range x {
		x[i] = math.Exp(v - top)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}
