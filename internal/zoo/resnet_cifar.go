package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// cifarPre is the preprocessing of Idelbayev's training script; He et al. subtract the mean
// of each pixel, which no file of weights holds.
var cifarPre = nn.ImagePre{
	Size: 32, Resize: 32, Resample: "bilinear", Range: 1,
	Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
	Source: "github.com/akamaster/pytorch_resnet_cifar10, trainer.py",
}

// cifarNets returns the nets of He et al. 2015, §4.2, with 6n+2 layers, and the plain nets of
// Fig. 6 that have no shortcuts.
func cifarNets() []Entry {
	entry := func(name, title string, net cifarNet) Entry {
		return Entry{
			Name: name, Title: title, Year: 2015, Paper: resNetPaper + ", §4.2", Build: net.build,
			Task: CIFAR10, Image: cifarPre, Head: nn.Head{Kind: "softmax"}, GAP: true,
		}
	}
	var list []Entry
	for _, layers := range []int{20, 32, 44, 56, 110} {
		name, title := fmt.Sprintf("cifar-resnet%d", layers), fmt.Sprintf("ResNet-%d (CIFAR)", layers)
		list = append(list, entry(name, title, cifarNet{layers: layers}))
	}
	for _, layers := range []int{20, 56} {
		name, title := fmt.Sprintf("cifar-plain%d", layers), fmt.Sprintf("Plain-%d (CIFAR)", layers)
		list = append(list, entry(name, title, cifarNet{layers: layers, plain: true}))
	}
	return list
}

// cifarNet is a net of §4.2 in the names of the best-known PyTorch weights, Idelbayev's
// (akamaster/pytorch_resnet_cifar10). Input N×3×32×32, output N×10.
type cifarNet struct {
	layers int    // 6n+2
	plain  bool   // no shortcuts
	wrap   around // of every residual branch; nil: none
}

// build builds a 3×3 convolution and three stages of n blocks: 16 maps of 32×32, 32 of 16×16,
// 64 of 8×8. ResNet-110: 1,727,962 parameters.
func (c cifarNet) build(g *nn.Graph) {
	x := photo(g, 32)
	x = block(g, "stem", "stem", func() *nn.Value {
		return convBNReLU(g, "conv1", "bn1", "relu", square(16, 3, 1, 1), 0, x)
	})
	n := c.blocks() / 3
	for i := range 3 {
		stage := fmt.Sprintf("layer%d", i+1)
		x = block(g, stage, "stage", func() *nn.Value {
			x := x
			for j := range n {
				stride := 1
				if i > 0 && j == 0 {
					stride = 2
				}
				x = c.block(g, fmt.Sprintf("%s.%d", stage, j), i*n+j, 16<<i, stride, x)
			}
			return x
		})
	}
	gapHead(g, "avg_pool2d", "flatten", "linear", 10, x)
}

// blocks counts the blocks of all stages.
func (c cifarNet) blocks() int { return (c.layers - 2) / 2 }

// block is relu(F(x) + x) with two 3×3 convolutions, or relu(F(x)) in a plain net.
func (c cifarNet) block(g *nn.Graph, path string, at, maps, stride int, x *nn.Value) *nn.Value {
	f := func() *nn.Value { return resNet{}.basic(g, path, maps, stride, x) }
	if c.plain {
		return block(g, path, "plain", func() *nn.Value { return relu(g, path+".relu#2", f()) })
	}
	return block(g, path, "residual", func() *nn.Value {
		var y *nn.Value
		if c.wrap == nil {
			y = f()
		} else {
			y = c.wrap(g, path, at, f)
		}
		s := x
		if stride > 1 {
			s = zeroPadded(g, path+".shortcut", maps, x)
		}
		return relu(g, path+".relu#2", add(g, path+".add", y, s))
	})
}

// zeroPadded is the paper's shortcut A, without a weight: every second value of every second
// row, and maps of zeros up to the new width. The paper does not say where the zeros stand;
// as in Idelbayev's code, half of them come before and half after.
func zeroPadded(g *nn.Graph, path string, maps int, x *nn.Value) *nn.Value {
	return block(g, path, "shortcut", func() *nn.Value {
		half := avgPool(g, path+".0", op.AvgPool{Kernel: op.Square(1), Stride: op.Square(2)}, x)
		more := (maps - x.Shape.C) / 2
		return leaf(g, path+".1", "pad", op.PadChannels{Before: more, After: more}, half)
	})
}
