package caffe

import (
	"fmt"
	"slices"
	"strings"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/fault"
)

// layer is one layer of the net in its newer form, with its place in the wiring.
type layer struct {
	*caffepb.LayerParameter
	from    []source // where each bottom comes from; of layers that run
	readers []int    // layers that read some top, as indices of the wiring
}

// source is a top of a layer; layer −1 is the net's input.
type source struct{ layer, top int }

// role says what becomes of a type of layer.
type role uint8

const (
	runs   role = iota // it computes something; the table of layers has it
	data               // its first top is the input; its others are labels
	ended              // the tail of training: left out
	strips             // it hands its first bottom on
)

// others are the types of layers that do not compute.
var others = map[string]role{
	"Data": data, "ImageData": data, "HDF5Data": data, "WindowData": data, "MemoryData": data,
	"DummyData": data, "Input": data,

	"Accuracy": ended, "ArgMax": ended, "ContrastiveLoss": ended, "EuclideanLoss": ended, "HDF5Output": ended,
	"HingeLoss": ended, "InfogainLoss": ended, "MultinomialLogisticLoss": ended, "SigmoidCrossEntropyLoss": ended,
	"Silence": ended,

	"Dropout": strips, "Split": strips,
}

// list returns the layers that the TEST phase has, in the file's order, each of a type that
// is known. Data layers stay in any phase: a model that was saved in training has the
// layer of that phase alone.
func list(net *caffepb.NetParameter) ([]layer, error) {
	all := net.GetLayer()
	if len(net.GetLayers()) > 0 {
		if len(all) > 0 {
			return nil, fault.New(fault.Unprocessable, "the Caffe model has layers in the older and in the newer form at once")
		}
		for _, v := range net.GetLayers() {
			if v.Layer != nil {
				return nil, fault.New(fault.Unsupported, "the Caffe model is of the form before 2014").
					WithHint("run Caffe's upgrade_net_proto_binary on it")
			}
			all = append(all, upgrade(v))
		}
	}
	kept := make([]layer, 0, len(all))
	unknown := map[string][]string{} // type → names of layers
	for i, p := range all {
		l := layer{LayerParameter: p}
		for _, s := range slices.Concat([]string{p.GetName()}, p.GetBottom(), p.GetTop()) {
			if len(s) > maxName {
				return nil, fault.New(fault.TooLarge, "layer %d has a name of %d bytes, at most %d can be read", i+1, len(s), maxName)
			}
		}
		role := others[p.GetType()]
		if role != data && !inTest(p) {
			continue
		}
		if role == runs && table[p.GetType()] == nil {
			unknown[p.GetType()] = append(unknown[p.GetType()], p.GetName())
			continue
		}
		kept = append(kept, l)
	}
	if len(unknown) > 0 {
		return nil, unknownTypes(unknown)
	}
	return kept, nil
}

// unknownTypes names every type of layer that cannot be run, with up to three layers of each.
func unknownTypes(unknown map[string][]string) error {
	types := make([]string, 0, len(unknown))
	for t := range unknown {
		types = append(types, t)
	}
	slices.Sort(types)
	const mostTypes, mostNames = 20, 3
	parts := make([]string, 0, min(len(types), mostTypes))
	for _, t := range types[:min(len(types), mostTypes)] {
		names := unknown[t]
		quoted := make([]string, 0, mostNames)
		for _, n := range names[:min(len(names), mostNames)] {
			quoted = append(quoted, shown(n))
		}
		part := fmt.Sprintf("%s in %s", shown(t), strings.Join(quoted, ", "))
		if more := len(names) - mostNames; more > 0 {
			part += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, part)
	}
	text := "layers of these types cannot be run: " + strings.Join(parts, "; ")
	if more := len(types) - mostTypes; more > 0 {
		text += fmt.Sprintf("; and %d more types", more)
	}
	return fault.New(fault.Unsupported, "%s", text)
}

// inTest says whether a layer is in the net of the TEST phase at level 0 without stages:
// Net::FilterNet and Net::StateMeetsRule of Caffe.
func inTest(l *caffepb.LayerParameter) bool {
	if len(l.GetInclude()) > 0 {
		return slices.ContainsFunc(l.GetInclude(), meets)
	}
	return !slices.ContainsFunc(l.GetExclude(), meets)
}

func meets(r *caffepb.NetStateRule) bool {
	return (r.Phase == nil || r.GetPhase() == caffepb.Phase_TEST) && r.GetMinLevel() <= 0 &&
		(r.MaxLevel == nil || r.GetMaxLevel() >= 0) && len(r.GetStage()) == 0
}

// wiring is the net as layers that know where their bottoms come from.
type wiring struct {
	layers []layer
	input  string // the blob that a run starts from
	maker  int    // the data layer that makes it; −1: the net names it itself
}

// connect follows the names of blobs through the layers in order. A layer may write the blob
// that it reads ("in place"): whoever comes later reads the new one.
func connect(net *caffepb.NetParameter, layers []layer) (*wiring, error) {
	w := &wiring{layers: layers, maker: -1}
	if err := w.findInput(net); err != nil {
		return nil, err
	}
	now := map[string]source{w.input: {-1, 0}}
	labels := map[string]bool{} // blobs that come from outside and are not the input
	for _, name := range net.GetInput() {
		labels[name] = name != w.input
	}
	var missing []string
	for i := range layers {
		l := &layers[i]
		switch others[l.GetType()] {
		case data:
			for _, t := range l.GetTop() {
				labels[t] = t != w.input
			}
			continue
		case ended:
			continue
		case strips, runs:
		}
		for k, b := range l.GetBottom() {
			src, ok := now[b]
			switch {
			case ok:
			case table[l.GetType()] != nil && table[l.GetType()].loss && k > 0:
				continue // the label
			case labels[b]:
				return nil, l.unsupported("it reads the blob %s, a second input; nets have one", shown(b))
			default:
				missing = append(missing, fmt.Sprintf("%s, read by %s", shown(b), shown(l.GetName())))
				continue
			}
			l.from = append(l.from, src)
			if src.layer >= 0 {
				layers[src.layer].readers = append(layers[src.layer].readers, i)
			}
		}
		if len(missing) == 0 && len(l.from) == 0 {
			return nil, l.bad("it reads nothing")
		}
		for k, t := range l.GetTop() {
			now[t] = source{i, k}
		}
	}
	return w, missingBlobs(missing)
}

func missingBlobs(missing []string) error {
	const most = 10
	switch n := len(missing); {
	case n == 0:
		return nil
	case n > most:
		return fault.New(fault.Unprocessable, "blobs that no layer before computes: %s and %d more", strings.Join(missing[:most], "; "), n-most)
	}
	return fault.New(fault.Unprocessable, "blobs that no layer before computes: %s", strings.Join(missing, "; "))
}
