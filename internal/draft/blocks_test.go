package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// flat makes a draft of a graph, without its blocks and with names that say nothing.
func flat(g *nn.Graph) *Net {
	name := func(v *nn.Value) string { return fmt.Sprintf("v%d", v.Index) }
	n := &Net{Name: g.Name, Input: name(g.InputValue()), Shape: g.InputValue().Shape, Output: name(g.OutputValue())}
	for _, node := range g.Nodes {
		d := Node{Name: name(node.Output), Op: node.Op}
		for _, in := range node.Inputs {
			d.Inputs = append(d.Inputs, name(in))
		}
		n.Nodes = append(n.Nodes, d)
	}
	return n
}

// recognised returns the tree of blocks of a draft without weights.
func recognised(t testing.TB, n *Net) *block {
	t.Helper()
	order, shapes := ordered(t, n)
	return layout(n, order, shapes)
}

func ordered(t testing.TB, n *Net) ([]int, []nn.Shape) {
	t.Helper()
	order, err := n.order()
	if err != nil {
		t.Fatal(err)
	}
	shapes := make([]nn.Shape, len(n.Nodes))
	of := map[string]nn.Shape{n.Input: n.Shape}
	for _, i := range order {
		var in []nn.Shape
		for _, name := range n.Nodes[i].Inputs {
			in = append(in, of[name])
		}
		s, err := n.Nodes[i].Op.Infer(in)
		if err != nil {
			t.Fatal(err)
		}
		shapes[i], of[n.Nodes[i].Name] = s, s
	}
	return order, shapes
}

// blockLines lists the blocks of a tree that are no layers: kind and nodes.
func blockLines(b *block) []string {
	var list []string
	if len(b.children) > 0 {
		nodes := b.walk(nil)
		slices.Sort(nodes)
		list = append(list, fmt.Sprint(b.kind, nodes))
	}
	for _, c := range b.children {
		list = append(list, blockLines(c)...)
	}
	return list
}

// builtLines lists the blocks of a builder's tree likewise.
func builtLines(b *nn.Block) []string {
	if b.Layer != nil {
		return nil
	}
	var nodes []int
	var walk func(b *nn.Block)
	walk = func(b *nn.Block) {
		for _, n := range b.Nodes {
			nodes = append(nodes, n.Index)
		}
		for _, c := range b.Children {
			walk(c)
		}
	}
	walk(b)
	slices.Sort(nodes)
	list := []string{fmt.Sprint(b.Kind, nodes)}
	for _, c := range b.Children {
		list = append(list, builtLines(c)...)
	}
	return list
}

// exception is what differs between a net's builder and what its shape tells.
type exception struct {
	why     string
	renamed map[string]string // the builder's kind → ours
	ours    map[string]int    // blocks that only we have
	theirs  map[string]int    // blocks that only the builder has
}

const (
	byWidth  = "the builder's stages are rows of the paper's table, ours those of one resolution"
	byPool   = "the builder's stages begin with a pooling, ours end with it"
	factored = "two 3×3 convolutions for a 5×5 are Inception-A to us; the builder knows Szegedy's later figures only"
)

var exceptions = map[string]exception{
	"bn-inception": {
		why: factored + "; a stage ends with the module that halves the maps, ours begins with it", renamed: map[string]string{"inception": "inception-a"},
		ours: map[string]int{"stage": 3}, theirs: map[string]int{"stage": 3},
	},
	"se-bn-inception": {
		why: "as bn-inception", renamed: map[string]string{"inception": "inception-a"},
		ours: map[string]int{"stage": 3}, theirs: map[string]int{"stage": 3},
	},
	"inception-v4": {
		why:  "the builder draws the stem's modules (Fig. 3 of the paper) flat",
		ours: map[string]int{"reduction": 2, "inception-b": 1, "branch": 4},
	},
	"inception-resnet-v2": {
		why:     factored + "; Reduction-B has no 1×7 here; the builder leaves conv2d_7b outside the head and gives no stage to modules that stand alone",
		renamed: map[string]string{"inception": "inception-a", "reduction-b": "reduction"},
		ours:    map[string]int{"stage": 3, "head": 1}, theirs: map[string]int{"stage": 3, "head": 1},
	},
	"cifar-plain20": {
		why:  "without shortcuts nothing tells where a pair of convolutions ends",
		ours: map[string]int{"stage": 1}, theirs: map[string]int{"plain": 9, "stage": 1, "stem": 1},
	},
	"cifar-plain56": {
		why:  "without shortcuts nothing tells where a pair of convolutions ends",
		ours: map[string]int{"stage": 1}, theirs: map[string]int{"plain": 27, "stage": 1, "stem": 1},
	},
	"squeezenet-1.0":     {why: byPool, ours: map[string]int{"stage": 3, "stem": 1}, theirs: map[string]int{"stage": 3, "stem": 1}},
	"squeezenet-1.1":     {why: byPool, ours: map[string]int{"stage": 3, "stem": 1}, theirs: map[string]int{"stage": 3, "stem": 1}},
	"mobilenet-v2":       {why: byWidth, ours: map[string]int{"stage": 2}, theirs: map[string]int{"stage": 4}},
	"efficientnet-lite0": {why: byWidth, ours: map[string]int{"stage": 2}, theirs: map[string]int{"stage": 4}},
}

// TestZooBlocks takes names and blocks from every net of the zoo and compares what the shape of the
// graph tells with the builder's own blocks: kinds and members.
func TestZooBlocks(t *testing.T) {
	for _, e := range zoo.Table() {
		if e.Task == zoo.Digits {
			continue // layers only, two nodes each
		}
		t.Run(e.Name, func(t *testing.T) {
			g, err := e.Graph()
			if err != nil {
				t.Fatal(err)
			}
			x := exceptions[e.Name]
			left := map[string]int{} // ours above zero, theirs below
			for _, line := range blockLines(recognised(t, flat(g))) {
				left[line]++
			}
			for _, line := range builtLines(g.Root) {
				kind, nodes, _ := strings.Cut(line, "[")
				if to := x.renamed[kind]; to != "" {
					line = to + "[" + nodes
				}
				left[line]--
			}
			ours, theirs := map[string]int{}, map[string]int{}
			for line, n := range left {
				kind, _, _ := strings.Cut(line, "[")
				if n > 0 {
					ours[kind] += n
				} else if n < 0 {
					theirs[kind] -= n
				}
			}
			if !same(ours, x.ours) || !same(theirs, x.theirs) {
				t.Errorf("only recognised: %v, only built: %v", ours, theirs)
			}
		})
	}
}

func same(got, want map[string]int) bool {
	list := slices.Collect(maps.Keys(got))
	for _, k := range append(list, slices.Collect(maps.Keys(want))...) {
		if got[k] != want[k] {
			return false
		}
	}
	return true
}

// TestZooNames: with the builder's names of nodes as labels, blocks are called as the builder
// calls them. Stages, branches and ends have names that no label tells.
func TestZooNames(t *testing.T) {
	kinds := []string{
		"residual", "bottleneck", "shortcut", "inverted-residual", "dense", "dense-block", "transition", "fire", "se",
		"inception", "inception-a", "inception-b", "inception-c", "reduction", "reduction-a", "reduction-b",
		"inception-resnet-a", "inception-resnet-b", "inception-resnet-c",
	}
	// SE-BN-Inception's names of a module and of the gate behind it begin alike: inception_4e, inception_4e_se.
	numbered := map[string]int{"se-bn-inception": 2}
	total := 0
	for _, e := range zoo.Table() {
		g, err := e.Graph()
		if err != nil {
			t.Fatal(err)
		}
		n := flat(g)
		for i := range n.Nodes {
			n.Nodes[i].Label = g.Nodes[i].Name
		}
		want := map[string]string{}
		eachBuilt(g.Root, func(b *nn.Block) { want[builtLines(b)[0]] = b.Name })
		wrong := 0
		eachFound(recognised(t, n), func(b *block) {
			name, ok := want[blockLines(b)[0]]
			if !ok || !slices.Contains(kinds, b.kind) {
				return
			}
			if total++; name != b.name {
				if wrong++; numbered[e.Name] == 0 {
					t.Errorf("%s: %s %q is called %q", e.Name, b.kind, name, b.name)
				}
			}
		})
		if wrong != numbered[e.Name] {
			t.Errorf("%s: %d other names, want %d", e.Name, wrong, numbered[e.Name])
		}
	}
	if total < 1000 {
		t.Errorf("only %d blocks compared", total)
	}
}

// eachBuilt calls do for all blocks of a builder that are no layers.
func eachBuilt(b *nn.Block, do func(*nn.Block)) {
	if b.Layer != nil {
		return
	}
	do(b)
	for _, c := range b.Children {
		eachBuilt(c, do)
	}
}

// eachFound calls do for all recognised blocks that are no layers.
func eachFound(b *block, do func(*block)) {
	if len(b.children) == 0 {
		return
	}
	do(b)
	for _, c := range b.children {
		eachFound(c, do)
	}
}
