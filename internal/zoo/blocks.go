package zoo

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// What all builders share. Every function adds to g and returns the new value; name is
// the node's full name, the checkpoint's. A layer bears the name of its node; a block
// that of its module, or the paper's where there is no module.

// photo declares the input of a net that reads RGB pictures: N×3×size×size.
func photo(g *nn.Graph, size int) *nn.Value {
	return g.Input("input", nn.Shape{N: 1, C: 3, H: size, W: size})
}

// block runs build inside a new block of the tree and returns its value.
func block(g *nn.Graph, name, kind string, build func() *nn.Value) (x *nn.Value) {
	g.In(name, kind, func() { x = build() })
	return x
}

// leaf adds a layer of one node.
func leaf(g *nn.Graph, name, kind string, o nn.Op, in ...*nn.Value) (x *nn.Value) {
	g.Layer(name, kind, func() { x = g.Add(name, o, in...) })
	return x
}

// square is a convolution of out maps with a k×k kernel, stride s and padding p, and a bias.
func square(out, k, s, p int) op.Conv {
	return op.Conv{Out: out, Kernel: op.Square(k), Stride: op.Square(s), Pad: op.Square(p)}
}

// depthwise is a convolution of each of c maps with its own k×k kernel, with padding k/2.
func depthwise(c, k, s int) op.Conv {
	d := square(c, k, s, k/2)
	d.Groups = c
	return d
}

func conv(g *nn.Graph, name string, c op.Conv, x *nn.Value) *nn.Value {
	return leaf(g, name, "conv", c, x)
}

// bn adds batch normalisation; eps 0 is PyTorch's default, 1e-5.
func bn(g *nn.Graph, name string, eps float64, x *nn.Value) *nn.Value {
	return leaf(g, name, "bn", op.BatchNorm{Eps: eps}, x)
}

func relu(g *nn.Graph, name string, x *nn.Value) *nn.Value {
	return leaf(g, name, "relu", op.ReLU{}, x)
}

func relu6(g *nn.Graph, name string, x *nn.Value) *nn.Value {
	return leaf(g, name, "relu", op.Clip{Low: 0, High: 6}, x)
}

// convReLU adds a convolution and its ReLU: two layers.
func convReLU(g *nn.Graph, convName, reluName string, c op.Conv, x *nn.Value) *nn.Value {
	return relu(g, reluName, conv(g, convName, c, x))
}

// convBN adds a convolution without bias and its batch normalisation: two layers.
func convBN(g *nn.Graph, convName, bnName string, c op.Conv, eps float64, x *nn.Value) *nn.Value {
	c.NoBias = true
	return bn(g, bnName, eps, conv(g, convName, c, x))
}

// convBNReLU adds a convolution without bias, its batch normalisation and its ReLU:
// three layers.
func convBNReLU(g *nn.Graph, convName, bnName, reluName string, c op.Conv, eps float64, x *nn.Value) *nn.Value {
	return relu(g, reluName, convBN(g, convName, bnName, c, eps, x))
}

// basicConv is torchvision's BasicConv2d (GoogLeNet, Inception-v3): path.conv, path.bn
// with ε = 1e-3, and the function relu.
func basicConv(g *nn.Graph, path string, c op.Conv, x *nn.Value) *nn.Value {
	return convBNReLU(g, path+".conv", path+".bn", path+".relu", c, 1e-3, x)
}

// maxPool adds max pooling of k×k windows with stride s and padding p; ceil rounds the
// size of the output up, as Caffe does.
func maxPool(g *nn.Graph, name string, k, s, p int, ceil bool, x *nn.Value) *nn.Value {
	return leaf(g, name, "pool", op.MaxPool{Kernel: op.Square(k), Stride: op.Square(s), Pad: op.Square(p), Ceil: ceil}, x)
}

func avgPool(g *nn.Graph, name string, p op.AvgPool, x *nn.Value) *nn.Value {
	return leaf(g, name, "pool", p, x)
}

// gap adds global average pooling: N×C×H×W → N×C×1×1.
func gap(g *nn.Graph, name string, x *nn.Value) *nn.Value {
	return leaf(g, name, "gap", op.GlobalAvgPool{}, x)
}

func add(g *nn.Graph, name string, in ...*nn.Value) *nn.Value {
	return leaf(g, name, "add", op.Add{}, in...)
}

func concat(g *nn.Graph, name string, in ...*nn.Value) *nn.Value {
	return leaf(g, name, "concat", op.Concat{}, in...)
}

// fc adds a fully connected layer. Where flatten is not empty, a node of that name lays
// the maps in a row first, inside the same layer.
func fc(g *nn.Graph, name, flatten string, out int, x *nn.Value) *nn.Value {
	g.Layer(name, "fc", func() {
		if flatten != "" {
			x = g.Add(flatten, op.Flatten{}, x)
		}
		x = g.Add(name, op.Linear{Out: out}, x)
	})
	return x
}

// softmax adds the answer: logits → probabilities.
func softmax(g *nn.Graph, logits *nn.Value) {
	leaf(g, "softmax", "softmax", op.Softmax{}, logits)
}

// gapHead adds the head of most nets after 2014: global average pooling, one fully
// connected layer, softmax. The names are those of the pooling, the function flatten
// and the layer.
func gapHead(g *nn.Graph, pool, flatten, name string, classes int, x *nn.Value) {
	g.In("head", "head", func() {
		softmax(g, fc(g, name, flatten, classes, gap(g, pool, x)))
	})
}
