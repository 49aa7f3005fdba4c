package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var bnInceptionNets = []Entry{
	{
		Name: "bn-inception", Title: "BN-Inception (Inception-v2)", Year: 2015,
		Build: func(g *nn.Graph) { bnInception(g, false) },
		Paper: "Ioffe and Szegedy, ICML 2015 (arXiv:1502.03167)",
		Task:  ImageNet, Image: bnInceptionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
	{
		Name: "se-bn-inception", Title: "SE-BN-Inception", Year: 2017,
		Build: func(g *nn.Graph) { bnInception(g, true) },
		Paper: sePaper,
		Task:  ImageNet, Image: bnInceptionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

var bnInceptionPre = nn.ImagePre{
	Size: 224, Resize: 256, Resample: "bilinear", Range: 255, BGR: true,
	Mean: [3]float32{104, 117, 128}, Std: [3]float32{1, 1, 1},
	Source: "pretrainedmodels 0.7.4: models/bninception.py (pretrained_settings), utils.py (TransformImage)",
}

// doubleRow is one module of BN-Inception: the maps of the 1×1 convolution, of the 3×3 one
// and of the pair of 3×3 ones, with their reductions, and of the pooling's projection. Where
// one is 0, the module halves the maps, and hands the pooled ones on as they are.
type doubleRow struct {
	name                                   string
	one, red3, three, redDouble, dbl, pool int
}

// bnInceptionRows are the stages. The modules differ from the paper's table (its appendix) in
// 4c and 4d, as the net was deployed.
var bnInceptionRows = [][]doubleRow{
	{
		{"3a", 64, 64, 64, 64, 96, 32},
		{"3b", 64, 64, 96, 64, 96, 64},
		{"3c", 0, 128, 160, 64, 96, 0},
	},
	{
		{"4a", 224, 64, 96, 96, 128, 128},
		{"4b", 192, 96, 128, 96, 128, 128},
		{"4c", 160, 128, 160, 128, 160, 128},
		{"4d", 96, 128, 192, 160, 192, 128},
		{"4e", 0, 128, 192, 192, 256, 0},
	},
	{
		{"5a", 352, 192, 320, 160, 224, 128},
		{"5b", 352, 192, 320, 192, 224, 128},
	},
}

// bnInception builds BN-Inception as deployed for Caffe, in the names of the PyPI package
// pretrainedmodels: each 5×5 of GoogLeNet has become two 3×3, and every convolution, which
// keeps its bias, is followed by batch normalisation. Input N×3×224×224, output N×1000.
// 11,295,240 parameters. With excite, squeeze-and-excitation follows every module: Hu et al.
// 2018, Fig. 2.
func bnInception(g *nn.Graph, excite bool) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := flatConv(g, "conv1", "7x7_s2", "7x7", square(64, 7, 2, 3), x)
		x = maxPool(g, "pool1_3x3_s2", 3, 2, 0, true, x)
		x = flatConv(g, "conv2", "3x3_reduce", "3x3_reduce", square(64, 1, 1, 0), x)
		x = flatConv(g, "conv2", "3x3", "3x3", square(192, 3, 1, 1), x)
		return maxPool(g, "pool2_3x3_s2", 3, 2, 0, true, x)
	})
	for i, rows := range bnInceptionRows {
		x = block(g, fmt.Sprintf("stage%d", i+3), "stage", func() *nn.Value {
			x := x
			for _, r := range rows {
				path := "inception_" + r.name
				x = r.build(g, path, x)
				if excite {
					x = squeezeExcite(g, path+"_se", seNames{relu: "relu", gate: "sigmoid"}, x)
				}
			}
			return x
		})
	}
	gapHead(g, "global_pool", "flatten", "last_linear", 1000, x)
}

// flatConv adds path_name, path_name_bn and path_relu_name: a convolution with a bias, batch
// normalisation and ReLU.
func flatConv(g *nn.Graph, path, name, reluName string, c op.Conv, x *nn.Value) *nn.Value {
	x = bn(g, path+"_"+name+"_bn", 0, conv(g, path+"_"+name, c, x))
	return relu(g, path+"_relu_"+reluName, x)
}

// build adds the module: three or four branches and a concatenation.
func (r doubleRow) build(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	kind, stride := "inception", 1
	if r.one == 0 {
		kind, stride = "reduction", 2
	}
	step := func(name string, out, k, s int, x *nn.Value) *nn.Value {
		return flatConv(g, path, name, name, square(out, k, s, k/2), x)
	}
	return block(g, path, kind, func() *nn.Value {
		var list []*nn.Value
		branch := func(name string, build func() *nn.Value) {
			list = append(list, block(g, path+"_branch_"+name, "branch", build))
		}
		if r.one > 0 {
			branch("1x1", func() *nn.Value { return step("1x1", r.one, 1, 1, x) })
		}
		branch("3x3", func() *nn.Value {
			return step("3x3", r.three, 3, stride, step("3x3_reduce", r.red3, 1, 1, x))
		})
		branch("double_3x3", func() *nn.Value {
			x := step("double_3x3_1", r.dbl, 3, 1, step("double_3x3_reduce", r.redDouble, 1, 1, x))
			return step("double_3x3_2", r.dbl, 3, stride, x)
		})
		branch("pool", func() *nn.Value { return r.pooled(g, path, step, x) })
		return concat(g, path+"_output", list...)
	})
}

// pooled adds the branch with pooling: the mean, padding counted, but in the modules that
// halve the maps and in the last one, where it is the largest.
func (r doubleRow) pooled(g *nn.Graph, path string, step func(string, int, int, int, *nn.Value) *nn.Value, x *nn.Value) *nn.Value {
	switch {
	case r.pool == 0:
		return maxPool(g, path+"_pool", 3, 2, 0, true, x)
	case r.name == "5b":
		x = maxPool(g, path+"_pool", 3, 1, 1, true, x)
	default:
		p := op.AvgPool{Kernel: op.Square(3), Stride: op.Square(1), Pad: op.Square(1), Ceil: true, CountIncludePad: true}
		x = avgPool(g, path+"_pool", p, x)
	}
	return step("pool_proj", r.pool, 1, 1, x)
}
