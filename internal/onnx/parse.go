package onnx

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/wire"
)

// parser is what one reading of a file needs besides the message.
type parser struct {
	dir           *os.Root      // of external data; nil: there is none
	file          *externalFile // the one that was read last
	externalBytes int64         // read from other files so far
	ints          int           // integers of all tensors so far
}

// parse reads an ONNX file and checks all that concerns the container: sizes, types, names and the
// order of the nodes. Operators are the importer's business. The model shares no memory with b.
// External data is read from dir, the model's own folder, or refused where that is nil. Errors have
// the kinds Unprocessable (damaged), TooLarge (a limit) and Unsupported.
func parse(b []byte, dir *os.Root) (*model, error) {
	if len(b) > maxFile {
		return nil, tooLarge("the file has %d bytes, at most %d are read", len(b), maxFile)
	}
	m := &onnxpb.ModelProto{}
	if err := wire.Scan(b, m.ProtoReflect().Descriptor(), decoded); err != nil {
		return nil, err
	}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(b, m); err != nil {
		return nil, damaged("the file is no ONNX model").WithCause(err)
	}
	p := &parser{dir: dir}
	defer p.closeExternal()
	return p.model(m)
}

func (p *parser) model(m *onnxpb.ModelProto) (*model, error) {
	if err := checkVersion(m); err != nil {
		return nil, err
	}
	opset, err := opsetOf(m)
	if err != nil {
		return nil, err
	}
	out := &model{opset: opset, producer: m.GetProducerName(), init: map[string]*constant{}, props: map[string]string{}}
	if v := m.GetProducerVersion(); v != "" && out.producer != "" {
		out.producer += " " + v
	}
	for _, e := range m.GetMetadataProps() {
		out.props[e.GetKey()] = e.GetValue()
	}
	if err := p.graph(m.GetGraph(), out); err != nil {
		return nil, err
	}
	if err := checkFunctions(m, out.nodes); err != nil {
		return nil, err
	}
	return out, nil
}

func checkVersion(m *onnxpb.ModelProto) error {
	switch v := m.GetIrVersion(); {
	case m.Graph == nil || m.IrVersion == nil:
		return damaged("the file is no ONNX model: it has no graph or no IR version").
			WithHint("formats that are read: ONNX, safetensors, .pth, Keras .h5 and .keras, Caffe")
	case v < minIR || v > maxIR:
		return fault.New(fault.Unsupported, "the file has IR version %d, and %d to %d are read", v, minIR, maxIR).
			WithHint("convert it with the onnx package of Python: onnx.version_converter.convert_version(model, %d)", askOpset)
	}
	return nil
}

// opsetOf returns the version of the default operators.
func opsetOf(m *onnxpb.ModelProto) (int, error) {
	found := int64(0)
	for _, o := range m.GetOpsetImport() {
		if domainOf(o.GetDomain()) != "" {
			continue
		}
		if found != 0 && found != o.GetVersion() {
			return 0, damaged("the file asks for two versions of the operators: %d and %d", found, o.GetVersion())
		}
		found = o.GetVersion()
	}
	switch {
	case found == 0:
		return 0, damaged("the file does not say the version of its operators (opset_import)")
	case found < minOpset || found > maxOpset:
		return 0, fault.New(fault.Unsupported, "the file uses version %d of the operators (opset), and %d to %d are read", found, minOpset, maxOpset).
			WithHint("export it with opset_version=%d, or convert it: onnx.version_converter.convert_version(model, %d)", askOpset, askOpset)
	}
	return int(found), nil
}

// domainOf gives the default domain its one name.
func domainOf(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

// checkFunctions refuses calls of operators that the file defines itself. Functions that nobody
// calls do no harm: exporters leave them behind after they put their bodies in place.
func checkFunctions(m *onnxpb.ModelProto, nodes []*node) error {
	own := map[[2]string]bool{}
	for _, f := range m.GetFunctions() {
		own[[2]string{domainOf(f.GetDomain()), f.GetName()}] = true
	}
	for _, n := range nodes {
		if own[[2]string{n.domain, n.op}] {
			return fault.New(fault.Unsupported, "%s calls a function that the file defines itself, which is not supported", n).
				WithHint("put the functions' bodies in place with the onnx package of Python: onnx.inliner.inline_local_functions(model)")
		}
	}
	return nil
}

// graph reads the values and nodes.
func (p *parser) graph(g *onnxpb.GraphProto, out *model) error {
	if len(g.GetSparseInitializer()) > 0 {
		return unsupported("the file holds sparse tensors, which are not supported")
	}
	for i, t := range g.GetInitializer() {
		if err := checkName(t.GetName(), "initializer", i); err != nil {
			return err
		}
		if out.init[t.GetName()] != nil {
			return damaged("two initializers have the name %s", show(t.GetName()))
		}
		c, err := p.tensor(t, "initializer "+show(t.GetName()))
		if err != nil {
			return err
		}
		out.init[t.GetName()] = c
		g.Initializer[i] = nil // its memory is the constant's now, or free
	}
	seen := map[string]bool{}
	for i, v := range g.GetInput() {
		in, err := p.value(v, "input", i)
		if err != nil {
			return err
		}
		if seen[in.name] {
			return damaged("two inputs have the name %s", show(in.name))
		}
		seen[in.name] = true
		if out.init[in.name] == nil { // else: an initializer is the input's default (or must be listed, IR 3)
			out.inputs = append(out.inputs, in)
		}
	}
	for i, v := range g.GetOutput() {
		o, err := p.value(v, "output", i)
		if err != nil {
			return err
		}
		out.outputs = append(out.outputs, o)
	}
	if len(out.outputs) == 0 {
		return damaged("the graph has no output")
	}
	if err := p.nodes(g.GetNode(), out); err != nil {
		return err
	}
	return connect(out)
}

func (p *parser) nodes(list []*onnxpb.NodeProto, out *model) error {
	var bodies []string // operators with a graph of their own, all told at once
	for i, np := range list {
		n := &node{
			name: np.GetName(), index: i, op: np.GetOpType(), domain: domainOf(np.GetDomain()),
			inputs: np.GetInput(), outputs: np.GetOutput(), attrs: map[string]*attr{},
		}
		n.scope, n.call = scopesOf(np)
		if n.name == "" && len(n.outputs) == 0 {
			return damaged("node %d (%s) has no output", i, cut(n.op))
		}
		for _, name := range slices.Concat([]string{n.name, n.domain}, n.inputs, n.outputs) {
			if err := checkText(name, n.String()); err != nil {
				return err
			}
		}
		if err := checkName(n.op, "operator of node", i); err != nil {
			return err
		}
		for _, ap := range np.GetAttribute() {
			if hasGraph(ap) {
				bodies = append(bodies, n.String())
				continue
			}
			a, err := p.attr(ap, n)
			if err != nil {
				return err
			}
			if n.attrs[a.name] != nil {
				return damaged("%s has the attribute %s twice", n, show(a.name))
			}
			n.attrs[a.name] = a
		}
		out.nodes = append(out.nodes, n)
	}
	if len(bodies) > 0 {
		return fault.New(fault.Unsupported, "nodes with graphs of their own (If, Loop, Scan) are not supported: %s", listed(bodies)).
			WithHint("export the model by tracing, in inference mode, so that the way through it is fixed")
	}
	return nil
}

// listed joins texts for an error, the first few of them.
func listed(texts []string) string {
	const most = 10
	texts = slices.Compact(texts)
	if len(texts) > most {
		return strings.Join(texts[:most], ", ") + fmt.Sprintf(" and %d more", len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

func hasGraph(a *onnxpb.AttributeProto) bool { return a.G != nil || len(a.GetGraphs()) > 0 }

// value reads what the file says of an input or output.
func (p *parser) value(v *onnxpb.ValueInfoProto, what string, i int) (valueInfo, error) {
	out := valueInfo{name: v.GetName()}
	if err := checkName(out.name, what, i); err != nil {
		return out, err
	}
	t := v.GetType().GetTensorType()
	if t == nil {
		return out, nil
	}
	where := what + " " + show(out.name)
	if n := t.GetElemType(); n != 0 {
		e, known := elemTypes[n]
		if !known {
			return out, damaged("%s has data type %d, which ONNX does not know", where, n)
		}
		out.elem = e.name
	}
	if t.Shape == nil {
		return out, nil
	}
	out.ranked = true
	if n := len(t.GetShape().GetDim()); n > maxRank {
		return out, tooLarge("%s has %d dimensions, at most %d are read", where, n, maxRank)
	}
	for i, d := range t.GetShape().GetDim() {
		size := dim{size: -1, symbol: d.GetDimParam()}
		if d.DimValue != nil && *d.DimValue >= 0 { // below 0: some exporters' way to leave it open
			if *d.DimValue > maxDim {
				return out, damaged("%s has the size %d in dimension %d", where, *d.DimValue, i)
			}
			size = dim{size: int(*d.DimValue)}
		}
		out.dims = append(out.dims, size)
	}
	return out, nil
}

// checkName refuses a name that is empty, too long or no text.
func checkName(name, what string, i int) error {
	if name == "" {
		return damaged("%s %d of the graph has no name", what, i)
	}
	return checkText(name, fmt.Sprintf("%s %d of the graph", what, i))
}

func checkText(name, where string) error {
	switch {
	case len(name) > maxName:
		return tooLarge("%s has a name of %d bytes, at most %d are read: %s", where, len(name), maxName, show(name))
	case !utf8.ValidString(name):
		return damaged("%s has a name that is no text (UTF-8): %s", where, show(name))
	}
	return nil
}
