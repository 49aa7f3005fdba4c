package bundle

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"

	"github.com/go-json-experiment/json"

	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// Write writes a model as one file. The same model gives the same bytes. The weights are
// written as they lie, in float32, without a copy of them all.
func Write(w io.Writer, m *nn.Model, info Info) error {
	if err := m.CheckWeights(); err != nil {
		return fmt.Errorf("write the model %q: %w", m.Name, err)
	}
	h, err := describe(m, info)
	if err != nil {
		return fmt.Errorf("write the model %q: %w", m.Name, err)
	}
	text, err := json.Marshal(h, encoding)
	if err != nil {
		return fmt.Errorf("write the model %q: %w", m.Name, err)
	}
	tensors := make([]weights.Tensor, 0, len(m.Weights))
	for name, p := range m.Weights {
		tensors = append(tensors, weights.Tensor{Name: name, Dtype: weights.F32, Shape: p.Dims})
	}
	return weights.Stream(w, tensors, map[string]string{Key: string(text)}, func(w io.Writer, t *weights.Tensor) error {
		return writeFloats(w, m.Weights[t.Name].Data)
	})
}

// writeFloats writes values little-endian, 64 KiB at a time.
func writeFloats(w io.Writer, values []float32) error {
	const chunk = 16 << 10
	buf := make([]byte, 0, 4*min(chunk, len(values)))
	for len(values) > 0 {
		n := min(chunk, len(values))
		buf = buf[:0]
		for _, v := range values[:n] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// describe puts a model without its weights into the header.
func describe(m *nn.Model, info Info) (*header, error) {
	g := m.Graph
	in := g.InputValue()
	h := &header{
		Version: version, Name: m.Name, Title: m.Title, Labels: m.Labels, Head: m.Head,
		Source: info.Source, Licence: info.Licence,
		Graph: graph{Name: g.Name, Input: input{Name: in.Name, Shape: [4]int{in.Shape.N, in.Shape.C, in.Shape.H, in.Shape.W}}},
	}
	if m.Image != (nn.ImagePre{}) {
		h.Photo = &m.Image
	}
	if m.Pre != (nn.Preprocess{}) {
		h.Greys = &m.Pre
	}
	numbers := map[*nn.Block]int{g.Root: 0}
	if err := h.Graph.blocks(g.Root, numbers); err != nil {
		return nil, err
	}
	for _, l := range g.Layers[1:] { // the first is the input
		h.Graph.Layers = append(h.Graph.Layers, numbers[l.Block])
	}
	for _, n := range g.Nodes {
		t := reflect.TypeOf(n.Op)
		if types[t.Name()] != t {
			return nil, fmt.Errorf("node %q: the operator %s is not in the table", n.Name, t)
		}
		a, err := attrs(n.Op)
		if err != nil {
			return nil, fmt.Errorf("node %q: %w", n.Name, err)
		}
		d := node{Name: n.Name, Op: t.Name(), Attrs: a, Block: numbers[n.Block]}
		for _, v := range n.Inputs {
			d.Inputs = append(d.Inputs, v.Name)
		}
		h.Graph.Nodes = append(h.Graph.Nodes, d)
	}
	return h, nil
}

// blocks numbers the blocks below b in the order of the tree. The input's block comes first in
// every net and is left out.
func (g *graph) blocks(b *nn.Block, numbers map[*nn.Block]int) error {
	children := b.Children
	if b.Parent == nil {
		if len(children) == 0 || children[0].Kind != inputKind {
			return fmt.Errorf("the first block of %q is not its input", b.Name)
		}
		children = children[1:]
	}
	for _, c := range children {
		g.Blocks = append(g.Blocks, block{Name: c.Name, Kind: c.Kind, Parent: numbers[b]})
		numbers[c] = len(g.Blocks)
		if err := g.blocks(c, numbers); err != nil {
			return err
		}
	}
	return nil
}
