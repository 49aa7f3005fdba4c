package train

import (
	"context"
	"testing"

	"vizserver/internal/mnist"
)

func smallConfig(t *testing.T, model string) Config {
	t.Helper()
	c, err := Recipe(model)
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs, c.Batch, c.Limit = 2, 32, 256
	return c
}

func trained(t *testing.T, c Config, workers int) *Trainer {
	t.Helper()
	tr, err := New(c, mnist.Test())
	if err != nil {
		t.Fatal(err)
	}
	tr.Workers = workers
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tr
}

func sameBits(t *testing.T, a, b *Trainer) {
	t.Helper()
	for i, p := range a.params {
		for j, v := range p {
			if v != b.params[i][j] {
				t.Fatalf("%s[%d] is %v and %v", a.names[i], j, v, b.params[i][j])
			}
		}
	}
}

func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	c := smallConfig(t, "lenet5-harley")
	sameBits(t, trained(t, c, 1), trained(t, c, 4))
}

func TestAnotherSeedGivesOtherWeights(t *testing.T) {
	c := smallConfig(t, "mlp-harley")
	c.Epochs = 1
	a := trained(t, c, 2)
	c.Seed++
	b := trained(t, c, 2)
	if a.params[0][0] == b.params[0][0] && a.params[0][1] == b.params[0][1] {
		t.Error("two seeds gave the same weights")
	}
}

// TestResume stops in the middle of an epoch, saves, reads and goes on: the weights
// are those of a training that was never stopped.
func TestResume(t *testing.T) {
	c := smallConfig(t, "lenet5-1998")
	whole := trained(t, c, 2)

	tr, err := New(c, mnist.Test())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	tr.OnBatch = func(p Progress) {
		if p.Epoch == 1 && p.Batch == 3 {
			stop()
		}
	}
	if err := tr.Run(ctx); err != context.Canceled { //nolint:errorlint // Run returns ctx.Err itself
		t.Fatalf("got %v, want context.Canceled", err)
	}
	path := t.TempDir() + "/stopped.safetensors"
	if err := tr.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := ResumeFile(path, mnist.Test())
	if err != nil {
		t.Fatal(err)
	}
	if again.epoch != 1 || again.batch != 3 {
		t.Fatalf("resumed at epoch %d, batch %d", again.epoch, again.batch)
	}
	if err := again.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameBits(t, whole, again)
}

// TestLearns sees every loss fall on a few digits that it can learn by heart.
func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("200 epochs: under the race detector minutes, and TestSameBits… runs the same goroutines")
	}
	for _, model := range []string{"lenet5-1998", "lenet5-harley", "lenet5-modern", "mlp-harley"} {
		t.Run(model, func(t *testing.T) {
			c := smallConfig(t, model)
			c.Epochs, c.Augment, c.Average, c.Limit, c.Schedule = 50, Augment{}, 0, 128, "constant"
			tr := trained(t, c, 2)
			m, err := tr.Model()
			if err != nil {
				t.Fatal(err)
			}
			first := make([]int, c.Limit)
			for i := range first {
				first[i] = i
			}
			r, err := EvaluateSome(t.Context(), m, mnist.Test(), first)
			if err != nil {
				t.Fatal(err)
			}
			if r.Accuracy() < 0.9 {
				t.Errorf("%d of %d right on the digits it was trained on", r.Correct, r.Digits)
			}
		})
	}
}
