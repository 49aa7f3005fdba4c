package caffe

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// pair reads a setting of two axes: once for both, once for each, or by its own fields for
// height and width.
func (l *layer) pair(what string, list []uint32, h, w *uint32, otherwise int) (op.Size, error) {
	s := op.Square(otherwise)
	switch {
	case h != nil || w != nil:
		if len(list) > 0 {
			return s, l.bad("it gives the %s twice", what)
		}
		if h != nil {
			s.H = int(*h)
		}
		if w != nil {
			s.W = int(*w)
		}
	case len(list) == 1:
		s = op.Square(int(list[0]))
	case len(list) == 2:
		s = op.Size{H: int(list[0]), W: int(list[1])}
	case len(list) > 2:
		return s, l.unsupported("it has %d axes of space; nets of two are run", len(list))
	}
	if least := min(otherwise, 1); s.H < least || s.W < least || s.H > maxSize || s.W > maxSize {
		return s, l.bad("its %s is %d×%d", what, s.H, s.W)
	}
	return s, nil
}

// slides are the settings that both convolutions share.
type slides struct{ kernel, stride, pad, dilation op.Size }

func (l *layer) slides(in value) (s slides, err error) {
	p := l.GetConvolutionParam()
	if p == nil {
		return s, l.bad("it has no convolution_param")
	}
	if err := l.channels(p.GetAxis(), in); err != nil {
		return s, err
	}
	if in.rank != 4 {
		return s, l.unsupported("it slides over a blob of %d axes; nets of two axes of space are run", in.rank)
	}
	for _, f := range []struct {
		to        *op.Size
		what      string
		list      []uint32
		h, w      *uint32
		otherwise int
	}{
		{&s.kernel, "kernel size", p.GetKernelSize(), p.KernelH, p.KernelW, 0},
		{&s.stride, "stride", p.GetStride(), p.StrideH, p.StrideW, 1},
		{&s.pad, "padding", p.GetPad(), p.PadH, p.PadW, 0},
		{&s.dilation, "dilation", p.GetDilation(), nil, nil, 1},
	} {
		if *f.to, err = l.pair(f.what, f.list, f.h, f.w, f.otherwise); err != nil {
			return s, err
		}
	}
	if s.kernel.H < 1 || s.kernel.W < 1 {
		return s, l.bad("its kernel size is %d×%d", s.kernel.H, s.kernel.W)
	}
	if g := p.GetGroup(); g < 1 || g > maxOutputs || p.GetNumOutput() > maxOutputs {
		return s, l.bad("it has %d groups and %d outputs", g, p.GetNumOutput())
	}
	return s, nil
}

// maxOutputs bounds the channels that a layer may make; a value holds less than 2²⁷ numbers.
const maxOutputs = 1 << 27

func convolution(c *converter, l *layer, in []value) ([]value, error) {
	s, err := l.slides(in[0])
	if err != nil {
		return nil, err
	}
	p := l.GetConvolutionParam()
	return c.one(l, op.Conv{
		Out: int(p.GetNumOutput()), Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Dilation: s.dilation,
		Groups: int(p.GetGroup()), NoBias: !p.GetBiasTerm(),
	}, in[0])
}

// deconvolution: its weight is C×(Out/Groups)×kh×kw, as that of ConvTranspose.
func deconvolution(c *converter, l *layer, in []value) ([]value, error) {
	s, err := l.slides(in[0])
	if err != nil {
		return nil, err
	}
	p := l.GetConvolutionParam()
	return c.one(l, op.ConvTranspose{
		Out: int(p.GetNumOutput()), Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Dilation: s.dilation,
		Groups: int(p.GetGroup()), NoBias: !p.GetBiasTerm(),
	}, in[0])
}

// innerProduct lays the maps in a row first, in the order C, H, W.
func innerProduct(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetInnerProductParam()
	if err := l.channels(p.GetAxis(), in[0]); err != nil {
		return nil, err
	}
	if n := p.GetNumOutput(); n < 1 || n > maxOutputs {
		return nil, l.bad("it has %d outputs", n)
	}
	x := in[0]
	if !vector(x.Shape) {
		var err error
		if x, err = c.node(l, ".flatten", op.Flatten{}, nil, x); err != nil {
			return nil, err
		}
	}
	give := l.params
	if p.GetTranspose() {
		give = l.transposed
	}
	y, err := c.node(l, "", op.Linear{Out: int(p.GetNumOutput()), NoBias: !p.GetBiasTerm()}, give, x)
	y.rank = 2
	return []value{y}, err
}

// transposed takes a weight that is stored I×O.
func (l *layer) transposed(specs []nn.ParamSpec) ([]nn.Param, error) {
	out, in := specs[0].Dims[0], specs[0].Dims[1]
	stored := specs[0]
	stored.Dims = []int{in, out}
	specs = append([]nn.ParamSpec{stored}, specs[1:]...)
	list, err := l.params(specs)
	if err != nil {
		return nil, err
	}
	turned := make([]float32, len(list[0].Data))
	for o := range out {
		for i := range in {
			turned[o*in+i] = list[0].Data[i*out+o]
		}
	}
	list[0] = nn.Param{Dims: []int{out, in}, Data: turned}
	return list, nil
}
