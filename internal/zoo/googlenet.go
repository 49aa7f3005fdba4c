package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

const googLeNetPaper = "Szegedy et al., CVPR 2015 (arXiv:1409.4842)"

var googLeNets = []Entry{
	{
		Name: "googlenet", Title: "GoogLeNet (BN)", Year: 2014, Build: googLeNet,
		Paper: googLeNetPaper + "; torchvision",
		Task:  ImageNet, Image: halfPre(224, 256), Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
	{
		Name: "googlenet-caffe", Title: "GoogLeNet", Year: 2014, Build: googLeNetCaffe,
		Paper: googLeNetPaper + "; Caffe bvlc_googlenet",
		Task:  ImageNet, Image: googLeNetCaffePre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
	{
		Name: "googlenet-naive", Title: "GoogLeNet, naive modules", Year: 2014, Build: googLeNetNaive,
		Paper: googLeNetPaper + ", Fig. 2a",
		Task:  ImageNet, Image: googLeNetCaffePre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// halfPre is what torchvision's GoogLeNet and Inception-v3 do with a picture in all:
// its preset normalises by the statistics of ImageNet, and transform_input turns that
// into (v − 0.5)/0.5.
func halfPre(size, resize int) nn.ImagePre {
	return nn.ImagePre{
		Size: size, Resize: resize, Resample: "bilinear", Range: 1,
		Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
		Source: "torchvision.transforms._presets.ImageClassification, then transform_input of the model",
	}
}

// googLeNetCaffePre: bvlc_googlenet was trained less the mean values of the channels that
// its train_val.prototxt writes.
var googLeNetCaffePre = nn.ImagePre{
	Size: 224, Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, BGR: true,
	Mean: [3]float32{104, 117, 123}, Std: [3]float32{1, 1, 1},
	Source: "Caffe: models/bvlc_googlenet/train_val.prototxt, transform_param",
}

// inceptionRow is one module of Szegedy et al. 2015, Table 1: the maps of the 1×1
// convolution, of the 3×3 and 5×5 ones with their reductions, and of the pooling's
// projection. Output: one + three + five + pool maps.
type inceptionRow struct {
	name                               string
	one, red3, three, red5, five, pool int
}

// googLeNetRows are the three stages; each but the last ends with max pooling.
var googLeNetRows = [][]inceptionRow{
	{
		{"3a", 64, 96, 128, 16, 32, 32},
		{"3b", 128, 128, 192, 32, 96, 64},
	},
	{
		{"4a", 192, 96, 208, 16, 48, 64},
		{"4b", 160, 112, 224, 24, 64, 64},
		{"4c", 128, 128, 256, 24, 64, 64},
		{"4d", 112, 144, 288, 32, 64, 64},
		{"4e", 256, 160, 320, 32, 128, 128},
	},
	{
		{"5a", 256, 160, 320, 32, 128, 128},
		{"5b", 384, 192, 384, 48, 128, 128},
	},
}

// googLeNet builds torchvision's googlenet: batch normalisation in place of response
// normalisation, a 3×3 where the paper has a 5×5 (a known slip, kept for the sake of the
// weights), and 2×2 pooling before stage 5. The auxiliary heads, which do not answer, are
// left out. Input N×3×224×224, output N×1000. 6,624,904 parameters.
func googLeNet(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := maxPool(g, "maxpool1", 3, 2, 0, true, basicConv(g, "conv1", square(64, 7, 2, 3), x))
		x = basicConv(g, "conv2", square(64, 1, 1, 0), x)
		return maxPool(g, "maxpool2", 3, 2, 0, true, basicConv(g, "conv3", square(192, 3, 1, 1), x))
	})
	for i, rows := range googLeNetRows {
		x = block(g, fmt.Sprintf("stage%d", i+3), "stage", func() *nn.Value {
			x := x
			for _, r := range rows {
				x = inception(g, "inception"+r.name, r, x)
			}
			switch i {
			case 0:
				x = maxPool(g, "maxpool3", 3, 2, 0, true, x)
			case 1:
				x = maxPool(g, "maxpool4", 2, 2, 0, true, x)
			}
			return x
		})
	}
	gapHead(g, "avgpool", "flatten", "fc", 1000, x)
}

// inception is the module with reductions, Szegedy et al. 2015, Fig. 2b, in torchvision's
// names.
func inception(g *nn.Graph, path string, r inceptionRow, x *nn.Value) *nn.Value {
	branch := func(i int, build func(path string) *nn.Value) *nn.Value {
		path := fmt.Sprintf("%s.branch%d", path, i)
		return block(g, path, "branch", func() *nn.Value { return build(path) })
	}
	reduced := func(reduce, out int) func(string) *nn.Value {
		return func(path string) *nn.Value {
			return basicConv(g, path+".1", square(out, 3, 1, 1), basicConv(g, path+".0", square(reduce, 1, 1, 0), x))
		}
	}
	return block(g, path, "inception", func() *nn.Value {
		return concat(g, path+".cat",
			branch(1, func(path string) *nn.Value { return basicConv(g, path, square(r.one, 1, 1, 0), x) }),
			branch(2, reduced(r.red3, r.three)),
			branch(3, reduced(r.red5, r.five)),
			branch(4, func(path string) *nn.Value {
				return basicConv(g, path+".1", square(r.pool, 1, 1, 0), maxPool(g, path+".0", 3, 1, 1, true, x))
			}))
	})
}

// googLeNetCaffe builds the net of Szegedy et al. 2015, Table 1, as Caffe's bvlc_googlenet:
// response normalisation in the stem, a true 5×5 branch. The auxiliary heads are left out.
// Input N×3×224×224, output N×1000. 6,998,552 parameters.
func googLeNetCaffe(g *nn.Graph) { slashNet(g, reducedModule) }

// googLeNetNaive builds the net that the paper argues against: GoogLeNet with the module
// of its Fig. 2a. Stem, stages, head and the maps of every 1×1, 3×3 and 5×5 convolution
// are those of Table 1; the reductions and the pooling's projection are gone, so that each
// module hands on all maps that it was given beside its own, and the widths grow from 192
// to 4,944. Input N×3×224×224, output N×1000. 97,526,008 parameters.
func googLeNetNaive(g *nn.Graph) { slashNet(g, naiveModule) }

// slashNet builds GoogLeNet in Caffe's names, with this kind of module.
func slashNet(g *nn.Graph, module func(*nn.Graph, string, inceptionRow, *nn.Value) *nn.Value) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := slashConv(g, "conv1", "7x7_s2", square(64, 7, 2, 3), x)
		x = maxPool(g, "pool1/3x3_s2", 3, 2, 0, true, x)
		x = leaf(g, "pool1/norm1", "lrn", lrn, x)
		x = slashConv(g, "conv2", "3x3_reduce", square(64, 1, 1, 0), x)
		x = slashConv(g, "conv2", "3x3", square(192, 3, 1, 1), x)
		x = leaf(g, "conv2/norm2", "lrn", lrn, x)
		return maxPool(g, "pool2/3x3_s2", 3, 2, 0, true, x)
	})
	for i, rows := range googLeNetRows {
		x = block(g, fmt.Sprintf("stage%d", i+3), "stage", func() *nn.Value {
			x := x
			for _, r := range rows {
				x = module(g, "inception_"+r.name, r, x)
			}
			if i < 2 {
				x = maxPool(g, fmt.Sprintf("pool%d/3x3_s2", i+3), 3, 2, 0, true, x)
			}
			return x
		})
	}
	gapHead(g, "pool5/7x7_s1", "flatten", "loss3/classifier", 1000, x)
}

// slashConv adds a convolution and its ReLU: Caffe's path/name and path/relu_name.
func slashConv(g *nn.Graph, path, name string, c op.Conv, x *nn.Value) *nn.Value {
	return convReLU(g, path+"/"+name, path+"/relu_"+name, c, x)
}

func slashBranch(g *nn.Graph, path, name string, build func() *nn.Value) *nn.Value {
	return block(g, path+"/branch_"+name, "branch", build)
}

// reducedModule is Fig. 2b: 1×1 convolutions go before the 3×3 and 5×5 ones and after the
// pooling.
func reducedModule(g *nn.Graph, path string, r inceptionRow, x *nn.Value) *nn.Value {
	reduced := func(name string, reduce int, c op.Conv) *nn.Value {
		return slashBranch(g, path, name, func() *nn.Value {
			return slashConv(g, path, name, c, slashConv(g, path, name+"_reduce", square(reduce, 1, 1, 0), x))
		})
	}
	return block(g, path, "inception", func() *nn.Value {
		return concat(g, path+"/output",
			slashBranch(g, path, "1x1", func() *nn.Value { return slashConv(g, path, "1x1", square(r.one, 1, 1, 0), x) }),
			reduced("3x3", r.red3, square(r.three, 3, 1, 1)),
			reduced("5x5", r.red5, square(r.five, 5, 1, 2)),
			slashBranch(g, path, "pool", func() *nn.Value {
				x := maxPool(g, path+"/pool", 3, 1, 1, true, x)
				return slashConv(g, path, "pool_proj", square(r.pool, 1, 1, 0), x)
			}))
	})
}

// naiveModule is Fig. 2a: three sizes of convolution and a pooling side by side.
func naiveModule(g *nn.Graph, path string, r inceptionRow, x *nn.Value) *nn.Value {
	direct := func(name string, c op.Conv) *nn.Value {
		return slashBranch(g, path, name, func() *nn.Value { return slashConv(g, path, name, c, x) })
	}
	return block(g, path, "inception-naive", func() *nn.Value {
		return concat(g, path+"/output",
			direct("1x1", square(r.one, 1, 1, 0)),
			direct("3x3", square(r.three, 3, 1, 1)),
			direct("5x5", square(r.five, 5, 1, 2)),
			slashBranch(g, path, "pool", func() *nn.Value { return maxPool(g, path+"/pool", 3, 1, 1, true, x) }))
	})
}
