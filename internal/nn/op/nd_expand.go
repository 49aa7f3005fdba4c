package op

import "vizserver/internal/nn"

// Expand repeats a sample: its dims are set right-aligned below To, and a size of 1, or one
// that is not there, becomes that of To (broadcasting as in NumPy). Batch left out. ONNX: Expand.
type Expand struct {
	Dims []int // of the input
	To   []int
}

// Kind names the operator.
func (Expand) Kind() string { return "Expand" }

// Infer demands sizes that are those of To or 1.
func (e Expand) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(e.Kind(), in, e.Dims); err != nil {
		return nn.Shape{}, err
	}
	lead := len(e.To) - len(e.Dims)
	fits := lead >= 0
	for i, d := range e.Dims {
		fits = fits && (d == 1 || d == e.To[lead+i])
	}
	if !fits {
		return nn.Shape{}, wrong(e.Kind(), in[0], "%v to be the sizes of %s or 1", e.Dims, dimsText(e.To))
	}
	return projected(e.Kind(), in[0], e.To, in[0].N)
}

// Params is empty.
func (Expand) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (e Expand) view() view { return broadcastView(e.Dims, e.To) }

// broadcastView reads a block of dims as one of to.
func broadcastView(dims, to []int) view {
	var v view
	steps, lead := rowMajor(dims), len(to)-len(dims)
	for i, d := range to {
		if i < lead || dims[i-lead] == 1 {
			v.push(d, 0)
			continue
		}
		v.push(d, steps[i-lead])
	}
	return v
}

// Forward repeats.
func (e Expand) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { e.view().read(in[0], out) }

// Backward adds up the gradients of all copies.
func (e Expand) Backward(g *nn.Grad) { e.view().back(g) }

// Sees returns the units that are repeated.
func (e Expand) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return e.view().joins(in[0]).sees(in[0], outOf(e, in), out)
}

// Feeds returns all copies.
func (e Expand) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return e.view().joins(in[0]).feeds(in[0], outOf(e, in), area)
}
