package keras_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// orderPlan is the plan of testdata/golden/keras/order.h5: scripts/golden/keras_order.py.
func orderPlan(t *testing.T) *keras.App {
	t.Helper()
	f, err := os.Open(filepath.Join(goldenDir(t), "order.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	a := &keras.App{}
	if err := json.NewDecoder(z).Decode(a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestOrder reads weights alone, with names that are not the layers', and compares the answer
// with that of Keras after it has loaded the same file.
func TestOrder(t *testing.T) {
	t.Parallel()
	file, a, golden := convert(t, filepath.Join(goldenDir(t), "order.h5")), orderPlan(t), readGolden(t, "order")
	net, err := keras.Read(file, keras.Options{App: a})
	if err != nil {
		t.Fatal(err)
	}
	run := execute(t, net, golden.Tensor("input"))
	defer run.Release()
	compare(t, run, run.Plan().Model.Graph.OutputValue(), golden.Tensor("answer"))

	_, err = keras.Read(file, keras.Options{})
	fails(t, err, fault.Unprocessable, "not the model itself")
	short := *a
	short.Layers = a.Layers[1:]
	_, err = keras.Read(file, keras.Options{App: &short})
	fails(t, err, fault.Unprocessable, "do not belong together")
	swapped := *a
	swapped.Layers = slices.Clone(a.Layers)
	slices.Reverse(swapped.Layers)
	_, err = keras.Read(file, keras.Options{App: &swapped})
	fails(t, err, fault.Unprocessable)
	delete(file.Metadata, "keras.count")
	_, err = keras.Read(file, keras.Options{App: a})
	fails(t, err, fault.Unprocessable, "do not belong together")
}

// TestApps: every plan is of a net of the zoo, its config is read, and each of its layers with
// weights asks the file for them: without the file's, the first one is named.
func TestApps(t *testing.T) {
	t.Parallel()
	found := 0
	for _, e := range zoo.Table() {
		a, err := keras.FindApp(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if a == nil {
			continue
		}
		found++
		var config struct {
			Config struct {
				Layers []struct {
					Class  string `json:"class_name"`
					Config struct {
						Name string `json:"name"`
					} `json:"config"`
				} `json:"layers"`
			} `json:"config"`
		}
		if err := json.Unmarshal([]byte(a.Config), &config); err != nil {
			t.Fatal(err)
		}
		var want []string // in the order of the config, as Keras goes through the model
		for _, l := range config.Config.Layers {
			switch l.Class {
			case "Conv2D", "BatchNormalization", "Dense":
				want = append(want, l.Config.Name)
			}
		}
		if !slices.Equal(a.Layers, want) {
			t.Errorf("%s: %d layers with weights, want %d in this order", e.Name, len(a.Layers), len(want))
		}
		empty := &weights.File{Metadata: map[string]string{"keras.format": "order", "keras.count": "0"}}
		_, err = keras.Read(empty, keras.Options{App: a})
		fails(t, err, fault.Unprocessable, "do not belong together")
	}
	if found != 13 {
		t.Errorf("%d plans, want 13", found)
	}
}
