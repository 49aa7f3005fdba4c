package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// resNetDepths are the columns of He et al. 2015, Table 1: how many residual blocks stand in
// each of the four stages. From 50 layers on a block is a bottleneck.
var resNetDepths = []struct {
	layers int
	blocks [4]int
}{
	{18, [4]int{2, 2, 2, 2}},
	{34, [4]int{3, 4, 6, 3}},
	{50, [4]int{3, 4, 6, 3}},
	{101, [4]int{3, 4, 23, 3}},
	{152, [4]int{3, 8, 36, 3}},
}

const resNetPaper = "He et al., CVPR 2016 (arXiv:1512.03385)"

// resNets returns the nets of the paper: torchvision's, which set the stride of a bottleneck
// in its 3×3 convolution ("v1.5"), then those that set it in the first 1×1, as the paper does.
func resNets() []Entry {
	var list []Entry
	for _, v1 := range []bool{false, true} {
		for _, d := range resNetDepths {
			if v1 && d.layers < 50 {
				continue // a basic block has its stride in the first 3×3 in both
			}
			net := resNet{blocks: d.blocks, bottleneck: d.layers >= 50, strideFirst: v1}
			e := Entry{
				Name: fmt.Sprintf("resnet%d", d.layers), Title: fmt.Sprintf("ResNet-%d", d.layers), Year: 2015,
				Paper: resNetPaper, Build: net.build,
				Task: ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
			}
			switch {
			case v1:
				e.Name, e.Title = e.Name+"-v1", e.Title+" v1"
			case net.bottleneck:
				e.Paper += "; v1.5, as in torchvision: stride in the 3×3"
			}
			list = append(list, e)
		}
	}
	return list
}

// around runs the residual branch F of the block at path, the at-th of all (from 0), and
// returns what is added to the shortcut: a block such as squeeze-and-excitation stands there.
type around func(g *nn.Graph, path string, at int, branch func() *nn.Value) *nn.Value

// resNet is a residual net in torchvision's names. Input N×3×224×224, output N×1000.
type resNet struct {
	blocks      [4]int
	bottleneck  bool     // 1×1, 3×3, 1×1 convolutions instead of two of 3×3
	strideFirst bool     // a bottleneck's stride is in its first 1×1
	wrap        around   // of every residual branch; nil: none
	names       resNames // the zero value: torchvision's
}

// resNames are the names that torchvision and timm give differently.
type resNames struct {
	timm bool // act1, act2, act3 and global_pool instead of relu, called again, and avgpool
}

// stem names the ReLU after the first convolution.
func (n resNames) stem() string {
	if n.timm {
		return "act1"
	}
	return "relu"
}

// relu names the k-th ReLU (from 1) of the block at path.
func (n resNames) relu(path string, k int) string {
	if n.timm {
		return fmt.Sprintf("%s.act%d", path, k)
	}
	return nth(path+".relu", k)
}

// nth names the k-th call of a module or function.
func nth(name string, k int) string {
	if k == 1 {
		return name
	}
	return fmt.Sprintf("%s#%d", name, k)
}

// build builds He et al. 2015, Table 1. ResNet-50: 25,557,032 parameters.
func (r resNet) build(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		x := convBNReLU(g, "conv1", "bn1", r.names.stem(), square(64, 7, 2, 3), 0, x)
		return maxPool(g, "maxpool", 3, 2, 1, false, x)
	})
	at := 0
	for i, depth := range r.blocks {
		stage := fmt.Sprintf("layer%d", i+1)
		x = block(g, stage, "stage", func() *nn.Value {
			x := x
			for j := range depth {
				stride := 1
				if i > 0 && j == 0 {
					stride = 2
				}
				x = r.block(g, fmt.Sprintf("%s.%d", stage, j), at, 64<<i, stride, x)
				at++
			}
			return x
		})
	}
	pool, flatten := "avgpool", "flatten"
	if r.names.timm {
		pool, flatten = "global_pool.pool", "global_pool.flatten"
	}
	gapHead(g, pool, flatten, "fc", 1000, x)
}

// block is the paper's Fig. 5: relu(F(x) + x); maps is the width of its 3×3 convolutions.
func (r resNet) block(g *nn.Graph, path string, at, maps, stride int, x *nn.Value) *nn.Value {
	branch, kind, out, last := r.basic, "residual", maps, 2
	if r.bottleneck {
		branch, kind, out, last = r.narrow, "bottleneck", 4*maps, 3
	}
	return block(g, path, kind, func() *nn.Value {
		f := func() *nn.Value { return branch(g, path, maps, stride, x) }
		var y *nn.Value
		if r.wrap == nil {
			y = f()
		} else {
			y = r.wrap(g, path, at, f)
		}
		s := x
		if stride > 1 || x.Shape.C != out {
			s = block(g, path+".downsample", "shortcut", func() *nn.Value {
				return convBN(g, path+".downsample.0", path+".downsample.1", square(out, 1, stride, 0), 0, x)
			})
		}
		return relu(g, r.names.relu(path, last), add(g, path+".add", y, s))
	})
}

// basic is F of Fig. 5, left: two 3×3 convolutions.
func (r resNet) basic(g *nn.Graph, path string, maps, stride int, x *nn.Value) *nn.Value {
	x = convBNReLU(g, path+".conv1", path+".bn1", r.names.relu(path, 1), square(maps, 3, stride, 1), 0, x)
	return convBN(g, path+".conv2", path+".bn2", square(maps, 3, 1, 1), 0, x)
}

// narrow is F of Fig. 5, right: 1×1 down, 3×3, 1×1 up to four times the maps.
func (r resNet) narrow(g *nn.Graph, path string, maps, stride int, x *nn.Value) *nn.Value {
	first, second := 1, stride
	if r.strideFirst {
		first, second = stride, 1
	}
	x = convBNReLU(g, path+".conv1", path+".bn1", r.names.relu(path, 1), square(maps, 1, first, 0), 0, x)
	x = convBNReLU(g, path+".conv2", path+".bn2", r.names.relu(path, 2), square(maps, 3, second, 1), 0, x)
	return convBN(g, path+".conv3", path+".bn3", square(4*maps, 1, 1, 0), 0, x)
}

// resNetsV2 returns the three pre-activation nets of "Identity Mappings in Deep Residual
// Networks" as timm builds them.
func resNetsV2() []Entry {
	var list []Entry
	for _, d := range resNetDepths[2:] {
		list = append(list, Entry{
			Name: fmt.Sprintf("resnet-v2-%d", d.layers), Title: fmt.Sprintf("ResNet-v2-%d", d.layers), Year: 2016,
			Paper: "He et al., ECCV 2016 (arXiv:1603.05027); stride in the 3×3 as in timm's resnetv2",
			Build: func(g *nn.Graph) { resNetV2(g, d.blocks) },
			Task:  ImageNet, Head: nn.Head{Kind: "softmax"}, GAP: true,
			Image: nn.ImagePre{
				Size: 224, Resize: 235, Resample: "bicubic", Range: 1, // 224/0.95, rounded down
				Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
				Source: "timm, default_cfgs of resnetv2_50.a1h_in1k",
			},
		})
	}
	return list
}

// resNetV2 builds a pre-activation bottleneck net in timm's names: normalisation and ReLU come
// before each convolution, and nothing after the addition. Input N×3×224×224, output N×1000;
// the last layer is a 1×1 convolution, as in timm's files. ResNet-v2-50: 25,549,352 parameters.
func resNetV2(g *nn.Graph, depths [4]int) {
	x := photo(g, 224)
	x = block(g, "stem", "stem", func() *nn.Value {
		c := square(64, 7, 2, 3)
		c.NoBias = true
		return maxPool(g, "stem.pool", 3, 2, 1, false, conv(g, "stem.conv", c, x))
	})
	for i, depth := range depths {
		stage := fmt.Sprintf("stages.%d", i)
		x = block(g, stage, "stage", func() *nn.Value {
			x := x
			for j := range depth {
				stride := 1
				if i > 0 && j == 0 {
					stride = 2
				}
				x = preActBlock(g, fmt.Sprintf("%s.blocks.%d", stage, j), 64<<i, stride, x)
			}
			return x
		})
	}
	g.In("head", "head", func() {
		x = relu(g, "norm.act", bn(g, "norm", 0, x))
		softmax(g, conv(g, "head.fc", square(1000, 1, 1, 0), gap(g, "head.global_pool.pool", x)))
	})
}

// preActBlock is Fig. 1 (b) of the paper with a bottleneck: x + F(relu(bn(x))). Where the size
// changes, the shortcut's projection starts from relu(bn(x)) too.
func preActBlock(g *nn.Graph, path string, maps, stride int, x *nn.Value) *nn.Value {
	return block(g, path, "bottleneck", func() *nn.Value {
		normed := func(k int, x *nn.Value) *nn.Value {
			name := fmt.Sprintf("%s.norm%d", path, k)
			return relu(g, name+".act", bn(g, name, 0, x))
		}
		plain := func(name string, c op.Conv, x *nn.Value) *nn.Value {
			c.NoBias = true
			return conv(g, path+name, c, x)
		}
		first, s := normed(1, x), x
		if stride > 1 || x.Shape.C != 4*maps {
			s = block(g, path+".downsample", "shortcut", func() *nn.Value {
				return plain(".downsample.conv", square(4*maps, 1, stride, 0), first)
			})
		}
		y := plain(".conv1", square(maps, 1, 1, 0), first)
		y = plain(".conv2", square(maps, 3, stride, 1), normed(2, y))
		y = plain(".conv3", square(4*maps, 1, 1, 0), normed(3, y))
		return add(g, path+".add", y, s)
	})
}
