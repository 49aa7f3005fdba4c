package zoo

import (
	"testing"

	"vizserver/internal/nn"
)

// netFacts are what a paper or the net's reference says of it.
type netFacts struct {
	name   string
	params int   // learnable numbers; the statistics of batch normalisation do not count
	macs   int64 // multiply-adds of convolutions and fully connected layers
	shapes []valueShape
	kinds  []string // of blocks and layers that must occur
}

// valueShape is the size of a named value for one picture.
type valueShape struct {
	name    string
	c, h, w int
}

// checkNets builds each net and compares it with the facts.
func checkNets(t *testing.T, list []netFacts) {
	t.Helper()
	for _, want := range list {
		t.Run(want.name, func(t *testing.T) {
			g := graph(t, want.name)
			if n := g.NumParams(false); n != want.params {
				t.Errorf("%d parameters, want %d", n, want.params)
			}
			if n := g.MACs(); n != want.macs {
				t.Errorf("%d multiply-adds, want %d", n, want.macs)
			}
			for _, s := range want.shapes {
				v := g.Value(s.name)
				if v == nil {
					t.Errorf("no value is called %q", s.name)
				} else if got := v.Shape; (got != nn.Shape{N: 1, C: s.c, H: s.h, W: s.w}) {
					t.Errorf("%s is %v, want 1×%d×%d×%d", s.name, got, s.c, s.h, s.w)
				}
			}
			if g.OutputValue().Name != "softmax" {
				t.Errorf("the answer is called %q, want softmax", g.OutputValue().Name)
			}
			kinds := map[string]bool{}
			countKinds(g.Root, kinds)
			for _, k := range want.kinds {
				if !kinds[k] {
					t.Errorf("no block of kind %q", k)
				}
			}
		})
	}
}

func countKinds(b *nn.Block, kinds map[string]bool) {
	kinds[b.Kind] = true
	for _, c := range b.Children {
		countKinds(c, kinds)
	}
}

// checkBlockParams compares the parameters of blocks and layers, by name, with a paper's table.
func checkBlockParams(t *testing.T, net string, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for _, n := range graph(t, net).Nodes {
		for b := n.Block; b != nil; b = b.Parent {
			got[b.Name] += n.NumParams(false)
		}
	}
	for name, params := range want {
		if got[name] != params {
			t.Errorf("%s %s has %d parameters, want %d", net, name, got[name], params)
		}
	}
}
