package op

import (
	"fmt"

	"vizserver/internal/nn"
)

// ConvTranspose is the transposed convolution: each input value spreads the kernel over
// the output, the gradient of Conv by its input.
//
//	y[n,o, y·s+ky·d−p, x·s+kx·d−p] += x[n,i,y,x] · w[i,o,ky,kx]
//
// Input N×C×H×W, output N×Out×H′×W′ with H′ = (H−1)·s − 2·p + d·(k−1) + 1 + OutPad,
// weight C×(Out/Groups)×kh×kw, bias Out. ONNX: ConvTranspose.
type ConvTranspose struct {
	Out      int
	Kernel   Size
	Stride   Size // zero: 1
	Pad      Size
	Dilation Size // zero: 1
	OutPad   Size // more rows and columns at the bottom and right; may be below zero: more padding there
	Groups   int  // zero: 1
	NoBias   bool
}

// Kind names the operator.
func (ConvTranspose) Kind() string { return "ConvTranspose" }

func (c ConvTranspose) groups() int { return max(c.Groups, 1) }

// window is that of the convolution whose gradient this is: from the output back to the input.
func (c ConvTranspose) window() window {
	return window{c.Kernel, c.Stride.OrOne(), c.Pad, Size{}, c.Dilation.OrOne()}
}

// Infer checks the attributes against the input and returns N×Out×H′×W′.
func (c ConvTranspose) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(c.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s, w, g := in[0], c.window(), c.groups()
	if err := bounded(c.Kind(), s, w.kernel, w.stride, w.pad, w.dilation, c.OutPad); err != nil {
		return nn.Shape{}, err
	}
	bad := w.kernel.H < 1 || w.kernel.W < 1 || w.stride.H < 1 || w.stride.W < 1 || w.dilation.H < 1 ||
		w.dilation.W < 1 || w.pad.H < 0 || w.pad.W < 0
	if bad {
		return nn.Shape{}, &nn.ShapeError{Op: c.Kind(), Got: s, Want: "kernel, stride and dilation ≥ 1 and padding ≥ 0"}
	}
	if c.Out < 1 || s.C%g != 0 || c.Out%g != 0 {
		want := fmt.Sprintf("channels and outputs that %d groups divide", g)
		return nn.Shape{}, &nn.ShapeError{Op: c.Kind(), Got: s, Want: want}
	}
	h := (s.H-1)*w.stride.H - 2*w.pad.H + w.dilation.H*(w.kernel.H-1) + 1 + c.OutPad.H
	wd := (s.W-1)*w.stride.W - 2*w.pad.W + w.dilation.W*(w.kernel.W-1) + 1 + c.OutPad.W
	if h < 1 || wd < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: c.Kind(), Got: s, Want: "padding that leaves at least one output"}
	}
	if err := weightFits(c.Kind(), s, s.C, c.Out/g, c.Kernel.H, c.Kernel.W); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: s.N, C: c.Out, H: h, W: wd}, nil
}

// Params returns weight and bias.
func (c ConvTranspose) Params(in []nn.Shape) []nn.ParamSpec {
	per, k := c.Out/c.groups(), c.Kernel.H*c.Kernel.W
	fanIn, fanOut := in[0].C/c.groups()*k, per*k
	list := []nn.ParamSpec{{
		Name: "weight", Dims: []int{in[0].C, per, c.Kernel.H, c.Kernel.W}, FanIn: fanIn, FanOut: fanOut,
	}}
	if !c.NoBias {
		list = append(list, nn.ParamSpec{Name: "bias", Dims: []int{c.Out}, FanIn: fanIn, FanOut: fanOut})
	}
	return list
}

// MACs counts one multiply-add for each tap of each input value.
func (c ConvTranspose) MACs(in []nn.Shape) int64 {
	return int64(in[0].Len()) * int64(c.Out/c.groups()) * int64(c.Kernel.H*c.Kernel.W)
}

// Connections counts the taps and the bias of each output unit.
func (c ConvTranspose) Connections(in []nn.Shape) int64 {
	n := c.MACs(in)
	if out, err := c.Infer(in); err == nil && !c.NoBias {
		n += int64(out.Len())
	}
	return n
}

// eachLink calls do for every pair of input and output map with its place in the weight.
func (c ConvTranspose) eachLink(channels int, do func(link, i, o int)) {
	per := c.Out / c.groups()
	for i := range channels {
		first := i / (channels / c.groups()) * per
		for o := range per {
			do(i*per+o, i, first+o)
		}
	}
}

// Forward spreads every input row.
func (c ConvTranspose) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x, w, k := in[0], c.window(), c.Kernel.H*c.Kernel.W
	for n := range out.Shape.N {
		for o := range c.Out {
			var b float32
			if !c.NoBias {
				b = params[1][o]
			}
			fill(out.Plane(n, o), b)
		}
		c.eachLink(x.Shape.C, func(link, i, o int) {
			gradMap(out.Plane(n, o), x.Plane(n, i), params[0][link*k:(link+1)*k], x.Shape, out.Shape, w)
		})
	}
}

// Backward adds the gradients by input (a convolution), weight and bias.
func (c ConvTranspose) Backward(g *nn.Grad) {
	x, dy, w, k := g.X[0], g.DY, c.window(), c.Kernel.H*c.Kernel.W
	for n := range dy.Shape.N {
		if !c.NoBias && g.DP[1] != nil {
			for o := range c.Out {
				g.DP[1][o] += sum(dy.Plane(n, o))
			}
		}
		c.eachLink(x.Shape.C, func(link, i, o int) {
			if g.DP[0] != nil {
				gradKernel(g.DP[0][link*k:(link+1)*k], x.Plane(n, i), dy.Plane(n, o), x.Shape, dy.Shape, w)
			}
			if g.DX[0] != nil {
				convMap(g.DX[0].Plane(n, i), dy.Plane(n, o), g.Params[0][link*k:(link+1)*k], x.Shape, dy.Shape, w)
			}
		})
	}
}

// Sees returns the input values that reach the area.
func (c ConvTranspose) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	a := c.window().feeds(in[0].H, in[0].W, out)
	if a.Channels != nil {
		a.Channels = c.linked(in[0].C, out.Channels, false)
	}
	return a
}

// Feeds returns the output values that the area reaches.
func (c ConvTranspose) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	s, err := c.Infer(in)
	if err != nil {
		return nn.Area{}
	}
	channels := c.linked(in[0].C, area.Channels, true)
	a := c.window().sees(s, area)
	a.Channels = channels
	return a
}

func (c ConvTranspose) linked(channels int, of []int, forward bool) []int {
	hit := make([]bool, max(channels, c.Out))
	want := map[int]bool{}
	for _, ch := range of {
		want[ch] = true
	}
	c.eachLink(channels, func(_, i, o int) {
		if forward && want[i] {
			hit[o] = true
		}
		if !forward && want[o] {
			hit[i] = true
		}
	})
	return trueIndices(hit)
}

// trueIndices returns the places that are true, ascending.
func trueIndices(hit []bool) []int {
	var list []int
	for i, ok := range hit {
		if ok {
			list = append(list, i)
		}
	}
	return list
}
