package cam

import (
	"context"
	"errors"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// gradients returns the gradients of the score by values, of the samples of a finished run:
// by sample, then by value, each K×H×W.
func (j *job) gradients(ctx context.Context, run *nn.Run, samples []int, rules map[string]nn.Rule, vals ...*nn.Value) ([][]float32, error) {
	shape := run.ViewOf(j.logits).Shape()
	seed := make([]float32, shape.Len())
	for _, n := range samples {
		for _, t := range j.terms {
			seed[n*shape.C+t.class] += float32(t.by)
		}
	}
	return j.walk(ctx, run, nn.Seed{Value: j.logits, Grad: seed}, samples, rules, vals...)
}

// walk returns the gradients from a seed.
func (j *job) walk(ctx context.Context, run *nn.Run, seed nn.Seed, samples []int, rules map[string]nn.Rule, vals ...*nn.Value) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if j.back == nil {
		if err := j.newBackprop(); err != nil {
			return nil, err
		}
	}
	j.back.Rules, j.back.Want = rules, vals
	err := j.back.Run(run, seed)
	if bad, ok := errors.AsType[*nn.GraphError](err); ok {
		return nil, fault.New(fault.Unsupported, "%s cannot be differentiated: %s", j.m.Name, bad.Text).
			WithHint("choose a method without gradients: CAM, Eigen-CAM, Score-CAM, occlusion").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	var out [][]float32
	for _, n := range samples {
		for _, v := range vals {
			if d := j.back.Value(v); d != nil {
				out = append(out, slices.Clone(d.Sample(n)))
			} else { // the score does not depend on it
				out = append(out, make([]float32, v.Shape.Sample()))
			}
		}
	}
	return out, ctx.Err()
}

// newBackprop makes the memory of the backward pass: at most a gradient for each value.
func (j *job) newBackprop() error {
	shapes, err := j.g.Shapes(j.run.Plan().Batch)
	if err != nil {
		return err
	}
	bytes := 0
	for _, s := range shapes {
		bytes += 4 * s.Len()
	}
	if err := j.reserve(bytes); err != nil {
		return err
	}
	j.back = j.run.Plan().NewBackprop()
	j.back.NoParams = true
	return nil
}
