package onnx

import (
	"slices"
	"strings"

	"vizserver/internal/onnx/onnxpb"
)

// scopesKey is the note in which PyTorch's newer exporter (torch.export) names the modules around a
// node, outermost first (the net itself has no name), and last the call itself.
const scopesKey = "pkg.torch.onnx.name_scopes"

// scopesOf reads that note: the path of the innermost module, and the call; empty where there is none.
func scopesOf(n *onnxpb.NodeProto) (path, call string) {
	for _, p := range n.GetMetadataProps() {
		if p.GetKey() != scopesKey || checkText(p.GetValue(), "") != nil {
			continue
		}
		list, ok := strings.CutPrefix(p.GetValue(), "['")
		list, end := strings.CutSuffix(list, "']")
		steps := strings.Split(list, "', '")
		if k := len(steps); ok && end && k > 1 {
			return steps[k-2], steps[k-1]
		}
	}
	return "", ""
}

// labels gives nodes the names that a person would: the path of a module that is one call, as
// "layer1.0.conv1", or the path of the module that calls a function and the function's name,
// "layer1.0.add".
type labels struct {
	path, call []string        // by node
	ops        map[string]bool // by path and operator
	kinds      map[string]int  // by path: how many operators it calls
	outer      map[string]bool // paths of modules that have modules
}

func newLabels(m *model) *labels {
	l := &labels{
		path: make([]string, len(m.nodes)), call: make([]string, len(m.nodes)),
		ops: map[string]bool{}, kinds: map[string]int{}, outer: map[string]bool{},
	}
	for _, n := range m.nodes {
		i := n.index
		l.path[i], l.call[i] = n.scope, n.call
		switch weight, ok := ofWeights(m, n); {
		case ok:
			l.path[i], l.call[i] = weight, ""
		case n.call == "":
			l.path[i], l.call[i] = scopePath(n.name)
		}
		if key := l.path[i] + "\x00" + n.op; l.call[i] != "" && !l.ops[key] {
			l.ops[key] = true
			l.kinds[l.path[i]]++
		}
		for p := above(l.path[i]); p != "" && !l.outer[p]; p = above(p) {
			l.outer[p] = true
		}
	}
	return l
}

// above returns the path of the module around another, or "".
func above(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// of returns the label of a node, or "".
func (l *labels) of(i int) string {
	path, call := l.path[i], l.call[i]
	if call == "" || path != "" && !l.outer[path] && l.kinds[path] == 1 {
		return path
	}
	call = strings.ToLower(strings.TrimRight(strings.TrimRight(call, "0123456789"), "_"))
	if path == "" {
		return call
	}
	return path + "." + call
}

// ofWeights cuts a parameter's own name off the checkpoint's name: "layer1.0.conv1.weight".
func ofWeights(m *model, n *node) (string, bool) {
	for _, in := range n.inputs {
		if m.init[in] == nil {
			continue
		}
		for _, tail := range []string{".weight", ".bias", ".running_mean", ".running_var"} {
			if path, ok := strings.CutSuffix(in, tail); ok && path != "" {
				return path, true
			}
		}
	}
	return "", false
}

// scopePath reads the scope that PyTorch's older exporter (TorchScript) writes into a node's name: of
// "/layer2/layer2.0/downsample/downsample.1/BatchNormalization" it is layer2.0.downsample.1, and the call
// is BatchNormalization. A child of a sequence bears the sequence's name too.
func scopePath(name string) (path, call string) {
	if len(name) < 2 || name[0] != '/' {
		return "", ""
	}
	parts := slices.DeleteFunc(strings.Split(name, "/"), func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return "", ""
	}
	var steps []string
	for _, p := range parts[:len(parts)-1] {
		if k := len(steps) - 1; k >= 0 && strings.HasPrefix(p, steps[k]+".") {
			steps[k] = p
			continue
		}
		steps = append(steps, p)
	}
	return strings.Join(steps, "."), parts[len(parts)-1]
}
