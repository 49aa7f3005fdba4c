package onnx

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/zoo"
	"vizserver/internal/zoo/seed"
)

// ofTable returns a network of the table with weights from its names.
func ofTable(tb testing.TB, name string) *nn.Model {
	tb.Helper()
	e, err := zoo.Find(name)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		tb.Fatal(err)
	}
	return &nn.Model{Name: name, Graph: g, Weights: zoo.Seeded(g)}
}

// reread writes a model and reads the file.
func reread(tb testing.TB, m *nn.Model, o WriteOptions) (*draft.Net, *nn.Model) {
	tb.Helper()
	var file bytes.Buffer
	if err := Write(&file, m, o); err != nil {
		tb.Fatal(err)
	}
	net, err := Read(file.Bytes(), Options{})
	if err != nil {
		tb.Fatal(err)
	}
	g, w, err := net.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return net, &nn.Model{Name: m.Name, Graph: g, Weights: w}
}

// forward runs a model on seeded numbers.
func forward(tb testing.TB, m *nn.Model) *nn.Run {
	tb.Helper()
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	run := plan.NewRun()
	s := m.Graph.InputValue().Shape
	if err := run.Execute(tb.Context(), seed.Param("input.weight", []int{s.C, s.H, s.W})); err != nil {
		tb.Fatal(err)
	}
	return run
}

// TestWriteReadsBack compares the net that was written with the one that is read, value by value.
// Together the nets have every operator that can be written.
func TestWriteReadsBack(t *testing.T) {
	for _, name := range []string{"lenet5-modern", "lenet5-1998", "cifar-resnet20", "fractalnet", "squeezenet-1.1", "mobilenet-v2", "googlenet-caffe", "se-resnet50"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := ofTable(t, name)
			if testing.Short() && m.Graph.MACs() > shortExportMACs {
				t.Skip("-short: more than 0.1 G multiply-adds")
			}
			_, back := reread(t, m, WriteOptions{})
			want, got := forward(t, m), forward(t, back)
			compared := 0
			for _, v := range m.Graph.Values {
				other := back.Graph.Value(v.Name)
				if other == nil {
					continue // the importer leaves out what only rearranges
				}
				compared++
				a, b := whole(t, want.ViewOf(v)), whole(t, got.ViewOf(other))
				if len(a) != len(b) {
					t.Fatalf("%s has %d numbers, want %d", v.Name, len(b), len(a))
				}
				if d := worst(a, b); !(d < valueTolerance) {
					t.Fatalf("%s differs by %g of its largest", v.Name, d)
				}
			}
			if least := len(m.Graph.Values) * 9 / 10; compared < least {
				t.Errorf("%d of %d values are there by name, want %d", compared, len(m.Graph.Values), least)
			}
		})
	}
}

func whole(tb testing.TB, v nn.View) []float32 {
	tb.Helper()
	r := nn.Whole(v.Shape())
	list := make([]float32, r.Len())
	if err := v.Read(list, r); err != nil {
		tb.Fatal(err)
	}
	return list
}

// worst is the largest difference over the largest number; NaN shows.
func worst(a, b []float32) float64 {
	diff, top := 0.0, 1e-30
	for i := range a {
		top = max(top, math.Abs(float64(a[i])))
		diff = max(diff, math.Abs(float64(a[i])-float64(b[i])))
	}
	return diff / top
}

// The nodes are the same ones in the same order, where no operator takes several.
func TestWriteKeepsStructure(t *testing.T) {
	m := ofTable(t, "squeezenet-1.1")
	_, back := reread(t, m, WriteOptions{Batch: 1})
	want := []string{}
	for _, n := range m.Graph.Nodes {
		if n.Op.Kind() != "Flatten" { // on 1×1 maps, which the importer leaves out
			want = append(want, n.Op.Kind()+" "+n.Name+" "+n.Output.Shape.String())
		}
	}
	if len(want) != len(back.Graph.Nodes) {
		t.Fatalf("%d nodes, want %d", len(back.Graph.Nodes), len(want))
	}
	for i, n := range back.Graph.Nodes {
		if got := n.Op.Kind() + " " + n.Name + " " + n.Output.Shape.String(); got != want[i] {
			t.Errorf("node %d is %s, want %s", i, got, want[i])
		}
	}
	if a, b := m.Graph.NumParams(true), back.Graph.NumParams(true); a != b {
		t.Errorf("%d parameters, want %d", b, a)
	}
}

func TestWriteOutputs(t *testing.T) {
	m := ofTable(t, "lenet5-modern")
	var file bytes.Buffer
	if err := Write(&file, m, WriteOptions{Batch: 3, AllOutputs: true}); err != nil {
		t.Fatal(err)
	}
	var p onnxpb.ModelProto
	if err := proto.Unmarshal(file.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	out := p.Graph.Output
	if len(out) != len(m.Graph.Nodes) || out[0].GetName() != m.Graph.OutputValue().Name {
		t.Errorf("%d outputs, the first of them %s; want %d, and %s", len(out), out[0].GetName(), len(m.Graph.Nodes), m.Graph.OutputValue().Name)
	}
	dims := out[0].Type.TensorType.Shape.Dim
	if len(dims) != 2 || dims[0].GetDimValue() != 3 || dims[1].GetDimValue() != 10 {
		t.Errorf("the answer's sizes are %v, want 3×10", dims)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Run("operator", func(t *testing.T) {
		g := nn.NewGraph("g")
		g.Add("up", op.Resize{Out: op.Size{H: 10, W: 14}}, g.Input("x", nn.Shape{N: 1, C: 3, H: 5, W: 7}))
		g, err := g.Build()
		if err != nil {
			t.Fatal(err)
		}
		err = Write(io.Discard, &nn.Model{Name: "g", Graph: g, Weights: nn.Weights{}}, WriteOptions{})
		if fault.KindOf(err) != fault.Unsupported || fault.Hint(err) == "" {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("weights", func(t *testing.T) {
		m := ofTable(t, "lenet5-modern")
		clear(m.Weights)
		if err := Write(io.Discard, m, WriteOptions{}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("writer", func(t *testing.T) {
		full := errors.New("the disk is full")
		if err := Write(refusing{full}, ofTable(t, "lenet5-modern"), WriteOptions{}); !errors.Is(err, full) {
			t.Errorf("the error is %v", err)
		}
	})
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }
