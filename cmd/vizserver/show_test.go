package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
	"vizserver/internal/zoo"
)

func TestShow(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, args := range [][]string{
		{"show", "lenet5-harley"},
		{"show", "vgg16", "--depth", "1"},
		{"show", "squeezenet-1.1", "--depth", "2"},
	} {
		r := vizserver(t, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%v: code %d, %s", args, r.code, r.err)
		}
		all.WriteString("== vizserver " + strings.Join(args, " ") + "\n" + r.out + "\n")
	}
	testutil.Golden(t, "testdata/show.txt", []byte(all.String()))
}

// TestShowJSON reads the object of every network: sums, names and sizes fit each other.
func TestShowJSON(t *testing.T) {
	t.Parallel()
	for _, name := range zoo.Names(zoo.Table()) {
		r := vizserver(t, "show", name, "--json")
		var got netReport
		if r.code != 0 || json.Unmarshal([]byte(r.out), &got) != nil {
			t.Fatalf("%s: code %d, %s", name, r.code, r.err)
		}
		known := map[string]bool{"input": true}
		params, fixed, macs, bytes := 0, 0, int64(0), int64(4)
		for _, n := range got.Input {
			bytes *= int64(n)
		}
		for _, l := range got.Layers {
			for _, in := range l.Inputs {
				if !known[in] {
					t.Errorf("%s: %s reads %s, which no layer before it makes", name, l.Name, in)
				}
			}
			known[l.Name] = true
			params, fixed, macs, bytes = params+l.Params, fixed+l.Fixed, macs+l.MACs, bytes+l.Bytes
			if l.Op == "" || l.Kind == "" || len(l.Inputs) == 0 || l.Shape[0] != 1 {
				t.Errorf("%s: incomplete layer %+v", name, l)
			}
		}
		if got.Name != name || got.Params != params || got.Fixed != fixed || got.MACs != macs {
			t.Errorf("%s: %d parameters, %d fixed, %d multiply-adds; the layers make %d, %d, %d",
				got.Name, got.Params, got.Fixed, got.MACs, params, fixed, macs)
		}
		m := got.Memory
		if m.Weights != 4*int64(params+fixed) || m.Activations != bytes || m.Peak <= 0 || m.Peak > m.Activations {
			t.Errorf("%s: memory %+v, want weights of %d numbers and activations of %d bytes", name, m, params+fixed, bytes)
		}
		if n := countNodes(got.Blocks); n != len(got.Layers) {
			t.Errorf("%s: %d nodes in the blocks, %d layers", name, n, len(got.Layers))
		}
	}
}

func countNodes(list []blockReport) int {
	n := 0
	for _, b := range list {
		n += len(b.Nodes) + countNodes(b.Blocks)
	}
	return n
}

// TestShowBlocks: a layer names the blocks around it, outermost first, and not itself.
func TestShowBlocks(t *testing.T) {
	t.Parallel()
	var got netReport
	r := vizserver(t, "show", "squeezenet-1.1", "--json")
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for _, l := range got.Layers {
		blocks[l.Name] = l.Block
	}
	for name, want := range map[string]string{
		"features.0":           "stem",
		"features.3.squeeze":   "stage1/features.3",
		"features.3.expand3x3": "stage1/features.3/features.3.expand3x3",
		"classifier.1":         "classifier",
	} {
		if blocks[name] != want {
			t.Errorf("%s stands in %q, want %q", name, blocks[name], want)
		}
	}
}

func TestShowUnknown(t *testing.T) {
	t.Parallel()
	r := vizserver(t, "show", "vgg-16")
	if r.code != fault.NotFound.Exit() || !strings.Contains(r.err, "did you mean vgg16?") || r.out != "" {
		t.Errorf("code %d, %s%s", r.code, r.out, r.err)
	}
}
