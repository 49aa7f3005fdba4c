package draft

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// sketch builds a draft without weights; every call returns the name of the value.
type sketch struct{ net *Net }

func newSketch(c, h, w int) *sketch {
	return &sketch{&Net{Name: "sketch", Input: "x", Shape: nn.Shape{N: 1, C: c, H: h, W: w}}}
}

func (s *sketch) add(label string, o nn.Op, in ...string) string {
	name := fmt.Sprintf("v%d", len(s.net.Nodes))
	s.net.Nodes = append(s.net.Nodes, Node{Name: name, Label: label, Op: o, Inputs: in})
	s.net.Output = name
	return name
}

func (s *sketch) number(v float32) string {
	name := s.add("", op.Constant{Dims: []int{1}})
	s.net.Nodes[len(s.net.Nodes)-1].Params = []nn.Param{{Dims: []int{1}, Data: []float32{v}}}
	return name
}

func conv(out, k int) op.Conv {
	return op.Conv{Out: out, Kernel: op.Square(k), Pad: op.Square(k / 2)}
}

// outline writes a tree of blocks: kind(children …), layers by their kind.
func outline(b *block) string {
	if len(b.children) == 0 {
		return b.kind
	}
	var list []string
	for _, c := range b.children {
		list = append(list, outline(c))
	}
	return b.kind + "(" + strings.Join(list, " ") + ")"
}

func TestLayers(t *testing.T) {
	mean := op.Reduce{Fn: "mean", Dims: []int{4, 3, 5}, Axes: []int{0}, KeepDims: true}
	cases := map[string]struct {
		build func(s *sketch, x string)
		want  string
	}{
		"swish": {func(s *sketch, x string) { s.add("", op.Mul{}, x, s.add("", op.Sigmoid{}, x)) }, "swish"},
		"hard swish": {func(s *sketch, x string) {
			y := s.add("", op.Clip{High: 6}, s.add("", op.Add{}, x, s.number(3)))
			s.add("", op.Div{}, s.add("", op.Mul{}, x, y), s.number(6))
		}, "hard-swish"},
		"hard sigmoid": {func(s *sketch, x string) {
			s.add("", op.Scale{Factor: 1.0 / 6}, s.add("", op.Clip{High: 6}, s.add("", op.Add{}, x, s.number(3))))
		}, "sigmoid"},
		"gelu by erf": {func(s *sketch, x string) {
			y := s.add("", op.Add{}, s.add("", op.Unary{Fn: "Erf"}, s.add("", op.Scale{Factor: 0.7}, x)), s.number(1))
			s.add("", op.Scale{Factor: 0.5}, s.add("", op.Mul{}, x, y))
		}, "gelu"},
		"gelu by tanh": {func(s *sketch, x string) {
			y := s.add("", op.Add{}, x, s.add("", op.Scale{Factor: 0.04}, s.add("", op.Power{Power: 3, Scale: 1}, x)))
			y = s.add("", op.Add{}, s.add("", op.Tanh{}, y), s.number(1))
			s.add("", op.Mul{}, s.add("", op.Scale{Factor: 0.5}, x), y)
		}, "gelu"},
		"layer norm": {func(s *sketch, x string) {
			c := s.add("", op.Sub{}, x, s.add("", mean, x))
			v := s.add("", mean, s.add("", op.Power{Power: 2, Scale: 1}, c))
			y := s.add("", op.Div{}, c, s.add("", op.Unary{Fn: "Sqrt"}, s.add("", op.Add{}, v, s.number(1))))
			s.add("", op.Add{}, s.add("", op.Mul{}, y, s.number(2)), s.number(3))
		}, "norm"},
		"shuffle": {func(s *sketch, x string) {
			y := s.add("", op.Transpose{Dims: []int{2, 2, 15}, Perm: []int{1, 0, 2}}, s.add("", op.Reshape{C: 2, H: 2, W: 15}, x))
			s.add("", op.Reshape{C: 4, H: 3, W: 5}, y)
		}, "shuffle"},
		"flatten and fc": {func(s *sketch, x string) {
			s.add("", op.Tanh{}, s.add("", op.Linear{Out: 3}, s.add("", op.Flatten{}, x)))
		}, "fc tanh"},
		"flattened for two": {func(s *sketch, x string) {
			y := s.add("", op.Flatten{}, x)
			s.add("", op.Concat{}, s.add("", op.Linear{Out: 3}, y), s.add("", op.Linear{Out: 2}, y))
		}, "flatten fc fc concat"},
		"a sum is no activation": {func(s *sketch, x string) { s.add("", op.Add{}, x, s.add("", op.ReLU{}, x)) }, "relu add"},
		"read elsewhere": {func(s *sketch, x string) {
			y := s.add("", op.Sigmoid{}, x)
			s.add("", op.Concat{}, y, s.add("", op.Mul{}, x, y))
		}, "sigmoid scale concat"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSketch(3, 3, 5)
			c.build(s, s.add("", conv(4, 1), "x"))
			got := strings.NewReplacer("stage(", "", "head(", "", "net(", "", ")", "").Replace(outline(recognised(t, s.net)))
			if want := "conv " + c.want; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	depthwise := func(c, k int) op.Conv {
		d := conv(c, k)
		d.Groups = c
		return d
	}
	chain := func(s *sketch, x string, ops ...nn.Op) string {
		for _, o := range ops {
			x = s.add("", o, x)
		}
		return x
	}
	cases := map[string]struct {
		build func(s *sketch, x string) string
		want  string
	}{
		"Keras's dense block": {func(s *sketch, x string) string {
			for range 3 {
				x = s.add("", op.Concat{}, x, chain(s, x, op.ReLU{}, conv(5, 3)))
			}
			return x
		}, "dense-block(dense(relu conv concat) dense(relu conv concat) dense(relu conv concat))"},
		"one concatenation with the input": {func(s *sketch, x string) string {
			return s.add("", op.Concat{}, x, chain(s, x, op.ReLU{}, conv(5, 3)))
		}, "relu conv concat"},
		"ConvNeXt": {func(s *sketch, x string) string {
			return s.add("", op.Add{}, x, chain(s, x, depthwise(8, 7), op.LayerNorm{}, conv(32, 1), op.GELU{}, conv(8, 1)))
		}, "convnext(conv norm conv gelu conv add)"},
		"gate in a bottleneck with a projection": {func(s *sketch, x string) string {
			y := chain(s, x, conv(2, 1), op.ReLU{}, conv(2, 3), op.ReLU{}, conv(16, 1))
			y = s.add("", op.Mul{}, y, chain(s, y, op.GlobalAvgPool{}, conv(4, 1), op.ReLU{}, conv(16, 1), op.Sigmoid{}))
			return s.add("", op.ReLU{}, s.add("", op.Add{}, chain(s, x, conv(16, 1)), y))
		}, "bottleneck(conv relu conv relu conv se(gap fc relu fc sigmoid scale) shortcut(conv) add relu)"},
		"ShuffleNetV2's unit": {func(s *sketch, x string) string {
			b := chain(s, x, op.Slice{Start: 4, End: 8}, conv(4, 1), op.ReLU{}, depthwise(4, 3), conv(4, 1), op.ReLU{})
			return s.add("", op.ChannelShuffle{Groups: 2}, s.add("", op.Concat{}, s.add("", op.Slice{End: 4}, x), b))
		}, "shuffle-unit(branch(slice conv relu conv conv relu) branch(slice) concat shuffle)"},
		"a gate of other maps": {func(s *sketch, x string) string {
			return s.add("", op.Mul{}, chain(s, x, conv(8, 3)), chain(s, x, op.GlobalAvgPool{}, conv(8, 1), op.Sigmoid{}))
		}, "conv gap conv sigmoid scale"}, // no head: maps come behind the mean
		"two branches without an activation": {func(s *sketch, x string) string {
			return s.add("", op.Add{}, chain(s, x, conv(8, 1)), chain(s, x, conv(8, 3), op.BatchNorm{}))
		}, "residual(shortcut(conv) conv bn add)"},
		"narrowed, filtered, narrowed": {func(s *sketch, x string) string {
			return chain(s, x, conv(6, 1), op.ReLU{}, depthwise(6, 3), op.ReLU{}, conv(4, 1))
		}, "conv relu) inverted-residual(conv relu conv)"},
		"an inverted residual with a gate and no sum": {func(s *sketch, x string) string {
			y := chain(s, x, conv(32, 1), op.ReLU{}, depthwise(32, 3), op.ReLU{})
			y = s.add("", op.Mul{}, y, chain(s, y, op.GlobalAvgPool{}, conv(8, 1), op.ReLU{}, conv(32, 1), op.HardSigmoid{}))
			return chain(s, y, conv(16, 1))
		}, "inverted-residual(conv relu conv relu se(gap fc relu fc sigmoid scale) conv)"},
		"not every layer reads the one before": {func(s *sketch, x string) string {
			a := chain(s, x, conv(5, 3))
			b := chain(s, s.add("", op.Concat{}, x, a), conv(5, 3))
			return s.add("", op.Concat{}, x, a, b, chain(s, s.add("", op.Concat{}, x, a), conv(5, 1)))
		}, "conv concat conv concat conv concat"},
		"Xception's separable convolutions": {func(s *sketch, x string) string {
			return s.add("", op.Add{}, x, chain(s, x, depthwise(8, 3), conv(8, 1), op.ReLU{}, depthwise(8, 3), conv(8, 1)))
		}, "residual(conv conv relu conv conv add)"},
		"MixNet's kernels of two sizes": {func(s *sketch, x string) string {
			y := chain(s, x, conv(16, 1), op.ReLU{})
			a, b := chain(s, y, op.Slice{End: 6}, depthwise(6, 3)), chain(s, y, op.Slice{Start: 6, End: 16}, depthwise(10, 5))
			return s.add("", op.Add{}, x, chain(s, s.add("", op.Concat{}, a, b), op.ReLU{}, conv(8, 1)))
		}, "inverted-residual(conv relu slice conv slice conv concat relu conv add)"},
		"a shortcut in another form": {func(s *sketch, x string) string {
			a := chain(s, x, op.Reshape{C: 8, H: 7, W: 6})
			return s.add("", op.Add{}, a, chain(s, x, conv(8, 3), op.ReLU{}, op.Reshape{C: 8, H: 7, W: 6}, conv(8, 3)))
		}, "residual(reshape conv relu reshape conv add)"},
		"two heavy branches": {func(s *sketch, x string) string {
			return s.add("", op.Add{}, chain(s, x, conv(8, 3), op.ReLU{}), chain(s, x, conv(8, 3), op.ReLU{}))
		}, "conv relu conv relu add"},
		"inverted residual without a sum": {func(s *sketch, x string) string {
			return chain(s, x, conv(32, 1), op.BatchNorm{}, op.ReLU{}, depthwise(32, 3), op.BatchNorm{}, op.ReLU{}, conv(16, 1), op.BatchNorm{})
		}, "inverted-residual(conv bn relu conv bn relu conv bn)"},
		"a separable convolution of NASNet is none": {func(s *sketch, x string) string {
			return chain(s, x, depthwise(8, 3), conv(16, 1), op.BatchNorm{})
		}, "conv conv bn"},
		"padding before the middle": {func(s *sketch, x string) string {
			return chain(s, x, conv(32, 1), op.ReLU{}, op.Pad{Bottom: 1, Right: 1}, depthwise(32, 3), op.ReLU{}, conv(16, 1))
		}, "inverted-residual(conv relu pad conv relu conv)"},
		"MobileNetV1 is none": {func(s *sketch, x string) string {
			return chain(s, x, depthwise(8, 3), op.ReLU{}, conv(16, 1), op.ReLU{})
		}, "conv relu conv relu"},
		"no branches that meet at the end alone": {func(s *sketch, x string) string {
			a, b := chain(s, x, conv(8, 3)), chain(s, x, conv(8, 5))
			c, d := s.add("", op.Add{}, a, b), s.add("", op.Mul{}, a, b)
			return s.add("", op.Concat{}, c, d)
		}, "conv conv add scale concat"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSketch(3, 6, 7)
			x := s.add("", op.ReLU{}, s.add("", conv(8, 1), "x"))
			c.build(s, x)
			if got := outline(recognised(t, s.net)); !strings.Contains(got, "conv relu "+c.want+")") && !strings.Contains(got, "stem(conv relu) "+c.want+")") && !strings.Contains(got, "stem(conv relu "+c.want+")") {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestBlockNames: a block is called by the path that its labels share and no other, else by its
// kind; a tangle is grouped by the paths.
func TestBlockNames(t *testing.T) {
	s := newSketch(3, 6, 7)
	x := s.add("stem.conv", conv(8, 1), "x")
	for i := range 2 {
		p := fmt.Sprintf("layer1.%d.", i)
		y := s.add(p+"conv2", conv(8, 3), s.add(p+"relu", op.ReLU{}, s.add(p+"conv1", conv(8, 3), x)))
		x = s.add(p+"relu", op.ReLU{}, s.add(p+"add", op.Add{}, x, y))
	}
	for range 2 { // calls of one module: no path is theirs alone
		y := s.add("twice.conv", conv(8, 3), s.add("twice.conv", conv(8, 3), x))
		x = s.add("twice.add", op.Add{}, x, y)
	}
	y := s.add("c", conv(8, 3), x)
	s.add("d", op.Add{}, x, y)
	b := recognised(t, s.net)
	var names []string
	for _, c := range b.children {
		names = append(names, c.kind+":"+c.name)
	}
	if got := strings.Join(names, " "); got != "stem:stem residual:layer1.0 residual:layer1.1 residual:residual 3 residual:residual 4 residual:residual 5" {
		t.Error(got)
	}
	if got := b.children[1].children[4].name; got != "layer1.0.relu#2" {
		t.Errorf("the second call of a module is %q", got)
	}

	s = newSketch(3, 6, 7)
	a := s.add("cell.left.conv", conv(8, 3), "x")
	a = s.add("cell.left.relu", op.ReLU{}, a)
	c := s.add("cell.right.conv", conv(8, 3), "x")
	c = s.add("cell.right.relu", op.ReLU{}, c)
	s.add("cell.cat", op.Concat{}, s.add("cell.add", op.Add{}, a, c), s.add("cell.mul", op.Mul{}, a, c))
	if got := outline(recognised(t, s.net)); got != "net(module(conv relu) module(conv relu) add scale concat)" {
		t.Error(got)
	}
}

// TestAnyShape: whatever the graph, every node stands in the tree once, in little time.
func TestAnyShape(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a repeatable test
		s := randomNet(r, 5+r.IntN(60))
		order, shapes := ordered(t, s)
		checkTree(t, layout(s, order, shapes), order)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func checkTree(t *testing.T, b *block, order []int) {
	t.Helper()
	got, want := b.walk(nil), slices.Clone(order)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the tree holds %v, want %v", got, want)
	}
	var walk func(b *block)
	walk = func(b *block) {
		if b.name == "" || b.kind == "" || b.kind[0] == '?' || (len(b.children) == 0) == (len(b.nodes) == 0) {
			t.Errorf("block %q of kind %q with %d children and %d nodes", b.name, b.kind, len(b.children), len(b.nodes))
		}
		for _, c := range b.children {
			walk(c)
		}
	}
	walk(b)
}

// randomNet joins maps of one size at random.
func randomNet(r *rand.Rand, nodes int) *Net {
	s := newSketch(4, 3, 2)
	list := []string{"x"}
	pick := func() string { return list[max(0, len(list)-1-r.IntN(6))] }
	ops := []nn.Op{conv(4, 1), conv(4, 3), op.ReLU{}, op.Sigmoid{}, op.BatchNorm{}, op.Scale{Factor: 0.5}}
	for range nodes {
		switch r.IntN(9) {
		case 0:
			list = append(list, s.add("", op.Add{}, pick(), pick()))
		case 1:
			list = append(list, s.add("m.a", op.Mul{}, pick(), pick()))
		case 2:
			list = append(list, s.add("m.b", conv(4, 1), s.add("m.c", op.Concat{}, pick(), pick(), pick())))
		case 3:
			list = append(list, s.add("", op.Mul{}, pick(), s.add("", op.Sigmoid{}, s.add("", conv(4, 1), s.add("", op.GlobalAvgPool{}, pick())))))
		case 4:
			list = append(list, s.add("", op.Add{}, pick(), s.number(1)))
		default:
			list = append(list, s.add("m.x.y", ops[r.IntN(len(ops))], pick()))
		}
	}
	return s.net
}

// TestLargeGraphs: 20,000 nodes in any form take less than a second (measured: 0.1 s at most).
func TestLargeGraphs(t *testing.T) {
	const n = maxNodes
	cases := map[string]func(s *sketch){
		"one chain": func(s *sketch) {
			x := "x"
			for range n {
				x = s.add("", op.ReLU{}, x)
			}
		},
		"one wide region": func(s *sketch) {
			var list []string
			for range n - 1 {
				list = append(list, s.add("", op.ReLU{}, "x"))
			}
			s.add("", op.Add{}, list...)
		},
		"region in region": func(s *sketch) {
			list, x := []string{}, "x"
			for range n / 2 {
				list = append(list, x)
				x = s.add("", op.ReLU{}, x)
			}
			for i := range list {
				x = s.add("", op.Add{}, x, list[len(list)-1-i])
			}
		},
		"residual blocks": func(s *sketch) {
			x := "x"
			for range n / 4 {
				y := s.add("a.b", conv(1, 1), s.add("a.c", op.ReLU{}, s.add("a.d", conv(1, 1), x)))
				x = s.add("a.e", op.Add{}, x, y)
			}
		},
		"ladder": func(s *sketch) {
			a, b := "x", "x"
			for range n / 2 {
				a, b = s.add("", op.Add{}, a, b), s.add("", op.Mul{}, a, b)
			}
			s.net.Nodes = s.net.Nodes[:n-1]
			s.add("", op.Add{}, s.net.Nodes[n-2].Name, s.net.Nodes[n-3].Name)
		},
		"deep paths": func(s *sketch) {
			x := "x"
			for i := range n / 2 {
				a, b := s.add(strings.Repeat("m.", 1000)+fmt.Sprint(i), op.ReLU{}, x), s.add("", op.Tanh{}, x)
				x = s.add("", op.Add{}, a, b)
			}
		},
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSketch(1, 2, 1)
			build(s)
			s.net.Nodes = s.net.Nodes[:min(len(s.net.Nodes), n)]
			s.net.Output = s.net.Nodes[len(s.net.Nodes)-1].Name
			order, shapes := ordered(t, s.net)
			start := time.Now()
			b := layout(s.net, order, shapes)
			if took := time.Since(start); took > 5*time.Second { // ten times what it takes under load
				t.Errorf("%v", took)
			} else {
				t.Logf("%d nodes: %v", len(order), took)
			}
			checkTree(t, b, order)
		})
	}
}
