package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var squeezeNets = []Entry{
	{
		Name: "squeezenet-1.0", Title: "SqueezeNet 1.0", Year: 2016, Build: squeezeNet10,
		Paper: "Iandola et al., arXiv:1602.07360, 2016",
		Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
	{
		Name: "squeezenet-1.1", Title: "SqueezeNet 1.1", Year: 2016, Build: squeezeNet11,
		Paper: "Iandola et al., arXiv:1602.07360, 2016; 1.1 as in the authors' repository",
		Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// fires are the fire modules between two poolings: the width of each squeeze; an
// expansion is four times that on each side.
type fires []int

// squeezeNet10 builds SqueezeNet 1.0: Iandola et al. 2016, Table 1, as torchvision has it
// (no padding in conv1). Input N×3×224×224, output N×1000. 1,248,424 parameters.
func squeezeNet10(g *nn.Graph) {
	squeezeNet(g, square(96, 7, 2, 0), fires{16, 16, 32}, fires{32, 48, 48, 64}, fires{64})
}

// squeezeNet11 builds SqueezeNet 1.1, which pools earlier and needs 2.4 times fewer
// multiply-adds. Input N×3×224×224, output N×1000. 1,235,496 parameters.
func squeezeNet11(g *nn.Graph) {
	squeezeNet(g, square(64, 3, 2, 0), fires{16, 16}, fires{32, 32}, fires{48, 48, 64, 64})
}

func squeezeNet(g *nn.Graph, stem op.Conv, stages ...fires) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		return convReLU(g, "features.0", "features.1", stem, x)
	})
	at := 2 // the place in torchvision's list "features"
	for i, stage := range stages {
		x = block(g, fmt.Sprintf("stage%d", i+1), "stage", func() *nn.Value {
			x := maxPool(g, fmt.Sprintf("features.%d", at), 3, 2, 0, true, x)
			at++
			for _, squeeze := range stage {
				x = fire(g, fmt.Sprintf("features.%d", at), squeeze, x)
				at++
			}
			return x
		})
	}
	g.In("classifier", "head", func() {
		x = convReLU(g, "classifier.1", "classifier.2", square(1000, 1, 1, 0), x)
		softmax(g, gap(g, "classifier.3", x))
	})
}

// fire squeezes the channels by a 1×1 convolution and expands them by 1×1 and 3×3 side by
// side: Iandola et al. 2016, Fig. 1. Output: 8·squeeze channels.
func fire(g *nn.Graph, path string, squeeze int, x *nn.Value) *nn.Value {
	part := func(name string, c op.Conv, x *nn.Value) *nn.Value {
		return convReLU(g, path+"."+name, path+"."+name+"_activation", c, x)
	}
	branch := func(name string, k int) *nn.Value {
		return block(g, path+"."+name, "branch", func() *nn.Value { return part(name, square(4*squeeze, k, 1, k/2), x) })
	}
	return block(g, path, "fire", func() *nn.Value {
		x = part("squeeze", square(squeeze, 1, 1, 0), x)
		return concat(g, path+".cat", branch("expand1x1", 1), branch("expand3x3", 3))
	})
}
