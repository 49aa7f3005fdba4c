package pth

import "vizserver/internal/weights"

// qualified is a name of Python: module and name, apart, as a pickle gives them.
type qualified struct{ module, name string }

func (q qualified) String() string { return q.module + "." + q.name }

// global is what a name on the list means to us.
type global struct {
	qualified
	// call is REDUCE: what the object of these arguments is here; nil where torch does not call it.
	call func(args []value) (value, error)
	// storage and element are set for the two kinds of types.
	storage, element *dtype
}

// inert is any object that cannot matter to weights: a set, a device, bytes.
type inert struct{}

// globals is the allow-list. Nothing on it is run: call looks at the arguments and notes what
// they describe. A name that is not here is refused.
var globals = makeGlobals()

func makeGlobals() map[qualified]*global {
	all := map[qualified]*global{}
	calls := map[qualified]func([]value) (value, error){
		{"collections", "OrderedDict"}:                    newOrderedDict,
		{"torch", "Size"}:                                 newSize,
		{"torch._utils", "_rebuild_tensor"}:               rebuildTensor,
		{"torch._utils", "_rebuild_tensor_v2"}:            rebuildTensor,
		{"torch._utils", "_rebuild_tensor_v3"}:            rebuildTensorV3,
		{"torch._utils", "_rebuild_parameter"}:            rebuildParameter,
		{"torch._utils", "_rebuild_parameter_with_state"}: rebuildParameter,
		{"torch", "device"}:                               newInert, // of an optimizer's settings
		{"torch.serialization", "_get_layout"}:            newInert,
		{"collections", "Counter"}:                        newInert, // the milestones of a scheduler
		{"_codecs", "encode"}:                             newInert, // bytes, as protocol 2 writes them
		{"builtins", "set"}:                               newInert,
		{"builtins", "frozenset"}:                         newInert,
		{"builtins", "bytearray"}:                         newInert,
		{"builtins", "complex"}:                           newInert,
		{"__builtin__", "set"}:                            newInert, // Python 2's name, which protocol 2 keeps
		{"__builtin__", "frozenset"}:                      newInert,
		{"__builtin__", "bytearray"}:                      newInert,
		{"__builtin__", "complex"}:                        newInert,
	}
	for q, call := range calls {
		all[q] = &global{qualified: q, call: call}
	}
	for name, dt := range storageTypes {
		q := qualified{"torch", name}
		all[q] = &global{qualified: q, storage: &dt}
	}
	for _, module := range []string{"torch", "torch.storage"} {
		q := qualified{module, "UntypedStorage"}
		all[q] = &global{qualified: q, storage: &dtype{}}
	}
	for name, dt := range elementTypes {
		q := qualified{"torch", name}
		all[q] = &global{qualified: q, element: &dt}
	}
	return all
}

// storageTypes are the classes of torch/__init__.py; those without a name in our safetensors are
// known, so that an error can say what they are.
var storageTypes = map[string]dtype{
	"DoubleStorage": {weights.F64, 8}, "FloatStorage": {weights.F32, 4}, "HalfStorage": {weights.F16, 2},
	"BFloat16Storage": {weights.BF16, 2}, "LongStorage": {weights.I64, 8}, "IntStorage": {weights.I32, 4},
	"ShortStorage": {weights.I16, 2}, "CharStorage": {weights.I8, 1}, "ByteStorage": {weights.U8, 1},
	"BoolStorage": {weights.Bool, 1}, "ComplexFloatStorage": {"", 8}, "ComplexDoubleStorage": {"", 16},
}

// elementTypes are torch's dtypes: those of the tensors whose storage has no type, and settings.
var elementTypes = map[string]dtype{
	"float64": {weights.F64, 8}, "float32": {weights.F32, 4}, "float16": {weights.F16, 2}, "bfloat16": {weights.BF16, 2},
	"int64": {weights.I64, 8}, "int32": {weights.I32, 4}, "int16": {weights.I16, 2}, "int8": {weights.I8, 1},
	"uint64": {weights.U64, 8}, "uint32": {weights.U32, 4}, "uint16": {weights.U16, 2}, "uint8": {weights.U8, 1},
	"bool": {weights.Bool, 1}, "complex64": {"", 8}, "complex128": {"", 16}, "complex32": {"", 4},
	"float8_e4m3fn": {"", 1}, "float8_e5m2": {"", 1}, "float8_e4m3fnuz": {"", 1}, "float8_e5m2fnuz": {"", 1}, "float8_e8m0fnu": {"", 1},
}

// otherTensors are the names under which torch writes tensors that we do not read.
var otherTensors = map[qualified]string{
	{"torch._utils", "_rebuild_qtensor"}:                       "a quantised tensor",
	{"torch._utils", "_rebuild_sparse_tensor"}:                 "a sparse tensor",
	{"torch._utils", "_rebuild_sparse_csr_tensor"}:             "a sparse tensor",
	{"torch._utils", "_rebuild_nested_tensor"}:                 "a nested tensor",
	{"torch._utils", "_rebuild_meta_tensor_no_storage"}:        "a tensor of the device \"meta\", which has no numbers",
	{"torch._utils", "_rebuild_device_tensor_from_numpy"}:      "a tensor that was on an accelerator",
	{"torch._utils", "_rebuild_device_tensor_from_cpu_tensor"}: "a tensor that was on an accelerator",
	{"torch._utils", "_rebuild_wrapper_subclass"}:              "a tensor of a class of its own",
	{"torch._tensor", "_rebuild_from_type_v2"}:                 "a tensor of a class of its own",
	{"torch", "QInt8Storage"}:                                  "a quantised tensor",
	{"torch", "QUInt8Storage"}:                                 "a quantised tensor",
	{"torch", "QInt32Storage"}:                                 "a quantised tensor",
}

func newInert([]value) (value, error) { return inert{}, nil }

func newOrderedDict(args []value) (value, error) {
	if len(args) != 0 {
		return nil, damaged("an OrderedDict is made with %d arguments", len(args))
	}
	return &dict{}, nil
}

// newSize is torch.Size((1, 2)).
func newSize(args []value) (value, error) {
	if len(args) == 1 {
		if t, ok := args[0].(tuple); ok {
			return t, nil
		}
	}
	return nil, damaged("a torch.Size is not made of one tuple")
}

// rebuildTensor is _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata);
// the first version ends at stride.
func rebuildTensor(args []value) (value, error) {
	if len(args) < 4 || len(args) > 7 {
		return nil, damaged("a tensor is made of %d arguments", len(args))
	}
	s, ok := args[0].(*storage)
	if !ok {
		return nil, damaged("a tensor is made of something else than a storage")
	}
	if s.dtype.size == 0 {
		return nil, damaged("storage %q has no type, and its tensor neither", show(s.key))
	}
	return tensorOf(s, s.dtype, args)
}

// rebuildTensorV3 is _rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype,
// metadata), which torch writes for the dtypes that have no class of storage, such as uint16.
func rebuildTensorV3(args []value) (value, error) {
	if len(args) < 7 || len(args) > 8 {
		return nil, damaged("a tensor is made of %d arguments", len(args))
	}
	s, isStorage := args[0].(*storage)
	g, isType := args[6].(*global)
	if !isStorage || !isType || g.element == nil {
		return nil, damaged("a tensor is made of something else than a storage and a dtype")
	}
	return tensorOf(s, *g.element, args)
}

func tensorOf(s *storage, dt dtype, args []value) (value, error) {
	offset, ok := args[1].(int64)
	size, sizes := numbers(args[2])
	stride, strides := numbers(args[3])
	if !ok || !sizes || !strides {
		return nil, damaged("the offset, the sizes or the strides of a tensor of storage %q are no whole numbers", show(s.key))
	}
	return newTensor(s, dt, offset, size, stride)
}

// rebuildParameter is _rebuild_parameter(data, requires_grad, hooks), or with a state after them.
func rebuildParameter(args []value) (value, error) {
	if len(args) == 3 || len(args) == 4 {
		if t, ok := args[0].(*tensor); ok {
			return t, nil
		}
	}
	return nil, damaged("a parameter is not made of a tensor")
}

// numbers is a tuple of whole numbers.
func numbers(v value) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok || len(t.items) > maxRank {
		return nil, false
	}
	out := make([]int64, len(t.items))
	for i, item := range t.items {
		if out[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}
