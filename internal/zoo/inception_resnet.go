package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var inceptionResNets = []Entry{
	{
		Name: "inception-resnet-v2", Title: "Inception-ResNet-v2", Year: 2016, Build: inceptionResNetV2,
		Paper: "Szegedy et al., AAAI 2017 (arXiv:1602.07261); timm's inception_resnet_v2",
		Task:  ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
		Image: nn.ImagePre{
			Size: 299, Resize: 333, Resample: "bicubic", Range: 1, // 299/0.8975, rounded down
			Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
			Source: "timm, default_cfgs of inception_resnet_v2.tf_in1k",
		},
	},
}

// inceptionResNetV2 builds Szegedy et al. 2017, Fig. 15, in timm's names: the weights that
// Google released differ from the paper's figures in the stem and in some widths. Input
// N×3×299×299, output N×1000. 55,843,464 parameters.
func inceptionResNetV2(g *nn.Graph) {
	x := photo(g, 299)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := timmConv(g, "conv2d_1a", square(32, 3, 2, 0), x)
		x = timmConv(g, "conv2d_2a", square(32, 3, 1, 0), x)
		x = timmConv(g, "conv2d_2b", square(64, 3, 1, 1), x)
		x = maxPool(g, "maxpool_3a", 3, 2, 0, false, x)
		x = timmConv(g, "conv2d_3b", square(80, 1, 1, 0), x)
		x = timmConv(g, "conv2d_4a", square(192, 3, 1, 0), x)
		return maxPool(g, "maxpool_5a", 3, 2, 0, false, x)
	})
	one, three := square(0, 1, 1, 0), square(0, 3, 1, 1)
	half := square(0, 3, 2, 0)
	x = block(g, "mixed_5b", "inception", func() *nn.Value {
		list := timmBranches(g, "mixed_5b", x, chain{{96, one}}, chain{{48, one}, {64, square(0, 5, 1, 2)}}, chain{{64, one}, {96, three}, {96, three}})
		return concat(g, "mixed_5b.cat", append(list, timmPooled(g, "mixed_5b", 64, x))...)
	})
	a := scaled{kind: "inception-resnet-a", relu: "act", factor: 0.17, branches: []chain{{{32, one}}, {{32, one}, {32, three}}, {{32, one}, {48, three}, {64, three}}}}
	x = a.repeat(g, "repeat", 10, x)
	x = reduction(g, "mixed_6a", "reduction-a", x, chain{{384, half}}, chain{{256, one}, {256, three}, {384, half}})
	b := scaled{kind: "inception-resnet-b", relu: "act", factor: 0.1, branches: []chain{{{192, one}}, {{128, one}, {160, line(1, 7)}, {192, line(7, 1)}}}}
	x = b.repeat(g, "repeat_1", 20, x)
	x = reduction(g, "mixed_7a", "reduction-b", x, chain{{256, one}, {384, half}}, chain{{256, one}, {288, half}}, chain{{256, one}, {288, three}, {320, half}})
	c := scaled{kind: "inception-resnet-c", relu: "relu", factor: 0.2, branches: []chain{{{192, one}}, {{192, one}, {224, line(1, 3)}, {256, line(3, 1)}}}}
	x = c.repeat(g, "repeat_2", 9, x)
	c.relu, c.factor = "", 1
	x = c.block(g, "block8", x)
	x = timmConv(g, "conv2d_7b", square(1536, 1, 1, 0), x)
	gapHead(g, "global_pool.pool", "global_pool.flatten", "classif", 1000, x)
}

// chain is a branch: convolutions one after another, each with its number of maps.
type chain []struct {
	out  int
	conv op.Conv // without Out
}

// line is a 1×k or k×1 convolution that keeps the size.
func line(h, w int) op.Conv {
	return op.Conv{Kernel: op.Size{H: h, W: w}, Pad: op.Size{H: h / 2, W: w / 2}}
}

// timmConv is timm's ConvNormAct with ε = 1e-3: path.conv, path.bn and path.bn.act.
func timmConv(g *nn.Graph, path string, c op.Conv, x *nn.Value) *nn.Value {
	return convBNReLU(g, path+".conv", path+".bn", path+".bn.act", c, 1e-3, x)
}

// timmBranches builds branch0, branch1, … of path side by side. The convolutions of a branch
// are numbered where there is more than one.
func timmBranches(g *nn.Graph, path string, x *nn.Value, list ...chain) []*nn.Value {
	var out []*nn.Value
	for i, convs := range list {
		path := fmt.Sprintf("%s.branch%d", path, i)
		out = append(out, block(g, path, "branch", func() *nn.Value {
			x := x
			for j, c := range convs {
				name := path
				if len(convs) > 1 {
					name = fmt.Sprintf("%s.%d", path, j)
				}
				c.conv.Out = c.out
				x = timmConv(g, name, c.conv, x)
			}
			return x
		}))
	}
	return out
}

// reduction halves the size of the maps: branches that end at stride 2 and a max pooling.
func reduction(g *nn.Graph, path, kind string, x *nn.Value, list ...chain) *nn.Value {
	return block(g, path, kind, func() *nn.Value {
		maps := timmBranches(g, path, x, list...)
		pool := fmt.Sprintf("%s.branch%d", path, len(list))
		maps = append(maps, block(g, pool, "branch", func() *nn.Value { return maxPool(g, pool, 3, 2, 0, false, x) }))
		return concat(g, path+".cat", maps...)
	})
}

// scaled is a residual Inception block: the maps of the branches go through a 1×1 convolution
// without an activation and are scaled down before they are added (§3.3 of the paper), lest
// the net die in training.
type scaled struct {
	kind     string
	relu     string // its name; empty: none
	factor   float64
	branches []chain
}

// repeat builds a stage of n blocks.
func (s scaled) repeat(g *nn.Graph, path string, n int, x *nn.Value) *nn.Value {
	return block(g, path, "stage", func() *nn.Value {
		x := x
		for i := range n {
			x = s.block(g, fmt.Sprintf("%s.%d", path, i), x)
		}
		return x
	})
}

func (s scaled) block(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	return block(g, path, s.kind, func() *nn.Value {
		y := concat(g, path+".cat", timmBranches(g, path, x, s.branches...)...)
		y = conv(g, path+".conv2d", square(x.Shape.C, 1, 1, 0), y)
		y = leaf(g, path+".mul", "scale", op.Scale{Factor: s.factor}, y)
		y = add(g, path+".add", y, x)
		if s.relu == "" {
			return y
		}
		return relu(g, path+"."+s.relu, y)
	})
}
