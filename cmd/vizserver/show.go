package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// showCmd prints what a network is made of.
type showCmd struct {
	Model string `arg:"" help:"Network (see 'vizserver models'), imported model, or FILE."`
	Depth int    `default:"0" help:"Levels of the block tree to print; 0: all."`
	JSON  bool   `name:"json" help:"As a JSON object with name, input, params, macs, memory, layers and blocks."`

	modelFlags `embed:""`
}

// Help implements kong's HelpProvider.
func (showCmd) Help() string {
	return `Each line is a layer or a block with the sum of what stands in it. MEMORY is that of the values, in float32. FIELD is the receptive field in pixels of the input, padding included, and STEP the pixels from one unit to the next; that of a vector is the field of the whole map before it.

In JSON, shapes are N, C, H, W; layers are the nodes in the order of execution: {name, op, kind, block, inputs, shape, params, fixed, macs, bytes, field, step}. Params are trained numbers, fixed ones are the statistics of batch normalisation and the codes of an RBF layer; macs are multiply-adds of convolutions and fully connected layers; sizes are bytes.

Examples:

  vizserver show resnet50 --depth 2

  vizserver show model.onnx --json

Exit codes: 0 done, 1 our own fault or no permission, 2 wrong input, 3 above a limit, 4 not found, 5 not supported, 80 wrong usage.`
}

// Run implements the command.
func (c *showCmd) Run(e *env) error {
	net, err := c.open(e.ctx, c.Model, true)
	if err != nil {
		return err
	}
	net.tell(e)
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(reportNet(net))
	}
	_, _ = fmt.Fprintf(e.stdout, "%s\n\n", net.About)
	return printNet(e.stdout, net.Model.Graph, c.Depth)
}

// findNet returns the network, or says which one was probably meant.
func findNet(name string) (*zoo.Entry, error) {
	entry, err := zoo.Find(name)
	if err != nil {
		return nil, unknownNet(name, err)
	}
	return entry, nil
}

func unknownNet(name string, cause error) error {
	return fault.New(fault.NotFound, "there is no network %q; did you mean %s?", name, zoo.Nearest(name)).
		WithHint("see: vizserver models").WithCause(cause)
}

// netReport is the answer of show --json.
type netReport struct {
	Name   string        `json:"name"`
	Title  string        `json:"title"`
	Year   int           `json:"year,omitempty"` // this and the next two of a network of the table
	Paper  string        `json:"paper,omitempty"`
	Task   zoo.Task      `json:"task,omitempty"`
	Input  [4]int        `json:"input"` // N, C, H, W
	Params int           `json:"params"`
	Fixed  int           `json:"fixed"`
	MACs   int64         `json:"macs"`
	Memory memoryReport  `json:"memory"`
	Layers []layerReport `json:"layers"`
	Blocks []blockReport `json:"blocks"`
}

// memoryReport holds sizes in bytes.
type memoryReport struct {
	Weights     int64 `json:"weights"`
	Activations int64 `json:"activations"`
	Peak        int64 `json:"peak"`
}

// layerReport is one node.
type layerReport struct {
	Name   string     `json:"name"`
	Op     string     `json:"op"`
	Kind   string     `json:"kind"`  // of the layer that it belongs to
	Block  string     `json:"block"` // the blocks around that layer, outermost first: "stage1/layer1.0"
	Inputs []string   `json:"inputs"`
	Shape  [4]int     `json:"shape"`
	Params int        `json:"params"`
	Fixed  int        `json:"fixed"`
	MACs   int64      `json:"macs"`
	Bytes  int64      `json:"bytes"`
	Field  [2]float64 `json:"field"` // height, width
	Step   [2]float64 `json:"step"`
}

// blockReport is a block of the tree; its leaves are layers.
type blockReport struct {
	Name   string        `json:"name"`
	Kind   string        `json:"kind"`
	Nodes  []string      `json:"nodes,omitempty"` // directly in the block
	Blocks []blockReport `json:"blocks,omitempty"`
}

func reportNet(net *chosen) netReport {
	g := net.Model.Graph
	m := g.Memory()
	r := netReport{
		Name: net.Model.Name, Title: net.Model.Title,
		Input: sizes(g.InputValue().Shape), Params: g.NumParams(false), Fixed: g.NumParams(true) - g.NumParams(false),
		MACs: g.MACs(), Memory: memoryReport{Weights: m.Weights, Activations: m.Activations, Peak: m.Peak},
		Blocks: reportBlock(g.Root).Blocks,
	}
	if e := net.Entry; e != nil {
		r.Title, r.Year, r.Paper, r.Task = e.Title, e.Year, e.Paper, e.Task
	}
	fields := g.Fields()
	for _, n := range g.Nodes {
		l := layerReport{
			Name: n.Name, Op: n.Op.Kind(), Kind: n.Block.Kind, Block: blockPath(n.Block), Inputs: []string{},
			Shape: sizes(n.Output.Shape), Params: n.NumParams(false), Fixed: n.NumParams(true) - n.NumParams(false),
			MACs: n.MACs(), Bytes: 4 * int64(n.Output.Shape.Len()),
		}
		for _, v := range n.Inputs {
			l.Inputs = append(l.Inputs, v.Name)
		}
		for i, span := range fields[n.Output.Index] {
			l.Field[i], l.Step[i] = span.Size, span.Stride
		}
		r.Layers = append(r.Layers, l)
	}
	return r
}

func sizes(s nn.Shape) [4]int { return [4]int{s.N, s.C, s.H, s.W} }

// blockPath names the blocks around a node: not the net itself, nor the node's own layer.
func blockPath(b *nn.Block) string {
	if b.Layer != nil {
		b = b.Parent
	}
	var names []string
	for ; b.Parent != nil; b = b.Parent {
		names = append([]string{b.Name}, names...)
	}
	return strings.Join(names, "/")
}

func reportBlock(b *nn.Block) blockReport {
	r := blockReport{Name: b.Name, Kind: b.Kind}
	for _, n := range b.Nodes {
		r.Nodes = append(r.Nodes, n.Name)
	}
	for _, child := range b.Children {
		r.Blocks = append(r.Blocks, reportBlock(child))
	}
	return r
}

// printNet writes the block tree as a table.
func printNet(w io.Writer, g *nn.Graph, depth int) error {
	printSums(w, g)
	_, _ = fmt.Fprintln(w)
	t := treeTable{fields: g.Fields(), depth: depth}
	t.rows = append(t.rows, []string{"NAME", "KIND", "OUTPUT", "PARAMETERS", "MULTIPLY-ADDS", "MEMORY", "FIELD", "STEP"})
	for _, b := range g.Root.Children {
		t.add(b, 0)
	}
	return writeTable(w, t.rows, 3)
}

// printSums writes what the network costs as a whole.
func printSums(w io.Writer, g *nn.Graph) {
	m, in := g.Memory(), g.InputValue().Shape
	_, _ = fmt.Fprintf(w, "input          %v\n", in)
	_, _ = fmt.Fprintf(w, "parameters     %s\n", humanize.Comma(int64(g.NumParams(false))))
	_, _ = fmt.Fprintf(w, "multiply-adds  %s\n", humanize.Comma(g.MACs()))
	_, _ = fmt.Fprintf(w, "memory         weights %s, activations %s; at the peak of a run %s are in use\n",
		byteText(m.Weights), byteText(m.Activations), byteText(m.Peak))
}

// treeTable collects the rows of a block tree.
type treeTable struct {
	fields []nn.Field
	depth  int
	rows   [][]string
}

// add appends the block's row and, down to the depth, those of its children.
func (t *treeTable) add(b *nn.Block, level int) {
	if t.depth > 0 && level >= t.depth {
		return
	}
	var all []*nn.Node
	collect(b, &all)
	out, params, macs, bytes := (*nn.Value)(nil), 0, int64(0), int64(0)
	for _, n := range all {
		params += n.NumParams(false)
		macs += n.MACs()
		bytes += 4 * int64(n.Output.Shape.Len())
		if out == nil || n.Output.Index > out.Index {
			out = n.Output
		}
	}
	if out == nil && b.Layer != nil { // the input
		out = b.Layer.Out
		bytes = 4 * int64(out.Shape.Len())
	}
	if out == nil {
		return
	}
	s, f := out.Shape, t.fields[out.Index]
	t.rows = append(t.rows, []string{
		strings.Repeat("  ", level) + b.Name, b.Kind, fmt.Sprintf("%d×%d×%d", s.C, s.H, s.W),
		countText(int64(params)), countText(macs), byteText(bytes),
		pairText(f[0].Size, f[1].Size), pairText(f[0].Stride, f[1].Stride),
	})
	for _, child := range b.Children {
		t.add(child, level+1)
	}
}

// collect appends the nodes of a block and of all below it.
func collect(b *nn.Block, into *[]*nn.Node) {
	*into = append(*into, b.Nodes...)
	for _, child := range b.Children {
		collect(child, into)
	}
}

func countText(n int64) string {
	if n == 0 {
		return "–"
	}
	return humanize.Comma(n)
}

func byteText(n int64) string { return humanize.IBytes(uint64(n)) } //nolint:gosec // sizes are above zero

// pairText writes (height, width), or one number where they are equal.
func pairText(h, w float64) string {
	text := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 32) }
	if h == w {
		return text(h)
	}
	return text(h) + "×" + text(w)
}

// writeTable aligns the columns: the first ones to the left, the others to the right.
func writeTable(w io.Writer, rows [][]string, left int) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < left {
				line.WriteString(cell + pad + "   ")
			} else {
				line.WriteString(pad + cell + "   ")
			}
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}
