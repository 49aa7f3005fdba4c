package onnx

import (
	"slices"

	"vizserver/internal/draft"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// restacked defines the output as the input's elements in the same order under other sizes.
// The batch stays in front where its size does.
func (im *importer) restacked(n *node, x operand, dims []int) error {
	v, err := im.value(n, x)
	if err != nil {
		return err
	}
	if product(dims) != product(v.dims) {
		return damaged("%s: %v does not hold the elements of %v", n, dims, v.dims)
	}
	batched := v.batched && len(dims) > 0 && dims[0] == v.dims[0]
	if batched && len(dims) == 2 && v.batched && v.rank() == 4 && v.shape().Plane() == 1 {
		// The engine holds both alike; the step is kept, for the file has a name for it.
		return im.define(n, &live{name: im.emit(n, "", op.Flatten{}, nil, v), dims: dims, batched: true})
	}
	return im.define(n, im.restack(v, dims, batched, n.outputs[0]))
}

func importReshape(im *importer, n *node, in []operand) error {
	want, err := integers(n, at(in, 1), "shape")
	if err != nil {
		return err
	}
	if at(in, 1).absent() || at(in, 0).absent() {
		return damaged("%s lacks an input", n)
	}
	dims, err := n.reshape(in[0].dims(), want)
	if err != nil {
		return err
	}
	return im.restacked(n, in[0], dims)
}

func importFlatten(im *importer, n *node, in []operand) error {
	from := at(in, 0).dims()
	a := n.int("axis", 1)
	if a < 0 {
		a += len(from)
	}
	if a < 0 || a > len(from) {
		return damaged("%s: axis %d of %d dimensions", n, a, len(from))
	}
	return im.restacked(n, in[0], []int{product(from[:a]), product(from[a:])})
}

// listOf reads a list that is an attribute in old opsets and a constant in new ones.
func listOf(n *node, name string, o operand) ([]int, error) {
	if list := n.ints(name); list != nil {
		return list, nil
	}
	return integers(n, o, name)
}

func importSqueeze(im *importer, n *node, in []operand) error {
	list, err := listOf(n, "axes", at(in, 1))
	if err != nil {
		return err
	}
	from := in[0].dims()
	axes, err := axesOf(n, list, len(from))
	if err != nil {
		return err
	}
	var dims []int
	for i, d := range from {
		if list == nil && d == 1 || slices.Contains(axes, i) {
			if d != 1 {
				return damaged("%s: axis %d of %v is not 1", n, i, from)
			}
			continue
		}
		dims = append(dims, d)
	}
	return im.restacked(n, in[0], dims)
}

func importUnsqueeze(im *importer, n *node, in []operand) error {
	list, err := listOf(n, "axes", at(in, 1))
	if err != nil {
		return err
	}
	from := in[0].dims()
	axes, err := axesOf(n, list, len(from)+len(list))
	if err != nil {
		return err
	}
	dims := slices.Clone(from)
	for _, a := range axes {
		dims = slices.Insert(dims, a, 1)
	}
	return im.restacked(n, in[0], dims)
}

// importTranspose leaves the turn from N×C×H×W to N×H×W×C pending: see live.perm.
func importTranspose(im *importer, n *node, in []operand) error {
	x := at(in, 0)
	if x.live == nil {
		return unsupported("%s: it transposes a constant of %v", n, x.dims())
	}
	v := x.live
	perm := n.ints("perm")
	if perm == nil {
		for i := range v.rank() {
			perm = append(perm, v.rank()-1-i)
		}
	}
	if sorted, err := axesOf(n, perm, v.rank()); err != nil || len(sorted) != v.rank() || slices.Min(append(perm, 0)) < 0 {
		return damaged("%s: perm is %v for %d dimensions", n, perm, v.rank())
	}
	all := slices.Clone(perm) // from what the engine holds
	dims := make([]int, len(perm))
	same := true
	for i, p := range perm {
		if v.perm != nil {
			all[i] = v.perm[p]
		}
		dims[i] = v.dims[p]
		same = same && all[i] == i
	}
	held := &live{name: v.name, dims: v.held(), batched: v.batched}
	switch {
	case same:
		return im.define(n, held)
	case v.batched && slices.Equal(all, []int{0, 2, 3, 1}):
		return im.define(n, &live{name: v.name, dims: dims, perm: all, batched: true})
	}
	return im.define(n, im.transpose(held, all, n.outputs[0]))
}

func importExpand(im *importer, n *node, in []operand) error {
	to, err := integers(n, at(in, 1), "shape")
	if err != nil {
		return err
	}
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	dims, err := broadcast(n, v.dims, to)
	switch {
	case err != nil:
		return err
	case slices.Equal(dims, v.dims):
		return im.define(n, v)
	}
	if v.batched && len(dims) == v.rank() && dims[0] == v.dims[0] {
		o := op.Expand{Dims: v.sample(), To: dims[1:]}
		return im.define(n, &live{name: im.emit(n, "", o, nil, v), dims: dims, batched: true})
	}
	v = im.restack(v, padLeft(v.dims, len(dims)), false, n.outputs[0]+"/unbatched")
	return im.define(n, &live{name: im.emit(n, "", op.Expand{Dims: v.dims, To: dims}, nil, v), dims: dims})
}

// maxCopies bounds how often Tile repeats along one axis.
const maxCopies = 4096

func importTile(im *importer, n *node, in []operand) error {
	times, err := integers(n, at(in, 1), "repeats")
	if err != nil {
		return err
	}
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	if len(times) != v.rank() {
		return damaged("%s: %d repeats for %d dimensions", n, len(times), v.rank())
	}
	for a, k := range times {
		if k < 1 || k > maxCopies {
			return unsupported("%s: it repeats %d times; 1…%d can be done", n, k, maxCopies)
		}
		if k > 1 {
			copies := slices.Repeat([]*live{v}, k)
			if v, err = im.concat(n, "/repeated", copies, a); err != nil {
				return err
			}
		}
	}
	return im.define(n, v)
}

func importConcat(im *importer, n *node, in []operand) error {
	list := make([]*live, len(in))
	if len(in) == 0 {
		return damaged("%s has no input", n)
	}
	a, err := axis(n, n.int("axis", 1), len(at(in, 0).dims()))
	if err != nil {
		return err
	}
	last := a == 3
	for _, x := range in {
		last = last && x.live != nil && x.live.channelsLast()
	}
	for i, x := range in {
		if last {
			list[i] = x.live
		} else if list[i], err = im.value(n, x); err != nil {
			return err
		}
	}
	v, err := im.concat(n, "", list, a)
	if err != nil {
		return err
	}
	return im.define(n, v)
}

// concat puts values one after the other along an axis.
func (im *importer) concat(n *node, suffix string, list []*live, a int) (*live, error) {
	first := list[0]
	dims := slices.Clone(first.dims)
	dims[a] = 0
	batched := true
	for _, v := range list {
		if len(v.dims) != len(dims) {
			return nil, damaged("%s: it joins %v and %v", n, first.dims, v.dims)
		}
		for i, d := range v.dims {
			if i != a && d != dims[i] {
				return nil, damaged("%s: it joins %v and %v along axis %d", n, first.dims, v.dims, a)
			}
		}
		if dims[a] += v.dims[a]; dims[a] > maxFoldElems*8 {
			return nil, damaged("%s: it joins more than %d", n, dims[a])
		}
		batched = batched && v.batched
	}
	if batched && (a == 1 || first.perm != nil) {
		v := &live{name: im.emit(n, suffix, op.Concat{}, nil, list...), dims: dims, batched: true, perm: first.perm}
		return v, nil
	}
	keep := batched && a > 0
	o := op.ConcatAxis{Axis: a}
	if keep {
		o.Axis--
	}
	parts := make([]*live, len(list))
	for i, v := range list {
		parts[i] = v
		if !keep {
			parts[i] = im.unbatched(v, n.outputs[0]+"/unbatched")
		}
		o.Dims = append(o.Dims, parts[i].sample())
	}
	return &live{name: im.emit(n, suffix, o, nil, parts...), dims: dims, batched: keep}, nil
}

// importSlice reads starts, ends, axes and steps from attributes (before opset 10) or constants.
func importSlice(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	var lists [4][]int
	for i, name := range [...]string{"starts", "ends", "axes", "steps"} {
		if lists[i], err = listOf(n, name, at(in, i+1)); err != nil {
			return err
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	p, err := n.cuts(v.dims, starts, ends, axes, steps)
	if err != nil {
		return err
	}
	y, err := im.part(n, n.outputs[0], v, p)
	if err != nil {
		return err
	}
	return im.define(n, y)
}

// part returns a piece of a plain value under a name of its own.
func (im *importer) part(n *node, name string, v *live, cuts []axisCut) (*live, error) {
	dims, ends := make([]int, v.rank()), make([]int, v.rank())
	starts, steps := make([]int, v.rank()), make([]int, v.rank())
	touched := make([]bool, v.rank())
	count := 0
	for a, c := range cuts {
		if c.count < 1 {
			return nil, unsupported("%s: it leaves nothing of axis %d of %v", n, a, v.dims)
		}
		dims[a], starts[a], steps[a] = c.count, c.start, c.step
		ends[a] = max(-1, min(c.start+c.count*c.step, v.dims[a]))
		if touched[a] = c.count != v.dims[a] || c.step != 1; touched[a] {
			count++
		}
	}
	if count == 0 {
		return v, nil
	}
	batched := v.batched && !touched[0]
	var o nn.Op
	switch {
	case batched && count == 1 && touched[1] && steps[1] == 1:
		inner := 1
		if v.rank() > 4 { // the channels of the engine are those of several axes
			inner = product(v.dims[2 : v.rank()-2])
		}
		o = op.Slice{Start: starts[1] * inner, End: ends[1] * inner}
	case batched:
		o = op.SliceAxes{Dims: v.sample(), Starts: starts[1:], Ends: ends[1:], Steps: steps[1:]}
	default:
		v = im.unbatched(v, name+"/unbatched")
		o = op.SliceAxes{Dims: v.dims, Starts: starts, Ends: ends, Steps: steps}
	}
	out := im.fresh(name)
	im.net.Nodes = append(im.net.Nodes, draft.Node{Name: out, Op: o, Inputs: []string{v.name}, Label: im.label(n, "")})
	return &live{name: out, dims: dims, batched: batched}, nil
}

func importSplit(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	a, err := axis(n, n.int("axis", 0), v.rank())
	if err != nil {
		return err
	}
	given, err := listOf(n, "split", at(in, 1))
	if err != nil {
		return err
	}
	sizes, err := n.parts(v.dims[a], given)
	if err != nil {
		return err
	}
	start := 0
	for i, name := range n.outputs {
		cuts, err := n.cuts(v.dims, []int{start}, []int{start + sizes[i]}, []int{a}, nil)
		if err != nil {
			return err
		}
		start += sizes[i]
		if name == "" {
			continue
		}
		y, err := im.part(n, name, v, cuts)
		if err != nil {
			return err
		}
		im.set(name, operand{live: y})
	}
	return nil
}

func importGather(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	list, err := integers(n, at(in, 1), "indices")
	if err != nil {
		return err
	}
	a, err := axis(n, n.int("axis", 0), v.rank())
	if err != nil {
		return err
	}
	for i, k := range list {
		if k < -v.dims[a] || k >= v.dims[a] {
			return damaged("%s: index %d of %d", n, k, v.dims[a])
		}
		if k < 0 {
			list[i] += v.dims[a]
		}
	}
	shape := in[1].c.dims
	dims := slices.Concat(v.dims[:a], shape, v.dims[a+1:])
	keep := v.batched && a > 0
	if keep {
		a--
	} else {
		v = im.unbatched(v, n.outputs[0]+"/unbatched")
	}
	o := op.Gather{Dims: v.sample(), Axis: a, Indices: list, Shape: shape}
	return im.define(n, &live{name: im.emit(n, "", o, nil, v), dims: dims, batched: keep})
}

// importShape gives the sizes as a constant: shapes are known at load.
func importShape(im *importer, n *node, in []operand) error {
	im.set(n.outputs[0], operand{c: n.shapeOf(at(in, 0).dims())})
	return nil
}

func importSize(im *importer, n *node, in []operand) error {
	im.set(n.outputs[0], operand{c: &constant{elem: "int64", ints: []int64{int64(product(at(in, 0).dims()))}}})
	return nil
}

func importIdentity(im *importer, n *node, in []operand) error {
	if at(in, 0).absent() {
		return damaged("%s has no input", n)
	}
	im.set(n.outputs[0], in[0])
	return nil
}

func importDropout(im *importer, n *node, in []operand) error {
	_, _ = n.float("ratio", 0.5), n.int("seed", 0)
	_ = n.int("is_test", 1)
	if t := at(in, 2).c; t != nil && len(t.ints) == 1 && t.ints[0] != 0 {
		return unsupported("%s: it is in training mode; export the net for inference (model.eval())", n)
	}
	if len(n.outputs) > 1 && n.outputs[1] != "" && im.reads(n.outputs[1]) {
		return unsupported("%s: its mask is read", n)
	}
	return importIdentity(im, n, in)
}

// floatTypes are the TensorProto.DataType numbers of float, float16, double and bfloat16.
var floatTypes = []int{1, 10, 11, 16}

// importCast lets a value pass that stays a float: the engine computes in float32.
func importCast(im *importer, n *node, in []operand) error {
	_ = n.bool("saturate", true)
	like := at(in, 1)
	to := n.int("to", 1)
	if !slices.Contains(floatTypes, to) || like.c != nil && !like.c.isFloat() {
		return unsupported("%s: it turns values of the run into integers; the engine computes in float32", n)
	}
	return importIdentity(im, n, in)
}
