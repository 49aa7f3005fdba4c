package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

const sePaper = "Hu, Shen and Sun, CVPR 2018 (arXiv:1709.01507)"

var seNets = []Entry{
	{
		Name: "se-resnet50", Title: "SE-ResNet-50", Year: 2017,
		Paper: sePaper + "; stride in the 3×3 as in timm's seresnet50",
		Build: resNet{
			blocks: [4]int{3, 4, 6, 3}, bottleneck: true,
			wrap: excited("se", seNames{relu: "act", gate: "gate"}), names: resNames{timm: true},
		}.build,
		Task: ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
		Image: nn.ImagePre{
			Size: 224, Resize: 235, Resample: "bicubic", Range: 1, // 224/0.95, rounded down
			Mean: nn.TorchvisionPre.Mean, Std: nn.TorchvisionPre.Std,
			Source: "timm, default_cfgs of seresnet50.a1_in1k",
		},
	},
	{
		Name: "senet154", Title: "SENet-154", Year: 2017, Paper: sePaper + "; timm's legacy_senet154", Build: seNet154,
		Task: ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
		Image: nn.ImagePre{
			Size: 224, Resize: 256, Resample: "bilinear", Range: 1,
			Mean: nn.TorchvisionPre.Mean, Std: nn.TorchvisionPre.Std,
			Source: "timm, default_cfgs of legacy_senet154.in1k",
		},
	},
}

// seNames are the names of the ReLU and the sigmoid inside a block; the rest is called alike
// in all files: fc1, fc2 and the functions mean and mul.
type seNames struct{ relu, gate string }

// excited puts a block called name after every residual branch of any net, before the addition:
// Fig. 3 of the paper. It divides the maps by 16.
func excited(name string, names seNames) around {
	return func(g *nn.Graph, path string, _ int, branch func() *nn.Value) *nn.Value {
		return squeezeExcite(g, path+"."+name, names, branch())
	}
}

// squeezeExcite scales each map of x by a factor between 0 and 1 that depends on the means of
// all maps: eqs. 2 to 4 of the paper, r = 16. It can follow any block. Its fully connected
// layers are 1×1 convolutions of 1×1 maps, as in the files of weights.
func squeezeExcite(g *nn.Graph, path string, names seNames, x *nn.Value) *nn.Value {
	return block(g, path, "se", func() *nn.Value {
		s := gap(g, path+".mean", x)
		s = leaf(g, path+".fc1", "fc", square(x.Shape.C/16, 1, 1, 0), s)
		s = leaf(g, path+".fc2", "fc", square(x.Shape.C, 1, 1, 0), relu(g, path+"."+names.relu, s))
		s = leaf(g, path+"."+names.gate, "sigmoid", op.Sigmoid{}, s)
		return leaf(g, path+".mul", "scale", op.Mul{}, x, s)
	})
}

// seNet154 builds SENet-154 (paper's appendix) in timm's names: a ResNeXt-152 of 64 groups
// with three 3×3 convolutions in the stem, half as many maps in the first 1×1 of a block, 3×3
// projections, and squeeze-and-excitation. Input N×3×224×224, output N×1000. 115,088,984
// parameters.
func seNet154(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "layer0", "stem", func() *nn.Value {
		x := x
		for i, c := range []op.Conv{square(64, 3, 2, 1), square(64, 3, 1, 1), square(128, 3, 1, 1)} {
			p := func(kind string) string { return fmt.Sprintf("layer0.%s%d", kind, i+1) }
			x = convBNReLU(g, p("conv"), p("bn"), p("relu"), c, 0, x)
		}
		return maxPool(g, "pool0", 3, 2, 0, true, x)
	})
	for i, depth := range []int{3, 8, 36, 3} {
		stage := fmt.Sprintf("layer%d", i+1)
		x = block(g, stage, "stage", func() *nn.Value {
			x := x
			for j := range depth {
				path, maps := fmt.Sprintf("%s.%d", stage, j), 64<<i
				switch {
				case j > 0:
					x = seNetBlock(g, path, maps, 1, nil, x)
				case i == 0:
					p := square(4*maps, 1, 1, 0)
					x = seNetBlock(g, path, maps, 1, &p, x)
				default:
					p := square(4*maps, 3, 2, 1)
					x = seNetBlock(g, path, maps, 2, &p, x)
				}
			}
			return x
		})
	}
	gapHead(g, "global_pool.pool", "global_pool.flatten", "last_linear", 1000, x)
}

// seNetBlock is a bottleneck of SENet-154; project is the shortcut's convolution, or nil.
func seNetBlock(g *nn.Graph, path string, maps, stride int, project *op.Conv, x *nn.Value) *nn.Value {
	return block(g, path, "bottleneck", func() *nn.Value {
		grouped := square(4*maps, 3, stride, 1)
		grouped.Groups = 64
		y := convBNReLU(g, path+".conv1", path+".bn1", path+".relu", square(2*maps, 1, 1, 0), 0, x)
		y = convBNReLU(g, path+".conv2", path+".bn2", path+".relu#2", grouped, 0, y)
		y = convBN(g, path+".conv3", path+".bn3", square(4*maps, 1, 1, 0), 0, y)
		y = squeezeExcite(g, path+".se_module", seNames{relu: "relu", gate: "sigmoid"}, y)
		s := x
		if project != nil {
			s = block(g, path+".downsample", "shortcut", func() *nn.Value {
				return convBN(g, path+".downsample.0", path+".downsample.1", *project, 0, x)
			})
		}
		return relu(g, path+".relu#3", add(g, path+".add", y, s))
	})
}
