package onnx

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"vizserver/internal/nn"
	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo/seed"
)

// How far a value may be from ONNX Runtime's, and an answer from PyTorch's, over the largest of its tensor.
const (
	valueTolerance  = 1e-4
	logitTolerance  = 1e-5
	exportProbes    = 8
	shortExportMACs = 100e6
)

// rearranging are operators whose values the importer may leave out: they hold the same numbers.
var rearranging = []string{"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Dropout"}

// TestExports imports what PyTorch's two exporters make of a dozen nets (scripts/golden/onnx_exports.py),
// fills in seeded weights, and compares every value with ONNX Runtime, the answer with
// PyTorch in float64, and the number of blocks with the papers'.
func TestExports(t *testing.T) {
	names := exportNames(t)
	if len(names) != 24 {
		t.Fatalf("%d exports", len(names))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { checkExport(t, name) })
	}
}

func exportNames(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testutil.Root(t), "testdata/golden/onnx/*.onnx.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".onnx.gz")
	}
	return paths
}

func checkExport(t *testing.T, name string) {
	model := filled(t, name)
	b, err := proto.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Read(b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, w, err := net.Build()
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, name, model, g)
	if testing.Short() && g.MACs() > shortExportMACs {
		t.Skip("-short: more than 0.1 G multiply-adds")
	}
	plan, err := nn.Compile(&nn.Model{Name: name, Graph: g, Weights: w}, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	defer run.Release()
	if err := run.Execute(context.WithoutCancel(t.Context()), seed.Input(len(run.Input()))); err != nil {
		t.Fatal(err)
	}
	golden := readExportGolden(t, name)
	worst, compared := 0.0, 0
	for _, v := range g.Values {
		want, ok := golden.values[v.Name]
		if !ok {
			continue
		}
		compared++
		off := want.compare(t, v, read(t, run, v))
		worst = math.Max(worst, off)
		if !(off <= valueTolerance) {
			t.Fatalf("%s is off by %.1e of its largest; what follows will be too", v.Name, off)
		}
	}
	left := leftOut(t, model, g, golden)
	logits := read(t, run, g.OutputValue())
	testutil.Close(t, logits, golden.logits, testutil.Tolerance{Abs: logitTolerance * largest(golden.logits)}, len(logits))
	t.Logf("%d values, worst %.1e, logits %.1e; %d values of the file are not computed", compared, worst, apart(logits, golden.logits), left)
}

// leftOut counts the values that the graph does not have; only rearrangements may be missing.
func leftOut(t *testing.T, m *onnxpb.ModelProto, g *nn.Graph, golden exportGolden) int {
	t.Helper()
	n := 0
	for _, node := range m.Graph.Node {
		for _, o := range node.Output {
			if _, ok := golden.values[o]; ok && g.Value(o) == nil {
				if n++; !slices.Contains(rearranging, node.GetOpType()) {
					t.Errorf("%s of %s is not computed", o, node.GetOpType())
				}
			}
		}
	}
	return n
}

// exportGolden is a .safetensors.gz file of testdata/golden/onnx.
type exportGolden struct {
	logits []float32
	values map[string]exportFacts
}

// exportFacts are what ONNX Runtime computed of one value.
type exportFacts struct {
	dims          []int
	stats, probes []float32
}

func readExportGolden(t *testing.T, name string) exportGolden {
	t.Helper()
	f, err := weights.Read(unzipped(t, name+".safetensors.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		Values string
		Stats  []string
	}
	if err := json.Unmarshal([]byte(f.Metadata["made"]), &made); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(made.Values)
	stats, probes := f.Tensor("stats"), f.Tensor("probes")
	if len(words) != 2*stats.Shape[0] || probes.Shape[1] != exportProbes || !slices.Equal(made.Stats, seed.Stats) {
		t.Fatalf("%d words for %v statistics", len(words), stats.Shape)
	}
	g := exportGolden{logits: f.Tensor("logits").Float32(), values: map[string]exportFacts{}}
	s, p := stats.Float32(), probes.Float32()
	for i := range stats.Shape[0] {
		facts := exportFacts{stats: s[i*len(seed.Stats):][:len(seed.Stats)], probes: p[i*exportProbes:][:exportProbes]}
		for d := range strings.SplitSeq(words[2*i+1], "x") {
			var n int
			if _, err := fmt.Sscan(d, &n); err != nil {
				t.Fatal(err)
			}
			facts.dims = append(facts.dims, n)
		}
		g.values[words[2*i]] = facts
	}
	return g
}

// compare returns the worst difference over the largest number.
func (f exportFacts) compare(t *testing.T, v *nn.Value, x []float32) float64 {
	t.Helper()
	if s, d := v.Shape, f.dims; len(d) == 4 && s.C != d[1] && [3]int{s.H, s.W, s.C} == [3]int(d[1:]) {
		x = turned(s, x) // the importer keeps maps as maps
	}
	n := 1
	for _, d := range f.dims {
		n *= d
	}
	if n != len(x) {
		t.Fatalf("%s is %v, want %v", v.Name, v.Shape, f.dims)
	}
	stats, probes := seed.Measure(v.Name, x, exportProbes)
	want := slices.Clone(f.stats)
	root := float32(math.Sqrt(float64(n)))
	stats[4], want[4] = stats[4]/root, want[4]/root // root mean square
	most := math.Max(math.Abs(float64(want[2])), math.Abs(float64(want[3])))
	off := math.Max(difference(stats, want), difference(probes, f.probes))
	if most == 0 {
		return off
	}
	return off / most
}

func turned(s nn.Shape, x []float32) []float32 {
	y := make([]float32, 0, len(x))
	for p := range s.Plane() {
		for c := range s.C {
			y = append(y, x[c*s.Plane()+p])
		}
	}
	return y
}

// difference returns the largest difference; infinity where one is not a number.
func difference(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst = math.Max(worst, d)
	}
	return worst
}

func largest(x []float32) float64 { return difference(x, make([]float32, len(x))) }

func apart(got, want []float32) float64 { return difference(got, want) / largest(want) }

func read(t *testing.T, run *nn.Run, v *nn.Value) []float32 {
	t.Helper()
	view := run.ViewOf(v)
	var all []float32
	for n := range view.Shape().N {
		part := nn.Whole(v.Shape)
		part.N = n
		one := make([]float32, part.Len())
		if err := view.Read(one, part); err != nil {
			t.Fatal(err)
		}
		all = append(all, one...)
	}
	return all
}

func unzipped(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(testutil.Root(t), "testdata/golden/onnx", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recipe says how an initializer's numbers are made: scripts/golden/onnx_fill.py.
type recipe struct {
	Seed      string
	Dims      []int
	Transpose bool
	Fold      string // "weight" or "bias" of a convolution with the normalisation BN behind it
	Conv      seeded
	Bias      *seeded
	BN        string
	Eps       float64
}

// seeded is a parameter: [name, dims].
type seeded struct {
	name string
	dims []int
}

func (s *seeded) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&s.name, &s.dims})
}

func (s *seeded) values() []float32 { return seed.Param(s.name, s.dims) }

// filled reads a model and puts in the weights.
func filled(t *testing.T, name string) *onnxpb.ModelProto {
	t.Helper()
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(unzipped(t, name+".onnx.gz"), m); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range m.Graph.Initializer {
		text := docString(p)
		if len(text) == 0 {
			continue
		}
		var r recipe
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%s: %v", p.GetName(), err)
		}
		n++
		for _, v := range r.values() {
			p.RawData = binary.LittleEndian.AppendUint32(p.RawData, math.Float32bits(v))
		}
	}
	if n == 0 {
		t.Fatal("no weights are left out")
	}
	return m
}

// docString reads TensorProto.doc_string, field 12, which the product does not.
func docString(p *onnxpb.TensorProto) []byte {
	for b := p.ProtoReflect().GetUnknown(); len(b) > 0; {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		b = b[n:]
		if num == 12 {
			text, _ := protowire.ConsumeBytes(b)
			return text
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return nil
		}
		b = b[n:]
	}
	return nil
}

func (r *recipe) values() []float32 {
	if r.Seed != "" {
		x := seed.Param(r.Seed, r.Dims)
		if r.Transpose {
			return transposed(x, r.Dims[0], r.Dims[1])
		}
		return x
	}
	maps := r.Conv.dims[0]
	of := func(name string) []float32 { return seed.Param(r.BN+"."+name, []int{maps}) }
	gamma, beta, mean, variance := of("weight"), of("bias"), of("running_mean"), of("running_var")
	scale := func(c int) float64 { return float64(gamma[c]) / math.Sqrt(float64(variance[c])+r.Eps) }
	if r.Fold == "weight" {
		x := r.Conv.values()
		for i := range x {
			x[i] = float32(float64(x[i]) * scale(i/(len(x)/maps)))
		}
		return x
	}
	bias := make([]float32, maps)
	if r.Bias != nil {
		bias = r.Bias.values()
	}
	for c := range bias {
		bias[c] = float32(float64(beta[c]) + (float64(bias[c])-float64(mean[c]))*scale(c))
	}
	return bias
}

func transposed(x []float32, rows, cols int) []float32 {
	y := make([]float32, 0, len(x))
	for c := range cols {
		for r := range rows {
			y = append(y, x[r*cols+c])
		}
	}
	return y
}
