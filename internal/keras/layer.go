package keras

import (
	"slices"

	"vizserver/internal/draft"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// ctx is one call of one layer.
type ctx struct {
	*layer
	b    *builder
	name string // of the value: the layer's, with the models around it and the call's number
	in   []value
	args []arg
	err  error // the first
}

// run makes the nodes of the call and returns its value.
func (c *ctx) run() (value, error) {
	out := kinds[c.class](c)
	if c.err != nil {
		return value{}, c.err
	}
	return out, nil
}

// kinds is the table of layers: what is not in it is refused. Custom classes never get here.
var kinds = map[string]func(*ctx) value{
	"InputLayer": same, "Dropout": same, "SpatialDropout1D": same, "SpatialDropout2D": same, "AlphaDropout": same,
	"GaussianNoise": same, "GaussianDropout": same, "ActivityRegularization": same, "Identity": same,
	"RandomFlip": same, "RandomRotation": same, "RandomZoom": same, "RandomTranslation": same, "RandomContrast": same,
	"RandomBrightness": same,

	"Conv2D": conv, "Convolution2D": conv, "DepthwiseConv2D": depthwise, "SeparableConv2D": separable,
	"SeparableConvolution2D": separable, "Conv2DTranspose": convTranspose, "Convolution2DTranspose": convTranspose, "Dense": dense,

	"BatchNormalization": batchNorm, "BatchNormalizationV1": batchNorm, "SyncBatchNormalization": batchNorm,
	"LayerNormalization": layerNorm, "GroupNormalization": groupNorm, "UnitNormalization": unitNorm,

	"Activation": activation, "ReLU": relu, "LeakyReLU": leakyReLU, "PReLU": prelu, "ELU": elu, "Softmax": softmax,
	"ThresholdedReLU": thresholded,

	"MaxPooling2D": maxPool, "MaxPool2D": maxPool, "AveragePooling2D": avgPool, "AvgPool2D": avgPool,
	"GlobalAveragePooling2D": globalAvg, "GlobalAvgPool2D": globalAvg, "GlobalMaxPooling2D": globalMax, "GlobalMaxPool2D": globalMax,
	"ZeroPadding2D": zeroPadding, "Cropping2D": cropping, "UpSampling2D": upSampling, "Resizing": resizing, "CenterCrop": centerCrop,

	"Add": add, "Subtract": subtract, "Multiply": multiply, "Average": average, "Maximum": maximum, "Minimum": minimum,
	"Concatenate": concatenate, "Divide": divide, "TrueDivide": divide,

	"Flatten": flatten, "Reshape": reshape, "Permute": permute,

	"Rescaling": rescaling, "Normalization": normalization,

	// Of Keras Applications: ConvNeXt, Inception-ResNet-v2.
	"LayerScale": layerScale, "CustomScaleLayer": scaleAndAdd,
}

// operators are the functions of keras.ops that may stand in a functional model as layers: those
// that a layer of the same name does too, and x/y. Others of that name mean other things.
var operators = []string{"Add", "Subtract", "Multiply", "Maximum", "Minimum", "Divide", "TrueDivide"}

// supported says whether the table has the layer.
func (l *layer) supported() bool {
	if l.custom != "" {
		return false
	}
	if hasPrefix(l.module, "keras.src.ops", "keras.ops") {
		return slices.Contains(operators, l.class)
	}
	return l.model != nil || kinds[l.class] != nil
}

// same is a layer that does nothing after training.
func same(c *ctx) value { return c.one() }

// one is the only input.
func (c *ctx) one() value {
	if len(c.in) != 1 {
		c.fail("it has %d inputs, and takes one", len(c.in))
	}
	return c.in[0]
}

// picture is the only input, of rows, columns and channels.
func (c *ctx) picture() value {
	v := c.one()
	if len(v.dims) != 3 {
		c.fail("its input is a vector of %s, and it reads maps", dimText(v.dims))
		return value{node: v.node, dims: []int{1, 1, 1}}
	}
	return v
}

// channels is the number of a value's channels; of a vector, its length.
func (c *ctx) channels(v value) int { return c.b.shape(v).C }

// node adds what computes the call's value, or the part of it that is called name/part.
func (c *ctx) node(part string, o nn.Op, rank int, params []nn.Param, in ...value) value {
	if c.err != nil {
		return value{dims: []int{1, 1, 1}[:rank]}
	}
	name := c.name
	if part != "" {
		name += "/" + part
	}
	v, err := c.b.add(c.layer, draft.Node{Name: name, Op: o, Params: params}, in, rank)
	if err != nil {
		c.err = err
		return value{dims: []int{1, 1, 1}[:rank]}
	}
	return v
}

// each adds an operator that leaves every unit at its place.
func (c *ctx) each(part string, o nn.Op, v value, params ...nn.Param) value {
	out := c.node(part, o, len(v.dims), params, v)
	out.order = v.order
	return out
}

// param is a parameter of the engine.
func param(data []float32, dims ...int) nn.Param { return nn.Param{Dims: dims, Data: data} }

// constant is a parameter of n equal numbers.
func constant(n int, v float32) []float32 {
	return slices.Repeat([]float32{v}, n)
}

// inOrder puts numbers, one for each unit of a vector of Keras, in the order of the engine.
func inOrder(data []float32, order []int) []float32 {
	if order == nil {
		return data
	}
	out := make([]float32, len(data))
	for i, k := range order {
		out[i] = data[k]
	}
	return out
}

// reorder adds a node that puts a vector in Keras's order.
func (b *builder) reorder(v value, name string) string {
	place := make([]int, len(v.order)) // unit k of Keras lies at place[k]
	for i, k := range v.order {
		place[k] = i
	}
	n := len(place)
	b.net.Nodes = append(b.net.Nodes, draft.Node{
		Name: name, Inputs: []string{v.node},
		Op: op.Gather{Dims: []int{n}, Axis: 0, Indices: place, Shape: []int{n}},
	})
	return name
}

// straight is a value in Keras's order.
func (c *ctx) straight(v value, part string) value {
	if v.order == nil || c.err != nil {
		return v
	}
	return value{node: c.b.reorder(v, c.name+"/"+part), dims: v.dims}
}
