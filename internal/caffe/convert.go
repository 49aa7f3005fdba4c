package caffe

import (
	"errors"
	"fmt"
	"slices"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// value is what a blob holds at one time: a value of the graph, and the number of axes that
// the blob has in Caffe, where a vector is N×C and not N×C×1×1.
type value struct {
	*nn.Value
	rank int
}

// kind is how one type of layer becomes nodes.
type kind struct {
	bottoms [2]int // at least, at most
	loss    bool   // its second bottom is the label, its top the loss
	convert func(c *converter, l *layer, in []value) ([]value, error)
}

// many is a number of bottoms without end.
const many = maxLayers

// table holds every type of layer that computes something in the TEST phase.
var table = map[string]*kind{
	"AbsVal":               {bottoms: [2]int{1, 1}, convert: unary("Abs")},
	"Axpy":                 {bottoms: [2]int{3, 3}, convert: axpy},
	"BNLL":                 {bottoms: [2]int{1, 1}, convert: unary("Softplus")},
	"BatchNorm":            {bottoms: [2]int{1, 1}, convert: batchNorm},
	"Bias":                 {bottoms: [2]int{1, 2}, convert: bias},
	"Concat":               {bottoms: [2]int{1, many}, convert: concat},
	"Convolution":          {bottoms: [2]int{1, 1}, convert: convolution},
	"Deconvolution":        {bottoms: [2]int{1, 1}, convert: deconvolution},
	"DepthwiseConvolution": {bottoms: [2]int{1, 1}, convert: convolution},
	"ELU":                  {bottoms: [2]int{1, 1}, convert: elu},
	"Eltwise":              {bottoms: [2]int{2, many}, convert: eltwise},
	"Exp":                  {bottoms: [2]int{1, 1}, convert: exp},
	"Flatten":              {bottoms: [2]int{1, 1}, convert: flatten},
	"InnerProduct":         {bottoms: [2]int{1, 1}, convert: innerProduct},
	"LRN":                  {bottoms: [2]int{1, 1}, convert: lrn},
	"Log":                  {bottoms: [2]int{1, 1}, convert: logarithm},
	"PReLU":                {bottoms: [2]int{1, 1}, convert: prelu},
	"Pooling":              {bottoms: [2]int{1, 1}, convert: pooling},
	"Power":                {bottoms: [2]int{1, 1}, convert: power},
	"ReLU":                 {bottoms: [2]int{1, 1}, convert: relu},
	"Reshape":              {bottoms: [2]int{1, 1}, convert: reshape},
	"Scale":                {bottoms: [2]int{1, 2}, convert: scale},
	"Sigmoid":              {bottoms: [2]int{1, 1}, convert: sigmoid},
	"Slice":                {bottoms: [2]int{1, 1}, convert: slice},
	"Softmax":              {bottoms: [2]int{1, 1}, convert: softmax},
	"SoftmaxWithLoss":      {bottoms: [2]int{1, 1}, loss: true, convert: softmax},
	"TanH":                 {bottoms: [2]int{1, 1}, convert: tanh},
}

// converter turns layers into nodes, one after the other.
type converter struct {
	w     *wiring
	net   draft.Net
	graph *nn.Graph // of the same nodes, in the same order; it infers shapes and nothing else
	input value
	made  [][]value      // by layer and top
	times map[string]int // how often a name was given
}

// convert makes the draft of a wired net whose input has this shape, and rank axes in Caffe.
func convert(w *wiring, name string, shape nn.Shape, rank int) (*draft.Net, error) {
	c := &converter{w: w, graph: nn.NewGraph(name), made: make([][]value, len(w.layers)), times: map[string]int{}}
	c.net = draft.Net{Name: name, Input: c.unique(clean(w.input)), Shape: shape}
	c.input = value{c.graph.Input(c.net.Input, shape), rank}
	for i := range w.layers {
		l := &w.layers[i]
		if r := others[l.GetType()]; r == data || r == ended {
			continue
		}
		in := make([]value, len(l.from))
		for k, src := range l.from {
			if in[k] = c.input; src.layer >= 0 {
				in[k] = c.made[src.layer][src.top]
			}
		}
		out, err := c.layer(l, in)
		if err != nil {
			return nil, err
		}
		c.made[i] = out
	}
	return c.finish()
}

// layer converts one layer; every top gets a value.
func (c *converter) layer(l *layer, in []value) ([]value, error) {
	tops := len(l.GetTop())
	if others[l.GetType()] == strips {
		out := make([]value, tops) // a Split has many
		for k := range out {
			out[k] = in[0]
		}
		return out, nil
	}
	k := table[l.GetType()]
	if n := len(in); n < k.bottoms[0] || n > k.bottoms[1] {
		return nil, l.bad("it reads %d blobs", n)
	}
	out, err := k.convert(c, l, in)
	if err != nil {
		return nil, err
	}
	for k.loss && len(out) < tops { // a loss, and perhaps the probabilities as a second top
		out = append(out, out[0])
	}
	if len(out) < tops || tops == 0 && !k.loss {
		return nil, l.bad("it writes %d blobs and computes %d", tops, len(out))
	}
	return out, nil
}

// finish chooses the answer: of the values that nothing reads, the last. The heads that
// helped in training come before it in the nets that have them.
func (c *converter) finish() (*draft.Net, error) {
	read := map[*nn.Value]bool{}
	for _, n := range c.graph.Nodes {
		for _, v := range n.Inputs {
			read[v] = true
		}
	}
	for _, n := range slices.Backward(c.graph.Nodes) {
		if !read[n.Output] {
			c.net.Output = n.Name
			return &c.net, nil
		}
	}
	return nil, fault.New(fault.Unprocessable, "the Caffe model computes nothing")
}

// unique returns the name, or name#2, name#3, … where it was given before.
func (c *converter) unique(name string) string {
	for {
		c.times[name]++
		n := c.times[name]
		if n == 1 {
			return name
		}
		if numbered := fmt.Sprintf("%s#%d", name, n); c.times[numbered] == 0 {
			c.times[numbered] = 1
			return numbered
		}
	}
}

// node adds a node that bears the layer's name and a suffix. Its parameters are those that
// give returns for their specs; nil: the layer's blobs, in order.
func (c *converter) node(l *layer, suffix string, op nn.Op, give func([]nn.ParamSpec) ([]nn.Param, error), in ...value) (value, error) {
	values, names, shapes := make([]*nn.Value, len(in)), make([]string, len(in)), make([]nn.Shape, len(in))
	for i, v := range in {
		values[i], names[i], shapes[i] = v.Value, v.Name, v.Shape
	}
	base := l.GetName()
	if base == "" && len(l.GetTop()) > 0 {
		base = l.GetTop()[0]
	}
	name := c.unique(clean(base) + suffix)
	v := c.graph.Add(name, op, values...)
	if _, err := c.graph.Build(); err != nil {
		if se, ok := errors.AsType[*nn.ShapeError](err); ok {
			return value{}, l.bad("its input is %v and must be %s", se.Got, se.Want)
		}
		return value{}, l.bad("%v", err)
	}
	var params []nn.Param
	if specs := op.Params(shapes); len(specs) > 0 {
		if give == nil {
			give = l.params
		}
		var err error
		if params, err = give(specs); err != nil {
			return value{}, err
		}
	}
	c.net.Nodes = append(c.net.Nodes, draft.Node{Name: name, Op: op, Inputs: names, Params: params})
	return value{v, in[0].rank}, nil
}

// one is a layer that is one node.
func (c *converter) one(l *layer, op nn.Op, in ...value) ([]value, error) {
	v, err := c.node(l, "", op, nil, in...)
	return []value{v}, err
}

// axis returns an axis counted from the front, or an error where the blob has no such axis.
func (l *layer) axis(a int32, v value) (int, error) {
	n := int(a)
	if n < 0 {
		n += v.rank
	}
	if n < 0 || n >= v.rank {
		return 0, l.bad("it names the axis %d of a blob with %d axes", a, v.rank)
	}
	return n, nil
}

// channels demands that an axis is that of the channels.
func (l *layer) channels(a int32, v value) error {
	n, err := l.axis(a, v)
	if err == nil && n != 1 {
		err = l.unsupported("it works along axis %d; only axis 1, the channels, can be run", n)
	}
	return err
}
