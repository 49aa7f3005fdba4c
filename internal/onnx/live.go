package onnx

import (
	"fmt"
	"slices"

	"vizserver/internal/draft"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// live is a value of the run: which draft node holds it, and how its sizes in ONNX's sense
// lie in the engine's N×C×H×W.
type live struct {
	name string
	dims []int
	// perm, where not nil, is a transposition that nobody has done yet: axis i of dims is axis
	// perm[i] of what the engine holds. ConvNeXt turns to N×H×W×C and back in every block;
	// its maps stay maps.
	perm []int
	// batched says that the held axis 0 is the engine's N; else N is 1 and all axes are the sample's.
	batched bool
}

// held returns the sizes as the engine has them.
func (v *live) held() []int {
	if v.perm == nil {
		return v.dims
	}
	h := make([]int, len(v.dims))
	for i, p := range v.perm {
		h[p] = v.dims[i]
	}
	return h
}

// shape returns the engine's shape.
func (v *live) shape() nn.Shape { return shapeOf(v.held(), v.batched) }

func shapeOf(dims []int, batched bool) nn.Shape {
	if batched && len(dims) > 0 {
		return op.Project(dims[1:]).WithN(dims[0])
	}
	return op.Project(dims)
}

// sample returns the held sizes of one sample.
func (v *live) sample() []int {
	h := v.held()
	if v.batched {
		return h[1:]
	}
	return h
}

// rank returns the number of dimensions.
func (v *live) rank() int { return len(v.dims) }

// as returns a value like v under another name.
func (v *live) as(name string) *live {
	w := *v
	w.name = name
	return &w
}

// plain returns the value with no transposition pending, under a name of its own where one is done; it
// is done once for all that read it.
func (im *importer) plain(v *live, name string) *live {
	if v.perm == nil {
		return v
	}
	key := fmt.Sprint(v.name, v.perm, v.batched, v.held())
	if done := im.turned[key]; done != nil {
		return done
	}
	held := &live{name: v.name, dims: v.held(), batched: v.batched}
	im.turned[key] = im.transpose(held, v.perm, name)
	return im.turned[key]
}

// transpose moves the axes of a plain value now.
func (im *importer) transpose(v *live, perm []int, name string) *live {
	dims := make([]int, len(perm))
	for i, p := range perm {
		dims[i] = v.dims[p]
	}
	if v.batched && perm[0] != 0 {
		v = im.unbatched(v, name)
	}
	sample := perm
	if v.batched {
		sample = make([]int, len(perm)-1)
		for i, p := range perm[1:] {
			sample[i] = p - 1
		}
	}
	out := im.fresh(name)
	im.net.Nodes = append(im.net.Nodes, draft.Node{
		Name: out, Op: op.Transpose{Dims: v.sample(), Perm: sample}, Inputs: []string{v.name}, Label: im.step(),
	})
	return &live{name: out, dims: dims, batched: v.batched}
}

// unbatched returns a plain value whose axis 0 is the sample's: for operators that move or
// join the batch.
func (im *importer) unbatched(v *live, name string) *live {
	return im.restack(v, v.dims, false, name)
}

// restack returns a plain value with its elements in the same order under other sizes; where
// the engine holds them alike, nothing is computed.
func (im *importer) restack(v *live, dims []int, batched bool, name string) *live {
	w := &live{name: v.name, dims: dims, batched: batched}
	from, to := v.shape(), w.shape()
	if from == to {
		return w
	}
	w.name = im.fresh(name)
	r := op.Reshape{C: to.C, H: to.H, W: to.W}
	var o nn.Op = r
	switch {
	case from.N != to.N:
		r.N = to.N
		o = r
	case to.Plane() == 1:
		o = op.Flatten{}
	}
	im.net.Nodes = append(im.net.Nodes, draft.Node{Name: w.name, Op: o, Inputs: []string{v.name}, Label: im.step()})
	return w
}

// batch returns a plain value whose axis 0 is the engine's N.
func (im *importer) batch(v *live, name string) *live {
	if v.batched {
		return v
	}
	return im.restack(v, v.dims, true, name)
}

// maps returns the operand as N×C×H×W with a batch: what convolutions and pools read. Rank 3,
// N×C×L, has one row.
func (im *importer) maps(n *node, o operand) (*live, error) {
	v, err := im.value(n, o)
	if err != nil {
		return nil, err
	}
	if v.rank() != 3 && v.rank() != 4 {
		return nil, unsupported("%s: its input is %v; maps of one or two dimensions, N×C×L or N×C×H×W, can be read", n, v.dims)
	}
	return im.batch(v, n.outputs[0]+"/batch"), nil
}

// value returns the operand as a plain value of the run; a constant becomes a node.
func (im *importer) value(n *node, o operand) (*live, error) {
	switch {
	case o.absent():
		return nil, damaged("%s lacks an input", n)
	case o.live != nil:
		return im.plain(o.live, n.outputs[0]+"/transposed"), nil
	}
	return im.constant(n, o.c, o.c.dims)
}

// constant adds a node that holds a constant under these sizes, all of one sample.
func (im *importer) constant(n *node, c *constant, dims []int) (*live, error) {
	if !c.isFloat() {
		return nil, unsupported("%s reads a constant of %s; the engine computes in float32", n, c.elem)
	}
	if c.len() == 0 || product(dims) != c.len() {
		return nil, unsupported("%s reads an empty constant", n)
	}
	name := im.fresh(n.outputs[0] + "/constant")
	im.net.Nodes = append(im.net.Nodes, draft.Node{
		Name: name, Op: op.Constant{Dims: dims}, Params: []nn.Param{{Dims: dims, Data: c.floats}}, Label: im.label(n, ""),
	})
	return &live{name: name, dims: dims}, nil
}

// weight returns an operand that must be a float constant.
func weight(n *node, o operand, what string) (*constant, error) {
	switch {
	case o.absent():
		return nil, damaged("%s has no %s", n, what)
	case o.c == nil:
		return nil, unsupported("%s: its %s is computed by the net; it must be a constant", n, what)
	case !o.c.isFloat():
		return nil, unsupported("%s: its %s is of %s; float32 can be read", n, what, o.c.elem)
	}
	return o.c, nil
}

// vector returns an operand that must be a float constant of so many values.
func vector(n *node, o operand, what string, size int) (nn.Param, error) {
	c, err := weight(n, o, what)
	if err != nil {
		return nn.Param{}, err
	}
	if c.len() != size || len(c.dims) != 1 {
		return nn.Param{}, damaged("%s: its %s is %v and must be [%d]", n, what, c.dims, size)
	}
	return nn.Param{Dims: c.dims, Data: c.floats}, nil
}

// integers returns an operand that must be a constant of integers, as one list.
func integers(n *node, o operand, what string) ([]int, error) {
	switch {
	case o.absent():
		return nil, nil
	case o.c == nil:
		return nil, unsupported("%s: its %s is computed by the net; it must be a constant", n, what)
	case o.c.isFloat():
		return nil, damaged("%s: its %s is of %s and must be of integers", n, what, o.c.elem)
	}
	list := make([]int, len(o.c.ints))
	for i, v := range o.c.ints {
		list[i] = n.fit(what, v)
	}
	return list, n.err()
}

// number returns an operand that must be one float, or def where it was left out.
func number(n *node, o operand, what string, def float32) (float32, error) {
	if o.absent() {
		return def, nil
	}
	c, err := weight(n, o, what)
	if err != nil {
		return 0, err
	}
	if c.len() != 1 {
		return 0, damaged("%s: its %s is %v and must be one number", n, what, c.dims)
	}
	return c.floats[0], nil
}

// product multiplies sizes; −1 where it overflows.
func product(dims []int) int {
	p := 1
	for _, d := range dims {
		if d < 0 || d > 0 && p > (1<<62)/d {
			return -1
		}
		p *= d
	}
	return p
}

// axesOf resolves a list of axes, sorted; every axis once.
func axesOf(n *node, list []int, rank int) ([]int, error) {
	out := make([]int, len(list))
	for i, a := range list {
		var err error
		if out[i], err = axis(n, a, rank); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) != len(out) {
		return nil, damaged("%s: an axis stands twice in %v", n, list)
	}
	return out, nil
}

// at returns input i of a node, left out where the node has fewer.
func at(in []operand, i int) operand {
	if i < len(in) {
		return in[i]
	}
	return operand{}
}

// label names the node for a person; steps of it get a suffix.
func (im *importer) label(n *node, suffix string) string {
	if l := im.labels.of(n.index); l != "" {
		return l + suffix
	}
	return ""
}

// step names a node that the importer adds on the way to what the file's node computes.
func (im *importer) step() string {
	if im.at == nil {
		return ""
	}
	return im.label(im.at, "")
}
