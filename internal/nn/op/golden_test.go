package op_test

import (
	"testing"

	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// goldens lists the cases of every operator by its golden file. The attributes are those of
// scripts/golden/ops.py, written a second time: neither side reads the other's.
var goldens = map[string][]optest.Case{
	"conv": {
		{Name: "plain", Op: op.Conv{Out: 4, Kernel: op.Size{H: 3, W: 2}}},
		{Name: "stride_pad", Op: op.Conv{Out: 5, Kernel: op.Size{H: 4, W: 3}, Stride: op.Size{H: 3, W: 2}, Pad: op.Size{H: 2, W: 1}}},
		{Name: "dilation", Op: op.Conv{
			Out: 4, Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 1, W: 2}, Pad: op.Size{H: 1, W: 2}, Dilation: op.Size{H: 2, W: 3},
		}},
		{Name: "groups", Op: op.Conv{Out: 4, Kernel: op.Size{H: 2, W: 3}, Groups: 2}},
		{Name: "depthwise", Op: op.Conv{Out: 6, Kernel: op.Size{H: 3, W: 4}, Groups: 3, Pad: op.Size{H: 1, W: 2}}},
		{Name: "pointwise", Op: op.Conv{Out: 7, Kernel: op.Square(1)}},
		{Name: "no_bias", Op: op.Conv{Out: 4, Kernel: op.Size{H: 3, W: 2}, NoBias: true}},
		{Name: "wide_pad", Op: op.Conv{Out: 3, Kernel: op.Size{H: 2, W: 5}, Pad: op.Size{H: 4, W: 6}, Stride: op.Size{H: 1, W: 3}}},
		{Name: "lenet_c1", Op: op.Conv{Out: 6, Kernel: op.Square(5)}},
		{Name: "table", Op: op.Conv{
			Out: 5, Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}, Pad: op.Size{H: 0, W: 1},
			Table: [][]int{{0}, {1, 3}, {0, 2, 3}, {0, 1, 2, 3}, {2}},
		}},
		{Name: "same", Op: op.Conv{
			Out: 4, Kernel: op.Size{H: 5, W: 3}, Stride: op.Square(2), Pad: op.Size{H: 1, W: 0}, Extra: op.Square(1),
		}},
		{Name: "right_pad", Op: op.Conv{Out: 4, Kernel: op.Size{H: 2, W: 5}, Extra: op.Size{W: 2}}},
	},
	"maxpool": {
		{Name: "plain", Op: op.MaxPool{Kernel: op.Size{H: 2, W: 3}}},
		{Name: "stride_pad", Op: op.MaxPool{Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}, Pad: op.Square(1)}},
		{Name: "ceil", Op: op.MaxPool{Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 3}, Ceil: true}},
		{Name: "ceil_pad", Op: op.MaxPool{Kernel: op.Size{H: 3, W: 4}, Stride: op.Size{H: 2, W: 3}, Pad: op.Size{H: 1, W: 2}, Ceil: true}},
		{Name: "same", Op: op.MaxPool{Kernel: op.Square(3), Stride: op.Square(2), Extra: op.Square(1)}},
	},
	"avgpool": append(append(avgPools("include", true), avgPools("exclude", false)...), optest.Case{
		Name: "extra_include", Op: op.AvgPool{
			Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}, Pad: op.Size{H: 1}, Extra: op.Size{H: -1, W: 1}, CountIncludePad: true,
		},
	}),
	"subsample": {
		{Name: "lenet", Op: op.Subsample{Kernel: op.Square(2)}},
		{Name: "stride", Op: op.Subsample{Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}}},
	},
	"gap": {{Name: "plain", Op: op.GlobalAvgPool{}}},
	"linear": {
		{Name: "plain", Op: op.Linear{Out: 5}},
		{Name: "no_bias", Op: op.Linear{Out: 5, NoBias: true}},
		{Name: "long", Op: op.Linear{Out: 6}},
	},
	"flatten":     {{Name: "plain", Op: op.Flatten{}}},
	"relu":        {{Name: "plain", Op: op.ReLU{}}, {Name: "special", Op: op.ReLU{}}},
	"tanh":        {{Name: "plain", Op: op.Tanh{}}, {Name: "special", Op: op.Tanh{}}},
	"scaled_tanh": {{Name: "plain", Op: op.ScaledTanh{}}, {Name: "special", Op: op.ScaledTanh{}}},
	"sigmoid":     {{Name: "plain", Op: op.Sigmoid{}}, {Name: "special", Op: op.Sigmoid{}}},
	"softmax":     {{Name: "plain", Op: op.Softmax{}}, {Name: "maps", Op: op.Softmax{}}, {Name: "large", Op: op.Softmax{}}},
	"rbf":         {{Name: "plain", Op: op.RBF{Out: 4}}, {Name: "lenet", Op: op.RBF{Out: 10}}},
	"add":         {{Name: "two", Op: op.Add{}}, {Name: "three", Op: op.Add{}}},
	"mean":        {{Name: "three", Op: op.Mean{}}, {Name: "one", Op: op.Mean{}}},
	"concat":      {{Name: "three", Op: op.Concat{}}},

	"convtranspose": {
		{Name: "plain", Op: op.ConvTranspose{Out: 4, Kernel: op.Size{H: 2, W: 3}}},
		{Name: "stride_pad", Op: op.ConvTranspose{
			Out: 4, Kernel: op.Size{H: 5, W: 3}, Stride: op.Size{H: 3, W: 2}, Pad: op.Size{H: 2, W: 1},
			OutPad: op.Size{H: 1}, Dilation: op.Size{H: 1, W: 2},
		}},
		{Name: "groups", Op: op.ConvTranspose{Out: 6, Kernel: op.Size{H: 2, W: 3}, Stride: op.Square(2), Groups: 2, NoBias: true}},
	},
	"batchnorm":    {{Name: "plain", Op: op.BatchNorm{}}, {Name: "eps", Op: op.BatchNorm{Eps: 1e-3}}},
	"layernorm":    {{Name: "plain", Op: op.LayerNorm{Eps: 1e-6}}},
	"lrn":          {{Name: "alexnet", Op: op.LRN{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1}}, {Name: "strong", Op: op.LRN{Size: 3, Alpha: 2, Beta: 0.6, K: 2}}},
	"clip":         {{Name: "relu6", Op: op.Clip{High: 6}}, {Name: "low", Op: op.Clip{Low: -0.5, High: 0.25}}},
	"leaky_relu":   {{Name: "plain", Op: op.LeakyReLU{Slope: 0.1}}},
	"elu":          {{Name: "plain", Op: op.ELU{Alpha: 1.3}}},
	"hard_sigmoid": {{Name: "torch", Op: op.HardSigmoid{Alpha: 1.0 / 6, Beta: 0.5}}, {Name: "onnx", Op: op.HardSigmoid{Alpha: 0.2, Beta: 0.5}}},
	"hard_swish":   {{Name: "plain", Op: op.HardSwish{}}},
	"swish":        {{Name: "plain", Op: op.Swish{}}},
	"gelu":         {{Name: "plain", Op: op.GELU{}}},
	"prelu":        {{Name: "plain", Op: op.PReLU{}}},
	"mul":          {{Name: "plain", Op: op.Mul{}}, {Name: "gate", Op: op.Mul{}}, {Name: "column", Op: op.Mul{}}},
	"sub":          {{Name: "plain", Op: op.Sub{}}, {Name: "gate", Op: op.Sub{}}, {Name: "column", Op: op.Sub{}}},
	"div":          {{Name: "gate", Op: op.Div{}}},
	"adaptive":     {{Name: "down", Op: op.AdaptiveAvgPool{Out: op.Size{H: 3, W: 4}}}, {Name: "up", Op: op.AdaptiveAvgPool{Out: op.Size{H: 7, W: 6}}}},
	"slice":        {{Name: "middle", Op: op.Slice{Start: 2, End: 5}}},
	"shuffle":      {{Name: "plain", Op: op.ChannelShuffle{Groups: 3}}},
	"pad":          {{Name: "plain", Op: op.Pad{Top: 0, Left: 3, Bottom: 2, Right: 1, Value: 0.25}}, {Name: "cut", Op: op.Pad{Top: 3, Left: -2, Bottom: -1, Right: 1}}},
	"pad_channels": {{Name: "both", Op: op.PadChannels{Before: 1, After: 2}}, {Name: "after", Op: op.PadChannels{After: 4}}},
	"scale":        {{Name: "survival", Op: op.Scale{Factor: 0.8125}}, {Name: "small", Op: op.Scale{Factor: 0.17}}},
	"resize":       {{Name: "nearest", Op: op.Resize{Out: op.Size{H: 9, W: 4}}}, {Name: "linear", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Linear: true}}},
}

func avgPools(tail string, include bool) []optest.Case {
	list := []optest.Case{
		{Name: "plain_", Op: op.AvgPool{Kernel: op.Size{H: 2, W: 3}, CountIncludePad: include}},
		{Name: "pad_", Op: op.AvgPool{Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 1}, Pad: op.Square(1), CountIncludePad: include}},
		{Name: "ceil_", Op: op.AvgPool{Kernel: op.Size{H: 3, W: 2}, Stride: op.Size{H: 2, W: 3}, Ceil: true, CountIncludePad: include}},
		{Name: "ceil_pad_", Op: op.AvgPool{
			Kernel: op.Size{H: 3, W: 4}, Stride: op.Size{H: 2, W: 3}, Pad: op.Size{H: 1, W: 2}, Ceil: true, CountIncludePad: include,
		}},
	}
	for i := range list {
		list[i].Name += tail
	}
	return list
}

// allGoldens are the lists of cases, one for each script that makes goldens of operators.
var allGoldens = []map[string][]optest.Case{goldens, goldensEW, goldensResize, goldensND}

func TestOperators(t *testing.T) {
	for _, list := range allGoldens {
		for golden, cases := range list {
			t.Run(golden, func(t *testing.T) { optest.Run(t, golden, cases...) })
		}
	}
}

// Every operator of the table has golden cases.
func TestTableIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, list := range allGoldens {
		for _, cases := range list {
			for _, c := range cases {
				tested[c.Op.Kind()] = true
			}
		}
	}
	for _, o := range op.Table {
		if !tested[o.Kind()] {
			t.Errorf("%s has no golden case", o.Kind())
		}
	}
}
