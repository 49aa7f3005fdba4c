package zoo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo/seed"
)

// How far a value may be from PyTorch's, over the largest of its tensor.
const (
	parityTolerance = 1e-4
	logitTolerance  = 1e-5
)

// shortMACs is how large a net -short still runs: the Go plan of a VGG takes many seconds.
const shortMACs = 500e6

// onlyInGo are values that PyTorch does not name.
var onlyInGo = map[string]string{
	"softmax": "the answer; PyTorch's nets end with the logits",
}

const rowAlready = "logits of 1000×1×1 are a row already"

// onlyInPyTorch are values that our graphs do not have, by net.
var onlyInPyTorch = map[string]map[string]string{
	"squeezenet-1.0": {"flatten": rowAlready},
	"squeezenet-1.1": {"flatten": rowAlready},
	"resnet-v2-50":   {"head.flatten": rowAlready},
	"resnet-v2-101":  {"head.flatten": rowAlready},
	"resnet-v2-152":  {"head.flatten": rowAlready},
}

// zooGolden is a file of testdata/golden/zoo: facts about every value of a net, by PyTorch.
type zooGolden struct {
	Values     string   `json:"values"` // "name CxHxW name CxHxW …"
	Stats      []string `json:"stats"`
	Parameters string   `json:"parameters"` // SHA-256 of the names and sizes of the parameters
	logits     []float32
	facts      map[string]valueFacts
}

// valueFacts are what scripts/golden/zoo.py writes of one value.
type valueFacts struct {
	size   string    // CxHxW
	stats  []float32 // those of seed.Stats
	probes []float32 // numbers at seeded places
}

func readZooGolden(t *testing.T, name string) zooGolden {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/zoo", name+".safetensors"))
	if err != nil {
		t.Fatalf("%v; make it: python scripts/golden/zoo.py %s", err, name)
	}
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	g := zooGolden{facts: map[string]valueFacts{}}
	if err := json.Unmarshal([]byte(f.Metadata["made"]), &g); err != nil {
		t.Fatal(err)
	}
	stats, probes := f.Tensor("stats"), f.Tensor("probes")
	words := strings.Fields(g.Values)
	if len(words) != 2*stats.Shape[0] || !slices.Equal(g.Stats, seed.Stats) {
		t.Fatalf("%d words for %d values, with %v", len(words), stats.Shape[0], g.Stats)
	}
	rows := func(x *weights.Tensor) [][]float32 { return slices.Collect(slices.Chunk(x.Float32(), x.Shape[1])) }
	s, p := rows(stats), rows(probes)
	for i := range s {
		g.facts[words[2*i]] = valueFacts{size: words[2*i+1], stats: s[i], probes: p[i]}
	}
	g.logits = f.Tensor("logits").Float32()
	return g
}

// TestZooParity compares every value of every net with PyTorch in float64: scripts/golden/zoo.py.
func TestZooParity(t *testing.T) {
	for _, e := range Table() {
		if e.Task == Digits {
			continue // TestParity, with their own weights
		}
		t.Run(e.Name, func(t *testing.T) {
			graph, err := e.Graph()
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() && graph.MACs() > shortMACs {
				t.Skip("-short: more than 0.5 G multiply-adds")
			}
			checkZooParity(t, &e, graph)
		})
	}
}

func checkZooParity(t *testing.T, e *Entry, g *nn.Graph) {
	golden := readZooGolden(t, e.Name)
	w := Seeded(g)
	if got := parameterHash(w); got != golden.Parameters {
		t.Errorf("other parameters than PyTorch's; compare with: python scripts/golden/zoo.py --names %s", e.Name)
	}
	m, err := e.Bind(w)
	if err != nil {
		t.Fatal(err)
	}
	compareNames(t, e.Name, m.Graph, golden.facts)
	t.Run("reference", func(t *testing.T) { checkEngine(t, m, &golden, nn.Reference) })
	for _, set := range kernel.Sets() {
		if set.Name == "go" && m.Graph.MACs() > portableMACs {
			continue
		}
		t.Run(set.Name, func(t *testing.T) { checkEngine(t, m, &golden, fast.Options{Set: set}.Compile) })
	}
}

// portableMACs is how large a net the portable kernels are tried on.
const portableMACs = 1e9

// checkEngine compares what one way to compute the model gives.
func checkEngine(t *testing.T, m *nn.Model, golden *zooGolden, compiler nn.Compiler) {
	plan, err := nn.Compile(m, nn.Options{Compiler: compiler})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	defer run.Release()
	if err := run.Execute(context.WithoutCancel(t.Context()), seed.Input(len(run.Input()))); err != nil {
		t.Fatal(err)
	}
	var worst worstError
	for _, v := range m.Graph.Values {
		want, ok := golden.facts[v.Name]
		if !ok {
			continue
		}
		largest := math.Max(math.Abs(float64(want.stats[2])), math.Abs(float64(want.stats[3])))
		got := factsOf(v, readAll(t, run, v), len(want.probes))
		if got.size != want.size {
			t.Fatalf("%s is %s, want %s", v.Name, got.size, want.size)
		}
		n := math.Sqrt(float64(v.Shape.Len()))
		want.stats = slices.Clone(want.stats)
		got.stats[4], want.stats[4] = got.stats[4]/float32(n), want.stats[4]/float32(n) // root mean square
		for i, s := range seed.Stats {
			closeTo(t, v.Name+" "+s, got.stats[i:i+1], want.stats[i:i+1], parityTolerance, largest, &worst)
		}
		closeTo(t, v.Name, got.probes, want.probes, parityTolerance, largest, &worst)
		if worst.of > parityTolerance {
			t.Fatalf("the first value that differs is %s; all after it will", v.Name)
		}
	}
	var logits worstError
	out := m.Graph.OutputValue().Node.Inputs[0]
	largest := 0.0
	for _, x := range golden.logits {
		largest = math.Max(largest, math.Abs(float64(x)))
	}
	closeTo(t, "logits", readAll(t, run, out), golden.logits, logitTolerance, largest, &logits)
	t.Logf("parity: %d values, worst %.1e in %s, logits %.1e", len(golden.facts), worst.of, worst.what, logits.of)
}

// compareNames tells the values that only one side has.
func compareNames(t *testing.T, net string, g *nn.Graph, golden map[string]valueFacts) {
	t.Helper()
	for _, v := range g.Values {
		if _, ok := golden[v.Name]; !ok && onlyInGo[v.Name] == "" {
			t.Errorf("PyTorch has no value %q", v.Name)
		}
	}
	for name := range golden {
		if (g.Value(name) == nil) == (onlyInPyTorch[net][name] == "") {
			t.Errorf("the graph has no value %q, or onlyInPyTorch needs it no more", name)
		}
	}
}

// closeTo fails where a number is too far off, and where it is not a number.
func closeTo(t *testing.T, what string, got, want []float32, tolerance, largest float64, worst *worstError) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	testutil.Close(t, got, want, testutil.Tolerance{Abs: tolerance * largest}, len(want))
	if largest > 0 {
		worst.add(what, got, want, largest)
	}
}

// factsOf measures a value as scripts/golden/zoo.py does.
func factsOf(v *nn.Value, x []float32, probes int) valueFacts {
	f := valueFacts{size: fmt.Sprintf("%dx%dx%d", v.Shape.C, v.Shape.H, v.Shape.W)}
	f.stats, f.probes = seed.Measure(v.Name, x, probes)
	return f
}

// parameterHash is the SHA-256 of a sorted list of lines: name, size.
func parameterHash(w nn.Weights) string {
	var lines []string
	for name, p := range w {
		var dims []string
		for _, d := range p.Dims {
			dims = append(dims, fmt.Sprint(d))
		}
		lines = append(lines, name+" "+strings.Join(dims, "x"))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}
