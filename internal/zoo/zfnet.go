package zoo

import "vizserver/internal/nn"

var zfNets = []Entry{
	{
		Name: "zfnet", Title: "ZFNet", Year: 2013, Build: zfNet,
		Paper: "Zeiler and Fergus, ECCV 2014 (arXiv:1311.2901)",
		Task:  ImageNet, Image: caffePre(224), Head: nn.Head{Kind: "softmax"},
	},
}

// zfNet builds the net of Zeiler and Fergus, Fig. 3: AlexNet in one tower with a first
// layer of 7×7 at stride 2. Their 110, 55, 26, 13 and 6 follow from a padding of 1 in
// conv1 and pooling that rounds up; each stage is ReLU, pooling, then normalisation
// across maps, whose constants the paper leaves out: they are AlexNet's here. Input
// N×3×224×224, output N×1000. 62,357,608 parameters.
func zfNet(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stage1", "stage", func() *nn.Value {
		x := convReLU(g, "conv1", "relu1", square(96, 7, 2, 1), x)
		return leaf(g, "norm1", "lrn", lrn, maxPool(g, "pool1", 3, 2, 0, true, x))
	})
	x = block(g, "stage2", "stage", func() *nn.Value {
		x := convReLU(g, "conv2", "relu2", square(256, 5, 2, 0), x)
		return leaf(g, "norm2", "lrn", lrn, maxPool(g, "pool2", 3, 2, 0, true, x))
	})
	x = block(g, "stage3", "stage", func() *nn.Value {
		x := convReLU(g, "conv3", "relu3", square(384, 3, 1, 1), x)
		x = convReLU(g, "conv4", "relu4", square(384, 3, 1, 1), x)
		x = convReLU(g, "conv5", "relu5", square(256, 3, 1, 1), x)
		return maxPool(g, "pool5", 3, 2, 0, true, x)
	})
	caffeHead(g, x)
}
