package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// caffePre is what Caffe's reference nets were trained with: the picture squeezed to
// 256×256, the middle cut out, BGR 0…255 less ImageNet's mean pixel.
func caffePre(size int) nn.ImagePre {
	return nn.ImagePre{
		Size: size, Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, BGR: true,
		Mean: [3]float32{104.00698793, 116.66876762, 122.67891434}, Std: [3]float32{1, 1, 1},
		Source: "Caffe: mean pixel of ilsvrc_2012_mean.npy, caffe/examples/00-classification",
	}
}

var alexNets = []Entry{
	{
		Name: "alexnet-2012", Title: "AlexNet (two towers)", Year: 2012, Build: alexNet2012,
		Paper: "Krizhevsky, Sutskever and Hinton, NIPS 2012; Caffe bvlc_alexnet",
		Task:  ImageNet, Image: caffePre(227), Head: nn.Head{Kind: "softmax"},
	},
	{
		Name: "alexnet", Title: "AlexNet (one weird trick)", Year: 2014, Build: alexNet,
		Paper: "Krizhevsky, arXiv:1404.5997, 2014; torchvision",
		Task:  ImageNet, Image: nn.TorchvisionPre, Head: nn.Head{Kind: "softmax"},
	},
}

// lrn is the response normalisation of Krizhevsky et al. 2012, §3.3, with the constant
// k = 1 of Caffe; the paper has k = 2, and its α is not divided by the size.
var lrn = op.LRN{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1}

// alexNet2012 builds the net of Krizhevsky et al. 2012, Fig. 2, as Caffe's bvlc_alexnet:
// the two towers are the two groups of conv2, conv4 and conv5, which see only their own
// half of the maps. Input N×3×227×227 (the paper's 224 does not give its 55×55), output
// N×1000. 60,965,224 parameters.
func alexNet2012(g *nn.Graph) {
	towers := func(out, k, p int) op.Conv {
		c := square(out, k, 1, p)
		c.Groups = 2
		return c
	}
	x := photo(g, 227)
	x = block(g, "stage1", "stage", func() *nn.Value {
		x := convReLU(g, "conv1", "relu1", square(96, 11, 4, 0), x)
		return maxPool(g, "pool1", 3, 2, 0, true, leaf(g, "norm1", "lrn", lrn, x))
	})
	x = block(g, "stage2", "stage", func() *nn.Value {
		x := convReLU(g, "conv2", "relu2", towers(256, 5, 2), x)
		return maxPool(g, "pool2", 3, 2, 0, true, leaf(g, "norm2", "lrn", lrn, x))
	})
	x = block(g, "stage3", "stage", func() *nn.Value {
		x := convReLU(g, "conv3", "relu3", square(384, 3, 1, 1), x)
		x = convReLU(g, "conv4", "relu4", towers(384, 3, 1), x)
		x = convReLU(g, "conv5", "relu5", towers(256, 3, 1), x)
		return maxPool(g, "pool5", 3, 2, 0, true, x)
	})
	caffeHead(g, x)
}

// caffeHead adds the three fully connected layers of AlexNet in Caffe's names.
func caffeHead(g *nn.Graph, x *nn.Value) {
	g.In("classifier", "head", func() {
		x = relu(g, "relu6", fc(g, "fc6", "flatten", 4096, x))
		x = relu(g, "relu7", fc(g, "fc7", "", 4096, x))
		softmax(g, fc(g, "fc8", "", 1000, x))
	})
}

// alexNet builds torchvision's alexnet: the single tower of Krizhevsky 2014, without
// response normalisation. Input N×3×224×224, output N×1000. 61,100,840 parameters.
func alexNet(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "stage1", "stage", func() *nn.Value {
		x := convReLU(g, "features.0", "features.1", square(64, 11, 4, 2), x)
		return maxPool(g, "features.2", 3, 2, 0, false, x)
	})
	x = block(g, "stage2", "stage", func() *nn.Value {
		x := convReLU(g, "features.3", "features.4", square(192, 5, 1, 2), x)
		return maxPool(g, "features.5", 3, 2, 0, false, x)
	})
	x = block(g, "stage3", "stage", func() *nn.Value {
		x := convReLU(g, "features.6", "features.7", square(384, 3, 1, 1), x)
		x = convReLU(g, "features.8", "features.9", square(256, 3, 1, 1), x)
		x = convReLU(g, "features.10", "features.11", square(256, 3, 1, 1), x)
		return maxPool(g, "features.12", 3, 2, 0, false, x)
	})
	g.In("classifier", "head", func() {
		x = leaf(g, "avgpool", "pool", op.AdaptiveAvgPool{Out: op.Square(6)}, x)
		x = relu(g, "classifier.2", fc(g, "classifier.1", "flatten", 4096, x))
		x = relu(g, "classifier.5", fc(g, "classifier.4", "", 4096, x))
		softmax(g, fc(g, "classifier.6", "", 1000, x))
	})
}
