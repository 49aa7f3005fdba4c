package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// photoGolden is PyTorch's answer for one photo: scripts/golden/lite0.py.
type photoGolden struct {
	File string `json:"file"`
	Top  []struct {
		Class       int     `json:"class"`
		Logit       float64 `json:"logit"`
		Probability float64 `json:"probability"`
	} `json:"top"`
}

func photoGoldens(t *testing.T, suffix string) []photoGolden {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/photos/top5.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Photos []photoGolden `json:"photos"`
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	var list []photoGolden
	for _, p := range golden.Photos {
		if strings.HasSuffix(p.File, suffix) {
			list = append(list, p)
		}
	}
	return list
}

// TestClassifyPhotos asks EfficientNet-Lite0 for the ten photos: the five best classes are
// those of PyTorch with the published float32 weights, in the same order. Each program
// decodes the JPEG itself, which may move a value by rounding.
func TestClassifyPhotos(t *testing.T) {
	t.Parallel()
	golden := photoGoldens(t, ".jpg")
	if len(golden) < 10 {
		t.Fatalf("%d photos, want 10 at least", len(golden))
	}
	if testing.Short() {
		golden = golden[:2] // a second each
	}
	args := []string{"classify", "efficientnet-lite0", "--json"}
	for _, g := range golden {
		args = append(args, filepath.Join(testutil.Root(t), g.File))
	}
	r := vizserver(t, args...)
	if r.code != 0 {
		t.Fatalf("%d %s", r.code, r.err)
	}
	dec := json.NewDecoder(strings.NewReader(r.out))
	for _, g := range golden {
		var line classified
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if len(line.Top) != 5 || line.Model != "efficientnet-lite0" {
			t.Fatalf("%+v", line)
		}
		for i, want := range g.Top {
			got := line.Top[i]
			if got.Class != want.Class || math.Abs(got.Probability-want.Probability) > 0.015 {
				t.Errorf("%s, place %d: %+v, PyTorch says class %d with %.4f", g.File, i+1, got, want.Class, want.Probability)
			}
			if got.Label == "" || got.Synset == "" || got.LabelZH == "" {
				t.Errorf("%s, place %d has no name: %+v", g.File, i+1, got)
			}
		}
	}
}

// TestTracePhotos runs photos that are PNG, so that the input is PyTorch's to the bit: the
// logits are those of PyTorch's float32 net but for what float16 on disk costs.
func TestTracePhotos(t *testing.T) {
	t.Parallel()
	golden := photoGoldens(t, ".png")
	if len(golden) != 3 {
		t.Fatalf("%d photos, want 3", len(golden))
	}
	if testing.Short() {
		golden = golden[:1] // a second each
	}
	e, err := zoo.Find("efficientnet-lite0")
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range golden {
		out := filepath.Join(t.TempDir(), "t.safetensors")
		if r := vizserver(t, "trace", "efficientnet-lite0", "--input", filepath.Join(testutil.Root(t), want.File), "--out", out); r.code != 0 {
			t.Fatalf("%d %s", r.code, r.err)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		f, err := weights.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Tensors) != len(g.Values) || f.Tensor("_fc") == nil {
			t.Fatalf("%d tensors, want %d, _fc among them", len(f.Tensors), len(g.Values))
		}
		logits := f.Tensor("_fc").Float32()
		for i, top := range want.Top {
			if d := math.Abs(float64(logits[top.Class]) - top.Logit); !(d <= 0.01) {
				t.Errorf("%s, place %d: logit of class %d is off by %.4f", want.File, i+1, top.Class, d)
			}
		}
	}
}

func TestPhotoMistakes(t *testing.T) {
	t.Parallel()
	photo := filepath.Join(testutil.Root(t), "testdata/golden/photos/chelsea-190.png")
	r := vizserver(t, "classify", "efficientnet-lite0", photo, "--raw")
	if r.code == 0 || !strings.Contains(r.err, "is an array, and this is none") {
		t.Errorf("%d %s", r.code, r.err)
	}
}
