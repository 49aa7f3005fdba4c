package keras_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo/seed"
)

// How far a value may be from Keras's in float64, over the largest of its tensor; the logits (a
// vector before a softmax) and the answer are held tighter.
const (
	parityTolerance = 1e-4
	answerTolerance = 1e-5
)

// app is a net of Keras Applications: <net>.json.gz of scripts/golden/keras_apps.py.
type app struct {
	Config  string
	Version string
	Names   map[string]string
	Weights [][4]any // path, sizes, lowest, highest
	Input   []int
	High    float64
}

func readApp(t testing.TB, net string) app {
	t.Helper()
	f, err := os.Open(filepath.Join(goldenDir(t), "apps", net+".json.gz"))
	if err != nil {
		t.Fatalf("%v; make it: python scripts/golden/keras_apps.py %s", err, net)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var a app
	if err := json.NewDecoder(z).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// file is what Convert makes of the net's .keras file, with seeded weights.
func (a *app) file(t testing.TB) *weights.File {
	t.Helper()
	var list []weights.Tensor
	for _, w := range a.Weights {
		var dims []int
		size := 1
		for _, d := range w[1].([]any) {
			dims = append(dims, int(d.(float64)))
			size *= int(d.(float64))
		}
		path := w[0].(string)
		list = append(list, weights.NewFloat32(path, dims, seed.Uniform(path, size, w[2].(float64), w[3].(float64))))
	}
	names, err := json.Marshal(a.Names)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = weights.Write(&b, list, map[string]string{
		"keras.format": "keras", "keras.config": a.Config, "keras.version": a.Version, "keras.names": string(names),
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// short are the nets that -short still runs: the others take seconds each in plain Go.
var short = []string{"MobileNetV2", "MobileNetV3Small", "EfficientNetB0"}

// TestApplications compares the value of every layer of nets of Keras Applications with Keras.
func TestApplications(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldenDir(t), "apps", "*.json.gz"))
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		net := strings.TrimSuffix(filepath.Base(path), ".json.gz")
		t.Run(net, func(t *testing.T) {
			if testing.Short() && !slices.Contains(short, net) {
				t.Skip("-short: takes seconds in plain Go")
			}
			t.Parallel()
			checkApp(t, net)
		})
	}
}

func checkApp(t *testing.T, net string) {
	a, golden := readApp(t, net), readGolden(t, "apps/"+net)
	d, err := keras.Read(a.file(t), keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	size := 1
	for _, n := range a.Input {
		size *= n
	}
	// The numbers are drawn in Keras's order: rows, columns, channels.
	last := seed.Uniform("input", size, 0, a.High)
	first := make([]float32, 0, size)
	for c := range a.Input[1] {
		for i := range size / a.Input[1] {
			first = append(first, last[i*a.Input[1]+c])
		}
	}
	in := weights.NewFloat32("input", a.Input, first)
	run := execute(t, d, &in)
	defer run.Release()
	var made struct{ Values string }
	if err := json.Unmarshal([]byte(golden.Metadata["made"]), &made); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(made.Values)
	stats, probes := golden.Tensor("stats").Float32(), golden.Tensor("probes").Float32()
	places := len(probes) / (len(words) / 2)
	worst := 0.0
	for i := range len(words) / 2 {
		s, p := stats[i*len(seed.Stats):(i+1)*len(seed.Stats)], probes[i*places:(i+1)*places]
		worst = max(worst, checkFacts(t, run, words[2*i], words[2*i+1], s, p))
		if t.Failed() {
			t.Fatalf("the first value that differs is %s; all after it will", words[2*i])
		}
	}
	want := golden.Tensor("answer").Float32()
	got := readAll(t, run, run.Plan().Model.Graph.OutputValue())
	testutil.Close(t, got, want, testutil.Tolerance{Abs: answerTolerance * largest(want)}, len(want))
	t.Logf("parity: %d layers, worst %.1e, answer %.1e", len(words)/2, worst, difference(got, want)/largest(want))
}

// checkFacts compares one value, and returns its worst error over the largest of its numbers.
func checkFacts(t *testing.T, run *nn.Run, name, size string, stats, probes []float32) float64 {
	t.Helper()
	v := run.Plan().Model.Graph.Value(name)
	if v == nil {
		t.Fatalf("no value %q", name)
	}
	if got := fmt.Sprintf("%dx%dx%d", v.Shape.C, v.Shape.H, v.Shape.W); got != size {
		t.Fatalf("%s is %s, want %s", name, got, size)
	}
	s, at := seed.Measure(name, readAll(t, run, v), len(probes))
	big := math.Max(math.Abs(float64(stats[2])), math.Abs(float64(stats[3])))
	if big == 0 {
		big = 1
	}
	root := float32(math.Sqrt(float64(v.Shape.Len())))
	s[4], stats[4] = s[4]/root, stats[4]/root // root mean square
	tol := testutil.Tolerance{Abs: parityTolerance * big}
	if run.Plan().Model.Graph.Value(name+"/softmax") != nil {
		tol.Abs = answerTolerance * big
	}
	testutil.Close(t, s, stats, tol, len(s))
	testutil.Close(t, at, probes, tol, len(at))
	return math.Max(difference(s, stats), difference(at, probes)) / big
}

func difference(a, b []float32) float64 {
	d := 0.0
	for i := range a {
		d = math.Max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

// fails checks that an error is of the kind, says all these words, and gives a hint where asked.
func fails(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if k := fault.KindOf(err); k != kind {
		t.Errorf("kind %v, want %v: %v", k, kind, err)
	}
	if _, ok := errors.AsType[*fault.Error](err); !ok {
		t.Errorf("no fault.Error: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error()+" | "+fault.Hint(err), w) {
			t.Errorf("the text does not say %q: %v | %s", w, err, fault.Hint(err))
		}
	}
}
