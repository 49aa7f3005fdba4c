package keras

import (
	"fmt"
	"slices"
	"strings"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// Options says what a file may leave open.
type Options struct {
	// Input gives the sizes 1, C, H, W of the input where the model leaves some open; nil: the
	// model's own.
	Input []int
	// App is the plan of the net, for a file that holds weights alone; else it is not looked at.
	App *App
}

// Read makes a draft of what Convert wrote. Values keep the names of the layers; a layer that is
// two nodes (a convolution and its activation) names the second layer/activation, the k-th call
// of a shared layer is layer#k, and a layer inside of a model is model/layer. Dropout and the
// like are left out. Errors name the layer; of layers that are not supported, all at once.
func Read(f *weights.File, o Options) (*draft.Net, error) {
	config, version, err := planOf(f, o.App)
	if err != nil {
		return nil, err
	}
	root, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	store, err := newStore(f, o.App)
	if err != nil {
		return nil, err
	}
	if err := refuse(root); err != nil {
		return nil, err
	}
	first, err := channelsFirst(root)
	if err != nil {
		return nil, err
	}
	b := &builder{net: &draft.Net{Name: root.name}, store: store, first: first, old: strings.HasPrefix(version, "2."), input: o.Input, taken: map[string]int{}}
	root.place("", nil, map[int64]string{})
	out, err := b.model(root, nil, "")
	if err != nil {
		return nil, err
	}
	if len(out) != 1 {
		return nil, broken("the model %s has %d outputs: %s", show(root.name), len(out), root.model.outputNames()).
			WithHint("save a model with one of them: keras.Model(model.input, model.outputs[0]).save(\"name.keras\")")
	}
	if out[0].node == b.net.Input {
		return nil, broken("the model %s computes nothing: its output is its input", show(root.name))
	}
	b.net.Output = b.plain(out[0])
	return b.net, nil
}

func (m *model) outputNames() string {
	names := make([]string, 0, len(m.outputs))
	for _, r := range m.outputs {
		names = append(names, show(r.layer))
	}
	return strings.Join(names[:min(len(names), 10)], ", ")
}

// refuse names all layers that are not in the table, custom classes first of all.
func refuse(root *layer) error {
	var list []string
	count := 0
	root.each(func(l *layer) {
		if l.supported() {
			return
		}
		if count++; count > 10 {
			return
		}
		what := show(l.class)
		switch {
		case l.class == "Lambda":
			what = "Lambda, which is Python code"
		case l.custom != "":
			what = "the custom class " + show(l.custom)
		case hasPrefix(l.module, "keras.src.ops", "keras.ops"):
			what = "the function " + show(l.class) + " of keras.ops"
		}
		list = append(list, show(l.name)+" ("+what+")")
	})
	if count == 0 {
		return nil
	}
	text := strings.Join(list, ", ")
	if count > len(list) {
		text += fmt.Sprintf(" and %d more", count-len(list))
	}
	return broken("layers that are not supported: %s", text).
		WithHint("Nothing in a model file is ever run. Build the model of layers that Keras brings along, or export it as ONNX.")
}

// each calls do for a layer and all inside of it.
func (l *layer) each(do func(*layer)) {
	do(l)
	if l.model != nil {
		for i := range l.model.layers {
			l.model.layers[i].each(do)
		}
	}
}

// channelsFirst says how the pictures of the net lie: with the channels before the rows, or, as
// almost always, behind the columns. A net of both kinds is refused.
func channelsFirst(root *layer) (bool, error) {
	var first, last *layer
	root.each(func(l *layer) {
		switch l.str("data_format", "") {
		case "channels_first":
			first = l
		case "channels_last":
			if l.class != "Flatten" { // Keras 3 writes its own default there
				last = l
			}
		}
	})
	if first != nil && last != nil {
		return false, first.fail("data_format is channels_first, and in layer %s channels_last; a net of both is not supported", show(last.name))
	}
	return first != nil, nil
}

// value is a tensor on its way through the net.
type value struct {
	node string // of the draft, or its input
	// dims are Keras's sizes without the batch: rows, columns, channels, or one number.
	dims []int
	// order tells of a vector that Keras has in another order: unit i here is its unit order[i].
	order []int
}

// builder makes the nodes.
type builder struct {
	net    *draft.Net
	store  *store
	first  bool // channels_first
	old    bool // of Keras 2
	input  []int
	calls  int
	taken  map[string]int // calls by full name of the layer
	values int64          // elements of all values so far
	orders int            // numbers of all orders so far
}

// run is a model on its way: the values of its layers' calls.
type run struct {
	*builder
	m      *model
	prefix string
	index  map[string]int
	done   map[[2]int][]value // by layer and call
}

// model computes the outputs of a model for given inputs; nil inputs are the net's own.
func (b *builder) model(l *layer, in []value, prefix string) ([]value, error) {
	m := l.model
	if b.calls += len(m.layers); b.calls > 2*maxLayers { // each call counts once more when it is made
		return nil, fault.New(fault.TooLarge, "the model calls more than %d layers", maxLayers)
	}
	r := &run{builder: b, m: m, prefix: prefix, index: map[string]int{}, done: map[[2]int][]value{}}
	for i := range m.layers {
		name := m.layers[i].name
		if _, twice := r.index[name]; twice {
			return nil, broken("two layers of %s are called %s", show(l.name), show(name))
		}
		r.index[name] = i
	}
	if err := r.feed(l, in); err != nil {
		return nil, err
	}
	if err := r.all(); err != nil {
		return nil, err
	}
	out := make([]value, 0, len(m.outputs))
	for _, ref := range m.outputs {
		v, err := r.output(ref)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// feed gives the model's InputLayers their values.
func (r *run) feed(l *layer, in []value) error {
	if in == nil && len(r.m.inputs) != 1 || in != nil && len(in) != len(r.m.inputs) {
		return broken("the model %s has %d inputs, and one picture is what a net is given", show(l.name), len(r.m.inputs)).
			WithHint("save the part of the model that sees the picture")
	}
	for k, ref := range r.m.inputs {
		i, ok := r.index[ref.layer]
		if !ok {
			return broken("the model %s has no input layer %s", show(l.name), show(ref.layer))
		}
		if in != nil {
			r.done[[2]int{i, 0}] = []value{in[k]}
			continue
		}
		v, err := r.start(&r.m.layers[i])
		if err != nil {
			return err
		}
		r.done[[2]int{i, 0}] = []value{v}
	}
	return nil
}

// start makes the net's input.
func (b *builder) start(l *layer) (value, error) {
	shape := l.ints("batch_shape")
	if shape == nil {
		shape = l.ints("batch_input_shape")
	}
	if len(shape) < 2 {
		return value{}, l.fail("the model does not say the sizes of its input").
			WithHint("build it with keras.Input(shape=(224, 224, 3)), and save it again")
	}
	dims := shape[1:]
	if len(dims) != 1 && len(dims) != 3 {
		return value{}, l.fail("its input has %d dimensions; nets for pictures have 3, those for vectors 1", len(dims))
	}
	if b.input != nil {
		given, err := b.given(l, dims)
		if err != nil {
			return value{}, err
		}
		dims = given
	}
	if slices.ContainsFunc(dims, func(d int) bool { return d < 1 }) {
		return value{}, l.fail("the model leaves sizes of its input open: %s", dimText(dims)).WithHint("give them: --input-shape 1,3,224,224")
	}
	v := value{node: l.name, dims: dims}
	s := b.shape(v)
	if err := b.fits(l, s); err != nil {
		return value{}, err
	}
	b.net.Input, b.net.Shape = l.name, s
	b.taken[l.name] = 1
	return v, nil
}

// given turns the user's 1, C, H, W into Keras's order, and checks them against the file's.
func (b *builder) given(l *layer, dims []int) ([]int, error) {
	in := b.input
	if len(in) != 4 || in[0] != 1 || len(dims) == 1 && (in[2] != 1 || in[3] != 1) {
		return nil, l.fail("the sizes that were given for the input are %v, and must be 1, channels, rows, columns", in)
	}
	out := []int{in[2], in[3], in[1]}
	if b.first || len(dims) == 1 {
		out = slices.Clone(in[1:])[:len(dims)]
	}
	for i, d := range dims {
		if d > 0 && d != out[i] {
			return nil, l.fail("its input is %s in the file, and %s was given", dimText(dims), dimText(out))
		}
	}
	return out, nil
}

// dimText writes sizes; "?" are open ones.
func dimText(dims []int) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = fmt.Sprint(d)
		if d < 1 {
			parts[i] = "?"
		}
	}
	return strings.Join(parts, "×")
}

// shape is how a value lies in the engine.
func (b *builder) shape(v value) nn.Shape {
	d := v.dims
	switch {
	case len(d) == 1:
		return nn.Vec(d[0])
	case b.first:
		return nn.Shape{N: 1, C: d[0], H: d[1], W: d[2]}
	}
	return nn.Shape{N: 1, C: d[2], H: d[0], W: d[1]}
}

// dims are Keras's sizes of a value of the engine, of one dimension or three.
func (b *builder) dims(s nn.Shape, rank int) []int {
	switch {
	case rank == 1:
		return []int{s.Sample()}
	case b.first:
		return []int{s.C, s.H, s.W}
	}
	return []int{s.H, s.W, s.C}
}
