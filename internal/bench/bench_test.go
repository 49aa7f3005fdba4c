package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// TestMain is ONNX Runtime too: where BENCH_FAKE is set, the process answers as ort.py does. The
// variable says what is wrong with it.
func TestMain(m *testing.M) {
	if mood := os.Getenv("BENCH_FAKE"); mood != "" {
		fake(mood)
		return
	}
	os.Exit(m.Run())
}

// fake gives the outputs "y" and "conv" that lie in BENCH_OUT, and one millisecond for each run.
func fake(mood string) {
	if mood == "refuses" {
		fmt.Fprintln(os.Stderr, "Load model failed")
		os.Exit(1)
	}
	fmt.Println("ready", os.Args[len(os.Args)-1])
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch {
		case mood == "dies":
			os.Exit(1)
		case word == "run":
			var n int
			_, _ = fmt.Sscan(rest, &n)
			fmt.Println(strings.Repeat("1,2 ", n))
		case word == "save":
			b, _ := os.ReadFile(os.Getenv("BENCH_OUT"))
			_ = os.WriteFile(rest, b, 0o600)
			fmt.Println("y conv")
		case word == "peak":
			fmt.Println(12345)
		}
	}
}

// tiny is y = Softmax(Relu(Conv(x)) pooled), on 1×5×7.
func tiny(t *testing.T) *nn.Model {
	t.Helper()
	g := nn.NewGraph("tiny")
	x := g.Add("conv", op.Conv{Out: 3, Kernel: op.Square(3)}, g.Input("x", nn.Shape{N: 1, C: 1, H: 5, W: 7}))
	x = g.Add("pool", op.GlobalAvgPool{}, g.Add("relu", op.ReLU{}, x))
	g.Add("y", op.Softmax{}, x)
	g, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	w := nn.Weights{}
	for _, p := range g.Nodes[0].Params {
		data := make([]float32, p.Len())
		for i := range data {
			data[i] = float32(i%5) - 1.5
		}
		w[p.Name] = nn.Param{Dims: p.Dims, Data: data}
	}
	return &nn.Model{Name: "tiny", Graph: g, Weights: w}
}

func options(kernels string, mode Mode, threads int) Options {
	return Options{Kernels: kernels, Threads: threads, Mode: mode, Rounds: 3, Repeat: 2, Layers: true}
}

func TestRun(t *testing.T) {
	for _, kernels := range append(KernelNames(), "auto") {
		for _, mode := range []Mode{Logits, All, Converted} {
			if kernels != "auto" && mode != All {
				continue // the same as of the best kernels
			}
			t.Run(kernels+" "+string(mode), func(t *testing.T) {
				r, err := Run(t.Context(), tiny(t), options(kernels, mode, 2))
				if err != nil {
					t.Fatal(err)
				}
				if r.Rounds != 3 || r.Ours.Runs < 6 || r.OursMS <= 0 || r.Ours.P10 > r.OursMS || r.OursMS > r.Ours.P95 || r.MACs != 3*9*15 {
					t.Errorf("%+v", r)
				}
				if r.TheirsMS != nil || r.Ratio != nil || r.Diff != nil {
					t.Errorf("it was compared with nothing: %+v", r)
				}
				if m := r.Memory; m.Weights != 4*30 || m.Activations != 4*(35+2*45+3+3) || m.Run < m.Weights {
					t.Errorf("%+v", m)
				}
				macs := int64(0)
				var kinds []string
				for _, l := range r.Layers {
					macs += l.MACs
					kinds = append(kinds, l.Kinds)
				}
				if got := strings.Join(kinds, " + "); macs != r.MACs || got != "Conv + Relu + GlobalAveragePool + Softmax" {
					t.Errorf("the steps are %s and have %d multiply-adds", got, macs)
				}
			})
		}
	}
}

func TestRunRefuses(t *testing.T) {
	if _, err := Run(t.Context(), tiny(t), options("sse", All, 1)); fault.KindOf(err) != fault.Unsupported || fault.Hint(err) == "" {
		t.Errorf("the error is %v", err)
	}
	if _, err := Run(t.Context(), tiny(t), options("", All, 0)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, tiny(t), options("", All, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// theirs returns a runtime that is this test, and gives the outputs of the tiny net with an error.
func theirs(t *testing.T, mood string, wrong float32) *Runtime {
	t.Helper()
	e, err := newEngine(tiny(t), options(reference, All, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	if err := e.once(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, name := range []string{"y", "conv"} {
		x, err := e.value(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range x {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v+wrong))
		}
	}
	out := t.TempDir() + "/out"
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BENCH_FAKE", mood)
	t.Setenv("BENCH_OUT", out)
	r, err := NewRuntime(t.Context(), "", os.Args[0], func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestAgainst(t *testing.T) {
	for _, wrong := range []float32{0, 0.5, float32(math.NaN())} {
		o := options("", All, 1)
		o.Theirs = theirs(t, "works", wrong)
		r, err := Run(t.Context(), tiny(t), o)
		if err != nil {
			t.Fatal(err)
		}
		if *r.TheirsMS != 1 || r.Theirs.CPU != 2 || *r.Ratio != r.OursMS || r.Theirs.Runs != r.Ours.Runs || r.Memory.Theirs != 12345 {
			t.Errorf("%+v, theirs %+v", r, r.Theirs)
		}
		if wrong == 0 && !(*r.Diff < 1e-5) || wrong != 0 && *r.Diff < 0.01 {
			t.Errorf("with an error of %g the difference is %g", wrong, *r.Diff)
		}
	}
}

func TestAgainstBroken(t *testing.T) {
	for mood, part := range map[string]string{"refuses": "Load model failed", "dies": "ask ONNX Runtime"} {
		o := options("", All, 1)
		o.Theirs = theirs(t, mood, 0)
		if _, err := Run(t.Context(), tiny(t), o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: the error is %v", mood, err)
		}
	}
	if _, err := NewRuntime(t.Context(), t.TempDir(), "", func(string) { t.Setenv("PATH", "") }); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("without Python the error is %v", err)
	}
}

func TestPercentile(t *testing.T) {
	list := []float64{5, 1, 4, 2, 3, 9, 8, 7, 6, 10, 11}
	for p, want := range map[float64]float64{0: 1, 0.1: 2, 0.5: 6, 0.95: 11, 1: 11} {
		if got := percentile(list, p); got != want {
			t.Errorf("p%g is %g, want %g", 100*p, got, want)
		}
	}
	if !math.IsNaN(percentile(nil, 0.5)) {
		t.Error("the middle of nothing is a number")
	}
}

func TestParseStat(t *testing.T) {
	idle, all, ok := parseStat("cpu  10 20 30 400 50 6 7 8 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n")
	if !ok || idle != 450 || all != 531 {
		t.Errorf("idle %d of %d, %v", idle, all, ok)
	}
	for _, bad := range []string{"", "cpu", "cpu a b c d e f", "intr 1 2 3 4 5 6"} {
		if _, _, ok := parseStat(bad); ok {
			t.Errorf("%q was understood", bad)
		}
	}
	if quiet(canceled(t), time.Hour) {
		t.Error("it is quiet though nobody waited")
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestReport(t *testing.T) {
	ratio := 0.75
	r := &Result{
		Model: "a<b", Mode: All, Threads: 2, Kernels: "avx2", OursMS: 3, TheirsMS: new(4.0), Ratio: &ratio, Theirs: &Times{P50: 4},
		Peak: 100, Bandwidth: 20, Layers: []Layer{
			{Name: "one", Kinds: "Conv", Shape: "1×2×3×4", MS: 1, MACs: 1e7, Bytes: 1e5, GFLOPS: 20, Share: 0.2},
			{Name: "two", Kinds: "Gemm", MS: 2, MACs: 1e6, Bytes: 4e6, GFLOPS: 1},
			{Name: "three", Kinds: "Concat", MS: 0.1},
		},
	}
	var page bytes.Buffer
	if err := (&Report{Title: "t", Command: "vizserver bench", Results: []*Result{r}}).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"a&lt;b", "0.75", "inline-size:38%", "3 steps", "2 threads"} {
		if !strings.Contains(page.String(), part) {
			t.Errorf("no %q in the page", part)
		}
	}
	if strings.Contains(page.String(), "ZgotmplZ") || strings.Contains(page.String(), "a<b") {
		t.Error("the page holds what the template refused, or a name that is not escaped")
	}
	d := xml.NewDecoder(strings.NewReader(string(Roofline(r))))
	circles := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 2 {
		t.Errorf("%d circles, want one for each step that multiplies", circles)
	}
	rows, layers := Rows([]*Result{r, {Model: "alone"}}), LayerRows(r)
	if len(rows) != 3 || len(rows[0]) != len(rows[1]) || rows[1][7] != "4.000" || rows[2][7] != "–" || len(layers) != 4 || layers[2][4] != "64.5 %" {
		t.Errorf("%v %v", rows, layers)
	}
}
