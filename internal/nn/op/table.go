package op

import "vizserver/internal/nn"

// Table lists one example of every operator, in the order of the documentation. The
// conformance tests run over it.
var Table = []nn.Op{
	Conv{},
	MaxPool{},
	AvgPool{},
	GlobalAvgPool{},
	Subsample{},
	Linear{},
	Flatten{},
	ReLU{},
	Tanh{},
	ScaledTanh{},
	Sigmoid{},
	Softmax{},
	RBF{},
	Add{},
	Mean{},
	Concat{},
	ConvTranspose{},
	BatchNorm{},
	LayerNorm{},
	LRN{},
	Clip{},
	LeakyReLU{},
	ELU{},
	HardSigmoid{},
	HardSwish{},
	Swish{},
	GELU{},
	PReLU{},
	Mul{},
	Sub{},
	Div{},
	AdaptiveAvgPool{},
	Slice{},
	ChannelShuffle{},
	Pad{},
	Resize{},
}
