package zoo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"vizserver/internal/mnist"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/models"
)

// netGolden is a file of testdata/golden/nets: every activation of one net, by PyTorch.
type netGolden struct {
	*weights.File
	Digits  []int  `json:"digits"`  // indices of test digits
	Weights string `json:"weights"` // SHA-256 of the weights that PyTorch read
}

func readGolden(t *testing.T, name string) netGolden {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/nets", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var g netGolden
	if g.File, err = weights.Read(b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(g.Metadata["made"]), &g); err != nil {
		t.Fatal(err)
	}
	b, err = models.File(name)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != g.Weights {
		t.Fatalf("the golden file is of other weights; run: python scripts/golden/nets.py %s", name)
	}
	return g
}

// TestParity compares the input, every activation and every pre-activation of each net with an
// independent implementation: PyTorch in float64, from the papers (scripts/golden/nets.py).
func TestParity(t *testing.T) {
	for _, name := range Names(Of(Digits)) {
		t.Run(name, func(t *testing.T) {
			g := readGolden(t, name)
			m, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			run := runDigits(t, m, g.Digits)
			defer run.Release()
			compared := 0
			var worst worstError
			check := func(what string, v *nn.Value) {
				want := g.Tensor(what)
				if want == nil {
					t.Errorf("no %s in the golden file", what)
					return
				}
				compared++
				got := readAll(t, run, v)
				ref := want.Float32()
				largest := 1.0
				for _, r := range ref {
					largest = math.Max(largest, math.Abs(float64(r)))
				}
				testutil.Close(t, got, ref, testutil.Tolerance{Abs: 2e-6 * largest, Rel: 1e-5}, len(g.Digits), v.Shape.C, v.Shape.H, v.Shape.W)
				worst.add(what, got, ref, largest)
			}
			for _, l := range m.Graph.Layers {
				check(l.Name+"/out", l.Out)
				if l.Pre != nil {
					check(l.Name+"/pre", l.Pre)
				}
			}
			if compared != len(g.Tensors) {
				t.Errorf("compared %d of %d golden tensors", compared, len(g.Tensors))
			}
			t.Logf("worst difference over the layer's largest value: %.2g, in %s", worst.of, worst.what)
		})
	}
}

// runDigits runs a model on test digits, as one batch.
func runDigits(t *testing.T, m *nn.Model, digits []int) *nn.Run {
	t.Helper()
	plan, err := nn.Compile(m, nn.Options{Batch: len(digits)})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	size := m.Graph.InputValue().Shape.Len()
	input := make([]float32, size*len(digits))
	for i, d := range digits {
		m.Pre.Apply(input[i*size:(i+1)*size], mnist.Test().Image(d))
	}
	if err := run.Execute(context.WithoutCancel(t.Context()), input); err != nil {
		t.Fatal(err)
	}
	return run
}

// readAll reads a value of every sample of a run.
func readAll(t *testing.T, run *nn.Run, v *nn.Value) []float32 {
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

// worstError keeps the largest difference, over the largest value of its tensor.
type worstError struct {
	of   float64
	what string
}

func (w *worstError) add(what string, got, want []float32, largest float64) {
	for i := range want {
		if e := math.Abs(float64(got[i])-float64(want[i])) / largest; e > w.of {
			w.of, w.what = e, what
		}
	}
}
