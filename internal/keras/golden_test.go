package keras_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/confine"
	"vizserver/internal/draft"
	"vizserver/internal/keras"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

// jobs are what children of this test do.
var jobs = map[string]confine.Job{"keras": keras.Convert, "mutants": batch}

func TestMain(m *testing.M) {
	confine.Main(jobs)
	os.Exit(m.Run())
}

func goldenDir(t testing.TB) string { return filepath.Join(testutil.Root(t), "testdata/golden/keras") }

// convert reads a file as the product does: in a confined child.
func convert(t testing.TB, path string) *weights.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v; make it: python scripts/golden/keras_nets.py", err)
	}
	defer func() { _ = f.Close() }()
	b, err := confine.Run(context.WithoutCancel(t.Context()), "keras", f, confine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func readGolden(t testing.TB, name string) *weights.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldenDir(t), name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestGoldens reads small nets in every form that Keras 2 and 3 write, and compares the value of
// every layer with Keras's own: scripts/golden/keras_nets.py.
func TestGoldens(t *testing.T) {
	for _, file := range []string{
		"conv.keras", "conv.h5", "conv-2.h5", "act.keras", "act-2.h5", "act3.keras", "act2-2.h5", "shape.keras", "shape-2.h5", "cubic.keras",
		"merge.keras", "merge-2.h5", "nested.keras", "nested.h5", "nested-2.keras", "nested-2.h5", "shared.keras", "shared.h5",
		"plain.keras", "plain-2.h5", "first.keras",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			net, err := keras.Read(convert(t, filepath.Join(goldenDir(t), file)), keras.Options{})
			if err != nil {
				t.Fatal(err)
			}
			stem, _, _ := strings.Cut(file, ".")
			checkValues(t, net, readGolden(t, strings.TrimSuffix(stem, "-2")))
		})
	}
}

// answer is the golden's name of the net's answer, whatever node computes it.
const answer = "answer of all"

// checkValues runs the draft on the golden's input and compares all its values.
func checkValues(t *testing.T, net *draft.Net, golden *weights.File) {
	t.Helper()
	run := execute(t, net, golden.Tensor("input"))
	defer run.Release()
	g := run.Plan().Model.Graph
	for i := range golden.Tensors {
		want := &golden.Tensors[i]
		v := g.Value(want.Name)
		switch {
		case want.Name == "input":
			continue
		case want.Name == answer:
			v = g.OutputValue()
		case v == nil:
			t.Errorf("no value %q; there are %s", want.Name, valueNames(g))
			continue
		}
		compare(t, run, v, want)
	}
}

func execute(t testing.TB, net *draft.Net, input *weights.Tensor) *nn.Run {
	t.Helper()
	g, w, err := net.Build()
	if err != nil {
		t.Fatal(err)
	}
	m := &nn.Model{Name: net.Name, Graph: g, Weights: w}
	if err := m.CheckWeights(); err != nil {
		t.Fatal(err)
	}
	plan, err := nn.Compile(m, nn.Options{Batch: input.Shape[0]})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	if err := run.Execute(context.WithoutCancel(t.Context()), input.Float32()); err != nil {
		t.Fatal(err)
	}
	return run
}

func compare(t *testing.T, run *nn.Run, v *nn.Value, want *weights.Tensor) {
	t.Helper()
	got := readAll(t, run, v)
	values := want.Float32()
	if len(got) != len(values) {
		t.Errorf("%s: %v, %d numbers; want %v", v.Name, v.Shape, len(got), want.Shape)
		return
	}
	before := t.Failed()
	tol := testutil.Tolerance{Abs: 2e-6 * largest(values), Rel: 1e-5}
	if run.Plan().Model.Name == "cubic" { // TensorFlow's own error: keras_nets.py
		tol.Abs = 1e-3 * largest(values)
	}
	testutil.Close(t, got, values, tol, want.Shape...)
	if !before && t.Failed() {
		t.Logf("the first value that differs is %s; all after it may", v.Name)
	}
}

// readAll returns the values of all samples.
func readAll(t testing.TB, run *nn.Run, v *nn.Value) []float32 {
	t.Helper()
	view := run.ViewOf(v)
	var all []float32
	for n := range view.Shape().N {
		r := nn.Whole(v.Shape)
		r.N = n
		one := make([]float32, r.Len())
		if err := view.Read(one, r); err != nil {
			t.Fatal(err)
		}
		all = append(all, one...)
	}
	return all
}

func largest(values []float32) float64 {
	m := float32(0)
	for _, v := range values {
		m = max(m, v, -v)
	}
	return float64(m)
}

func valueNames(g *nn.Graph) string {
	var b bytes.Buffer
	for _, v := range g.Values {
		b.WriteString(v.Name + " ")
	}
	return b.String()
}
