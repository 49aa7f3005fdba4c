package keras

import (
	"fmt"
	"math"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Limits on the values of a net; draft checks them again, and by bytes.
const (
	maxElements = 512 << 20 / 4
	maxValues   = 8 << 30 / 4
)

// all runs every call of every layer, each behind those that it reads; the order is otherwise
// that of the file. It walks without recursion: a file may chain 20,000 layers.
func (r *run) all() error {
	const waiting = 1
	state := map[[2]int]int{}
	for i := range r.m.layers {
		for c := range r.m.layers[i].calls {
			stack := [][2]int{{i, c}}
			for len(stack) > 0 {
				at := stack[len(stack)-1]
				if r.done[at] != nil {
					stack = stack[:len(stack)-1]
					continue
				}
				missing, err := r.missing(at)
				if err != nil {
					return err
				}
				if len(missing) > 0 {
					if state[at] == waiting {
						return broken("the graph of the model goes round in a circle at layer %s", show(r.m.layers[at[0]].name))
					}
					state[at] = waiting
					stack = append(stack, missing...)
					continue
				}
				stack = stack[:len(stack)-1]
				if err := r.call(at); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// missing lists the calls that a call reads and that did not run yet.
func (r *run) missing(at [2]int) ([][2]int, error) {
	l := &r.m.layers[at[0]]
	var list [][2]int
	c := &l.calls[at[1]]
	for _, ref := range c.refs {
		src, err := r.resolve(ref, c.two, false)
		if err != nil {
			return nil, fmt.Errorf("layer %s: %w", show(l.name), err)
		}
		if r.done[src] == nil {
			list = append(list, src)
		}
	}
	return list, nil
}

// resolve finds the call that a tensor comes from. Keras counts the calls of a nested model from
// 1 in some places, for its own construction is call 0: Keras 2 everywhere, where the model has
// an InputLayer; Keras 3 for Functional models in the list of outputs.
func (r *run) resolve(ref ref, two, output bool) ([2]int, error) {
	i, ok := r.index[ref.layer]
	if !ok {
		return [2]int{}, broken("the model has no layer %s, which the graph reads", show(ref.layer))
	}
	l := &r.m.layers[i]
	c := ref.call
	if l.model != nil {
		two = two || output && r.old
		if two && l.model.asInput() || output && !l.model.sequential {
			c--
		}
	}
	if at := [2]int{i, c}; r.done[at] != nil || c >= 0 && c < len(l.calls) {
		return at, nil
	}
	return [2]int{}, broken("the graph reads call %d of layer %s, which has %d", ref.call, show(l.name), len(l.calls))
}

// output returns one of the model's outputs.
func (r *run) output(ref ref) (value, error) {
	at, err := r.resolve(ref, false, true)
	if err != nil {
		return value{}, err
	}
	return r.pick(at, ref)
}

func (r *run) pick(at [2]int, ref ref) (value, error) {
	list := r.done[at]
	if ref.tensor >= len(list) {
		return value{}, broken("the graph reads output %d of layer %s, which has %d", ref.tensor, show(ref.layer), len(list))
	}
	return list[ref.tensor], nil
}

// call runs one call of a layer, whose inputs are there.
func (r *run) call(at [2]int) error {
	if r.calls++; r.calls > 2*maxLayers {
		return fault.New(fault.TooLarge, "the model calls more than %d layers", maxLayers)
	}
	l := &r.m.layers[at[0]]
	how := &l.calls[at[1]]
	in := make([]value, 0, len(how.refs))
	for _, ref := range how.refs {
		src, err := r.resolve(ref, how.two, false)
		if err != nil {
			return err
		}
		v, err := r.pick(src, ref)
		if err != nil {
			return err
		}
		in = append(in, v)
	}
	if len(in) == 0 {
		return l.fail("its call has no inputs")
	}
	name := r.prefix + l.name
	if r.taken[name]++; r.taken[name] > 1 {
		name = fmt.Sprintf("%s#%d", name, r.taken[name])
	}
	if l.model != nil {
		out, err := r.model(l, in, name+"/")
		r.done[at] = out
		return err
	}
	b := &ctx{layer: l, b: r.builder, name: name, in: in, args: how.args}
	out, err := b.run()
	if err != nil {
		return err
	}
	r.done[at] = []value{out}
	return nil
}

// fits refuses a value that is too large for memory, before shapes derived from it overflow.
func (b *builder) fits(l *layer, s nn.Shape) error {
	n := int64(1)
	for _, d := range [...]int{s.N, s.C, s.H, s.W} {
		if d < 1 || d > math.MaxInt32 {
			return l.fail("a size of its output %v is below 1 or too large", s)
		}
		if n *= int64(d); n > maxElements { // n ≤ maxElements · 2³¹ before this test
			return fault.New(fault.TooLarge, "layer %s (%s): its output %v has more than %d values", show(l.name), show(l.class), s, int64(maxElements))
		}
	}
	if b.values += n; b.values > maxValues {
		return fault.New(fault.TooLarge, "the values of the net up to layer %s take more than %d bytes", show(l.name), int64(4*maxValues))
	}
	return nil
}

// plain returns the node of a value in Keras's order, with a node more where it lies in another:
// the answer of a net that ends with the units of maps.
func (b *builder) plain(v value) string {
	if v.order == nil {
		return v.node
	}
	return b.reorder(v, v.node+"/order")
}

// add appends a node, and returns its value, whose rank is given.
func (b *builder) add(l *layer, n draft.Node, in []value, rank int) (value, error) {
	shapes := make([]nn.Shape, len(in))
	for i, v := range in {
		shapes[i] = b.shape(v)
		n.Inputs = append(n.Inputs, v.node)
	}
	s, err := n.Op.Infer(shapes)
	if err != nil {
		return value{}, fmt.Errorf("layer %s: %w", show(l.name), err)
	}
	if err := b.fits(l, s); err != nil {
		return value{}, err
	}
	b.net.Nodes = append(b.net.Nodes, n)
	return value{node: n.Name, dims: b.dims(s, rank)}, nil
}
