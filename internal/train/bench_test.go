package train

import (
	"math/rand/v2"
	"testing"

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
