package bundle

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"vizserver/internal/caffe"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// drawing writes down everything that a viewer sees of a graph.
func drawing(g *nn.Graph) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n", g.Name)
	for _, v := range g.Values {
		fmt.Fprintf(&s, "value %d %q %v\n", v.Index, v.Name, v.Shape)
	}
	for _, n := range g.Nodes {
		fmt.Fprintf(&s, "node %d %q %T%+v in %q", n.Index, n.Name, n.Op, n.Op, n.Block.Name)
		for _, v := range n.Inputs {
			fmt.Fprintf(&s, " <%d", v.Index)
		}
		fmt.Fprintf(&s, " %v\n", n.Params)
	}
	var tree func(b *nn.Block, depth int)
	tree = func(b *nn.Block, depth int) {
		fmt.Fprintf(&s, "%*sblock %q %s", depth, "", b.Name, b.Kind)
		for _, n := range b.Nodes {
			fmt.Fprintf(&s, " %d", n.Index)
		}
		if b.Layer != nil {
			fmt.Fprintf(&s, " layer %d", b.Layer.Index)
		}
		fmt.Fprintln(&s)
		for _, c := range b.Children {
			if c.Parent != b {
				fmt.Fprintln(&s, "the child has another parent")
			}
			tree(c, depth+1)
		}
	}
	tree(g.Root, 0)
	for _, l := range g.Layers {
		fmt.Fprintf(&s, "layer %d %q %s %v out %d", l.Index, l.Name, l.Kind, l.Inputs, l.Out.Index)
		for _, n := range []*nn.Node{l.Main, l.Act} {
			if n != nil {
				fmt.Fprintf(&s, " %d", n.Index)
			}
		}
		fmt.Fprintln(&s)
	}
	return s.String()
}

// same demands equal text and shows the first line that differs.
func same(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("line %d:\n%.300s\nwant\n%.300s", i, a[i], b[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(a), len(b))
}

// TestGraphsOfTheZoo writes every net of the zoo as JSON and reads it again: nodes, operators,
// shapes, the tree of blocks and the layers are the same.
func TestGraphsOfTheZoo(t *testing.T) {
	t.Parallel()
	longest := 0
	for _, e := range zoo.Table() {
		g, err := e.Graph()
		if err != nil {
			t.Fatal(err)
		}
		h, err := describe(&nn.Model{Name: e.Name, Title: e.Title, Graph: g, Pre: e.Pre, Image: e.Image, Head: e.Head}, Info{})
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		text, err := json.Marshal(h, encoding)
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, len(text))
		back, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if err := back.check(); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		ops, err := back.Graph.operators()
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if err := back.Graph.checkNet(ops); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		got, err := back.Graph.build(ops)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		t.Run(e.Name, func(t *testing.T) { same(t, drawing(got), drawing(g)) })
	}
	t.Logf("%d nets; the longest description has %d bytes", len(zoo.Table()), longest)
}

// bundled writes a model and returns the bytes.
func bundled(t testing.TB, m *nn.Model, info Info) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m, info); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(b []byte) (*nn.Model, Info, error) {
	f, err := weights.Read(b)
	if err != nil {
		return nil, Info{}, err
	}
	return Read(f)
}

// seeded makes a model of the zoo with weights that its names give.
func seeded(t testing.TB, name string) *nn.Model {
	t.Helper()
	e, err := zoo.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Bind(zoo.Seeded(g))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRoundTrip writes whole models and reads them again: all of the model is the same, it
// writes the same bytes, and it computes the same bits.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lenet5-1998", "lenet5-modern", "cifar-resnet20", "squeezenet-1.1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := seeded(t, name)
			info := Info{Source: "seeded by name", Licence: "MIT"}
			b := bundled(t, m, info)
			got, back, err := opened(b)
			if err != nil {
				t.Fatal(err)
			}
			if back != info {
				t.Errorf("the origin is %v", back)
			}
			if !bytes.Equal(bundled(t, got, back), b) {
				t.Error("a second writing gives other bytes")
			}
			same(t, drawing(got.Graph), drawing(m.Graph))
			a, w := *got, *m
			a.Graph, w.Graph = nil, nil
			if !reflect.DeepEqual(a, w) {
				t.Error("the model differs besides its graph")
			}
			if !slices.Equal(answer(t, got), answer(t, m)) {
				t.Error("it computes something else")
			}
		})
	}
}

// TestImported writes nets that came from files, with blocks that draft recognised and operators
// that no net of the zoo has.
func TestImported(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"layers", "old"} {
		b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/caffe", name+".caffemodel"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := caffe.Read(b, caffe.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g, w, err := d.Build()
		if err != nil {
			t.Fatal(err)
		}
		m := &nn.Model{Name: name, Graph: g, Weights: w}
		got, _, err := opened(bundled(t, m, Info{}))
		if err != nil {
			t.Fatal(err)
		}
		same(t, drawing(got.Graph), drawing(g))
		if !slices.Equal(answer(t, got), answer(t, m)) {
			t.Errorf("%s computes something else", name)
		}
	}
}

func answer(t *testing.T, m *nn.Model) []float32 {
	t.Helper()
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := plan.NewRun()
	defer r.Release()
	in := make([]float32, m.Graph.InputValue().Shape.Len())
	for i := range in {
		in[i] = float32(i*7919%1999)/1000 - 1
	}
	if err := r.Execute(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, m.Graph.OutputValue().Shape.C)
	m.Scores(r, out)
	return out
}

// TestEveryOperator: the attributes of every operator come back, whatever they are.
func TestEveryOperator(t *testing.T) {
	t.Parallel()
	if len(types) != len(op.Table) {
		t.Errorf("%d names for %d operators", len(types), len(op.Table))
	}
	for name, typ := range types {
		want := reflect.New(typ).Elem()
		seed := 0
		fill(t, want, &seed)
		text, err := attrs(want.Interface().(nn.Op))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := operator(typ, text)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, text, err)
		}
		if !reflect.DeepEqual(got, want.Interface()) {
			t.Errorf("%s: %+v, want %+v (%s)", name, got, want, text)
		}
	}
	for _, o := range []nn.Op{op.Clip{Low: math.Inf(-1), High: math.Inf(1)}, op.Clip{Low: -6, High: 1e-7}, op.Conv{Table: [][]int{{}, {0, 2}}}} {
		text, err := attrs(o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := operator(reflect.TypeOf(o), text); err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%+v, want %+v (%s, %v)", got, o, text, err)
		}
	}
}

// fill gives every field another value.
func fill(t *testing.T, v reflect.Value, seed *int) {
	t.Helper()
	*seed++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), seed)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), seed)
		}
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(*seed))
	case reflect.Uint8:
		v.SetUint(uint64(*seed))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(float32(*seed) / 3))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *seed))
	default:
		t.Fatalf("a field of type %v: teach fill", v.Type())
	}
}
