package op

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Slice takes channels Start to End−1: a branch of a split, a shuffled half.
//
// Input N×C×H×W, output N×(End−Start)×H×W. ONNX: Slice or Split, axis 1.
type Slice struct{ Start, End int }

// Kind names the operator.
func (Slice) Kind() string { return "Slice" }

// Infer demands 0 ≤ Start < End ≤ C.
func (s Slice) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(s.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if s.Start < 0 || s.Start >= s.End || s.End > in[0].C {
		return nn.Shape{}, &nn.ShapeError{Op: "Slice", Got: in[0], Want: "channels from Start below End, both inside the input"}
	}
	out := in[0]
	out.C = s.End - s.Start
	return out, nil
}

// Params is empty.
func (Slice) Params([]nn.Shape) []nn.ParamSpec { return nil }

// part returns the sliced channels of one sample.
func (s Slice) part(t *nn.Tensor, n int) []float32 {
	p := t.Shape.Plane()
	return t.Sample(n)[s.Start*p : s.End*p]
}

// Forward copies the channels.
func (s Slice) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		copy(out.Sample(n), s.part(in[0], n))
	}
}

// Backward adds the gradient to the channels.
func (s Slice) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for n := range g.DY.Shape.N {
		kernel.Add(s.part(g.DX[0], n), g.DY.Sample(n))
	}
}

// Sees returns the channels' places in the input.
func (s Slice) Sees(_ int, _ []nn.Shape, out nn.Area) nn.Area {
	a := out
	a.Channels = nil
	for _, c := range out.Channels {
		a.Channels = append(a.Channels, c+s.Start)
	}
	return a
}

// Feeds returns the channels' places in the output.
func (s Slice) Feeds(_ int, _ []nn.Shape, area nn.Area) nn.Area {
	a := area
	a.Channels = nil
	for _, c := range area.Channels {
		if c >= s.Start && c < s.End {
			a.Channels = append(a.Channels, c-s.Start)
		}
	}
	return a
}

// ChannelShuffle mixes the channels of its groups: channel g·(C/Groups) + k goes to
// k·Groups + g. Zhang et al., CVPR 2018.
type ChannelShuffle struct{ Groups int }

// Kind names the operator.
func (ChannelShuffle) Kind() string { return "ChannelShuffle" }

// Infer demands groups that divide the channels.
func (c ChannelShuffle) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(c.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	if c.Groups < 1 || in[0].C%c.Groups != 0 {
		return nn.Shape{}, &nn.ShapeError{Op: c.Kind(), Got: in[0], Want: "channels that the groups divide"}
	}
	return in[0], nil
}

// Params is empty.
func (ChannelShuffle) Params([]nn.Shape) []nn.ParamSpec { return nil }

// to returns where a channel goes.
func (c ChannelShuffle) to(channel, channels int) int {
	per := channels / c.Groups
	return channel%per*c.Groups + channel/per
}

// Forward copies each channel to its new place.
func (c ChannelShuffle) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	for n := range out.Shape.N {
		for ch := range out.Shape.C {
			copy(out.Plane(n, c.to(ch, out.Shape.C)), in[0].Plane(n, ch))
		}
	}
}

// Backward adds the gradient at each channel's old place.
func (c ChannelShuffle) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	for n := range g.DY.Shape.N {
		for ch := range g.DY.Shape.C {
			kernel.Add(g.DX[0].Plane(n, ch), g.DY.Plane(n, c.to(ch, g.DY.Shape.C)))
		}
	}
}

// Sees returns the channels' old places.
func (c ChannelShuffle) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return c.moved(in[0].C, out, func(from, to int) (key, hit int) { return to, from })
}

// Feeds returns the channels' new places.
func (c ChannelShuffle) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return c.moved(in[0].C, area, func(from, to int) (key, hit int) { return from, to })
}

func (c ChannelShuffle) moved(channels int, a nn.Area, side func(from, to int) (key, hit int)) nn.Area {
	want := map[int]bool{}
	for _, ch := range a.Channels {
		want[ch] = true
	}
	hit := make([]bool, channels)
	for ch := range channels {
		if k, h := side(ch, c.to(ch, channels)); want[k] {
			hit[h] = true
		}
	}
	a.Channels = trueIndices(hit)
	return a
}
