package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// PadChannels adds maps of one value, zero mostly, before and after the input's: the shortcut of a residual
// block that has more maps than its input, without a weight (He et al. 2015, option A).
//
// Input N×C×H×W, output N×(Before+C+After)×H×W. ONNX: Pad, mode constant, axis 1.
type PadChannels struct {
	Before, After int
	Value         float32
}

// Kind names the operator.
func (PadChannels) Kind() string { return "PadChannels" }

// Infer demands amounts of at least 0.
func (p PadChannels) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(p.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if p.Before < 0 || p.After < 0 || p.Before > maxElems || p.After > maxElems {
		return nn.Shape{}, &nn.ShapeError{Op: "PadChannels", Got: in[0], Want: "a number of maps before and after from 0 to 2²⁷"}
	}
	out := in[0]
	out.C += p.Before + p.After
	return out, nil
}

// Params is empty.
func (PadChannels) Params([]nn.Shape) []nn.ParamSpec { return nil }

// part returns the input's channels in one sample of the output.
func (p PadChannels) part(t *nn.Tensor, n int) []float32 {
	plane := t.Shape.Plane()
	return t.Sample(n)[p.Before*plane : (t.Shape.C-p.After)*plane]
}

// Forward fills with the value, then copies the channels.
func (p PadChannels) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	fill(out.Data, p.Value)
	for n := range out.Shape.N {
		copy(p.part(out, n), in[0].Sample(n))
	}
}

// Backward adds the gradient of the input's channels.
func (p PadChannels) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for n := range g.DY.Shape.N {
		kernel.Add(g.DX[0].Sample(n), p.part(g.DY, n))
	}
}

// Sees returns the channels' places in the input; added maps see nothing.
func (p PadChannels) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	a := out
	a.Channels = nil
	for _, c := range out.Channels {
		if c >= p.Before && c < p.Before+in[0].C {
			a.Channels = append(a.Channels, c-p.Before)
		}
	}
	return a
}

// Feeds returns the channels' places in the output.
func (p PadChannels) Feeds(_ int, _ []nn.Shape, area nn.Area) nn.Area {
	a := area
	a.Channels = nil
	for _, c := range area.Channels {
		a.Channels = append(a.Channels, c+p.Before)
	}
	return a
}
