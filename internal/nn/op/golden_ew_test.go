package op_test

import (
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// goldensEW lists the cases of scripts/golden/ops_ew.py, as goldens does those of ops.py.
var goldensEW = map[string][]optest.Case{
	"unary":            unaryCases(),
	"selu":             {{Name: "torch", Op: op.SELU{Alpha: 1.6732632423543772, Gamma: 1.0507009873554805}}, {Name: "other", Op: op.SELU{Alpha: 2, Gamma: 1.5}}},
	"celu":             {{Name: "plain", Op: op.CELU{Alpha: 1.3}}},
	"thresholded_relu": {{Name: "plain", Op: op.ThresholdedReLU{Alpha: 0.6}}, {Name: "negative", Op: op.ThresholdedReLU{Alpha: -0.4}}},
	"shrink":           {{Name: "hard", Op: op.Shrink{Lambd: 0.7}}, {Name: "soft", Op: op.Shrink{Lambd: 0.4, Bias: 0.4}}},
	"gelu_tanh":        {{Name: "plain", Op: op.GELU{Tanh: true}}, {Name: "edges", Op: op.GELU{Tanh: true}}},
	"swish_alpha":      {{Name: "plain", Op: op.Swish{Alpha: 1.702}}},
	"power":            {{Name: "square", Op: op.Power{Power: 2, Scale: 1}}, {Name: "caffe", Op: op.Power{Power: -1.5, Scale: 2, Shift: 0.5}}, {Name: "zero", Op: op.Power{Scale: 1}}},
	"pow":              {{Name: "plain", Op: op.Pow{}}, {Name: "constant", Op: op.Pow{}}, {Name: "row", Op: op.Pow{}}},
	"max":              {{Name: "two", Op: op.Max{}}, {Name: "three", Op: op.Max{}}, {Name: "one", Op: op.Max{}}},
	"min":              {{Name: "two", Op: op.Min{}}, {Name: "three", Op: op.Min{}}, {Name: "one", Op: op.Min{}}},
	"add_broadcast":    {{Name: "three", Op: op.Add{}}, {Name: "bias", Op: op.Add{}}, {Name: "outer", Op: op.Add{}}},
	"mean_broadcast":   {{Name: "three", Op: op.Mean{}}},
	"mul_batch":        {{Name: "constant", Op: op.Mul{}}},
	"div_batch":        {{Name: "constant", Op: op.Div{}}},
	"affine":           {{Name: "both", Op: op.Affine{}}, {Name: "weight", Op: op.Affine{NoBias: true}}, {Name: "bias", Op: op.Affine{NoWeight: true}}},
	"maxpool_onnx": uneven(func(kernel, stride, pad, extra, dilation op.Size, ceil bool) nn.Op {
		return op.MaxPool{Kernel: kernel, Stride: stride, Pad: pad, Extra: extra, Dilation: dilation, Ceil: ceil}
	}, ""),
	"avgpool_onnx": append(averages(false, "_exclude"), averages(true, "_include")...),
	"lppool": append(uneven(func(kernel, stride, pad, extra, dilation op.Size, ceil bool) nn.Op {
		return op.LpPool{P: 3, Kernel: kernel, Stride: stride, Pad: pad, Extra: extra, Dilation: dilation, Ceil: ceil}
	}, ""), optest.Case{Name: "default", Op: op.LpPool{Kernel: op.Size{H: 2, W: 3}}}, optest.Case{Name: "one", Op: op.LpPool{P: 1, Kernel: op.Size{H: 2, W: 3}}}),
	"global_max":   {{Name: "plain", Op: op.GlobalMaxPool{}}},
	"global_lp":    {{Name: "default", Op: op.GlobalLpPool{}}, {Name: "three", Op: op.GlobalLpPool{P: 3}}},
	"instancenorm": {{Name: "plain", Op: op.InstanceNorm{}}, {Name: "eps", Op: op.InstanceNorm{Eps: 0.1}}},
	"groupnorm":    {{Name: "two", Op: op.GroupNorm{Groups: 2}}, {Name: "one", Op: op.GroupNorm{Groups: 1, Eps: 1e-3}}},
	"lpnorm":       {{Name: "p1", Op: op.LpNorm{P: 1}}, {Name: "p2", Op: op.LpNorm{}}, {Name: "p3", Op: op.LpNorm{P: 3}}},

	"depthtospace": {{Name: "dcr", Op: op.DepthToSpace{Block: 2}}, {Name: "crd", Op: op.DepthToSpace{Block: 3, CRD: true}}},
	"spacetodepth": {{Name: "two", Op: op.SpaceToDepth{Block: 2}}, {Name: "three", Op: op.SpaceToDepth{Block: 3}}, {Name: "crd", Op: op.SpaceToDepth{Block: 2, CRD: true}}},
	"pad_reflect":  pads("reflect"),
	"pad_edge":     pads("edge"),
	"pad_wrap":     pads("wrap"),

	"pad_channels_value": {{Name: "both", Op: op.PadChannels{Before: 1, After: 2, Value: 0.75}}},

	"convtranspose_uneven": {
		{Name: "stride", Op: op.ConvTranspose{
			Out: 4, Kernel: op.Size{H: 4, W: 3}, Stride: op.Size{H: 3, W: 2}, Pad: op.Size{H: 0, W: 2}, OutPad: op.Size{H: -3, W: 1},
		}},
		{Name: "five", Op: op.ConvTranspose{Out: 4, Kernel: op.Square(5), OutPad: op.Size{H: -1, W: -2}}},
		{Name: "groups", Op: op.ConvTranspose{
			Out: 6, Kernel: op.Size{H: 2, W: 3}, Stride: op.Square(2), Pad: op.Size{H: 1}, OutPad: op.Square(-1), Groups: 2,
			Dilation: op.Size{H: 2, W: 1},
		}},
	},
	"conv_uneven": {{Name: "begin", Op: op.Conv{
		Out: 4, Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}, Dilation: op.Size{H: 1, W: 2},
		Pad: op.Size{H: 2, W: 3}, Extra: op.Size{H: -1, W: -3},
	}}},
}

func pads(mode string) []optest.Case {
	return []optest.Case{
		{Name: "plain", Op: op.Pad{Top: 2, Bottom: 1, Left: 3, Mode: mode}},
		{Name: "far", Op: op.Pad{Bottom: 9, Left: 11, Right: 4, Mode: mode}},
		{Name: "cut", Op: op.Pad{Top: -2, Bottom: 4, Left: 3, Right: -1, Mode: mode}},
		{Name: "thin", Op: op.Pad{Top: 1, Bottom: 2, Left: 2, Right: 1, Mode: mode}},
	}
}

// uneven lists pooling over windows with dilation and padding that differs before and behind.
func uneven(pool func(kernel, stride, pad, extra, dilation op.Size, ceil bool) nn.Op, tail string) []optest.Case {
	var list []optest.Case
	for _, c := range []struct {
		name                                 string
		kernel, stride, pad, extra, dilation op.Size
	}{
		{name: "dilated", kernel: op.Size{H: 3, W: 2}, stride: op.Size{H: 1, W: 2}, dilation: op.Size{H: 2, W: 3}},
		{
			name: "dilated_pad", kernel: op.Size{H: 3, W: 2}, stride: op.Size{H: 2, W: 1}, dilation: op.Size{H: 2, W: 3},
			pad: op.Size{H: 2, W: 1}, extra: op.Size{H: -1, W: -1},
		},
		{name: "uneven", kernel: op.Size{H: 3, W: 4}, stride: op.Size{H: 2, W: 3}, pad: op.Size{H: 0, W: 3}, extra: op.Size{H: 2, W: -2}},
		{name: "uneven_before", kernel: op.Size{H: 2, W: 3}, stride: op.Size{H: 2, W: 1}, pad: op.Size{H: 1, W: 2}, extra: op.Size{H: -1, W: -2}},
	} {
		list = append(list,
			optest.Case{Name: c.name + tail, Op: pool(c.kernel, c.stride, c.pad, c.extra, c.dilation, false)},
			optest.Case{Name: c.name + "_ceil" + tail, Op: pool(c.kernel, c.stride, c.pad, c.extra, c.dilation, true)},
		)
	}
	return list
}

func averages(include bool, tail string) []optest.Case {
	return uneven(func(kernel, stride, pad, extra, dilation op.Size, ceil bool) nn.Op {
		return op.AvgPool{
			Kernel: kernel, Stride: stride, Pad: pad, Extra: extra, Dilation: dilation, Ceil: ceil, CountIncludePad: include,
		}
	}, tail)
}

func unaryCases() []optest.Case {
	var list []optest.Case
	for _, fn := range []string{
		"Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign", "Mish",
		"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh",
	} {
		list = append(list, optest.Case{Name: fn, Op: op.Unary{Fn: fn}})
	}
	for _, fn := range []string{"Abs", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign", "Mish", "Erf"} {
		list = append(list, optest.Case{Name: fn + "_edges", Op: op.Unary{Fn: fn}})
	}
	return list
}

// Every function of Unary has golden cases.
func TestUnariesAreTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range unaryCases() {
		tested[c.Name] = true
	}
	for _, fn := range op.Unaries() {
		if !tested[fn] || !op.IsUnary(fn) {
			t.Errorf("%s has no golden case, or is none of the table", fn)
		}
	}
	if _, err := (op.Unary{Fn: "Relu"}).Infer([]nn.Shape{nn.Vec(3)}); err == nil || op.IsUnary("Relu") {
		t.Error("Unary takes a function that it does not have")
	}
}
