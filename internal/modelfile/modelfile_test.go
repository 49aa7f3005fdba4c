package modelfile_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"vizserver/internal/confine"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

func TestMain(m *testing.M) {
	confine.Main(modelfile.Jobs) // this binary is its own child process
	goleak.VerifyTestMain(m)
}

func same(t *testing.T, ext string) string {
	return filepath.Join(testutil.Root(t), "testdata/golden/same/lenet5-modern"+ext)
}

// TestSameNet: six files, from four frameworks, of one net give the same activations, layer by layer.
func TestSameNet(t *testing.T) {
	reference, err := zoo.Load("lenet5-modern")
	if err != nil {
		t.Fatal(err)
	}
	input := make([]float32, 32*32)
	for i := range input {
		input[i] = float32(i*i%251) / 250
	}
	want := layers(t, reference, input)
	formats := map[string]modelfile.Format{
		".pth": modelfile.PyTorch, ".safetensors": modelfile.Safetensors, ".onnx": modelfile.ONNX,
		".h5": modelfile.Keras, ".keras": modelfile.Keras, ".caffemodel": modelfile.Caffe,
	}
	for ext, format := range formats {
		t.Run(ext, func(t *testing.T) {
			f, err := modelfile.Open(t.Context(), same(t, ext), modelfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if f.Format != format {
				t.Errorf("the format is %s, not %s", f.Format, format)
			}
			if n := len(f.Model.Labels); n != 10 {
				t.Errorf("%d labels", n)
			}
			got := layers(t, f.Model, input)
			if len(got) != len(want) {
				t.Fatalf("%d values, want %d", len(got), len(want))
			}
			for i := range want {
				testutil.Close(t, got[i], want[i], testutil.Tolerance{Abs: 1e-6, Rel: 1e-6})
			}
		})
	}
}

// layers runs a model and returns its values in the order of execution, one sample, maps and
// vectors; copies in another order or shape (flatten) are left out.
func layers(t *testing.T, m *nn.Model, input []float32) [][]float32 {
	t.Helper()
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	defer run.Release()
	if err := run.Execute(context.Background(), input); err != nil {
		t.Fatal(err)
	}
	var list [][]float32
	for _, n := range m.Graph.Nodes {
		switch n.Op.Kind() {
		case "Flatten", "Reshape", "Transpose":
			continue
		}
		v := run.ViewOf(n.Output)
		values := make([]float32, v.Shape().Len())
		if err := v.Read(values, nn.Whole(v.Shape())); err != nil {
			t.Fatal(err)
		}
		list = append(list, values)
	}
	return list
}

// written is a file of seeded weights of a net of the zoo, with changes.
func written(t *testing.T, net string, change func(map[string]weights.Tensor)) string {
	t.Helper()
	e, err := zoo.Find(net)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]weights.Tensor{}
	for name, p := range zoo.Seeded(g) {
		tensors[name] = weights.NewFloat32(name, p.Dims, p.Data)
	}
	if change != nil {
		change(tensors)
	}
	var list []weights.Tensor
	for name, x := range tensors {
		x.Name = name
		list = append(list, x)
	}
	var b bytes.Buffer
	if err := weights.Write(&b, list, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows makes a classifier one for fewer classes.
func rows(n int, node string) func(map[string]weights.Tensor) {
	return func(w map[string]weights.Tensor) {
		for _, name := range []string{node + ".weight", node + ".bias"} {
			t := w[name]
			dims := slices.Concat([]int{n}, t.Shape[1:])
			w[name] = weights.NewFloat32(name, dims, t.Float32()[:n*len(t.Float32())/t.Shape[0]])
		}
	}
}

// A classifier whose weight and bias are for different numbers of classes is none.
func TestOddClassifier(t *testing.T) {
	path := written(t, "squeezenet-1.1", func(w map[string]weights.Tensor) {
		bias := w["classifier.1.bias"]
		rows(5, "classifier.1")(w)
		w["classifier.1.bias"] = bias
	})
	if _, err := modelfile.Open(t.Context(), path, modelfile.Options{}); err == nil || !strings.Contains(err.Error(), "classifier.1.weight is [5 512 1 1]") {
		t.Errorf("%v", err)
	}
}

func TestWeightsFindTheirNet(t *testing.T) {
	one := weights.NewFloat32("", []int{1}, []float32{1})
	cases := map[string]struct {
		net, option, want, note string
		change                  func(map[string]weights.Tensor)
	}{
		"as it is":          {net: "squeezenet-1.1", want: "squeezenet-1.1"},
		"auxiliary heads":   {net: "googlenet", want: "googlenet", note: "auxiliary", change: func(w map[string]weights.Tensor) { w["aux1.fc1.bias"] = one }},
		"counters":          {net: "mobilenet-v2", want: "mobilenet-v2", change: func(w map[string]weights.Tensor) { w["features.0.1.num_batches_tracked"] = one }},
		"two nets fit":      {net: "cifar-resnet110", want: "cifar-resnet110", note: "stochastic-depth-110"},
		"the other of them": {net: "cifar-resnet110", option: "stochastic-depth-110", want: "stochastic-depth-110"},
		"own classes": {
			net: "squeezenet-1.1", want: "squeezenet-1.1", note: "squeezenet-1.1 with 5 classes of its own",
			change: rows(5, "classifier.1"),
		},
		"own classes of a net that is named": {
			net: "mobilenet-v2", option: "mobilenet-v2", want: "mobilenet-v2", note: "names with --labels",
			change: rows(3, "classifier.1"),
		},
		"DataParallel": {net: "squeezenet-1.0", want: "squeezenet-1.0", change: func(w map[string]weights.Tensor) {
			for _, name := range slices.Collect(maps.Keys(w)) {
				w["module."+name] = w[name]
				delete(w, name)
			}
		}},
		"old DenseNet": {net: "densenet121", want: "densenet121", change: func(w map[string]weights.Tensor) {
			for _, name := range slices.Collect(maps.Keys(w)) {
				x, old := w[name], name
				for _, part := range []string{"norm1", "norm2", "conv1", "conv2"} {
					if strings.Contains(name, "denselayer") {
						old = strings.Replace(old, part+".", part[:4]+"."+part[4:]+".", 1)
					}
				}
				delete(w, name)
				w[old] = x
			}
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := modelfile.Open(t.Context(), written(t, c.net, c.change), modelfile.Options{Net: c.option})
			if err != nil {
				t.Fatal(err)
			}
			if f.Entry == nil || f.Entry.Name != c.want {
				t.Errorf("it is %v", f.Entry)
			}
			if n := f.Model.Graph.OutputValue().Shape.C; len(f.Model.Labels) != n && f.Entry.Task != zoo.CIFAR10 {
				t.Errorf("%d labels for %d classes", len(f.Model.Labels), n)
			}
			if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("no %q in %q", c.note, notes)
			}
		})
	}
}
