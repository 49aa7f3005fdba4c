package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var inceptionNets = []Entry{
	{
		Name: "inception-v3", Title: "Inception-v3", Year: 2015, Build: inceptionV3,
		Paper: "Szegedy et al., CVPR 2016 (arXiv:1512.00567); torchvision",
		Task:  ImageNet, Image: halfPre(299, 342), Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// inceptionV3 builds torchvision's inception_v3: Szegedy et al. 2016, Table 1 and Figs. 5 to
// 7, 10, in the form that TensorFlow trained. The auxiliary head is left out. Input
// N×3×299×299, output N×1000. 23,834,568 parameters.
func inceptionV3(g *nn.Graph) {
	x := photo(g, 299)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := basicConv(g, "Conv2d_1a_3x3", square(32, 3, 2, 0), x)
		x = basicConv(g, "Conv2d_2a_3x3", square(32, 3, 1, 0), x)
		x = basicConv(g, "Conv2d_2b_3x3", square(64, 3, 1, 1), x)
		x = maxPool(g, "maxpool1", 3, 2, 0, false, x)
		x = basicConv(g, "Conv2d_3b_1x1", square(80, 1, 1, 0), x)
		x = basicConv(g, "Conv2d_4a_3x3", square(192, 3, 1, 0), x)
		return maxPool(g, "maxpool2", 3, 2, 0, false, x)
	})
	x = block(g, "stage5", "stage", func() *nn.Value {
		x := mixedA(g, "Mixed_5b", 32, x)
		x = mixedA(g, "Mixed_5c", 64, x)
		return mixedA(g, "Mixed_5d", 64, x)
	})
	x = block(g, "stage6", "stage", func() *nn.Value {
		x := mixedReductionA(g, "Mixed_6a", x)
		x = mixedB(g, "Mixed_6b", 128, x)
		x = mixedB(g, "Mixed_6c", 160, x)
		x = mixedB(g, "Mixed_6d", 160, x)
		return mixedB(g, "Mixed_6e", 192, x)
	})
	x = block(g, "stage7", "stage", func() *nn.Value {
		x := mixedReductionB(g, "Mixed_7a", x)
		x = mixedC(g, "Mixed_7b", x)
		return mixedC(g, "Mixed_7c", x)
	})
	gapHead(g, "avgpool", "flatten", "fc", 1000, x)
}

// mixedA has two 3×3 convolutions in place of a 5×5 (paper, Fig. 5; its other 5×5 stayed in
// the net). Output: 224 + pool maps. torchvision: InceptionA.
func mixedA(g *nn.Graph, path string, pool int, x *nn.Value) *nn.Value {
	one, three := square(0, 1, 1, 0), square(0, 3, 1, 1)
	m := mixed{g, path, x}
	return m.join("inception-a", func() []*nn.Value {
		return []*nn.Value{
			m.branch("branch1x1", chain{{64, one}}),
			m.branch("branch5x5", chain{{48, one}, {64, square(0, 5, 1, 2)}}),
			m.branch("branch3x3dbl", chain{{64, one}, {96, three}, {96, three}}),
			m.pooled(pool),
		}
	})
}

// mixedReductionA halves the maps by strides and pooling side by side (paper, Fig. 10).
// Output: 480 maps and the input's. torchvision: InceptionB.
func mixedReductionA(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	one, three, half := square(0, 1, 1, 0), square(0, 3, 1, 1), square(0, 3, 2, 0)
	m := mixed{g, path, x}
	return m.join("reduction-a", func() []*nn.Value {
		return []*nn.Value{
			m.branch("branch3x3", chain{{384, half}}),
			m.branch("branch3x3dbl", chain{{64, one}, {96, three}, {96, half}}),
			m.halved(),
		}
	})
}

// mixedB has 1×7 and 7×1 convolutions one after another in place of 7×7 (paper, Fig. 6), of c
// maps inside. Output: 768 maps. torchvision: InceptionC.
func mixedB(g *nn.Graph, path string, c int, x *nn.Value) *nn.Value {
	one, row, column := square(0, 1, 1, 0), line(1, 7), line(7, 1)
	m := mixed{g, path, x}
	return m.join("inception-b", func() []*nn.Value {
		return []*nn.Value{
			m.branch("branch1x1", chain{{192, one}}),
			m.branch("branch7x7", chain{{c, one}, {c, row}, {192, column}}),
			m.branch("branch7x7dbl", chain{{c, one}, {c, column}, {c, row}, {c, column}, {192, row}}),
			m.pooled(192),
		}
	})
}

// mixedReductionB halves the maps once more. Output: 512 maps and the input's. torchvision:
// InceptionD.
func mixedReductionB(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	one, half := square(0, 1, 1, 0), square(0, 3, 2, 0)
	m := mixed{g, path, x}
	return m.join("reduction-b", func() []*nn.Value {
		return []*nn.Value{
			m.branch("branch3x3", chain{{192, one}, {320, half}}),
			m.branch("branch7x7x3", chain{{192, one}, {192, line(1, 7)}, {192, line(7, 1)}, {192, half}}),
			m.halved(),
		}
	})
}

// mixedC has 1×3 and 3×1 convolutions side by side: the fan-out that makes the last maps wide
// (paper, Fig. 7). Output: 2,048 maps. torchvision: InceptionE.
func mixedC(g *nn.Graph, path string, x *nn.Value) *nn.Value {
	one, three := square(0, 1, 1, 0), square(0, 3, 1, 1)
	m := mixed{g, path, x}
	return m.join("inception-c", func() []*nn.Value {
		return []*nn.Value{
			m.branch("branch1x1", chain{{320, one}}),
			m.fan("branch3x3", ".cat", 384, chain{{384, one}}),
			m.fan("branch3x3dbl", ".cat#2", 384, chain{{448, one}, {384, three}}),
			m.pooled(192),
		}
	}, ".cat#3")
}

// mixed is a module of Inception-v3 in torchvision's names: branches that read the same maps
// and a concatenation.
type mixed struct {
	g    *nn.Graph
	path string
	x    *nn.Value
}

// join builds the module; its concatenation is called .cat or, after others, as given.
func (m mixed) join(kind string, branches func() []*nn.Value, cat ...string) *nn.Value {
	return block(m.g, m.path, kind, func() *nn.Value {
		name := ".cat"
		if len(cat) > 0 {
			name = cat[0]
		}
		return concat(m.g, m.path+name, branches()...)
	})
}

// branch adds convolutions one after another: name, or name_1, name_2, … where there are more.
func (m mixed) branch(name string, convs chain) *nn.Value {
	return block(m.g, m.path+"."+name, "branch", func() *nn.Value {
		if len(convs) == 1 {
			return m.conv(name, convs[0].out, convs[0].conv, m.x)
		}
		return m.chain(name, convs)
	})
}

// fan adds a branch that ends with a 1×3 and a 3×1 convolution of what convs give, and their
// concatenation.
func (m mixed) fan(name, cat string, out int, convs chain) *nn.Value {
	return block(m.g, m.path+"."+name, "branch", func() *nn.Value {
		x := m.chain(name, convs)
		last := fmt.Sprintf("%s_%d", name, len(convs)+1)
		return concat(m.g, m.path+cat, m.conv(last+"a", out, line(1, 3), x), m.conv(last+"b", out, line(3, 1), x))
	})
}

func (m mixed) chain(name string, convs chain) *nn.Value {
	x := m.x
	for i, c := range convs {
		x = m.conv(fmt.Sprintf("%s_%d", name, i+1), c.out, c.conv, x)
	}
	return x
}

func (m mixed) conv(name string, out int, c op.Conv, x *nn.Value) *nn.Value {
	c.Out = out
	return basicConv(m.g, m.path+"."+name, c, x)
}

// pooled adds average pooling that counts the padding, and a 1×1 convolution.
func (m mixed) pooled(out int) *nn.Value {
	return block(m.g, m.path+".branch_pool", "branch", func() *nn.Value {
		p := op.AvgPool{Kernel: op.Square(3), Stride: op.Square(1), Pad: op.Square(1), CountIncludePad: true}
		return m.conv("branch_pool", out, square(0, 1, 1, 0), avgPool(m.g, m.path+".avg_pool2d", p, m.x))
	})
}

// halved adds 3×3 max pooling of stride 2.
func (m mixed) halved() *nn.Value {
	return block(m.g, m.path+".branch_pool", "branch", func() *nn.Value {
		return maxPool(m.g, m.path+".max_pool2d", 3, 2, 0, false, m.x)
	})
}
