package cam

import (
	"context"
	"errors"
	"math"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// meanNet answers softmax(Σ x, 0) of an input of 1×2×3: p of class 0 is 1/(1 + e^−Σx).
func meanNet(t *testing.T) *nn.Model {
	t.Helper()
	g := nn.NewGraph("sum")
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 2, W: 3})
	y := g.Add("fc", op.Linear{Out: 2}, g.Add("pool", op.GlobalAvgPool{}, x))
	g.Add("softmax", op.Softmax{}, y)
	g, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	return &nn.Model{Name: "sum", Graph: g, Weights: nn.Weights{
		"fc.weight": {Dims: []int{2, 1}, Data: []float32{6, 0}}, "fc.bias": {Dims: []int{2}, Data: []float32{0, 0}},
	}}
}

// TestFaithfulByHand measures a map on a net whose answer is known for every covered input.
func TestFaithfulByHand(t *testing.T) {
	plan, err := nn.Compile(meanNet(t), nn.Options{Batch: 4})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	defer run.Release()
	one := []float32{1, 2, 3, -1, 0.5, -2} // Σ = 3.5
	if err := run.Execute(t.Context(), append(append(append(append([]float32{}, one...), one...), one...), one...)); err != nil {
		t.Fatal(err)
	}
	m := &Map{H: 2, W: 3, Values: one}
	f, err := Faithful(t.Context(), run, Target{}, m, Options{Samples: 6})
	if err != nil {
		t.Fatal(err)
	}
	p := func(sum float64) float64 { return 1 / (1 + math.Exp(-sum)) }
	want := []float64{p(3.5), p(0.5), p(-1.5), p(-2.5), p(-3), p(-2), p(0)} // without 3, 2, 1, 0.5, −1, −2
	total := 0.0
	for i, w := range want {
		if math.Abs(f.Deletion[i]-w) > 1e-6 {
			t.Errorf("deletion %d is %v, want %v", i, f.Deletion[i], w)
		}
		total += w / 6
	}
	if auc := total - (want[0]+want[6])/12; math.Abs(f.DeletionAUC-auc) > 1e-6 {
		t.Errorf("the area is %v, want %v", f.DeletionAUC, auc)
	}
	masked := 0.0
	for _, v := range one {
		masked += float64(v) * (float64(v) + 2) / 5
	}
	if math.Abs(f.Masked-p(masked)) > 1e-6 || f.Increase != (masked > 3.5) || math.Abs(f.Drop-max(0, p(3.5)-p(masked))/p(3.5)) > 1e-6 {
		t.Errorf("masked %v (want %v), drop %v, increase %v", f.Masked, p(masked), f.Drop, f.Increase)
	}
	if math.Abs(f.Insertion[6]-p(3.5)) > 1e-6 {
		t.Errorf("all inserted gives %v, want %v", f.Insertion[6], p(3.5))
	}
	turned := &Map{H: 2, W: 3, Values: []float32{-1, -2, -3, 1, -0.5, 2}}
	worse, err := Faithful(t.Context(), run, Target{}, turned, Options{Samples: 6})
	if err != nil || !(worse.DeletionAUC > f.DeletionAUC && worse.InsertionAUC < f.InsertionAUC) {
		t.Errorf("the turned map is not worse: %+v, %v", worse, err)
	}
}

// TestFaithfulOrder sets methods beside RandomCAM: by what insertion gains over deletion, they beat the mean of ten
// random maps. (With seeded weights CAM does not: every unit of the last layer sees the whole input.)
func TestFaithfulOrder(t *testing.T) {
	run := execute(t, model(t, small), 4)
	target := Target{Class: run.Plan().Model.Answer(run)}
	gain := func(name string, o Options) float64 {
		f, err := Faithful(t.Context(), run, target, explain(t, name, run, target, o), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f.InsertionAUC - f.DeletionAUC
	}
	random := 0.0
	for s := range uint64(10) {
		random += gain("random", Options{Seed: s}) / 10
	}
	for _, name := range []string{"occlusion", "integrated"} {
		if got := gain(name, Options{}); !(got > random) {
			t.Errorf("%s gains %.4f, RandomCAM %.4f", name, got, random)
		} else {
			t.Logf("%s gains %.4f, RandomCAM %.4f", name, got, random)
		}
	}
}

// TestFaithfulRefuses gives maps that are none, and ends a measurement.
func TestFaithfulRefuses(t *testing.T) {
	run := execute(t, model(t, small), 1)
	for _, m := range []*Map{{}, {H: 1, W: 2, Values: []float32{1}}} {
		if _, err := Faithful(t.Context(), run, Target{}, m, Options{}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: got %v", m, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	m := &Map{H: 1, W: 1, Values: []float32{1}}
	done := 0
	_, err := Faithful(ctx, run, Target{}, m, Options{Progress: func(n, _ int) {
		done = n
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || done != 1 {
		t.Errorf("canceled after one input: got %v after %d", err, done)
	}
}

// TestBlurKeepsMeans blurs a constant and a point.
func TestBlurKeepsMeans(t *testing.T) {
	s := nn.Shape{N: 1, C: 2, H: 13, W: 15}
	x := make([]float32, s.Sample())
	x[6*15+7] = 1
	for i := range s.Plane() {
		x[s.Plane()+i] = 3
	}
	got := blur(x, s)
	off := func(y, x, v, u int) bool { return math.Abs(float64(got[y*15+x]-got[v*15+u])) > 1e-6 }
	sum := 0.0
	for _, v := range got[:s.Plane()] {
		sum += float64(v)
	}
	if math.Abs(sum-1) > 1e-5 || math.Abs(float64(got[s.Plane()])-3) > 1e-5 || got[6*15+7] <= got[6*15+8] || off(6, 8, 6, 6) || off(5, 7, 6, 8) {
		t.Errorf("sum %v, constant %v, point %v", sum, got[s.Plane()], got[6*15+7])
	}
}
