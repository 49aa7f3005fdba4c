package onnx

import (
	"fmt"
	"math"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/onnx/onnxpb"
)

// cannotWrite is the error for a net that ONNX has no words for, or this writer does not know them.
func cannotWrite(n *nn.Node, why string) error {
	return fault.New(fault.Unsupported, "%s (%s): %s", n.Name, n.Op.Kind(), why).
		WithHint("the operators of the table's networks can be written")
}

// node writes one node: the operators of the table's networks.
func (x *writer) node(n *nn.Node) error {
	if len(n.Inputs) == 1 && x.pointwise(n) {
		x.vector[n.Name] = x.vector[x.given[n.Inputs[0]]]
		return nil
	}
	switch o := n.Op.(type) {
	case op.Conv:
		return x.conv(n, o)
	case op.MaxPool:
		return x.maxPool(n, o)
	case op.AvgPool:
		return x.avgPool(n, o)
	case op.GlobalAvgPool:
		x.add("GlobalAveragePool", n.Name, []string{x.as(n.Inputs[0], false)})
	case op.AdaptiveAvgPool:
		return x.adaptive(n, o)
	case op.Subsample:
		return x.subsample(n, o)
	case op.Linear:
		in := []string{x.as(n.Inputs[0], true), x.param(n, 0)}
		if !o.NoBias {
			in = append(in, x.param(n, 1))
		}
		x.vector[x.add("Gemm", n.Name, in, intOf("transB", 1))] = true
	case op.RBF:
		x.rbf(n)
	case op.Flatten:
		x.vector[x.add("Flatten", n.Name, []string{x.given[n.Inputs[0]]}, intOf("axis", 1))] = true
	case op.Add, op.Mean, op.Mul, op.Concat:
		x.join(n)
	case op.PadChannels:
		x.padChannels(n, o)
	default:
		return cannotWrite(n, "this operator is not written to ONNX")
	}
	return nil
}

// pointwise writes an operator that takes a vector as well as maps, and says whether n is one.
func (x *writer) pointwise(n *nn.Node) bool {
	in := x.given[n.Inputs[0]]
	switch o := n.Op.(type) {
	case op.ReLU, op.Tanh, op.Sigmoid:
		x.add(n.Op.Kind(), n.Name, []string{in})
	case op.Softmax:
		x.add("Softmax", n.Name, []string{in}, intOf("axis", 1))
	case op.ScaledTanh:
		s := x.add("Mul", n.Name+"/scaled", []string{in, x.tensor(n.Name+"/S", nil, float32(op.TanhS))})
		t := x.add("Tanh", n.Name+"/tanh", []string{s})
		x.add("Mul", n.Name, []string{t, x.tensor(n.Name+"/A", nil, float32(op.TanhA))})
	case op.Scale:
		x.add("Mul", n.Name, []string{in, x.tensor(n.Name+"/factor", nil, float32(o.Factor))})
	case op.Clip:
		x.clip(n, in, o)
	case op.BatchNorm:
		eps := o.Eps
		if eps == 0 {
			eps = 1e-5 // the operator's own default
		}
		x.add("BatchNormalization", n.Name, []string{in, x.param(n, 0), x.param(n, 1), x.param(n, 2), x.param(n, 3)}, floatOf("epsilon", eps))
	case op.LRN:
		x.add("LRN", n.Name, []string{in}, intOf("size", int64(o.Size)), floatOf("alpha", o.Alpha), floatOf("beta", o.Beta), floatOf("bias", o.K))
	default:
		return false
	}
	return true
}

func (x *writer) clip(n *nn.Node, in string, o op.Clip) {
	list := []string{in}
	if !math.IsInf(o.Low, -1) {
		list = append(list, x.tensor(n.Name+"/low", nil, float32(o.Low)))
	}
	if !math.IsInf(o.High, 1) {
		if len(list) == 1 {
			list = append(list, "") // no lower end
		}
		list = append(list, x.tensor(n.Name+"/high", nil, float32(o.High)))
	}
	x.add("Clip", n.Name, list)
}

// pads are ONNX's: top, left, bottom, right. None may be below zero.
func pads(n *nn.Node, pad, extra op.Size) (*onnxpb.AttributeProto, error) {
	if min(pad.H+extra.H, pad.W+extra.W) < 0 {
		return nil, cannotWrite(n, "its padding is below zero")
	}
	return intListOf("pads", pad.H, pad.W, pad.H+extra.H, pad.W+extra.W), nil
}

func orOne(s op.Size) op.Size {
	if s == (op.Size{}) {
		return op.Square(1)
	}
	return s
}

// conv writes a convolution; one with a connection table is dense there, with zeros.
func (x *writer) conv(n *nn.Node, o op.Conv) error {
	border, err := pads(n, o.Pad, o.Extra)
	if err != nil {
		return err
	}
	in := []string{x.as(n.Inputs[0], false)}
	if o.Table == nil {
		in = append(in, x.param(n, 0))
	} else {
		in = append(in, x.dense(n, o))
	}
	if !o.NoBias {
		in = append(in, x.param(n, 1))
	}
	x.add("Conv", n.Name, in, pairOf("kernel_shape", o.Kernel), pairOf("strides", orOne(o.Stride)), border,
		pairOf("dilations", orOne(o.Dilation)), intOf("group", int64(max(o.Groups, 1))))
	return nil
}

// dense adds the weight of a convolution with a connection table, zero where there is no link.
func (x *writer) dense(n *nn.Node, o op.Conv) string {
	spec := n.Params[0]
	packed := x.model.Weights[spec.Name].Data
	c, k := n.Inputs[0].Shape.C, o.Kernel.H*o.Kernel.W
	full := make([]float32, o.Out*c*k)
	link := 0
	for out, row := range o.Table {
		for _, in := range row {
			copy(full[(out*c+in)*k:][:k], packed[link*k:])
			link++
		}
	}
	return x.tensor(spec.Name, []int{o.Out, c, o.Kernel.H, o.Kernel.W}, full...)
}

// missing is how much more padding at the bottom and right a window needs that rounds its output up.
func missing(n *nn.Node, kernel, stride, pad, extra, dilation op.Size) op.Size {
	in, out := n.Inputs[0].Shape, n.Output.Shape
	need := func(in, out, kernel, stride, pad, extra, dilation int) int {
		return max((out-1)*stride+dilation*(kernel-1)+1-in-2*pad-extra, 0)
	}
	return op.Size{
		H: need(in.H, out.H, kernel.H, stride.H, pad.H, extra.H, dilation.H),
		W: need(in.W, out.W, kernel.W, stride.W, pad.W, extra.W, dilation.W),
	}
}

// maxPool writes the padding that rounding up amounts to, for runtimes differ in ceil_mode.
func (x *writer) maxPool(n *nn.Node, o op.MaxPool) error {
	stride, dilation := o.Stride, orOne(o.Dilation)
	if stride == (op.Size{}) {
		stride = o.Kernel
	}
	more := missing(n, o.Kernel, stride, o.Pad, o.Extra, dilation)
	border, err := pads(n, o.Pad, op.Size{H: o.Extra.H + more.H, W: o.Extra.W + more.W})
	if err != nil {
		return err
	}
	x.add("MaxPool", n.Name, []string{x.as(n.Inputs[0], false)}, pairOf("kernel_shape", o.Kernel),
		pairOf("strides", stride), border, pairOf("dilations", dilation))
	return nil
}

func (x *writer) avgPool(n *nn.Node, o op.AvgPool) error {
	stride := o.Stride
	if stride == (op.Size{}) {
		stride = o.Kernel
	}
	if orOne(o.Dilation) != op.Square(1) {
		return cannotWrite(n, fmt.Sprintf("opset %d knows no dilation of it", writtenOpset))
	}
	more := missing(n, o.Kernel, stride, o.Pad, o.Extra, op.Square(1))
	if o.CountIncludePad && more != (op.Size{}) {
		return cannotWrite(n, "windows that reach past the padding count it")
	}
	border, err := pads(n, o.Pad, op.Size{H: o.Extra.H + more.H, W: o.Extra.W + more.W})
	if err != nil {
		return err
	}
	count := int64(0)
	if o.CountIncludePad {
		count = 1
	}
	x.add("AveragePool", n.Name, []string{x.as(n.Inputs[0], false)}, pairOf("kernel_shape", o.Kernel),
		pairOf("strides", stride), border, intOf("count_include_pad", count))
	return nil
}

// adaptive writes the plain pooling that it is on an input of this size.
func (x *writer) adaptive(n *nn.Node, o op.AdaptiveAvgPool) error {
	in := n.Inputs[0].Shape
	k := op.Size{H: in.H / o.Out.H, W: in.W / o.Out.W}
	switch {
	case k.H*o.Out.H != in.H || k.W*o.Out.W != in.W:
		return cannotWrite(n, fmt.Sprintf("%d×%d is no multiple of %d×%d", in.H, in.W, o.Out.H, o.Out.W))
	case k == op.Square(1):
		x.add("Identity", n.Name, []string{x.as(n.Inputs[0], false)})
	default:
		x.add("AveragePool", n.Name, []string{x.as(n.Inputs[0], false)}, pairOf("kernel_shape", k), pairOf("strides", k))
	}
	return nil
}

// subsample writes w·Σ + b as mean·(w·kh·kw) + b.
func (x *writer) subsample(n *nn.Node, o op.Subsample) error {
	stride := o.Stride
	if stride == (op.Size{}) {
		stride = o.Kernel
	}
	c := []int{n.Output.Shape.C, 1, 1}
	var factor []float32
	for _, w := range x.model.Weights[n.Params[0].Name].Data {
		factor = append(factor, w*float32(o.Kernel.H*o.Kernel.W))
	}
	mean := x.add("AveragePool", n.Name+"/mean", []string{x.as(n.Inputs[0], false)}, pairOf("kernel_shape", o.Kernel), pairOf("strides", stride))
	scaled := x.add("Mul", n.Name+"/scaled", []string{mean, x.tensor(n.Params[0].Name, c, factor...)})
	bias := x.model.Weights[n.Params[1].Name].Data
	x.add("Add", n.Name, []string{scaled, x.tensor(n.Params[1].Name, c, bias...)})
	return nil
}

// rbf writes Σ (x − w)² over the components of each code.
func (x *writer) rbf(n *nn.Node) {
	in := []string{x.as(n.Inputs[0], true), x.whole(n.Name+"/axis", 1)}
	row := x.add("Unsqueeze", n.Name+"/row", in)
	diff := x.add("Sub", n.Name+"/difference", []string{row, x.param(n, 0)})
	x.vector[x.add("ReduceSumSquare", n.Name, []string{diff}, intListOf("axes", 2), intOf("keepdims", 0))] = true
}

// join writes an operator on several values.
func (x *writer) join(n *nn.Node) {
	in, _ := x.alike(n)
	switch n.Op.(type) {
	case op.Concat:
		x.add("Concat", n.Name, in, intOf("axis", 1))
	case op.Mean:
		x.add("Mean", n.Name, in)
	case op.Mul:
		x.add("Mul", n.Name, in)
	default:
		if len(in) > 2 {
			x.add("Sum", n.Name, in)
			return
		}
		x.add("Add", n.Name, in)
	}
}

func (x *writer) padChannels(n *nn.Node, o op.PadChannels) {
	amounts := x.whole(n.Name+"/pads", 0, int64(o.Before), 0, 0, 0, int64(o.After), 0, 0)
	value := x.tensor(n.Name+"/value", nil, o.Value)
	x.add("Pad", n.Name, []string{x.as(n.Inputs[0], false), amounts, value})
}
