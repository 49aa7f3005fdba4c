package onnx

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Options say what the file alone does not.
type Options struct {
	// Dir is the model's own folder, for external data; nil refuses external data.
	Dir *os.Root
	// Input gives the sizes of the input where the file leaves them open; nil: the file's
	// own, with one picture for an open batch.
	Input []int
}

// Read reads a .onnx file into a draft: constants are folded, dropout and the like are left
// out, and the first output is the answer. Values keep the file's names. Float32 weights
// may be views into b, which nobody may change afterwards.
func Read(b []byte, o Options) (*draft.Net, error) {
	m, err := parse(b, o.Dir)
	if err != nil {
		return nil, err
	}
	return convert(m, o)
}

// operand is an input of a node: a value of the run or a constant; neither where it was left out.
type operand struct {
	live *live
	c    *constant
}

func (o operand) absent() bool { return o.live == nil && o.c == nil }

// dims returns the sizes in ONNX's sense.
func (o operand) dims() []int {
	if o.live != nil {
		return o.live.dims
	}
	return o.c.dims
}

// importer turns nodes into draft nodes, in the file's order.
type importer struct {
	model *model
	net   *draft.Net
	known map[string]operand
	names map[string]bool

	turned map[string]*live // transpositions that are done: see plain
	labels *labels
	at     *node // the file's node that is being imported
}

// convert makes the draft of a parsed model.
func convert(m *model, o Options) (*draft.Net, error) {
	if len(m.outputs) == 0 {
		return nil, damaged("the file's graph has no output")
	}
	if len(m.inputs) != 1 {
		return nil, unsupported("the net has %d inputs%s; nets with one input can be read", len(m.inputs), inputNames(m))
	}
	im := newImporter(m)
	in := m.inputs[0]
	dims, err := inputDims(in, o.Input)
	if err != nil {
		return nil, err
	}
	x := &live{name: in.name, dims: dims, batched: true}
	im.net.Input, im.net.Shape = in.name, x.shape()
	im.set(in.name, operand{live: x})
	if err := im.run(m.outputs[0].name); err != nil {
		return nil, err
	}
	return im.net, nil
}

func newImporter(m *model) *importer {
	im := &importer{model: m, net: &draft.Net{Name: "onnx"}, known: map[string]operand{}, names: map[string]bool{}, labels: newLabels(m), turned: map[string]*live{}}
	for name, c := range m.init {
		im.known[name] = operand{c: c}
	}
	return im
}

// run imports what the output needs and makes it the net's.
func (im *importer) run(output string) error {
	nodes := im.needed(output)
	if err := im.checkOps(nodes); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := im.node(n); err != nil {
			return err
		}
	}
	end, ok := im.known[output]
	switch {
	case !ok:
		return damaged("no node computes the output %s", show(output))
	case end.live == nil:
		return damaged("the output %s does not depend on the input", show(output))
	}
	end.live = im.plain(end.live, output)
	if end.live.name == im.net.Input {
		return damaged("the output %s is the input itself", show(output))
	}
	im.net.Output = end.live.name
	return nil
}

// node imports one node: folds it, or adds what computes it.
func (im *importer) node(n *node) error {
	im.at = n
	in := make([]operand, len(n.inputs))
	constants := true
	for i, name := range n.inputs {
		if name == "" {
			continue
		}
		o, ok := im.known[name]
		if !ok {
			return damaged("%s reads %s, which nothing computes", n, show(name))
		}
		in[i] = o
		constants = constants && o.live == nil
	}
	if constants {
		done, err := im.fold(n, in)
		if done || err != nil {
			return err
		}
	}
	do, ok := importers[n.op]
	if !ok {
		return im.unsupportedOps([]*node{n})
	}
	if err := do(im, n, in); err != nil {
		return err
	}
	if left := n.unread(); len(left) > 0 {
		return unsupported("%s: its attribute %s is not known", n, show(left[0]))
	}
	return n.err()
}

// fold computes a node of constants at once.
func (im *importer) fold(n *node, in []operand) (bool, error) {
	list := make([]*constant, len(in))
	for i, o := range in {
		list[i] = o.c
	}
	out, ok, err := im.model.fold(n, list)
	if !ok || err != nil {
		return false, err
	}
	for i, c := range out {
		if i < len(n.outputs) {
			im.set(n.outputs[i], operand{c: c})
		}
	}
	return true, nil
}

// set says what a name of the file stands for.
func (im *importer) set(name string, o operand) {
	if name != "" {
		im.known[name] = o
	}
}

// needed returns the nodes that the output depends on, in the model's order, which is one of
// execution (see connect).
func (im *importer) needed(output string) []*node {
	want := map[string]bool{output: true}
	var list []*node
	for _, n := range slices.Backward(im.model.nodes) {
		if slices.ContainsFunc(n.outputs, func(o string) bool { return o != "" && want[o] }) {
			list = append(list, n)
			for _, i := range n.inputs {
				want[i] = true
			}
		}
	}
	slices.Reverse(list)
	return list
}

// checkOps refuses all nodes at once that cannot be run.
func (im *importer) checkOps(nodes []*node) error {
	var unknown []*node
	for _, n := range nodes {
		if n.domain != "" || importers[n.op] == nil && !foldable(n.op) {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) > 0 {
		return im.unsupportedOps(unknown)
	}
	return nil
}

func (im *importer) unsupportedOps(nodes []*node) error {
	const most = 10
	var list []string
	for _, n := range nodes[:min(len(nodes), most)] {
		text := fmt.Sprintf("op %s", show(n.op))
		if n.domain != "" {
			text += fmt.Sprintf(" (domain %s)", show(n.domain))
		}
		list = append(list, fmt.Sprintf("%s in %s", text, n))
	}
	text := strings.Join(list, ", ")
	if more := len(nodes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return unsupported("not supported: %s", text)
}

func inputNames(m *model) string {
	var names []string
	for i, in := range m.inputs {
		if i == 5 {
			names = append(names, "…")
			break
		}
		names = append(names, show(in.name))
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// inputDims joins the file's sizes of the input with those that were given.
func inputDims(in valueInfo, given []int) ([]int, error) {
	if !isFloatElem(in.elem) && in.elem != "" {
		return nil, unsupported("the input %s holds %s; nets that read float32 can be run", show(in.name), in.elem)
	}
	if given != nil {
		if in.ranked && !agrees(in.dims, given) {
			return nil, fault.New(fault.Invalid, "the input %s is %s, which %s does not fit", show(in.name), dimText(in.dims), sizeText(given))
		}
		return given, checkInput(in, given)
	}
	if !in.ranked {
		return nil, openDims(in)
	}
	dims := make([]int, len(in.dims))
	for i, d := range in.dims {
		switch {
		case d.size >= 0:
			dims[i] = d.size
		case i == 0:
			dims[i] = 1 // an open batch: one picture
		default:
			return nil, openDims(in)
		}
	}
	return dims, checkInput(in, dims)
}

func agrees(file []dim, given []int) bool {
	return slices.EqualFunc(file, given, func(d dim, g int) bool { return d.size < 0 || d.size == g })
}

func checkInput(in valueInfo, dims []int) error {
	if len(dims) < 2 || len(dims) > 4 || slices.Min(dims) < 1 {
		return unsupported("the input %s is %s; nets that read N×C×H×W can be run", show(in.name), sizeText(dims))
	}
	if _, ok := elements(dims, maxFoldElems); !ok {
		return tooLarge("the input %s is %s: more than %d numbers", show(in.name), sizeText(dims), maxFoldElems)
	}
	return nil
}

func openDims(in valueInfo) error {
	return fault.New(fault.Unprocessable, "the file leaves sizes of the input %s open: %s", show(in.name), dimText(in.dims)).
		WithHint("give them: --input-shape 1,3,224,224")
}

// sizeText writes sizes as people do: 1×3×224×224.
func sizeText(sizes []int) string {
	list := make([]dim, len(sizes))
	for i, n := range sizes {
		list[i].size = n
	}
	return dimText(list)
}

func dimText(dims []dim) string {
	list := make([]string, len(dims))
	for i, d := range dims {
		switch {
		case d.size >= 0:
			list[i] = fmt.Sprint(d.size)
		case d.symbol != "":
			list[i] = cut(d.symbol)
		default:
			list[i] = "?"
		}
	}
	return strings.Join(list, "×")
}

// emit adds a node that computes the node's first output, or a step towards it where suffix
// is not empty, and returns the name of the value.
func (im *importer) emit(n *node, suffix string, op nn.Op, params []nn.Param, in ...*live) string {
	d := draft.Node{Name: im.fresh(n.outputs[0] + suffix), Op: op, Params: params, Label: im.label(n, suffix)}
	for _, v := range in {
		d.Inputs = append(d.Inputs, v.name)
	}
	im.net.Nodes = append(im.net.Nodes, d)
	return d.Name
}

// fresh returns the name, or one like it that no node has yet. Names of the file come first:
// they are unique among themselves.
func (im *importer) fresh(name string) string {
	for try := name; ; try += "'" {
		if !im.names[try] {
			im.names[try] = true
			return try
		}
	}
}

// define says that the node's first output is a value with these sizes.
func (im *importer) define(n *node, v *live) error {
	im.set(n.outputs[0], operand{live: v})
	return nil
}
