package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// denseDepths are the columns of Huang et al. 2017, Table 1: how many dense layers stand in
// each of the four blocks. DenseNet-161 has a growth of 48 and 96 maps at the start.
var denseDepths = []struct {
	layers, growth int
	blocks         [4]int
}{
	{121, 32, [4]int{6, 12, 24, 16}},
	{161, 48, [4]int{6, 12, 36, 24}},
	{169, 32, [4]int{6, 12, 32, 32}},
	{201, 32, [4]int{6, 12, 48, 32}},
}

func denseNets() []Entry {
	var list []Entry
	for _, d := range denseDepths {
		list = append(list, Entry{
			Name: fmt.Sprintf("densenet%d", d.layers), Title: fmt.Sprintf("DenseNet-%d", d.layers), Year: 2016,
			Paper: "Huang et al., CVPR 2017 (arXiv:1608.06993)",
			Build: func(g *nn.Graph) { denseNet(g, d.growth, d.blocks) },
			Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
		})
	}
	return list
}

// denseNet builds a DenseNet-BC in torchvision's names. Input N×3×224×224, output N×1000.
// DenseNet-121: 7,978,856 parameters.
func denseNet(g *nn.Graph, growth int, depths [4]int) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := convBNReLU(g, "features.conv0", "features.norm0", "features.relu0", square(2*growth, 7, 2, 3), 0, x)
		return maxPool(g, "features.pool0", 3, 2, 1, false, x)
	})
	for i, depth := range depths {
		x = denseBlock(g, fmt.Sprintf("features.denseblock%d", i+1), depth, growth, x)
		if i < 3 {
			x = transition(g, fmt.Sprintf("features.transition%d", i+1), x)
		}
	}
	g.In("head", "head", func() {
		x = relu(g, "relu", bn(g, "features.norm5", 0, x))
		softmax(g, fc(g, "classifier", "flatten", 1000, gap(g, "adaptive_avg_pool2d", x)))
	})
}

// denseBlock is the paper's Fig. 1: each layer reads the maps of the input and of all layers
// before it, and the block returns all of them.
func denseBlock(g *nn.Graph, path string, depth, growth int, x *nn.Value) *nn.Value {
	return block(g, path, "dense-block", func() *nn.Value {
		maps := []*nn.Value{x}
		for i := range depth {
			maps = append(maps, denseLayer(g, fmt.Sprintf("%s.denselayer%d", path, i+1), growth, maps))
		}
		return concat(g, path+".cat", maps...)
	})
}

// denseLayer makes growth new maps of all that there are: normalisation, ReLU and a 1×1
// convolution to four times as many, then the same with a 3×3 (§3, "bottleneck layers").
func denseLayer(g *nn.Graph, path string, growth int, maps []*nn.Value) *nn.Value {
	return block(g, path, "dense", func() *nn.Value {
		x := concat(g, path+".cat", maps...) // of one value in the first layer, as torchvision does
		for i, c := range []op.Conv{square(4*growth, 1, 1, 0), square(growth, 3, 1, 1)} {
			x = normReLUConv(g, path, fmt.Sprint(i+1), c, x)
		}
		return x
	})
}

// transition halves maps and size between two dense blocks.
func transition(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	return block(g, path, "transition", func() *nn.Value {
		x := normReLUConv(g, path, "", square(x.Shape.C/2, 1, 1, 0), x)
		return avgPool(g, path+".pool", op.AvgPool{Kernel: op.Square(2), Stride: op.Square(2)}, x)
	})
}

// normReLUConv adds the three layers norm, relu and conv of a path, in this order; a number
// may follow their names.
func normReLUConv(g *nn.Graph, path, number string, c op.Conv, x *nn.Value) *nn.Value {
	c.NoBias = true
	x = relu(g, path+".relu"+number, bn(g, path+".norm"+number, 0, x))
	return conv(g, path+".conv"+number, c, x)
}
