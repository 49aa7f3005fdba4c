package bundle

import (
	"bytes"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/weights"
)

// small is a model of three nodes.
func small(t testing.TB) *nn.Model {
	t.Helper()
	g := nn.NewGraph("small")
	x := g.Input("in", nn.Shape{N: 1, C: 3, H: 4, W: 4})
	g.In("stage", "stage", func() {
		g.Layer("conv", "conv", func() { x = g.Add("conv", op.Conv{Out: 2, Kernel: op.Square(4)}, x) })
		g.Layer("act", "relu", func() { x = g.Add("act", op.Clip{High: 6}, x) })
	})
	g.Layer("softmax", "softmax", func() { x = g.Add("softmax", op.Softmax{}, x) })
	if _, err := g.Build(); err != nil {
		t.Fatal(err)
	}
	return &nn.Model{
		Name: "small", Title: "Small", Graph: g, Labels: []string{"cat", "dog"}, Head: nn.Head{Kind: "softmax"},
		Weights: nn.Weights{
			"conv.weight": {Dims: []int{2, 3, 4, 4}, Data: make([]float32, 96)}, "conv.bias": {Dims: []int{2}, Data: []float32{1, 2}},
		},
		Image: nn.ImagePre{Size: 4, Resize: 5, Resample: "bilinear", Range: 1, Std: [3]float32{1, 1, 1}},
	}
}

// TestBadDescriptions replaces one thing in the JSON of a good bundle.
func TestBadDescriptions(t *testing.T) {
	t.Parallel()
	good, err := weights.Read(bundled(t, small(t), Info{}))
	if err != nil {
		t.Fatal(err)
	}
	text := good.Metadata[Key]
	for _, c := range []struct {
		name, old, new string
		kind           fault.Kind
		text           string
	}{
		{"cut off", `}`, ``, fault.Unprocessable, "JSON"},
		{"not JSON", text, `hello`, fault.Unprocessable, "JSON"},
		{"empty", text, ``, fault.Unprocessable, "JSON"},
		{"another JSON", text, `[]`, fault.Unprocessable, "JSON"},
		{"no version", `"version":1,`, ``, fault.Unsupported, "version 0"},
		{"later version with other fields", `"version":1,`, `"version":2,"new":{},`, fault.Unsupported, "version 2"},
		{"unknown field", `"version":1,`, `"version":1,"new":1,`, fault.Unprocessable, "JSON"},
		{"field twice", `"version":1,`, `"version":1,"name":"a",`, fault.Unprocessable, "JSON"},
		{"no name", `"name":"small","title"`, `"name":"","title"`, fault.Unprocessable, "no name"},
		{"control characters", `"Small"`, `"Sm\u001ball"`, fault.Unprocessable, "control characters"},
		{"long name", `"Small"`, `"` + strings.Repeat("x", 600) + `"`, fault.Unprocessable, "longer than 512"},
		{"unknown operators", `"op":"Conv"`, `"op":"Conv9"`, fault.Unsupported, `"Conv9"`},
		{"unknown attribute", `"Out":2`, `"Out":2,"Axis":3`, fault.Unprocessable, `"conv": attributes`},
		{"attribute of another type", `"Out":2`, `"Out":"2"`, fault.Unprocessable, `"conv": attributes`},
		{"attribute in other capitals", `"Out":2`, `"out":2`, fault.Unprocessable, `"conv": attributes`},
		{"attribute above int", `"Out":2`, `"Out":1e30`, fault.Unprocessable, `"conv": attributes`},
		{"text as a number", `"High":6`, `"High":"six"`, fault.Unprocessable, `"act": attributes`},
		{"not a number", `"High":6`, `"High":"NaN"`, fault.Invalid, "lower bound"},
		{"wrong outputs", `"Out":2`, `"Out":3`, fault.Unprocessable, "conv.weight"},
		{"huge outputs", `"Out":2`, `"Out":1000000000000`, fault.Invalid, "at most"},
		{"kernel above the map", `"H":4,"W":4`, `"H":9,"W":9`, fault.Invalid, "kernel"},
		{"input of no rows", `"shape":[1,3,4,4]`, `"shape":[1,3,0,4]`, fault.Invalid, "every size"},
		{"huge input", `"shape":[1,3,4,4]`, `"shape":[1,3,1000000,1000000]`, fault.Invalid, "at most"},
		{"input of three numbers", `"shape":[1,3,4,4]`, `"shape":[3,4,4]`, fault.Unprocessable, "JSON"},
		{"missing edge", `"inputs":["conv"]`, `"inputs":["never"]`, fault.Unprocessable, "never, read by act"},
		{"cycle", `"inputs":["conv"]`, `"inputs":["act"]`, fault.Unprocessable, "cycle"},
		{"name twice", `"name":"act","op"`, `"name":"conv","op"`, fault.Unprocessable, "same value"},
		{"no inputs", `"inputs":["in"],`, ``, fault.Invalid, "1 input(s), not 0"},
		{"input of the input", `"inputs":["in"]`, `"inputs":["softmax"]`, fault.Unprocessable, "cycle"},
		{"two inputs", `"inputs":["conv"]`, `"inputs":["conv","conv"]`, fault.Invalid, "input"},
		{"idle node", `"inputs":["act"]`, `"inputs":["conv"]`, fault.Unprocessable, "does not need"},
		{"parent behind", `"kind":"stage"`, `"kind":"stage","parent":3`, fault.Unprocessable, "parent 3"},
		{"parent below zero", `"kind":"stage"`, `"kind":"stage","parent":-1`, fault.Unprocessable, "parent -1"},
		{"second input block", `"kind":"stage"`, `"kind":"input"`, fault.Unprocessable, "kind of the input"},
		{"block that is not there", `"block":2`, `"block":9`, fault.Unprocessable, "block 9"},
		{"layer that is not there", `"layers":[2,3,4]`, `"layers":[2,3,9]`, fault.Unprocessable, "block 9"},
		{"layer twice", `"layers":[2,3,4]`, `"layers":[2,3,3]`, fault.Unprocessable, "block 3"},
		{"stage as a layer", `"layers":[2,3,4]`, `"layers":[1,3,4]`, fault.Unprocessable, "block 1"},
		{"too few labels", `["cat","dog"]`, `["cat"]`, fault.Unprocessable, "1 labels for 2 outputs"},
		{"photos of another size", `"Size":4`, `"Size":5`, fault.Unprocessable, "3×5×5"},
		{"standard deviation 0", `"Std":[1,1,1]`, `"Std":[1,0,1]`, fault.Unprocessable, "standard deviation"},
		{"mean of infinity", `"Mean":[0,0,0]`, `"Mean":["Infinity",0,0]`, fault.Unprocessable, "standard deviation"},
		{"range", `"Range":1`, `"Range":-1`, fault.Unprocessable, "range -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, c.old) {
				t.Fatalf("the description has no %s: %s", c.old, text)
			}
			f := *good
			f.Metadata = map[string]string{Key: strings.Replace(text, c.old, c.new, 1)}
			_, _, err := Read(&f)
			if fault.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v (%v), want %v with %q", err, fault.KindOf(err), c.kind, c.text)
			}
		})
	}
}

// TestNoBundle: bare weights are told apart.
func TestNoBundle(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := weights.Write(&b, []weights.Tensor{weights.NewFloat32("a", []int{1}, []float32{1})}, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(f); Is(f) || fault.KindOf(err) != fault.Unsupported {
		t.Error(err)
	}
}

// TestWrongWeights: a tensor that lacks, is too much or has another size is named.
func TestWrongWeights(t *testing.T) {
	t.Parallel()
	good, err := weights.Read(bundled(t, small(t), Info{}))
	if err != nil {
		t.Fatal(err)
	}
	if !Is(good) {
		t.Error("a bundle is not known as one")
	}
	for name, tensors := range map[string][]weights.Tensor{
		"missing: conv.":     good.Tensors[:1],
		"unexpected: extra":  append(good.Tensors[:2:2], weights.NewFloat32("extra", []int{1}, []float32{1})),
		"of another shape: ": {good.Tensors[0], weights.NewFloat32("conv.weight", []int{2, 48}, make([]float32, 96))},
	} {
		f := *good
		f.Tensors = tensors
		if _, _, err := Read(&f); fault.KindOf(err) != fault.Unprocessable || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWriteRefuses: a model that no reader would take is not written.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	m := small(t)
	delete(m.Weights, "conv.bias")
	if err := Write(&bytes.Buffer{}, m, Info{}); err == nil || !strings.Contains(err.Error(), "conv.bias") {
		t.Error(err)
	}
}

// TestLayerAboveBlocks: a block with blocks in it is no layer, though it has nodes of its own.
func TestLayerAboveBlocks(t *testing.T) {
	t.Parallel()
	good, err := weights.Read(bundled(t, small(t), Info{}))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`"block":4`, `"block":1`, `"layers":[2,3,4]`, `"layers":[2,3,1]`).Replace(good.Metadata[Key])
	if _, _, err := restore([]byte(text), good.Tensors); fault.KindOf(err) != fault.Unprocessable || !strings.Contains(err.Error(), "block 1 is named as a layer") {
		t.Error(err)
	}
}
