package zoo

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// vggDepths are the columns A, B, D and E of Simonyan and Zisserman 2014, Table 1: how
// many 3×3 convolutions stand in each of the five stages.
var vggDepths = []struct {
	layers int
	stages [5]int
}{
	{11, [5]int{1, 1, 2, 2, 2}},
	{13, [5]int{2, 2, 2, 2, 2}},
	{16, [5]int{2, 2, 3, 3, 3}},
	{19, [5]int{2, 2, 4, 4, 4}},
}

// vggNets returns the eight nets of the family, without and with batch normalisation.
func vggNets() []Entry {
	var list []Entry
	for _, norm := range []bool{false, true} {
		for _, d := range vggDepths {
			e := Entry{
				Name: fmt.Sprintf("vgg%d", d.layers), Title: fmt.Sprintf("VGG-%d", d.layers), Year: 2014,
				Paper: "Simonyan and Zisserman, ICLR 2015 (arXiv:1409.1556)",
				Build: func(g *nn.Graph) { vgg(g, d.stages, norm) },
				Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"},
			}
			if norm {
				e.Name, e.Title, e.Paper = e.Name+"-bn", e.Title+" BN", e.Paper+"; BN: torchvision"
			}
			list = append(list, e)
		}
	}
	return list
}

// vgg builds a VGG net in torchvision's names: stages of 3×3 convolutions, each halved by
// max pooling, and three fully connected layers. Input N×3×224×224, output N×1000.
// VGG-16: 138,357,544 parameters.
func vgg(g *nn.Graph, stages [5]int, norm bool) {
	x := photo(g, 224)
	at := 0 // the place in torchvision's list "features"
	next := func() string {
		at++
		return fmt.Sprintf("features.%d", at-1)
	}
	for i, depth := range stages {
		x = block(g, fmt.Sprintf("stage%d", i+1), "stage", func() *nn.Value {
			x := x
			for range depth {
				x = conv(g, next(), square(min(64<<i, 512), 3, 1, 1), x)
				if norm {
					x = bn(g, next(), 0, x)
				}
				x = relu(g, next(), x)
			}
			return maxPool(g, next(), 2, 2, 0, false, x)
		})
	}
	g.In("classifier", "head", func() {
		x = leaf(g, "avgpool", "pool", op.AdaptiveAvgPool{Out: op.Square(7)}, x)
		x = relu(g, "classifier.1", fc(g, "classifier.0", "flatten", 4096, x))
		x = relu(g, "classifier.4", fc(g, "classifier.3", "", 4096, x))
		softmax(g, fc(g, "classifier.6", "", 1000, x))
	})
}
