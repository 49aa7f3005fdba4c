package cam

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"vizserver/internal/imgio"
	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/testutil"
	"vizserver/internal/zoo"
)

// look runs the shipped EfficientNet-Lite0 on a photo of testdata.
func look(t *testing.T, m *nn.Model, photo string) *nn.Run {
	t.Helper()
	f, err := os.Open(filepath.Join(testutil.Root(t), "testdata/photos", photo))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x := make([]float32, m.Graph.InputValue().Shape.Sample())
	if _, err := imgio.New(imgio.Limits{}).Photo(t.Context(), f, x, m.Image); err != nil {
		t.Fatal(err)
	}
	p, err := nn.Compile(m, nn.Options{Compiler: fast.Options{}.Compile})
	if err != nil {
		t.Fatal(err)
	}
	run := p.NewRun()
	t.Cleanup(run.Release)
	if err := run.Execute(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	return run
}

// TestPhotos looks at photos with trained weights: mean and bias are the logit, the map holds more of the answer
// than random ones do, and it is another with weights that were not trained.
func TestPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: some hundred passes of EfficientNet-Lite0")
	}
	m, err := zoo.Load("efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	untrained := model(t, "efficientnet-lite0")
	for _, photo := range []string{"chelsea.jpg", "coffee.jpg"} {
		t.Run(photo, func(t *testing.T) {
			run := look(t, m, photo)
			target := Target{Class: m.Answer(run)}
			exact := explain(t, "cam", run, target, Options{})
			if d := exact.Mean() + exact.Bias - exact.Score; !(math.Abs(d) <= 1e-5*math.Max(1, math.Abs(exact.Score))) {
				t.Errorf("mean %v + bias %v is %v off the logit %v", exact.Mean(), exact.Bias, d, exact.Score)
			}
			gain := func(x *Map) float64 {
				f, err := Faithful(t.Context(), run, target, x, Options{Samples: 14})
				if err != nil {
					t.Fatal(err)
				}
				return f.InsertionAUC - f.DeletionAUC
			}
			random := 0.0
			for s := range uint64(4) {
				random += gain(explain(t, "random", run, target, Options{Seed: s})) / 4
			}
			for _, name := range []string{"cam", "gradcam", "layercam", "gradcampp"} {
				got := gain(explain(t, name, run, target, Options{}))
				t.Logf("%s: %s gains %.3f, RandomCAM %.3f", m.Labels[target.Class], name, got, random)
				if !(got > random) {
					t.Errorf("%s gains %v, RandomCAM %v", name, got, random)
				}
			}
			l, err := exact.Locate(WholeFrame(224, 224), 0)
			if err != nil || len(l.Regions) == 0 {
				t.Fatalf("%v regions, %v", l, err)
			}
			t.Logf("%+v, %+v", exact.Evidence(), l.Regions[0])
			other := explain(t, "cam", look(t, untrained, photo), target, Options{}).Values
			if c := correlation(exact.Values, other); c > 0.8 {
				t.Errorf("with weights that were not trained the map is nearly the same: correlation %v", c)
			}
		})
	}
}

func correlation(a, b []float32) float64 {
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i])-ma, float64(b[i])-mb
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// BenchmarkMethods times one map of each method that needs no more than one pass, beside the forward pass.
func BenchmarkMethods(b *testing.B) {
	m := model(b, "efficientnet-lite0")
	run := execute(b, m, 1)
	x := run.Input()
	b.Run("forward", func(b *testing.B) {
		for b.Loop() {
			if err := run.Execute(b.Context(), x); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, name := range []string{"cam", "gradcam", "eigen", "gradient", "ablation"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				explain(b, name, run, Target{Class: class}, Options{})
			}
		})
	}
}
