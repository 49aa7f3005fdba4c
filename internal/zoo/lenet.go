package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// c3Table names the maps of S2 that each map of C3 reads: LeCun et al. 1998, Table I.
var c3Table = [][]int{
	{0, 1, 2},
	{1, 2, 3},
	{2, 3, 4},
	{3, 4, 5},
	{0, 4, 5},
	{0, 1, 5},
	{0, 1, 2, 3},
	{1, 2, 3, 4},
	{2, 3, 4, 5},
	{0, 3, 4, 5},
	{0, 1, 4, 5},
	{0, 1, 2, 5},
	{0, 1, 3, 4},
	{1, 2, 4, 5},
	{0, 2, 3, 5},
	{0, 1, 2, 3, 4, 5},
}

// lenet1998 builds LeNet-5 as in LeCun, Bottou, Bengio and Haffner, "Gradient-Based
// Learning Applied to Document Recognition", Proc. IEEE 86(11), 1998, §II.B and Fig. 2:
// input N×1×32×32, output the squared distances N×10. 60,000 trained parameters,
// 340,908 connections.
func lenet1998(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 32, W: 32})
	x = layer(g, "C1", "conv", "c1", op.Conv{Out: 6, Kernel: op.Square(5)}, op.ScaledTanh{}, x)
	x = layer(g, "S2", "subsample", "s2", op.Subsample{Kernel: op.Square(2)}, op.ScaledTanh{}, x)
	x = layer(g, "C3", "conv", "c3", op.Conv{Out: 16, Kernel: op.Square(5), Table: c3Table}, op.ScaledTanh{}, x)
	x = layer(g, "S4", "subsample", "s4", op.Subsample{Kernel: op.Square(2)}, op.ScaledTanh{}, x)
	x = layer(g, "C5", "conv", "c5", op.Conv{Out: 120, Kernel: op.Square(5)}, op.ScaledTanh{}, x)
	x = layer(g, "F6", "fc", "f6", op.Linear{Out: 84}, op.ScaledTanh{}, x)
	layer(g, "Output", "rbf", "output", op.RBF{Out: 10}, nil, x)
}

// lenetHarley builds the net of Adam Harley's visualization (ISVC 2015): LeNet-5 with
// max pooling, C5 as a fully connected layer and 100 units in F6. Input N×1×32×32,
// output N×10 of scaled tanh. 9,134 units, 62,902 parameters.
func lenetHarley(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 32, W: 32})
	x = layer(g, "C1", "conv", "c1", op.Conv{Out: 6, Kernel: op.Square(5)}, op.ScaledTanh{}, x)
	x = layer(g, "S2", "pool", "s2", op.MaxPool{Kernel: op.Square(2)}, nil, x)
	x = layer(g, "C3", "conv", "c3", op.Conv{Out: 16, Kernel: op.Square(5), Table: c3Table}, op.ScaledTanh{}, x)
	x = layer(g, "S4", "pool", "s4", op.MaxPool{Kernel: op.Square(2)}, nil, x)
	x = layer(g, "F5", "fc", "f5", op.Linear{Out: 120}, op.ScaledTanh{}, x)
	x = layer(g, "F6", "fc", "f6", op.Linear{Out: 100}, op.ScaledTanh{}, x)
	layer(g, "Output", "fc", "output", op.Linear{Out: 10}, op.ScaledTanh{}, x)
}

// lenetModern builds LeNet-5 as it is taught today: ReLU, max pooling, every map of
// C3 reads every map of S2, softmax. Input N×1×32×32, output N×10 probabilities.
// 61,706 parameters.
func lenetModern(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 32, W: 32})
	x = layer(g, "C1", "conv", "c1", op.Conv{Out: 6, Kernel: op.Square(5)}, op.ReLU{}, x)
	x = layer(g, "S2", "pool", "s2", op.MaxPool{Kernel: op.Square(2)}, nil, x)
	x = layer(g, "C3", "conv", "c3", op.Conv{Out: 16, Kernel: op.Square(5)}, op.ReLU{}, x)
	x = layer(g, "S4", "pool", "s4", op.MaxPool{Kernel: op.Square(2)}, nil, x)
	x = layer(g, "F5", "fc", "f5", op.Linear{Out: 120}, op.ReLU{}, x)
	x = layer(g, "F6", "fc", "f6", op.Linear{Out: 84}, op.ReLU{}, x)
	layer(g, "Output", "fc", "output", op.Linear{Out: 10}, op.Softmax{}, x)
}

// layer adds a main node and, where act is set, the activation behind it; maps are
// flattened before a fully connected layer.
func layer(g *nn.Graph, name, kind, node string, main, act nn.Op, x *nn.Value) *nn.Value {
	g.Layer(name, kind, func() {
		if _, fc := main.(op.Linear); fc && x.Shape.Plane() > 1 {
			x = g.Add(node+".flatten", op.Flatten{}, x)
		}
		x = g.Add(node, main, x)
		if act != nil {
			x = g.Add(node+".act", act, x)
		}
	})
	return x
}
