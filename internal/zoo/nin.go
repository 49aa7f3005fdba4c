package zoo

import "vizserver/internal/nn"

var ninNets = []Entry{
	{
		Name: "nin", Title: "Network in Network", Year: 2013, Build: nin,
		Paper: "Lin, Chen and Yan, ICLR 2014 (arXiv:1312.4400); ImageNet variant of the Caffe model zoo",
		Task:  ImageNet, Image: caffePre(224), Head: nn.Head{Kind: "softmax"}, GAP: true,
	},
}

// nin builds Network in Network as the Caffe model zoo's nin_imagenet: four "mlpconv"
// stages, each a convolution and two 1×1 convolutions ("cccp", cascaded cross-channel
// parametric pooling), and global average pooling in place of fully connected layers.
// Input N×3×224×224, output N×1000. 7,595,176 parameters.
func nin(g *nn.Graph) {
	x := photo(g, 224)
	x = block(g, "mlpconv1", "stage", func() *nn.Value {
		x := convReLU(g, "conv1", "relu0", square(96, 11, 4, 0), x)
		x = convReLU(g, "cccp1", "relu1", square(96, 1, 1, 0), x)
		x = convReLU(g, "cccp2", "relu2", square(96, 1, 1, 0), x)
		return maxPool(g, "pool0", 3, 2, 0, true, x)
	})
	x = block(g, "mlpconv2", "stage", func() *nn.Value {
		x := convReLU(g, "conv2", "relu3", square(256, 5, 1, 2), x)
		x = convReLU(g, "cccp3", "relu5", square(256, 1, 1, 0), x)
		x = convReLU(g, "cccp4", "relu6", square(256, 1, 1, 0), x)
		return maxPool(g, "pool2", 3, 2, 0, true, x)
	})
	x = block(g, "mlpconv3", "stage", func() *nn.Value {
		x := convReLU(g, "conv3", "relu7", square(384, 3, 1, 1), x)
		x = convReLU(g, "cccp5", "relu8", square(384, 1, 1, 0), x)
		x = convReLU(g, "cccp6", "relu9", square(384, 1, 1, 0), x)
		return maxPool(g, "pool3", 3, 2, 0, true, x)
	})
	x = block(g, "mlpconv4", "stage", func() *nn.Value {
		x := convReLU(g, "conv4-1024", "relu10", square(1024, 3, 1, 1), x)
		x = convReLU(g, "cccp7-1024", "relu11", square(1024, 1, 1, 0), x)
		return convReLU(g, "cccp8-1024", "relu12", square(1000, 1, 1, 0), x)
	})
	g.In("head", "head", func() { softmax(g, gap(g, "pool4", x)) })
}
