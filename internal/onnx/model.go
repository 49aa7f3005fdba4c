package onnx

// model is a parsed and checked ModelProto: its main graph only.
type model struct {
	// opset is the version of the default operator set ("" or "ai.onnx").
	opset    int
	producer string
	// inputs are the graph's inputs that no initializer fills, in order.
	inputs, outputs []valueInfo
	nodes           []*node
	// init holds the initializers by name.
	init map[string]*constant
	// props holds metadata_props.
	props map[string]string

	budget int // elements that folding may still make; see spend
}

// valueInfo is what the file says of a value: its name, sizes and element type.
type valueInfo struct {
	name string
	dims []dim
	// elem is a word of elemTypes: "float32", "int64"; "" where the file says none.
	elem string
	// ranked tells a value of rank 0 (true, no dims) from one of unknown rank (false).
	ranked bool
}

// dim is one size of a value.
type dim struct {
	size   int    // ≥ 0, or -1 where the file leaves it open
	symbol string // the name of an open size, often "batch"; may be empty
}

// node is one NodeProto.
type node struct {
	// name is the node's own name, which may be empty; index is its place in the file.
	name  string
	index int
	// scope is the path of the module that makes the call, as a note of the exporter tells: see scopesOf.
	scope, call string
	// op is the operator's type; domain is "" for the default set, also if the file says "ai.onnx".
	op, domain string
	// inputs and outputs name values; "" is an optional one that was left out.
	inputs, outputs []string
	attrs           map[string]*attr

	attrErr error           // the first wrong use of an attribute; see err
	read    map[string]bool // attributes that were asked for; see unread
}

// attrKind is the type of an attribute's value.
type attrKind uint8

const (
	attrNone attrKind = iota
	attrFloat
	attrInt
	attrString
	attrTensor
	attrFloats
	attrInts
	attrStrings
)

// attr is one attribute of a node: the field of its kind is set.
type attr struct {
	name    string
	kind    attrKind
	f       float32
	i       int64
	s       string
	t       *constant
	floats  []float32
	ints    []int64
	strings []string
}

// constant is a tensor that the file holds or that folding made. Nobody changes its slices, which
// may be views into the file.
type constant struct {
	// dims are the sizes, outermost first; empty for a single number.
	dims []int
	// elem is the type in the file, a word of elemTypes. Values of float16, bfloat16 and float64
	// stand as float32; all integers and bool (0 and 1) as int64.
	elem string
	// floats holds the values where isFloat, ints the others; row-major.
	floats []float32
	ints   []int64
}

// isFloat tells whether the values are in floats.
func (c *constant) isFloat() bool { return isFloatElem(c.elem) }

// len is the number of elements.
func (c *constant) len() int { return max(len(c.floats), len(c.ints)) }

func isFloatElem(elem string) bool {
	switch elem {
	case "float32", "float16", "bfloat16", "float64":
		return true
	}
	return false
}
