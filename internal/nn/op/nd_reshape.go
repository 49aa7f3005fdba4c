package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Reshape gives a sample another size; its elements keep their order.
//
// Input N×C′×H′×W′, output N×C×H×W of as many elements. ONNX: Reshape, Flatten, Squeeze,
// Unsqueeze. With N above 0 the output has that batch, whatever the input's: for nets that lay
// windows of a picture into the batch and take them out again.
type Reshape struct {
	C, H, W int
	N       int // zero: the input's
}

// Kind names the operator.
func (Reshape) Kind() string { return "Reshape" }

// Infer demands as many elements as the input has.
func (r Reshape) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(r.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s, dims, want := in[0], []int{r.C, r.H, r.W}, in[0].Sample()
	if r.N != 0 {
		dims, want = append(dims, r.N), s.Len()
	}
	if n, ok := count(dims); !ok || n != want {
		return nn.Shape{}, wrong(r.Kind(), s, "as many values as %v has", dims)
	}
	out := nn.Shape{N: s.N, C: r.C, H: r.H, W: r.W}
	if r.N != 0 {
		out.N = r.N
	}
	return out, nil
}

// Params is empty.
func (Reshape) Params([]nn.Shape) []nn.ParamSpec { return nil }

// Forward copies.
func (Reshape) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { copy(out.Data, in[0].Data) }

// Backward adds the gradient unchanged.
func (Reshape) Backward(g *nn.Grad) {
	if g.DX[0] != nil {
		kernel.Add(g.DX[0].Data, g.DY.Data)
	}
}

// reshaped says that all elements keep their order.
func reshaped(s nn.Shape) joins { return joins{groups: s.Sample(), out: itself, in: itself} }

// Sees returns the units' places in the input; all of it where the batch is another.
func (r Reshape) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	to := outOf(r, in)
	if to.N != in[0].N {
		return nn.All(in[0])
	}
	return reshaped(in[0]).sees(in[0], to, out)
}

// Feeds returns the units' places in the output; all of it where the batch is another.
func (r Reshape) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	to := outOf(r, in)
	if to.N != in[0].N {
		return nn.All(to)
	}
	return reshaped(in[0]).feeds(in[0], to, area)
}
