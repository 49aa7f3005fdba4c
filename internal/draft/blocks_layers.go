package draft

import (
	"cmp"
	"slices"
	"strings"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// unit is a layer: what a viewer shows as one. Mostly it is one node. Several are: a constant
// with its reader, flatten with a fully connected layer, the elementary nodes of an activation,
// of a normalisation, of a shuffle of channels.
type unit struct {
	nodes   []int // in order of execution; the last makes the layer's value
	kind    string
	in, out []int // units that it reads, each once, in the order of its inputs (noUnit: the net's input); its readers
	shape   nn.Shape
	from    nn.Shape // size of what it reads first
	conv    *op.Conv // set where it is one convolution
	act     bool     // an activation
	mean    bool     // a mean of its inputs
}

// depthwise says that each map has a kernel of its own.
func (u *unit) depthwise() bool {
	return u.conv != nil && u.conv.Groups > 1 && u.conv.Groups == u.from.C
}

// pointwise says that it mixes the maps of one place only.
func (u *unit) pointwise() bool {
	if u.conv != nil {
		return u.conv.Kernel == op.Square(1) && u.conv.Groups <= 1
	}
	return u.kind == "fc" || u.kind == "matmul"
}

// weighted says that it is a convolution or a matrix.
func (u *unit) weighted() bool { return u.conv != nil || u.pointwise() }

// layers fills l.units.
func (l *layouter) layers(order []int) {
	g := newGrouper(l, order)
	for _, i := range order {
		g.region(i)
	}
	for _, i := range order {
		g.trailing(i)
		g.gate(i)
		g.shuffle(i)
		g.connected(i)
	}
	g.constants()
	g.finish()
}

// finish makes the units of the groups, in the order of their ends.
func (g *grouper) finish() {
	number := map[int]int{} // by the last node of a group
	for _, i := range g.order {
		if e := g.end(i); e == i {
			number[e] = len(g.units)
			g.units = append(g.units, unit{})
		}
	}
	for _, i := range g.order {
		u := &g.units[number[g.end(i)]]
		u.nodes = append(u.nodes, i)
	}
	seen := make([]int, len(g.units)+1) // by unit, the input last: the last reader, from 1
	for k := range g.units {
		g.fill(k, number, seen)
	}
}

// fill sets all of a unit but its nodes and its readers, and makes it a reader of others.
func (g *grouper) fill(k int, number map[int]int, seen []int) {
	u := &g.units[k]
	exit := u.nodes[len(u.nodes)-1]
	u.shape, u.from = g.shapes[exit], g.net.Shape
	first := true
	for _, i := range u.nodes {
		for _, in := range g.inputs[i] {
			from, mark := noUnit, len(seen)-1
			if in != noUnit {
				from = number[g.end(in)]
				mark = from
			}
			if from == k || seen[mark] == k+1 {
				continue
			}
			seen[mark] = k + 1
			u.in = append(u.in, from)
			if from != noUnit {
				g.units[from].out = append(g.units[from].out, k)
			}
			if first && in != noUnit {
				u.from = g.shapes[in]
			}
			first = false
		}
	}
	u.kind = g.kind[exit]
	if u.kind == "" {
		u.kind = g.kindOfNode(exit, u)
	}
	_, softmax := g.node(exit).(op.Softmax)
	_, act := g.node(exit).(nn.Activation)
	u.act = (act && !softmax && u.kind != "scale") || slices.Contains([]string{"activation", "swish", "hard-swish", "gelu", "sigmoid"}, u.kind)
	_, u.mean = g.node(exit).(op.Mean)
	if c, ok := g.node(exit).(op.Conv); ok {
		u.conv = &c
	}
}

// kindOfNode names a layer of one operator in the words of internal/zoo, or by the operator.
func (g *grouper) kindOfNode(i int, u *unit) string {
	whole := u.shape.Plane() == 1 && u.from.Plane() > 1 && u.shape.C == u.from.C
	switch o := g.node(i).(type) {
	case op.Conv:
		return "conv"
	case op.Linear:
		return "fc"
	case op.BatchNorm:
		return "bn"
	case op.ReLU, op.LeakyReLU, op.PReLU, op.ELU, op.SELU, op.CELU, op.ThresholdedReLU:
		return "relu"
	case op.Clip:
		if o.Low == 0 {
			return "relu"
		}
	case op.HardSigmoid:
		return "sigmoid"
	case op.HardSwish:
		return "hard-swish"
	case op.GlobalAvgPool:
		return "gap"
	case op.MaxPool:
		return "pool"
	case op.AvgPool, op.AdaptiveAvgPool:
		if whole {
			return "gap"
		}
		return "pool"
	case op.Reduce:
		if whole && o.Fn == "mean" {
			return "gap"
		}
	case op.Add, op.Mean:
		if len(g.inputs[i]) == 1 {
			return "bias" // it adds constants
		}
		return "add"
	case op.Mul, op.Scale, op.Affine:
		return "scale"
	case op.Concat, op.ConcatAxis:
		return "concat"
	case op.Softmax, op.SoftmaxAxis:
		return "softmax"
	case op.Slice, op.SliceAxes:
		return "slice"
	case op.ChannelShuffle:
		return "shuffle"
	case op.Pad, op.PadChannels:
		return "pad"
	case op.LayerNorm, op.LayerNormAxes:
		return "norm"
	}
	if strings.HasSuffix(g.node(i).Kind(), "Normalization") {
		return "norm"
	}
	return strings.ToLower(g.node(i).Kind())
}

// constants gives what does not depend on the net's input to the layer of its first reader.
func (g *grouper) constants() {
	for _, i := range slices.Backward(g.order) {
		if !g.still[i] || len(g.readers[i]) == 0 {
			continue
		}
		first := slices.MinFunc(g.readers[i], func(a, b int) int { return cmp.Compare(g.place[a], g.place[b]) })
		end := g.end(first)
		g.exit[i] = end
	}
}
