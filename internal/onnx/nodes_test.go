package onnx

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/testutil"
)

// A way is how the inputs of a node test reach the nodes.
type way string

const (
	wayFold  way = "fold"  // all are constants; nothing runs
	wayFirst way = "first" // the first of floats is the net's input, with its first size as the batch
	wayAll   way = "all"   // all floats are cut out of one input
)

var ways = []way{wayFold, wayFirst, wayAll}

// nodeCase is one entry of testdata/onnx/nodes.zip.
type nodeCase struct {
	name            string
	model           []byte
	inputs, outputs []*constant
}

// nodeCases reads the archive (see scripts/golden/onnx_nodes.py).
func nodeCases(t *testing.T) []nodeCase {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(testutil.Root(t), "testdata/onnx/nodes.zip"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = z.Close() })
	cases := make([]nodeCase, 0, len(z.File))
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, decodeCase(t, f.Name, b))
	}
	return cases
}

func decodeCase(t *testing.T, name string, b []byte) nodeCase {
	t.Helper()
	c := nodeCase{name: name}
	for len(b) > 0 {
		number, _, n := protowire.ConsumeTag(b)
		content, m := protowire.ConsumeBytes(b[max(n, 0):])
		if n < 0 || m < 0 {
			t.Fatalf("%s: damaged", name)
		}
		b = b[n+m:]
		if number == 1 {
			c.model = content
			continue
		}
		tp := &onnxpb.TensorProto{}
		if err := proto.Unmarshal(content, tp); err != nil {
			t.Fatal(err)
		}
		v, err := (&parser{}).tensor(tp, name)
		if err != nil {
			t.Fatal(err)
		}
		if number == 2 {
			c.inputs = append(c.inputs, v)
		} else {
			c.outputs = append(c.outputs, v)
		}
	}
	return c
}

// try runs the case in one way. What it returns is a refusal in words; wrong numbers are not, they
// are a *wrongError.
func (c *nodeCase) try(ctx context.Context, w way) error {
	for i, want := range c.outputs {
		m, err := parse(c.model, nil)
		if err != nil {
			return err
		}
		if m.outputs[i].name == "" {
			continue
		}
		im, input, err := c.importer(m, w)
		if err != nil {
			return err
		}
		got, err := evaluate(ctx, im, m.outputs[i].name, input)
		if err != nil && i > 0 && strings.Contains(err.Error(), "no node computes the output") {
			continue // which only training needs: Dropout's mask, a norm's mean and deviation
		}
		if err != nil {
			return err
		}
		if err := c.compare(got, want); err != nil {
			return err
		}
	}
	return nil
}

// importer makes an importer whose inputs are set in the given way, and the net's input values.
func (c *nodeCase) importer(m *model, w way) (*importer, []float32, error) {
	im := newImporter(m)
	im.net.Input = "rig"
	var input []float32
	type piece struct {
		name string
		c    *constant
	}
	var pieces []piece
	for i, in := range m.inputs {
		v := c.inputs[i]
		if !v.isFloat() || v.len() == 0 || w == wayFold || w == wayFirst && len(pieces) == 1 {
			im.set(in.name, operand{c: v})
			continue
		}
		pieces = append(pieces, piece{in.name, v})
		input = append(input, v.floats...)
	}
	switch {
	case w != wayFold && len(pieces) == 0:
		return nil, nil, errNoFloat
	case w == wayAll && len(pieces) == 1:
		return nil, nil, errOneFloat // nothing new; wayFirst did it
	case w == wayFirst:
		x := &live{name: "rig", dims: pieces[0].c.dims, batched: len(pieces[0].c.dims) > 1}
		im.net.Shape = x.shape()
		im.set(pieces[0].name, operand{live: x})
	case w == wayAll:
		im.net.Shape = nn.Vec(len(input))
		at := 0
		for _, p := range pieces {
			x := &live{name: im.fresh("cut/" + p.name), dims: p.c.dims}
			s := x.shape()
			im.net.Nodes = append(
				im.net.Nodes,
				draft.Node{
					Name: x.name + "/flat", Inputs: []string{"rig"},
					Op: op.SliceAxes{Dims: []int{len(input)}, Starts: []int{at}, Ends: []int{at + p.c.len()}, Steps: []int{1}},
				},
				draft.Node{Name: x.name, Op: op.Reshape{C: s.C, H: s.H, W: s.W}, Inputs: []string{x.name + "/flat"}},
			)
			at += p.c.len()
			im.set(p.name, operand{live: x})
		}
	}
	return im, input, nil
}

// Ways that do not apply to a case.
var (
	errNoFloat  = unsupported("no input of floats")
	errOneFloat = unsupported("one input of floats")
	errLive     = unsupported("not folded")
)

// evaluate imports what the output needs and gives its value.
func evaluate(ctx context.Context, im *importer, output string, input []float32) (*constant, error) {
	runErr := im.run(output)
	end := im.known[output]
	if end.c != nil {
		return end.c, nil
	}
	if runErr != nil {
		return nil, runErr
	}
	if len(input) == 0 {
		return nil, errLive
	}
	g, w, err := im.net.Build()
	if err != nil {
		return nil, err
	}
	plan, err := nn.Compile(&nn.Model{Name: "case", Graph: g, Weights: w}, nn.Options{})
	if err != nil {
		return nil, err
	}
	run := plan.NewRun()
	defer run.Release()
	if err := run.Execute(ctx, input); err != nil {
		return nil, err
	}
	view := run.ViewOf(g.OutputValue())
	got := &constant{dims: end.live.dims, elem: "float32"}
	for n := range view.Shape().N {
		r := nn.Whole(view.Shape().WithN(1))
		r.N = n
		one := make([]float32, r.Len())
		if err := view.Read(one, r); err != nil {
			return nil, err
		}
		got.floats = append(got.floats, one...)
	}
	return got, nil
}

// wrongError is a result that is not the expected one.
type wrongError struct{ text string }

func (e *wrongError) Error() string { return "WRONG: " + e.text }

// roundedCases expect numbers that are written with four digits: ONNX itself compares by 10⁻³.
var roundedCases = map[string]bool{"averagepool_2d_ceil_last_window_starts_on_pad": true}

// compare holds a value against the expected one: sizes and integers exactly, floats ten times as close
// as ONNX does.
func (c *nodeCase) compare(got, want *constant) error {
	if !slices.Equal(got.dims, want.dims) {
		return &wrongError{fmt.Sprintf("sizes %v, want %v", got.dims, want.dims)}
	}
	if got.isFloat() != want.isFloat() {
		return &wrongError{fmt.Sprintf("of %s, want %s", got.elem, want.elem)}
	}
	if !slices.Equal(got.ints, want.ints) {
		return &wrongError{fmt.Sprintf("%v, want %v", got.ints, want.ints)}
	}
	tol := testutil.Tolerance{Abs: 2e-6, Rel: 1e-4}
	switch {
	case roundedCases[c.name]:
		tol.Rel = 1e-3
	case want.elem == "float16" || want.elem == "bfloat16": // which the engine computes in float32
		tol = testutil.Tolerance{Abs: 1e-2, Rel: 1e-2}
	}
	if len(got.floats) != len(want.floats) {
		return &wrongError{fmt.Sprintf("%d values, want %d", len(got.floats), len(want.floats))}
	}
	for i, w := range want.floats {
		g := got.floats[i]
		if !testutil.Near(g, w, tol) && !(math.IsNaN(float64(g)) && math.IsNaN(float64(w))) {
			return &wrongError{fmt.Sprintf("value %d of %v is %v, want %v", i, want.dims, g, w)}
		}
	}
	return nil
}

// updateNodes writes testdata/onnx/nodes.txt anew: a human reads the difference.
var updateNodes = flag.Bool("update-nodes", false, "write testdata/onnx/nodes.txt from what runs")

// reasons turns a refusal into one of few reasons. A refusal that has none fails the test: either the
// importer should do it, or a line here says why not.
var reasons = []struct{ part, why string }{
	{"not supported: op", "its operator runs on constants alone, or on live values not at all"},
	{"training mode", "training mode"},
	{"leaves nothing", "an empty tensor"},
	{"empty constant", "an empty tensor"},
	{"maps of one or two dimensions", "maps of three dimensions"},
	{"and 7 to", "an operator before version 7"},
	{"the engine computes in float32", "integers that are no constants"},
	{"float32 can be read", "integers that are no constants"},
	{"scales the batch or channels, or crops", "resizing of other axes than rows and columns, or with cropping"},
	{"can be padded", "padding of other axes than channels, rows and columns"},
	{"it normalises axis", "norms along other axes than the channels"},
	{"want a lower bound at most the upper one", "a range whose ends are swapped"},
	{"must be a constant", "a weight or setting that is no constant"},
	{"is a constant", "an operator that has nothing live to read"},
	{"normalises a constant", "an operator that has nothing live to read"},
	{"the input itself", "nothing to compute"},
	{"block", "scales by blocks"},
}

func reasonOf(err error) string {
	for _, r := range reasons {
		if strings.Contains(err.Error(), r.part) {
			return r.why
		}
	}
	return ""
}

// TestNodes runs ONNX's own node tests for the operators that are read, each in up to three ways. A case
// gives the expected numbers or a refusal in words, never other numbers; which of them is a line of
// testdata/onnx/nodes.txt, so that a case that stops running is seen.
func TestNodes(t *testing.T) {
	t.Parallel()
	var lines []string
	ran, byWay, skipped := 0, map[way]int{}, map[string]int{}
	for _, c := range nodeCases(t) {
		line, why := c.name+":", ""
		for _, w := range ways {
			err := c.try(t.Context(), w)
			switch {
			case err == nil:
				line += " " + string(w)
				byWay[w]++
			case errors.Is(err, errNoFloat), errors.Is(err, errOneFloat), errors.Is(err, errLive):
			case fault.KindOf(err) == fault.Internal:
				t.Errorf("%s, %s: %v", c.name, w, err)
			case reasonOf(err) == "":
				t.Errorf("%s, %s: a refusal without a reason in the table: %v", c.name, w, err)
			default:
				why = cmp.Or(why, reasonOf(err))
			}
		}
		if strings.HasSuffix(line, ":") {
			skipped[why]++
			line += " skipped, " + why
		} else {
			ran++
		}
		lines = append(lines, line)
	}
	t.Logf("%d of %d cases give the expected numbers: %d folded, %d with the first input live, %d with all; failed 0", ran, len(lines), byWay[wayFold], byWay[wayFirst], byWay[wayAll])
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		t.Logf("%d skipped: %s", skipped[why], why)
	}
	compareNodes(t, strings.Join(lines, "\n")+"\n")
}

// compareNodes holds the lines against the committed list and tells the first few that differ.
func compareNodes(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join(testutil.Root(t), "testdata/onnx/nodes.txt")
	if *updateNodes {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.SplitSeq(string(b), "\n") {
		want[line] = true
	}
	told := 0
	for line := range strings.SplitSeq(got, "\n") {
		if !want[line] && told < 10 {
			told++
			t.Errorf("%s\n\tis not what nodes.txt says; if it is right, run: go test ./internal/onnx -run TestNodes -update-nodes", line)
		}
	}
	if told == 0 && got != string(b) {
		t.Error("nodes.txt has cases that the archive has not, or another order")
	}
}
