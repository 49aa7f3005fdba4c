package draft_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// small is a net in the wrong order, with a head that the answer does not need.
func small() *draft.Net {
	param := func(dims ...int) nn.Param {
		n := 1
		for _, d := range dims {
			n *= d
		}
		p := nn.Param{Dims: dims, Data: make([]float32, n)}
		for i := range p.Data {
			p.Data[i] = float32(i%5) - 2
		}
		return p
	}
	return &draft.Net{
		Name: "small", Input: "x", Shape: nn.Shape{N: 1, C: 2, H: 5, W: 4}, Output: "sum",
		Nodes: []draft.Node{
			{Name: "sum", Op: op.Add{}, Inputs: []string{"conv", "relu"}},
			{Name: "aux", Op: op.Linear{Out: 7}, Inputs: []string{"conv"}, Params: []nn.Param{param(1), param(1)}},
			{Name: "relu", Op: op.ReLU{}, Inputs: []string{"conv"}},
			{
				Name: "conv", Op: op.Conv{Out: 3, Kernel: op.Size{H: 3, W: 2}}, Inputs: []string{"x"},
				Params: []nn.Param{param(3, 2, 3, 2), param(3)},
			},
		},
	}
}

func TestBuild(t *testing.T) {
	g, w, err := small().Build()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range g.Nodes {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, " "); got != "conv relu sum" {
		t.Errorf("the order is %q", got)
	}
	if len(w) != 2 || w["conv.weight"].Dims[1] != 2 || len(w["conv.bias"].Data) != 3 {
		t.Errorf("the weights are %v", w)
	}
	plan, err := nn.Compile(&nn.Model{Name: "small", Graph: g, Weights: w}, nn.Options{Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.NewRun().Execute(context.Background(), make([]float32, 2*2*5*4)); err != nil {
		t.Error(err)
	}
	if len(g.Layers) != 4 || g.Layers[3].Out != g.OutputValue() {
		t.Errorf("%d layers, the last is not the answer", len(g.Layers))
	}
}

func TestBadNets(t *testing.T) {
	cases := map[string]struct {
		change func(n *draft.Net)
		kind   fault.Kind
		text   string
	}{
		"cycle":        {func(n *draft.Net) { n.Nodes[3].Inputs[0] = "relu" }, fault.Unprocessable, `cycle; these nodes wait for each other: "sum", "relu", "conv"`},
		"missing":      {func(n *draft.Net) { n.Nodes[2].Inputs[0] = "ghost" }, fault.Unprocessable, `"ghost, read by relu"`},
		"twice":        {func(n *draft.Net) { n.Nodes[2].Name = "sum" }, fault.Unprocessable, `same value: "sum"`},
		"input hidden": {func(n *draft.Net) { n.Nodes[2].Name = "x" }, fault.Unprocessable, `same value: "x"`},
		"no output":    {func(n *draft.Net) { n.Output = "y" }, fault.Unprocessable, `output: "y"`},
		"parameters":   {func(n *draft.Net) { n.Nodes[3].Params = n.Nodes[3].Params[:1] }, fault.Unprocessable, `Conv has 1 parameters and needs 2: "conv"`},
		"parameter": {
			func(n *draft.Net) { n.Nodes[3].Params[1].Dims = []int{4} }, fault.Unprocessable,
			`conv.bias is [4] and must be [3]: "conv"`,
		},
		"shapes":    {func(n *draft.Net) { n.Shape.H = 2 }, fault.Invalid, `Conv "conv"`},
		"giant":     {func(n *draft.Net) { n.Shape.H, n.Shape.W = 1<<30, 1<<30 }, fault.Invalid, "at most"},
		"negative":  {func(n *draft.Net) { n.Shape.C = -1 }, fault.Invalid, "every size ≥ 1"},
		"too long":  {func(n *draft.Net) { n.Nodes = make([]draft.Node, 20_001) }, fault.TooLarge, "20001 nodes"},
		"long name": {func(n *draft.Net) { n.Output = strings.Repeat("y", 1<<20) }, fault.Unprocessable, "yyy…"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := small()
			c.change(n)
			_, _, err := n.Build()
			var de *draft.Error
			if c.kind != fault.Invalid && !errors.As(err, &de) {
				t.Fatalf("%v is no draft.Error", err)
			}
			if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) || len(err.Error()) > 1000 {
				t.Errorf("%v (%v); want %v with %q", err, fault.KindOf(err), c.kind, c.text)
			}
		})
	}
}
