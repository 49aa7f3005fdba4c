package zoo

import (
	"fmt"

	"vizserver/internal/nn"
)

var mobileNets = []Entry{
	{
		Name: "mobilenet-v2", Title: "MobileNetV2", Year: 2018, Build: mobileNetV2,
		Paper: "Sandler et al., CVPR 2018 (arXiv:1801.04381)",
		Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// inverted is a row of a table of inverted residual blocks: expansion t, output channels
// c, repeats n, stride s of the first, and kernel size k.
type inverted struct{ t, c, n, s, k int }

// mobileNetV2 builds MobileNetV2: Sandler et al. 2018, Table 2, in torchvision's names.
// Input N×3×224×224, output N×1000. 3,504,872 parameters.
func mobileNetV2(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		return relu6(g, "features.0.2", convBN(g, "features.0.0", "features.0.1", square(32, 3, 2, 1), 0, x))
	})
	at := 1 // the place in torchvision's list "features"
	for i, row := range []inverted{
		{1, 16, 1, 1, 3},
		{6, 24, 2, 2, 3},
		{6, 32, 3, 2, 3},
		{6, 64, 4, 2, 3},
		{6, 96, 3, 1, 3},
		{6, 160, 3, 2, 3},
		{6, 320, 1, 1, 3},
	} {
		x = block(g, fmt.Sprintf("stage%d", i+1), "stage", func() *nn.Value {
			x := x
			for j := range row.n {
				stride := 1
				if j == 0 {
					stride = row.s
				}
				x = mobileBlock(g, fmt.Sprintf("features.%d", at), row, stride, x)
				at++
			}
			return x
		})
	}
	g.In("head", "head", func() {
		x = relu6(g, "features.18.2", convBN(g, "features.18.0", "features.18.1", square(1280, 1, 1, 0), 0, x))
		softmax(g, fc(g, "classifier.1", "flatten", 1000, gap(g, "adaptive_avg_pool2d", x)))
	})
}

// mobileBlock expands by a 1×1 convolution, filters each map alone, and projects without
// an activation; the input is added where the sizes are equal: Sandler et al. 2018, Table 1.
func mobileBlock(g *nn.Graph, path string, row inverted, stride int, in *nn.Value) *nn.Value {
	return block(g, path, "inverted-residual", func() *nn.Value {
		x, at := in, 0
		if row.t > 1 {
			p := path + ".conv.0."
			x = relu6(g, p+"2", convBN(g, p+"0", p+"1", square(row.t*in.Shape.C, 1, 1, 0), 0, x))
			at++
		}
		p := fmt.Sprintf("%s.conv.%d.", path, at)
		x = relu6(g, p+"2", convBN(g, p+"0", p+"1", depthwise(x.Shape.C, row.k, stride), 0, x))
		project, norm := fmt.Sprintf("%s.conv.%d", path, at+1), fmt.Sprintf("%s.conv.%d", path, at+2)
		x = convBN(g, project, norm, square(row.c, 1, 1, 0), 0, x)
		if stride == 1 && in.Shape == x.Shape {
			x = add(g, path+".add", in, x)
		}
		return x
	})
}
