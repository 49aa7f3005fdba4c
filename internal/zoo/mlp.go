package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// mlpHarley builds the fully connected net of Adam Harley's second page (ISVC 2015):
// 784-300-100-10 of scaled tanh. Input N×1×28×28, output N×10. 266,610 parameters.
func mlpHarley(g *nn.Graph) {
	x := g.Input("input", nn.Shape{N: 1, C: 1, H: 28, W: 28})
	x = layer(g, "F1", "fc", "f1", op.Linear{Out: 300}, op.ScaledTanh{}, x)
	x = layer(g, "F2", "fc", "f2", op.Linear{Out: 100}, op.ScaledTanh{}, x)
	layer(g, "Output", "fc", "output", op.Linear{Out: 10}, op.ScaledTanh{}, x)
}
