package caffe

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/caffe", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// model reads a Caffe model and binds it.
func model(t testing.TB, b []byte, o Options) *nn.Model {
	t.Helper()
	d, err := Read(b, o)
	if err != nil {
		t.Fatal(err)
	}
	g, w, err := d.Build()
	if err != nil {
		t.Fatal(err)
	}
	m := &nn.Model{Name: d.Name, Graph: g, Weights: w}
	if err := m.CheckWeights(); err != nil {
		t.Fatal(err)
	}
	return m
}

// run executes a model on one input.
func run(t testing.TB, m *nn.Model, input []float32) *nn.Run {
	t.Helper()
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := plan.NewRun()
	if err := r.Execute(context.Background(), input); err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t testing.TB, r *nn.Run, v *nn.Value) []float32 {
	t.Helper()
	out := make([]float32, v.Shape.Len())
	if err := r.ViewOf(v).Read(out, nn.Whole(v.Shape)); err != nil {
		t.Fatal(err)
	}
	return out
}

// elsewhere names the node of a layer that has none of its own: it hands its input on, or
// became part of the layer before.
var elsewhere = map[string]string{
	"layers/bn_scale": "bn", "layers/drop": "relu", "layers/slice": "slice.slice_a",
	"old/split1": "pool1", "old/drop6": "relu6", "old/slice": "slice.left",
}

// unseen are layers whose value exists in Caffe alone: the BatchNorm is one node with the
// Scale behind it.
var unseen = map[string]map[string]bool{"layers": {"bn": true}, "old": {}, "pools": {}}

// TestGoldens compares every layer of the nets of scripts/golden/caffe.py with what OpenCV's own
// Caffe reader computes, in float32.
func TestGoldens(t *testing.T) {
	t.Parallel()
	for name, skip := range unseen {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := weights.Read(golden(t, name+".safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			m := everything(t, golden(t, name+".caffemodel"))
			r := run(t, m, f.Tensor("input").Float32())
			defer r.Release()
			for i := range f.Tensors {
				want := &f.Tensors[i]
				if want.Name == "input" || skip[want.Name] {
					continue
				}
				node := want.Name
				if e, ok := elsewhere[name+"/"+node]; ok {
					node = e
				}
				v := m.Graph.Value(node)
				if v == nil {
					t.Errorf("no value %q", node)
					continue
				}
				if n := len(want.Data) / 4; n != v.Shape.Len() {
					t.Errorf("%s: %v, want %v", node, v.Shape, want.Shape)
					continue
				}
				t.Run(want.Name, func(t *testing.T) {
					testutil.Close(t, read(t, r, v), want.Float32(), testutil.Tolerance{Abs: 2e-6, Rel: 2e-5}, want.Shape...)
				})
			}
		})
	}
}

// everything reads a model and makes a graph of all its nodes: Build leaves out those that the
// answer does not need.
func everything(t *testing.T, b []byte) *nn.Model {
	t.Helper()
	d, err := Read(b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := nn.NewGraph(d.Name)
	values := map[string]*nn.Value{d.Input: g.Input(d.Input, d.Shape)}
	m := &nn.Model{Name: d.Name, Graph: g, Weights: nn.Weights{}}
	for _, n := range d.Nodes {
		var in []*nn.Value
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		values[n.Name] = g.Add(n.Name, n.Op, in...)
		for i, p := range g.Nodes[len(g.Nodes)-1].Params {
			m.Weights[p.Name] = n.Params[i]
		}
	}
	if _, err := g.Build(); err != nil {
		t.Fatal(err)
	}
	if err := m.CheckWeights(); err != nil {
		t.Fatal(err)
	}
	return m
}
