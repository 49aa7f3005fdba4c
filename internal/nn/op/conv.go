// Package op holds the operators of the reference engine, one file each: attributes,
// shape inference, forward and backward pass, cost, reach and arithmetic. The loops
// are the specification that faster plans are compared with.
package op

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Conv is a two-dimensional convolution (cross-correlation, as in all CNN libraries):
//
//	y[n,o,y,x] = b[o] + Σᵢ Σₖᵧ Σₖₓ w[o,i,ky,kx] · x[n,i, y·s+ky·d−p, x·s+kx·d−p]
//
// Input N×C×H×W, output N×Out×H′×W′, weight Out×(C/Groups)×kh×kw, bias Out.
// With a connection Table an output map reads only some input maps (LeCun et al.
// 1998, Table I): the weight is then packed, links×1×kh×kw, ordered by output map,
// then input map. ONNX: Conv.
type Conv struct {
	Out      int
	Kernel   Size
	Stride   Size // zero: 1
	Pad      Size // on every side
	Extra    Size // more at the bottom and right (SAME padding of TensorFlow); may be below zero
	Dilation Size // zero: 1
	Groups   int  // zero: 1
	Table    [][]int
	NoBias   bool
}

// Kind names the operator.
func (Conv) Kind() string { return "Conv" }

func (c Conv) window() window {
	return window{c.Kernel, c.Stride.OrOne(), c.Pad, c.Extra, c.Dilation.OrOne()}
}

func (c Conv) groups() int { return max(c.Groups, 1) }

// Infer checks the attributes against the input and returns N×Out×H′×W′.
func (c Conv) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(c.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s := in[0]
	h, w, err := c.window().out("Conv", s, false)
	if err != nil {
		return nn.Shape{}, err
	}
	g := c.groups()
	switch {
	case c.Out < 1 || s.C%g != 0 || c.Out%g != 0:
		want := fmt.Sprintf("channels and outputs that %d groups divide", g)
		return nn.Shape{}, &nn.ShapeError{Op: "Conv", Got: s, Want: want}
	case c.Table != nil && (g != 1 || !c.tableFits(s.C)):
		want := "a connection table with one ascending row of input maps for each output map"
		return nn.Shape{}, &nn.ShapeError{Op: "Conv", Got: s, Want: want}
	}
	maps := []int{c.Out, s.C / g}
	if c.Table != nil {
		maps = []int{c.links(s.C)}
	}
	if err := weightFits("Conv", s, append(maps, c.Kernel.H, c.Kernel.W)...); err != nil {
		return nn.Shape{}, err
	}
	return nn.Shape{N: s.N, C: c.Out, H: h, W: w}, nil
}

func (c Conv) tableFits(channels int) bool {
	if len(c.Table) != c.Out {
		return false
	}
	for _, row := range c.Table {
		last := -1
		for _, i := range row {
			if i <= last || i >= channels {
				return false
			}
			last = i
		}
	}
	return true
}

// links counts the pairs of output and input map that have a kernel.
func (c Conv) links(channels int) int {
	if c.Table == nil {
		return c.Out * channels / c.groups()
	}
	n := 0
	for _, row := range c.Table {
		n += len(row)
	}
	return n
}

// eachLink calls do for every link with its place in the weight, in order.
func (c Conv) eachLink(channels int, do func(link, o, i int)) {
	link := 0
	per := channels / c.groups()
	for o := range c.Out {
		if c.Table != nil {
			for _, i := range c.Table[o] {
				do(link, o, i)
				link++
			}
			continue
		}
		first := o / (c.Out / c.groups()) * per
		for i := first; i < first+per; i++ {
			do(link, o, i)
			link++
		}
	}
}

// Params returns weight and bias.
func (c Conv) Params(in []nn.Shape) []nn.ParamSpec {
	ch, k := in[0].C, c.Kernel.H*c.Kernel.W
	links := c.links(ch)
	dims := []int{c.Out, ch / c.groups(), c.Kernel.H, c.Kernel.W}
	if c.Table != nil {
		dims = []int{links, 1, c.Kernel.H, c.Kernel.W}
	}
	fanIn, fanOut := links*k/c.Out, links*k/ch
	list := []nn.ParamSpec{{Name: "weight", Dims: dims, FanIn: fanIn, FanOut: fanOut}}
	if !c.NoBias {
		list = append(list, nn.ParamSpec{Name: "bias", Dims: []int{c.Out}, FanIn: fanIn, FanOut: fanOut})
	}
	return list
}

// MACs counts one multiply-add for each tap of each output unit.
func (c Conv) MACs(in []nn.Shape) int64 {
	s, err := c.Infer(in)
	if err != nil {
		return 0
	}
	return int64(s.N) * int64(s.Plane()) * int64(c.links(in[0].C)) * int64(c.Kernel.H*c.Kernel.W)
}

// Connections counts the taps and the bias of each output unit.
func (c Conv) Connections(in []nn.Shape) int64 {
	s, err := c.Infer(in)
	if err != nil {
		return 0
	}
	n := c.MACs(in)
	if !c.NoBias {
		n += int64(s.Len())
	}
	return n
}

// Forward computes the convolution row by row.
func (c Conv) Forward(in []*nn.Tensor, params [][]float32, out *nn.Tensor) {
	x := in[0]
	if c.full(x.Shape) {
		for n := range out.Shape.N {
			kernel.Linear(out.Sample(n), params[0], c.bias(params), x.Sample(n))
		}
		return
	}
	w := c.window()
	k := c.Kernel.H * c.Kernel.W
	for n := range out.Shape.N {
		for o := range c.Out {
			var b float32
			if !c.NoBias {
				b = params[1][o]
			}
			fill(out.Plane(n, o), b)
		}
		link := 0
		per := x.Shape.C / c.groups()
		for o := range c.Out {
			dst := out.Plane(n, o)
			if c.Table != nil {
				for _, i := range c.Table[o] {
					convMap(dst, x.Plane(n, i), params[0][link*k:(link+1)*k], out.Shape, x.Shape, w)
					link++
				}
				continue
			}
			first := o / (c.Out / c.groups()) * per
			for i := range per {
				convMap(dst, x.Plane(n, first+i), params[0][link*k:(link+1)*k], out.Shape, x.Shape, w)
				link++
			}
		}
	}
}

// full says that the kernel covers the whole input, as in C5 of LeNet-5: one output
// for each map, whose sum runs over the weights in the order that they lie in.
func (c Conv) full(in nn.Shape) bool {
	return c.Table == nil && c.groups() == 1 && c.Pad == (Size{}) && c.Extra == (Size{}) && c.Dilation.OrOne() == Square(1) &&
		c.Kernel == Size{in.H, in.W}
}

func (c Conv) bias(params [][]float32) []float32 {
	if c.NoBias {
		return nil
	}
	return params[1]
}

// convMap adds the convolution of one input map to one output map.
func convMap(dst, src, k []float32, out, in nn.Shape, w window) {
	span := kernel.Span{Stride: w.stride.W, Pad: w.pad.W, Dilation: w.dilation.W}
	for ky := range w.kernel.H {
		row := k[ky*w.kernel.W : (ky+1)*w.kernel.W]
		for y := range out.H {
			iy := y*w.stride.H + ky*w.dilation.H - w.pad.H
			if iy < 0 || iy >= in.H {
				continue
			}
			kernel.ConvRow(dst[y*out.W:(y+1)*out.W], src[iy*in.W:(iy+1)*in.W], row, span)
		}
	}
}

// Backward adds the gradients by input, weight and bias.
func (c Conv) Backward(g *nn.Grad) {
	x, dy, dx := g.X[0], g.DY, g.DX[0]
	if c.full(x.Shape) {
		linearBackward(g, x.Shape.Sample())
		return
	}
	w := c.window()
	k := c.Kernel.H * c.Kernel.W
	for n := range dy.Shape.N {
		if !c.NoBias && g.DP[1] != nil {
			for o := range c.Out {
				g.DP[1][o] += sum(dy.Plane(n, o))
			}
		}
		c.eachLink(x.Shape.C, func(link, o, i int) {
			d := dy.Plane(n, o)
			if g.DP[0] != nil {
				gradKernel(g.DP[0][link*k:(link+1)*k], d, x.Plane(n, i), dy.Shape, x.Shape, w)
			}
			if dx != nil {
				gradMap(dx.Plane(n, i), d, g.Params[0][link*k:(link+1)*k], dy.Shape, x.Shape, w)
			}
		})
	}
}

func gradKernel(dk, dy, src []float32, out, in nn.Shape, w window) {
	span := kernel.Span{Stride: w.stride.W, Pad: w.pad.W, Dilation: w.dilation.W}
	for ky := range w.kernel.H {
		row := dk[ky*w.kernel.W : (ky+1)*w.kernel.W]
		for y := range out.H {
			if iy := y*w.stride.H + ky*w.dilation.H - w.pad.H; iy >= 0 && iy < in.H {
				kernel.ConvRowGradWeight(row, dy[y*out.W:(y+1)*out.W], src[iy*in.W:(iy+1)*in.W], span)
			}
		}
	}
}

func gradMap(dx, dy, k []float32, out, in nn.Shape, w window) {
	span := kernel.Span{Stride: w.stride.W, Pad: w.pad.W, Dilation: w.dilation.W}
	for ky := range w.kernel.H {
		row := k[ky*w.kernel.W : (ky+1)*w.kernel.W]
		for y := range out.H {
			if iy := y*w.stride.H + ky*w.dilation.H - w.pad.H; iy >= 0 && iy < in.H {
				kernel.ConvRowGradInput(dx[iy*in.W:(iy+1)*in.W], dy[y*out.W:(y+1)*out.W], row, span)
			}
		}
	}
}

// Sees returns the window in the linked input maps.
func (c Conv) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	a := c.window().sees(in[0], out)
	a.Channels = c.linked(in[0].C, out.Channels, func(o, i int) (key, hit int) { return o, i })
	return a
}

// Feeds returns the output units whose window holds a unit of the area.
func (c Conv) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	s, err := c.Infer(in)
	if err != nil {
		return nn.Area{}
	}
	channels := c.linked(in[0].C, area.Channels, func(o, i int) (key, hit int) { return i, o })
	area.Channels = channels
	return c.window().feeds(s.H, s.W, area)
}

// linked returns the maps on the other side of the links of the given ones, ascending.
func (c Conv) linked(channels int, of []int, side func(o, i int) (key, hit int)) []int {
	if c.Table == nil {
		return c.groupMates(channels, of, side)
	}
	want := map[int]bool{}
	for _, ch := range of {
		want[ch] = true
	}
	hit := make([]bool, max(channels, c.Out))
	c.eachLink(channels, func(_, o, i int) {
		if k, h := side(o, i); want[k] {
			hit[h] = true
		}
	})
	return trueIndices(hit)
}

// groupMates is linked without a table, where all maps of a group are linked: a walk over the
// links of a wide layer would take some 100 times as long.
func (c Conv) groupMates(channels int, of []int, side func(o, i int) (key, hit int)) []int {
	groups := c.groups()
	from, to := side(c.Out/groups, channels/groups) // maps of a group on either side
	hit := make([]bool, groups)
	for _, ch := range of {
		hit[ch/from] = true
	}
	var list []int
	for g, ok := range hit {
		for i := g * to; ok && i < (g+1)*to; i++ {
			list = append(list, i)
		}
	}
	return list
}

// Explain gives one term for each linked input map: its patch beside its kernel.
func (c Conv) Explain(in []*nn.Tensor, params [][]float32, _ *nn.Tensor, ch, row, col int) nn.Terms {
	x, w := in[0], c.window()
	k := c.Kernel.H * c.Kernel.W
	t := nn.Terms{HasBias: !c.NoBias}
	if t.HasBias {
		t.Bias = params[1][ch]
	}
	acc := t.Bias
	c.eachLink(x.Shape.C, func(link, o, i int) {
		if o != ch {
			return
		}
		term := nn.Term{Channel: i, Channels: 1, Y: -1}
		for ky := range w.kernel.H {
			iy := row*w.stride.H + ky*w.dilation.H - w.pad.H
			if iy < 0 || iy >= x.Shape.H {
				continue
			}
			if term.Y < 0 {
				term.Y = iy
			}
			term.H++
			term.W = 0
			for kx := range w.kernel.W {
				ix := col*w.stride.W + kx*w.dilation.W - w.pad.W
				if ix < 0 || ix >= x.Shape.W {
					continue
				}
				if term.W == 0 {
					term.X = ix
				}
				term.W++
				acc = addProduct(&term, acc, x.At(0, i, iy, ix), params[0][link*k+ky*w.kernel.W+kx])
			}
		}
		t.Terms = append(t.Terms, term)
	})
	t.Repeated = acc
	return t
}

// addProduct appends x·w to the term and returns the running sum with it.
func addProduct(t *nn.Term, acc, x, w float32) float32 {
	p := float32(x * w)
	t.Inputs = append(t.Inputs, x)
	t.Weights = append(t.Weights, w)
	t.Products = append(t.Products, p)
	t.Sum += p
	return acc + p
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

func sum(s []float32) float32 {
	var a float32
	for _, v := range s {
		a += v
	}
	return a
}
