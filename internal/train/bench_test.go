package train

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vizserver/internal/mnist"
	"vizserver/internal/nn"
)

// BenchmarkStep is one step of the optimizer on 64 digits with one worker.
func BenchmarkStep(b *testing.B) {
	for _, model := range []string{"lenet5-1998", "lenet5-modern"} {
		b.Run(model, func(b *testing.B) {
			c, err := Recipe(model)
			if err != nil {
				b.Fatal(err)
			}
			tr, err := New(c, mnist.Test())
			if err != nil {
				b.Fatal(err)
			}
			tr.Workers = 1
			digits := rand.New(rand.NewPCG(1, 2)).Perm(c.Batch)
			for b.Loop() {
				if _, err := tr.step(b.Context(), digits, 1e-3); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*c.Batch)*1e6, "µs/digit")
		})
	}
}

// BenchmarkStepAlone is one step of SGD with momentum on 64 digits as they are, on GOMAXPROCS
// goroutines: what scripts/bench/train compares with PyTorch. It tells the median of a step.
func BenchmarkStepAlone(b *testing.B) {
	c, err := Recipe("lenet5-modern")
	if err != nil {
		b.Fatal(err)
	}
	c.Optimizer, c.Augment, c.Average, c.WeightDecay = "sgd", Augment{}, 0, 0
	tr, err := New(c, mnist.Test())
	if err != nil {
		b.Fatal(err)
	}
	digits := rand.New(rand.NewPCG(1, 2)).Perm(c.Batch)
	var took []float64
	for b.Loop() {
		start := time.Now()
		if _, err := tr.step(b.Context(), digits, 1e-3); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start).Seconds()*1e3)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "ms/median")
	b.ReportMetric(took[len(took)/10], "ms/p10")
}

// BenchmarkForward is one digit through the net with every activation kept.
func BenchmarkForward(b *testing.B) {
	for _, model := range []string{"lenet5-1998", "lenet5-harley", "lenet5-modern", "mlp-harley"} {
		b.Run(model, func(b *testing.B) {
			c, err := Recipe(model)
			if err != nil {
				b.Fatal(err)
			}
			tr, err := New(c, mnist.Test())
			if err != nil {
				b.Fatal(err)
			}
			plan, err := nn.Compile(tr.model, nn.Options{})
			if err != nil {
				b.Fatal(err)
			}
			run := plan.NewRun()
			input := make([]float32, tr.model.Graph.InputValue().Shape.Len())
			tr.model.Pre.Apply(input, mnist.Test().Image(0))
			b.ReportAllocs()
			for b.Loop() {
				if err := run.Execute(b.Context(), input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAugment is one digit through the augmentation.
func BenchmarkAugment(b *testing.B) {
	g := newAugmenter(DefaultAugment())
	r := rand.New(rand.NewPCG(1, 2))
	src := mnist.Test().Image(0)
	for b.Loop() {
		g.apply(src, r)
	}
}
