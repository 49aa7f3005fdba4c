package train

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"vizserver/internal/mnist"
	"vizserver/internal/nn"
)

// Result is how a network does on a set of digits.
type Result struct {
	Digits    int
	Correct   int
	Confusion [][]int // [true class][answer]
	Wrong     []int   // indices of the digits that it gets wrong, ascending
}

// Accuracy returns the share of right answers, 0…1.
func (r *Result) Accuracy() float64 { return float64(r.Correct) / float64(r.Digits) }

// Evaluate asks the network for every digit of a set.
func Evaluate(ctx context.Context, m *nn.Model, d *mnist.Dataset) (*Result, error) {
	all := make([]int, d.Len())
	for i := range all {
		all[i] = i
	}
	return EvaluateSome(ctx, m, d, all)
}

// EvaluateSome asks the network for the digits of these indices.
func EvaluateSome(ctx context.Context, m *nn.Model, d *mnist.Dataset, digits []int) (*Result, error) {
	answers := make([]int, len(digits))
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		return nil, err
	}
	workers := min(runtime.GOMAXPROCS(0), max(1, len(digits)/100))
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error {
			run := plan.NewRun()
			defer run.Release()
			input := make([]float32, m.Graph.InputValue().Shape.Len())
			for i := w; i < len(digits); i += workers {
				m.Pre.Apply(input, d.Image(digits[i]))
				if err := run.Execute(ctx, input); err != nil {
					return err
				}
				answers[i] = m.Answer(run)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := &Result{Digits: len(digits), Confusion: make([][]int, classes)}
	for c := range r.Confusion {
		r.Confusion[c] = make([]int, classes)
	}
	for i, a := range answers {
		label := d.Label(digits[i])
		r.Confusion[label][a]++
		if a == label {
			r.Correct++
		} else {
			r.Wrong = append(r.Wrong, digits[i])
		}
	}
	return r, nil
}
