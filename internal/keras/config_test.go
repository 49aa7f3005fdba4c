package keras_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// file is what Convert would write of a config and some weights of ones.
func file(t testing.TB, format, config string, w map[string][]int) *weights.File {
	t.Helper()
	var list []weights.Tensor
	for path, dims := range w {
		n := 1
		for _, d := range dims {
			n *= d
		}
		ones := make([]float32, n)
		for i := range ones {
			ones[i] = 1
		}
		list = append(list, weights.NewFloat32(path, dims, ones))
	}
	var b bytes.Buffer
	if err := weights.Write(&b, list, map[string]string{"keras.format": format, "keras.config": config, "keras.names": "{}", "keras.version": "3.15.1"}); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// layerJSON writes a layer of a functional model of Keras 2.
func layerJSON(class, name, config string, inputs ...string) string {
	nodes := "[]"
	if len(inputs) > 0 {
		refs := make([]string, len(inputs))
		for i, in := range inputs {
			refs[i] = fmt.Sprintf(`[%q, 0, 0, {}]`, in)
		}
		nodes = "[[" + strings.Join(refs, ",") + "]]"
	}
	return fmt.Sprintf(`{"class_name": %q, "name": %q, "config": {"name": %q%s}, "inbound_nodes": %s}`, class, name, name, config, nodes)
}

const image = `, "batch_input_shape": [null, 6, 5, 3]`

// functional writes a model whose input is "image" and whose output is "out".
func functional(layers ...string) string {
	return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [%s],
		"input_layers": [["image", 0, 0]], "output_layers": [["out", 0, 0]]}}`, strings.Join(layers, ","))
}

func TestBadConfigs(t *testing.T) {
	in := layerJSON("InputLayer", "image", image)
	deep := layerJSON("InputLayer", "image", image)
	for range 20 {
		deep = fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "s", "layers": [%s]}}`, deep)
	}
	many := make([]string, 0, 20_002)
	many = append(many, in)
	for i := range 20_001 {
		many = append(many, layerJSON("ReLU", fmt.Sprint("r", i), "", "image"))
	}
	unknown := []string{in}
	for i := range 12 {
		unknown = append(unknown, layerJSON("Nonsense", fmt.Sprint("u", i), "", "image"))
	}
	for _, c := range []struct {
		name, config string
		kind         fault.Kind
		words        []string
	}{
		{name: "empty", config: "", kind: fault.Unprocessable, words: []string{"not the JSON"}},
		{name: "no object", config: "[]", kind: fault.Unprocessable},
		{name: "key twice", config: `{"class_name": "Sequential", "class_name": "Model"}`, kind: fault.Unprocessable, words: []string{"not the JSON"}},
		{name: "subclassed", config: `{"class_name": "MyModel", "config": {}}`, kind: fault.Unprocessable, words: []string{`"MyModel"`, "ONNX"}},
		{name: "nested too deep", config: deep, kind: fault.TooLarge, words: []string{"16"}},
		{name: "too many layers", config: functional(many...), kind: fault.TooLarge, words: []string{"20000 layers"}},
		{name: "unknown layers", config: functional(unknown...), kind: fault.Unprocessable, words: []string{`"u0" ("Nonsense")`, `"u9"`, "and 2 more"}},
		{name: "name twice", config: functional(in, layerJSON("ReLU", "out", "", "image"), layerJSON("ReLU", "out", "", "image")), kind: fault.Unprocessable, words: []string{`"out"`}},
		{name: "missing layer", config: functional(in, layerJSON("ReLU", "out", "", "nowhere")), kind: fault.Unprocessable, words: []string{`"out"`, `"nowhere"`}},
		{name: "cycle", config: functional(in, layerJSON("ReLU", "out", "", "b"), layerJSON("ReLU", "b", "", "out")), kind: fault.Unprocessable, words: []string{"circle", `"out"`}},
		{name: "output is input", config: strings.ReplaceAll(functional(in), `"out"`, `"image"`), kind: fault.Unprocessable, words: []string{"its output is its input"}},
		{name: "two formats", config: functional(in, layerJSON("MaxPooling2D", "a", `, "data_format": "channels_first"`, "image"), layerJSON("MaxPooling2D", "out", `, "data_format": "channels_last"`, "a")), kind: fault.Unprocessable, words: []string{"channels_first", `"out"`}},
		{name: "stride 0", config: functional(in, layerJSON("MaxPooling2D", "out", `, "strides": [0, 1]`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "strides", "0×1"}},
		{name: "negative window", config: functional(in, layerJSON("MaxPooling2D", "out", `, "pool_size": -2`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "pool_size"}},
		{name: "huge window", config: functional(in, layerJSON("MaxPooling2D", "out", `, "pool_size": 9e18`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "pool_size"}},
		{name: "fractional window", config: functional(in, layerJSON("MaxPooling2D", "out", `, "pool_size": 1.5`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "pool_size"}},
		{name: "window larger than the map", config: functional(in, layerJSON("MaxPooling2D", "out", `, "pool_size": 7`, "image")), kind: fault.Invalid, words: []string{`"out"`, "kernel"}},
		{name: "crop of everything", config: functional(in, layerJSON("Cropping2D", "out", `, "cropping": [[3, 3], [0, 0]]`, "image")), kind: fault.Invalid, words: []string{`"out"`}},
		{name: "up to 10^12", config: functional(in, layerJSON("UpSampling2D", "out", `, "size": [1000000, 1000000]`, "image")), kind: fault.TooLarge, words: []string{`"out"`}},
		{name: "reshape", config: functional(in, layerJSON("Reshape", "out", `, "target_shape": [7, -1]`, "image")), kind: fault.Unprocessable, words: []string{`"out"`}},
		{name: "sequence", config: functional(in, layerJSON("Reshape", "out", `, "target_shape": [30, 3]`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "2 sizes"}},
		{name: "groups", config: functional(in, layerJSON("Conv2D", "out", `, "filters": 4, "kernel_size": 1, "groups": 2`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "2 groups"}},
		{name: "no weights", config: functional(in, layerJSON("Conv2D", "out", `, "filters": 4, "kernel_size": 1`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, `"kernel"`}},
		{name: "padding", config: functional(in, layerJSON("Conv2D", "out", `, "filters": 4, "kernel_size": 1, "padding": "causal"`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "causal"}},
		{name: "activation", config: functional(in, layerJSON("Activation", "out", `, "activation": "my_own"`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "my_own"}},
		{name: "batch norm over rows", config: functional(in, layerJSON("BatchNormalization", "out", `, "axis": [1]`, "image")), kind: fault.Unprocessable, words: []string{`"out"`, "axis is 1"}},
		{name: "1-D input", config: functional(layerJSON("InputLayer", "image", `, "batch_input_shape": [null, 6, 5]`), layerJSON("ReLU", "out", "", "image")), kind: fault.Unprocessable, words: []string{"2 dimensions"}},
		{name: "open input", config: functional(layerJSON("InputLayer", "image", `, "batch_input_shape": [null, null, null, 3]`), layerJSON("ReLU", "out", "", "image")), kind: fault.Unprocessable, words: []string{"?×?×3", "--input-shape 1,3,224,224"}},
		{name: "huge input", config: functional(layerJSON("InputLayer", "image", `, "batch_input_shape": [null, 2000000000, 2000000000, 3]`), layerJSON("ReLU", "out", "", "image")), kind: fault.TooLarge, words: []string{`"image"`}},
		{name: "two outputs", config: strings.ReplaceAll(functional(in, layerJSON("ReLU", "out", "", "image")), `[["out", 0, 0]]`, `[["out", 0, 0], ["image", 0, 0]]`), kind: fault.Unprocessable, words: []string{"2 outputs", `"out", "image"`}},
		{name: "two inputs", config: strings.ReplaceAll(functional(in, layerJSON("ReLU", "out", "", "image")), `[["image", 0, 0]]`, `[["image", 0, 0], ["out", 0, 0]]`), kind: fault.Unprocessable, words: []string{"2 inputs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := keras.Read(file(t, "h5", c.config, nil), keras.Options{})
			if err == nil {
				t.Fatal("no error")
			}
			if k := fault.KindOf(err); k != c.kind {
				t.Errorf("kind %v, want %v: %v", k, c.kind, err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error()+" | "+fault.Hint(err), w) {
					t.Errorf("the text does not say %q: %v | %s", w, err, fault.Hint(err))
				}
			}
		})
	}
}

// TestInput gives the sizes that a file leaves open.
func TestInput(t *testing.T) {
	config := functional(layerJSON("InputLayer", "image", `, "batch_input_shape": [null, null, null, 3]`), layerJSON("ReLU", "out", "", "image"))
	net, err := keras.Read(file(t, "h5", config, nil), keras.Options{Input: []int{1, 3, 7, 5}})
	if err != nil {
		t.Fatal(err)
	}
	if want := (nn.Shape{N: 1, C: 3, H: 7, W: 5}); net.Shape != want {
		t.Errorf("input %v, want %v", net.Shape, want)
	}
	_, err = keras.Read(file(t, "h5", config, nil), keras.Options{Input: []int{1, 4, 7, 5}})
	fails(t, err, fault.Unprocessable, "?×?×3", "7×5×4")
}

// TestOldSequential: Keras before 2.2.3 wrote a Sequential model as a bare list, and the shape of
// its input at the first layer.
func TestOldSequential(t *testing.T) {
	config := `{"class_name": "Sequential", "config": [
		{"class_name": "Conv2D", "config": {"name": "c", "batch_input_shape": [null, 4, 5, 1], "filters": 2, "kernel_size": [2, 3], "activation": "relu"}},
		{"class_name": "Flatten", "config": {"name": "f"}}]}`
	net, err := keras.Read(file(t, "h5", config, map[string][]int{"c/c/kernel:0": {2, 3, 1, 2}, "c/c/bias:0": {2}}), keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := net.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got := g.OutputValue(); got.Name != "f/order" || got.Shape != nn.Vec(18) {
		t.Errorf("output %s of %v", got.Name, got.Shape)
	}
}

// TestOperators: x + 3, 3 − x, x·2, x/4 and (x + x)/x of a functional model of Keras 3.
func TestOperators(t *testing.T) {
	tensor := func(layer string) map[string]any {
		return map[string]any{"class_name": "__keras_tensor__", "config": map[string]any{"keras_history": []any{layer, 0, 0}}}
	}
	node := func(class, name string, args ...any) map[string]any {
		return map[string]any{
			"class_name": class, "name": name, "module": "keras.src.ops.numpy", "registered_name": class,
			"config": map[string]any{"name": name}, "inbound_nodes": []any{map[string]any{"args": args, "kwargs": map[string]any{}}},
		}
	}
	layers := []any{
		map[string]any{
			"class_name": "InputLayer", "name": "image", "module": "keras.layers",
			"config": map[string]any{"batch_shape": []any{nil, 1}}, "inbound_nodes": []any{},
		},
		node("Add", "a", tensor("image"), 3.0), node("Subtract", "b", 3.0, tensor("a")), node("Multiply", "c", tensor("b"), 2.0),
		node("TrueDivide", "d", tensor("c"), 4.0), node("Add", "e", tensor("d"), tensor("a")), node("Divide", "out", tensor("e"), tensor("image")),
	}
	config, err := json.Marshal(map[string]any{"class_name": "Functional", "config": map[string]any{
		"name": "m", "layers": layers, "input_layers": []any{"image", 0, 0}, "output_layers": []any{"out", 0, 0},
	}})
	if err != nil {
		t.Fatal(err)
	}
	net, err := keras.Read(file(t, "keras", string(config), nil), keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := weights.NewFloat32("input", []int{1, 1, 1, 1}, []float32{5})
	run := execute(t, net, &in)
	defer run.Release()
	got := readAll(t, run, run.Plan().Model.Graph.OutputValue())[0]
	if want := (float32(3-8)*2/4 + 8) / 5; math.Abs(float64(got-want)) > 1e-6 {
		t.Errorf("got %v, want %v", got, want)
	}
	other := strings.ReplaceAll(string(config), `"class_name":"Subtract"`, `"class_name":"Reshape"`)
	_, err = keras.Read(file(t, "keras", other, nil), keras.Options{})
	fails(t, err, fault.Unprocessable, `"b" (the function "Reshape" of keras.ops)`)
}
