package cam

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
	"vizserver/internal/zoo/seed"
)

const (
	small  = "cifar-resnet20" // 8×8 features, 41 M multiply-adds
	layer2 = "layer2.2.relu#2"
	layer3 = "layer3.2.relu#2"
	class  = 3
)

// model binds a net of the zoo to seeded weights.
func model(tb testing.TB, name string) *nn.Model {
	tb.Helper()
	e, err := zoo.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		tb.Fatal(err)
	}
	m, err := e.Bind(zoo.Seeded(g))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// execute runs a net on the fast kernels over the seeded input, the same in each sample of the batch.
func execute(tb testing.TB, m *nn.Model, batch int, edits ...nn.Edit) *nn.Run {
	tb.Helper()
	p, err := nn.Compile(m, nn.Options{Batch: batch, Compiler: fast.Options{}.Compile, Poison: true})
	if err != nil {
		tb.Fatal(err)
	}
	run := p.NewRun()
	tb.Cleanup(run.Release)
	one := seed.Input(m.Graph.InputValue().Shape.Sample())
	var x []float32
	for range batch {
		x = append(x, one...)
	}
	if err := run.Execute(tb.Context(), x, edits...); err != nil {
		tb.Fatal(err)
	}
	return run
}

// explain makes a map that must come.
func explain(tb testing.TB, name string, run *nn.Run, t Target, o Options) *Map {
	tb.Helper()
	m, err := Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	got, err := m.Explain(tb.Context(), run, t, o)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return got
}

// golden returns the maps of scripts/golden/cam.py.
func golden(tb testing.TB) *weights.File {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(tb), "testdata/golden/cam", small+".safetensors"))
	if err != nil {
		tb.Fatal(err)
	}
	f, err := weights.Read(b)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func want(tb testing.TB, f *weights.File, name string) []float32 {
	tb.Helper()
	x := f.Tensor(name)
	if x == nil {
		tb.Fatalf("no %s in the golden file", name)
	}
	return x.Float32()
}

// near compares maps within a share of the largest absolute value.
func near(tb testing.TB, got, want []float32, share float64, shape ...int) {
	tb.Helper()
	testutil.Close(tb, got, want, testutil.Tolerance{Abs: share * largest(want)}, shape...)
}

func largest(x []float32) float64 {
	top := 0.0
	for _, v := range x {
		top = math.Max(top, math.Abs(float64(v)))
	}
	return top
}

// TestGolden compares every method that looks at layers with pytorch-grad-cam and the papers' formulas.
func TestGolden(t *testing.T) {
	run, f := execute(t, model(t, small), 1), golden(t)
	for _, layer := range []struct{ short, name string }{{"layer3", layer3}, {"layer2", layer2}} {
		for _, name := range goldenMethods {
			t.Run(layer.short+"/"+name, func(t *testing.T) {
				got := explain(t, name, run, Target{Class: class}, Options{Layers: []string{layer.name}})
				ref := want(t, f, layer.short+"/"+name)
				if name == "eigen" || name == "eigengrad" {
					ref = likeSign(got.Values, ref)
				}
				near(t, got.Values, ref, 1e-4, got.H, got.W)
			})
		}
	}
}

var goldenMethods = []string{"gradcam", "gradcampp", "xgradcam", "hirescam", "elementwise", "layercam", "eigen", "eigengrad", "score", "ablation"}

// likeSign turns ref over where it points the other way: the sign of a principal component is free.
func likeSign(got, ref []float32) []float32 {
	dot := 0.0
	for i := range got {
		dot += float64(got[i]) * float64(ref[i])
	}
	out := make([]float32, len(ref))
	for i, v := range ref {
		if out[i] = v; dot < 0 {
			out[i] = -v
		}
	}
	return out
}

// TestFamilies checks that methods of the table are documented, found by name, and give the same map twice.
func TestFamilies(t *testing.T) {
	run := execute(t, model(t, small), 1)
	seen := map[string]bool{}
	for _, m := range Table() {
		i := m.Info()
		t.Run(i.Name, func(t *testing.T) {
			if seen[i.Name] || i.Title == "" || i.Formula == "" || i.Paper == "" || i.Cost == "" {
				t.Errorf("incomplete or doubled: %+v", i)
			}
			seen[i.Name] = true
			o := Options{Samples: 3, Seed: 7}
			a := explain(t, i.Name, run, Target{Class: class, Against: []int{1, 5}}, o)
			b := explain(t, i.Name, run, Target{Class: class, Against: []int{1, 5}}, o)
			for k := range a.Values {
				if math.Float32bits(a.Values[k]) != math.Float32bits(b.Values[k]) {
					t.Fatalf("value %d is %v, then %v", k, a.Values[k], b.Values[k])
				}
			}
			if e := a.Evidence(); math.Abs(e.Positive+e.Negative-1) > 1e-9 {
				t.Errorf("shares %+v do not add up to 1", e)
			}
			if len(a.Values) != a.H*a.W || len(a.Layers) != 1 || a.Method != i.Name {
				t.Errorf("%d values of %d×%d by %q, layers %v", len(a.Values), a.H, a.W, a.Method, a.Layers)
			}
		})
	}
}

// TestRefusals gives every method targets and limits that cannot be.
func TestRefusals(t *testing.T) {
	run := execute(t, model(t, small), 1)
	digits, err := zoo.Load("mlp-harley")
	if err != nil {
		t.Fatal(err)
	}
	flat := execute(t, digits, 1)
	for _, tt := range []struct {
		name, method string
		run          *nn.Run
		target       Target
		o            Options
		kind         fault.Kind
	}{
		{"class too large", "cam", run, Target{Class: 10}, Options{}, fault.Invalid},
		{"class below zero", "gradcam", run, Target{Class: -1}, Options{}, fault.Invalid},
		{"against itself", "gradcam", run, Target{Class: 2, Against: []int{2}}, Options{}, fault.Invalid},
		{"against nobody", "gradcam", run, Target{Class: 2, Against: []int{99}}, Options{}, fault.Invalid},
		{"sample", "gradcam", run, Target{}, Options{Sample: 1}, fault.Invalid},
		{"no such layer", "gradcam", run, Target{}, Options{Layers: []string{"nowhere"}}, fault.NotFound},
		{"a layer twice", "gradcam", run, Target{}, Options{Layers: []string{layer2, layer2}}, fault.Invalid},
		{"a layer without maps", "gradcam", run, Target{}, Options{Layers: []string{"linear"}}, fault.Invalid},
		{"another layer for CAM", "cam", run, Target{}, Options{Layers: []string{layer2}}, fault.Invalid},
		{"memory", "gradcam", run, Target{}, Options{Bytes: 1 << 20}, fault.TooLarge},
		{"time", "gradcam", run, Target{}, Options{Time: time.Nanosecond}, fault.Busy},
		{"no exact map", "cam", flat, Target{}, Options{}, fault.Unsupported},
		{"no maps", "gradcam", flat, Target{}, Options{}, fault.Unsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Find(tt.method)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = m.Explain(t.Context(), tt.run, tt.target, tt.o); err == nil || fault.KindOf(err) != tt.kind {
				t.Errorf("got %v, want one of kind %v", err, tt.kind)
			}
		})
	}
	if _, err := Find("grad-cam"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v for a method that does not exist", err)
	}
}

// TestNotFinite runs a net whose values are no numbers.
func TestNotFinite(t *testing.T) {
	run := execute(t, model(t, small), 1, nn.Edit{Value: layer3, Channel: 2, Add: float32(math.NaN())})
	for _, m := range Table() {
		if _, err := m.Explain(t.Context(), run, Target{Class: class}, Options{}); fault.KindOf(err) != fault.Unprocessable {
			t.Errorf("%s: got %v", m.Info().Name, err)
		}
	}
	var e *fault.Error
	if _, err := Table()[0].Explain(t.Context(), run, Target{}, Options{}); !errors.As(err, &e) || e.Hint == "" {
		t.Error("the error has no hint")
	}
}

// TestLayersAreAveraged joins two maps by hand: each over its largest, in the finer grid.
func TestLayersAreAveraged(t *testing.T) {
	got := join([]*Map{
		{Layers: []string{"a"}, H: 1, W: 2, Values: []float32{-4, 2}},
		{Layers: []string{"b"}, H: 1, W: 4, Values: []float32{0, 1, 0.5, 0}},
	})
	// −4, 2 over 4 at 4 columns: −1, −1+0.25·1.5, −1+0.75·1.5, 0.5
	near(t, got.Values, []float32{-0.5, (-0.625 + 1) / 2, (0.125 + 0.5) / 2, 0.25}, 1e-6)
}

// TestResize is PyTorch's interpolate([[1, 2, 4]], size=(2, 6), mode="bilinear", align_corners=False).
func TestResize(t *testing.T) {
	m := &Map{H: 1, W: 3, Values: []float32{1, 2, 4}}
	row := []float32{1, 1.25, 1.75, 2.5, 3.5, 4}
	near(t, m.Resize(2, 6).Values, append(row, row...), 1e-6, 2, 6)
}
