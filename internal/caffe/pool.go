package caffe

import (
	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// pooling follows PoolingLayer::Reshape and Forward_cpu: the size is rounded up, with padding
// the last window is dropped if it would start past the map and its padding at the front,
// and an average divides by the window with its padding, as far as the padding goes.
func pooling(c *converter, l *layer, in []value) ([]value, error) {
	p, s := l.GetPoolingParam(), in[0].Shape
	if in[0].rank != 4 {
		return nil, l.unsupported("it slides over a blob of %d axes; nets of two axes of space are run", in[0].rank)
	}
	kernel, stride, pad, err := l.poolSizes(in[0].Shape)
	if err != nil {
		return nil, err
	}
	ceil := p.GetRoundMode() == caffepb.PoolingParameter_CEIL
	h, ok1 := cut(&kernel.H, stride.H, pad.H, s.H, ceil, pad != op.Size{})
	w, ok2 := cut(&kernel.W, stride.W, pad.W, s.W, ceil, pad != op.Size{})
	if !ok1 || !ok2 {
		return nil, l.unsupported("its windows of %d×%d at steps of %d×%d leave the map of %d×%d: Caffe computes nonsense there",
			kernel.H, kernel.W, stride.H, stride.W, s.H, s.W)
	}
	var o nn.Op
	switch p.GetPool() {
	case caffepb.PoolingParameter_MAX:
		o = op.MaxPool{Kernel: kernel, Stride: stride, Pad: pad, Ceil: ceil}
	case caffepb.PoolingParameter_AVE:
		o = op.AvgPool{Kernel: kernel, Stride: stride, Pad: pad, Ceil: ceil, CountIncludePad: true}
		if kernel == (op.Size{H: s.H, W: s.W}) && pad == (op.Size{}) {
			o = op.GlobalAvgPool{}
		}
	case caffepb.PoolingParameter_STOCHASTIC:
		return nil, l.unsupported("stochastic pooling cannot be run")
	default:
		return nil, l.unsupported("pooling of kind %d is unknown", p.GetPool())
	}
	y, err := c.one(l, o, in[0])
	if err == nil && (y[0].Shape.H != h || y[0].Shape.W != w) {
		return nil, l.unsupported("its output would be %d×%d in Caffe and is %d×%d here", h, w, y[0].Shape.H, y[0].Shape.W)
	}
	return y, err
}

// poolSizes reads kernel, stride and padding; a global pool has the map's size.
func (l *layer) poolSizes(s nn.Shape) (kernel, stride, pad op.Size, err error) {
	p := l.GetPoolingParam()
	if p == nil {
		return kernel, stride, pad, l.bad("it has no pooling_param")
	}
	one := func(v *uint32) []uint32 {
		if v == nil {
			return nil
		}
		return []uint32{*v}
	}
	if kernel, err = l.pair("kernel size", one(p.KernelSize), p.KernelH, p.KernelW, 0); err != nil {
		return kernel, stride, pad, err
	}
	if stride, err = l.pair("stride", one(p.Stride), p.StrideH, p.StrideW, 1); err != nil {
		return kernel, stride, pad, err
	}
	if pad, err = l.pair("padding", one(p.Pad), p.PadH, p.PadW, 0); err != nil {
		return kernel, stride, pad, err
	}
	if p.GetGlobalPooling() {
		if kernel != (op.Size{}) || pad != (op.Size{}) || stride != op.Square(1) {
			return kernel, stride, pad, l.bad("it pools over the whole map and has a kernel size, a stride or padding")
		}
		return op.Size{H: s.H, W: s.W}, stride, pad, nil
	}
	if kernel.H < 1 || kernel.W < 1 || pad.H >= kernel.H || pad.W >= kernel.W {
		return kernel, stride, pad, l.bad("its kernel size is %d×%d and its padding %d×%d", kernel.H, kernel.W, pad.H, pad.W)
	}
	return kernel, stride, pad, nil
}

// cut returns the number of windows along one axis as Caffe counts them. A kernel that is
// larger than the map with its padding is cut to that, which computes the same. It says no
// where the last window would hold nothing of the map.
func cut(kernel *int, stride, pad, size int, ceil, padded bool) (int, bool) {
	room := size + 2*pad - *kernel
	n := room/stride + 1 // of a negative room: towards zero, as ⌈⌉ does
	if ceil && room > 0 && room%stride > 0 {
		n++
	}
	if !ceil && room < 0 {
		return 0, false
	}
	if padded && (n-1)*stride >= size+pad {
		n--
	}
	*kernel = min(*kernel, size+2*pad)
	last := (n-1)*stride - pad
	return n, n > 0 && last < size && last+*kernel > 0
}
