package nn

// Op is one operator with its attributes. It is immutable and knows no weights:
// they come as params in the order of Params. One Op may serve many goroutines.
type Op interface {
	// Kind is the operator's name in the words of ONNX and the papers, for example "Conv".
	Kind() string
	// Infer returns the shape of the output, or says what is wrong with the inputs.
	Infer(in []Shape) (Shape, error)
	// Params lists the parameters that the operator takes for inputs of these shapes.
	Params(in []Shape) []ParamSpec
	// Forward writes all of out and changes nothing else. It cannot fail: Infer found every error.
	Forward(in []*Tensor, params [][]float32, out *Tensor)
}

// ParamSpec describes one parameter of an operator.
type ParamSpec struct {
	Name   string // "weight", "bias"
	Dims   []int
	FanIn  int  // inputs of one output unit; for initialisers
	FanOut int  // outputs of one input unit; for initialisers
	Fixed  bool // not trained (the codes of an RBF layer)
}

// Len returns the number of elements.
func (p ParamSpec) Len() int {
	n := 1
	for _, d := range p.Dims {
		n *= d
	}
	return n
}

// Grad is the work of one backward step. An operator adds to In and Params and
// leaves all else as it is; nil entries are not wanted.
type Grad struct {
	X      []*Tensor   // inputs of the forward pass
	Params [][]float32 // parameters of the forward pass
	Y      *Tensor     // output of the forward pass
	DY     *Tensor     // gradient of the loss by Y
	DX     []*Tensor   // added to: gradients by the inputs
	DP     [][]float32 // added to: gradients by the parameters
}

// Backwarder is an operator that can be differentiated.
type Backwarder interface {
	Op
	Backward(g *Grad)
}

// Describer tells what an operator costs, for one forward pass.
type Describer interface {
	// MACs counts multiply-adds of convolutions and fully connected layers.
	MACs(in []Shape) int64
	// Connections counts links in the sense of LeCun et al. 1998: inputs of every
	// output unit, its bias included.
	Connections(in []Shape) int64
}

// Area is a rectangle of rows and columns, ends included, in some channels of a value.
type Area struct {
	Channels       []int // ascending
	Y0, X0, Y1, X1 int
}

// Reacher maps units through an operator. Operators without it are elementwise:
// an output unit reads the input unit at its own place.
type Reacher interface {
	// Sees returns the part of input i that the output area reads.
	Sees(i int, in []Shape, out Area) Area
	// Feeds returns the part of the output that the area of input i goes into.
	Feeds(i int, in []Shape, area Area) Area
}

// All returns the area that covers a value of this shape.
func All(s Shape) Area {
	a := Area{Channels: make([]int, s.C), Y1: s.H - 1, X1: s.W - 1}
	for c := range a.Channels {
		a.Channels[c] = c
	}
	return a
}
