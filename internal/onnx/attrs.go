package onnx

import "vizserver/internal/onnx/onnxpb"

// AttributeProto.AttributeType: the types that are read.
var attrKinds = map[int32]attrKind{
	1: attrFloat, 2: attrInt, 3: attrString, 4: attrTensor, 6: attrFloats, 7: attrInts, 8: attrStrings,
}

// attr reads an attribute that holds no graph.
func (p *parser) attr(a *onnxpb.AttributeProto, n *node) (*attr, error) {
	out := &attr{name: a.GetName()}
	switch {
	case out.name == "":
		return nil, damaged("%s has an attribute without a name", n)
	case a.GetRefAttrName() != "":
		return nil, damaged("%s: attribute %s refers to one of a function, outside of any", n, show(out.name))
	case len(a.GetTensors()) > 0 || a.SparseTensor != nil:
		return nil, unsupported("%s: attribute %s is a list of tensors or a sparse one, which is not supported", n, show(out.name))
	}
	if err := checkText(out.name, n.String()); err != nil {
		return nil, err
	}
	kind, known := attrKinds[a.GetType()]
	if a.GetType() == 0 { // files of 2017 do not say it
		kind, known = guessKind(a), true
	}
	if !known {
		return nil, unsupported("%s: attribute %s has type %d, which is not supported", n, show(out.name), a.GetType())
	}
	out.kind = kind
	out.f, out.i, out.floats, out.ints = a.GetF(), a.GetI(), a.GetFloats(), a.GetInts()
	out.s = string(a.GetS())
	for _, s := range a.GetStrings() {
		out.strings = append(out.strings, string(s))
	}
	if kind == attrTensor {
		if a.T == nil {
			return nil, damaged("%s: attribute %s has no tensor", n, show(out.name))
		}
		var err error
		out.t, err = p.tensor(a.GetT(), n.String()+": attribute "+show(out.name))
		return out, err
	}
	return out, nil
}

// guessKind finds the type of an attribute by the field that is set; an empty list has none.
func guessKind(a *onnxpb.AttributeProto) attrKind {
	switch {
	case a.F != nil:
		return attrFloat
	case a.I != nil:
		return attrInt
	case a.S != nil:
		return attrString
	case a.T != nil:
		return attrTensor
	case len(a.GetFloats()) > 0:
		return attrFloats
	case len(a.GetInts()) > 0:
		return attrInts
	case len(a.GetStrings()) > 0:
		return attrStrings
	}
	return attrNone
}
