package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vizserver/internal/confine"
	"vizserver/internal/mnist"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// TestMain: pickles and HDF5 are read by a child process, which is this binary again.
func TestMain(m *testing.M) {
	confine.Main(modelfile.Jobs)
	dir, err := os.MkdirTemp("", "vizserver-test")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("VIZ_CACHE", dir) // not the user's own
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// result is what a command line left behind.
type result struct {
	code     int
	out, err string
}

func vizserver(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// digitPNG writes test digit i as a picture: dark ink on white paper, eight
// times as large, off the middle.
func digitPNG(t *testing.T, dir string, i int) string {
	t.Helper()
	const k, dx, dy = 8, 60, 20
	greys := mnist.Test().Image(i)
	m := image.NewGray(image.Rect(0, 0, 28*k+100, 28*k+40))
	for p := range m.Pix {
		m.Pix[p] = 255
	}
	for y := range 28 * k {
		for x := range 28 * k {
			m.SetGray(x+dx, y+dy, color.Gray{Y: 255 - greys[y/k*28+x/k]})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "digit.png")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, command := range []string{"", "serve", "models", "show", "classify", "trace", "pull", "pull verify", "pull remove", "import", "import remove", "export", "train", "bench", "version"} {
		args := append(strings.Fields(command), "--help")
		r := vizserver(t, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%s: code %d, %s", command, r.code, r.err)
		}
		all.WriteString("== vizserver " + strings.Join(args, " ") + "\n" + r.out + "\n")
	}
	testutil.Golden(t, "testdata/help.txt", []byte(all.String()))
}

func TestVersion(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`^vizserver \S+ \(commit \S+, go1\.\d+\S* \w+/\w+\)\n$`)
	for _, args := range [][]string{{"version"}, {"--version"}, {"-V"}} {
		if r := vizserver(t, args...); r.code != 0 || !want.MatchString(r.out) {
			t.Errorf("%v: %d %q %s", args, r.code, r.out, r.err)
		}
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	var list []modelLine
	if r := vizserver(t, "models", "--json"); r.code != 0 || json.Unmarshal([]byte(r.out), &list) != nil {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	want := map[string][2]int{ // units, trainable parameters: issue 3
		"lenet5-harley": {9134, 62902}, "lenet5-1998": {9118, 60000}, "lenet5-modern": {9118, 61706}, "mlp-harley": {1194, 266610},
	}
	for _, m := range list {
		counts, digits := want[m.Name]
		if got := [2]int{m.Units, m.Parameters}; digits && got != counts {
			t.Errorf("%s: units and parameters %v, want %v", m.Name, got, counts)
		}
		if digits && (!m.Weights || m.Accuracy == 0 || m.Licence == "" || len(m.SHA256) != 64) {
			t.Errorf("%s: %+v", m.Name, m)
		}
		if m.Name == "lenet5-1998" && m.Connections != 340908 {
			t.Errorf("%s: %d connections", m.Name, m.Connections)
		}
		if m.Name == "vgg16" && (m.Weights || m.MACs != 15470264320 || m.Input != [3]int{3, 224, 224} || m.Task != zoo.ImageNet) {
			t.Errorf("%s: %+v", m.Name, m)
		}
	}
	all := len(zoo.Table())
	if r := vizserver(t, "models"); len(list) != all || strings.Count(r.out, "\n") != all+1 {
		t.Errorf("%d networks, table %s", len(list), r.out)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	name := digitPNG(t, t.TempDir(), 0)
	for _, model := range zoo.Names(zoo.Of(zoo.Digits)) {
		r := vizserver(t, "classify", model, name, "--json", "--top", "10")
		var line classified
		if err := json.Unmarshal([]byte(r.out), &line); err != nil || r.code != 0 {
			t.Fatalf("%s: %d %v %s", model, r.code, err, r.err)
		}
		sum := 0.0
		for i, g := range line.Top {
			sum += g.Probability
			if i > 0 && g.Probability > line.Top[i-1].Probability {
				t.Errorf("%s: place %d is better than the one before", model, i)
			}
		}
		if line.File != name || line.Model != model || len(line.Top) != 10 || math.Abs(sum-1) > 1e-6 {
			t.Errorf("%s: %+v, sum %g", model, line, sum)
		}
		if line.Top[0].Class != 7 || line.Top[0].Label != "7" {
			t.Errorf("%s: the first test digit is a 7, not %+v", model, line.Top[0])
		}
	}
	if r := vizserver(t, "classify", "lenet5-modern", name); !regexp.MustCompile(`digit\.png: 7 \d+\.\d\d %, \d \d`).MatchString(r.out) {
		t.Errorf("text %q", r.out)
	}
}

// TestProbabilities compares with numbers worked out by hand.
func TestProbabilities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		head   nn.Head
		scores []float32
		want   []float64
	}{
		{"softmax", nn.Head{Kind: "softmax"}, []float32{0.25, 0.75}, []float64{0.25, 0.75}},
		{"distance", nn.Head{Kind: "rbf", LowerIsBetter: true}, []float32{1000, 1000 + float32(math.Ln2)}, []float64{2. / 3, 1. / 3}},
		{"tanh", nn.Head{Kind: "tanh"}, []float32{1.7159, 0, -1.7159, -1.8}, []float64{2. / 3, 1. / 3, 0, 0}},
		{"tanh, all below", nn.Head{Kind: "tanh"}, []float32{-1.8, -1.8}, []float64{0, 0}},
	} {
		got := probabilities(c.head, c.scores)
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-4 || math.IsNaN(got[i]) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// a .npy of the input itself: every value in it must come back untouched
	const side = 32
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': (32, 32), }"
	head += strings.Repeat(" ", 118-1-len(head)) + "\n"
	npy := append([]byte("\x93NUMPY\x01\x00\x76\x00"), head...)
	input := make([]float32, side*side)
	for i := range input {
		input[i] = float32(i%37)/37 - 0.1
		bits := math.Float32bits(input[i])
		npy = append(npy, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	in, out := filepath.Join(dir, "in.npy"), filepath.Join(dir, "out.safetensors")
	if err := os.WriteFile(in, npy, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := vizserver(t, "trace", "lenet5-1998", "--input", in, "--out", out); r.code != 0 {
		t.Fatalf("%d %s", r.code, r.err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := zoo.Load("lenet5-1998")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again := plan.NewRun()
	if err := again.Execute(t.Context(), input); err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors) != len(m.Graph.Values) {
		t.Errorf("%d tensors, want %d", len(f.Tensors), len(m.Graph.Values))
	}
	for _, v := range m.Graph.Values {
		tensor := f.Tensor(v.Name)
		if tensor == nil {
			t.Errorf("no %s", v.Name)
			continue
		}
		got, view := tensor.Float32(), again.ViewOf(v)
		want := make([]float32, view.Shape().Len())
		if err := view.Read(want, nn.Whole(view.Shape())); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if len(got) != len(want) || got[i] != want[i] {
				t.Errorf("%s differs at %d of %d", v.Name, i, len(got))
				break
			}
		}
	}
	if got := f.Tensor(m.Graph.InputValue().Name); got == nil || got.Float32()[5] != input[5] {
		t.Error("the input was changed")
	}
}

// TestBadCommandLines: one clear sentence each, and the code of its kind.
func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.png")
	if err := os.WriteFile(broken, []byte("\x89PNG\r\n\x1a\nrubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := digitPNG(t, dir, 3)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, c := range []struct {
		name string
		args []string
		code int
		part string
	}{
		{"no such command", []string{"modls"}, 80, `did you mean "models"`},
		{"no such flag", []string{"serve", "--prot=1"}, 80, "unknown flag --prot"},
		{"flag without a value", []string{"--addr"}, 80, "addr"},
		{"no port", []string{"--addr", "localhost"}, 80, "host:port"},
		{"short token", []string{"--token", "abc"}, 80, "16 characters"},
		{"no such level", []string{"--log-level", "loud", "version"}, 80, "loud"},
		{"no such format", []string{"--log-format", "xml", "version"}, 80, "text"},
		{"port in use", []string{"--addr", taken.Addr().String()}, 6, "port " + port + " is in use"},
		{"not our address", []string{"--addr", "192.0.2.1:8080"}, 2, "192.0.2.1:8080 is not an address of this machine"},
		{"port out of range", []string{"--addr", "127.0.0.1:99999"}, 2, "99999"},
		{"no such net", []string{"classify", "lenet5-moden", good}, 4, "did you mean lenet5-modern?"},
		{"no net given", []string{"classify"}, 80, "expected"},
		{"no picture given", []string{"classify", "lenet5-modern"}, 80, "expected"},
		{"no such file", []string{"classify", "lenet5-modern", filepath.Join(dir, "none.png")}, 4, "there is no file"},
		{"directory", []string{"classify", "lenet5-modern", dir}, 2, "is a directory"},
		{"broken picture", []string{"classify", "lenet5-modern", broken}, 2, "broken.png: "},
		{"no class", []string{"classify", "lenet5-modern", good, "--top", "0"}, 80, "at least one"},
		{"empty input", []string{"classify", "lenet5-modern", "-"}, 2, "empty"},
		{"no output named", []string{"trace", "lenet5-modern", "--input", good}, 80, "--out"},
		{"output in no directory", []string{"trace", "lenet5-modern", "--input", good, "--out", filepath.Join(dir, "no", "x")}, 4, "there is no"},
		{"one of two broken", []string{"classify", "lenet5-modern", broken, good}, 2, "not every picture"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := vizserver(t, c.args...)
			if r.code != c.code || !strings.Contains(r.err, c.part) {
				t.Errorf("code %d, want %d; no %q in %q", r.code, c.code, c.part, r.err)
			}
			if lines := strings.Count(r.err, "\n"); lines > 4 || strings.Contains(r.err, "goroutine") {
				t.Errorf("more than a sentence and a hint: %q", r.err)
			}
			if c.name == "one of two broken" && !strings.Contains(r.out, "digit.png: ") {
				t.Errorf("the good one was not answered: %q", r.out)
			}
		})
	}
}

var printed = regexp.MustCompile(`Open (http://\S+)`)

// TestServe starts the default command, asks a page, and stops it by its context.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out, w := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--addr", "127.0.0.1:0", "--log-format", "json"}, strings.NewReader(""), w, &errs)
		_ = w.Close()
	}()
	line := make([]byte, 200)
	n, err := out.Read(line)
	m := printed.FindStringSubmatch(string(line[:n]))
	if err != nil || m == nil {
		t.Fatalf("printed %q, %v", line[:n], err)
	}
	r, err := http.Get(m[1] + "readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != 200 {
		t.Errorf("readyz: %d", r.StatusCode)
	}
	stop()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still running 20 s after the signal")
	}
	for line := range strings.Lines(errs.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is not JSON: %q", line)
		}
	}
}

func TestPageURL(t *testing.T) {
	t.Parallel()
	got := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}
	for _, c := range []struct{ asked, token, want string }{
		{"127.0.0.1:0", "", "http://127.0.0.1:4711/"},
		{":0", "abc", "http://localhost:4711/?token=abc"},
		{"0.0.0.0:0", "a b", "http://localhost:4711/?token=a+b"},
		{"[::]:0", "", "http://localhost:4711/"},
		{"[::1]:0", "", "http://[::1]:4711/"},
		{"my.host:0", "", "http://my.host:4711/"},
	} {
		if url := pageURL(c.asked, got, c.token); url != c.want {
			t.Errorf("%s: %s, want %s", c.asked, url, c.want)
		}
	}
}

// Ctrl-C in the middle is no fault of anybody's, and has the code that shells give it.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"classify", "efficientnet-lite0", filepath.Join(testutil.Root(t), "testdata/photos/chelsea.jpg")}, strings.NewReader(""), &out, &errs)
	if code != exitInterrupted || out.Len() > 0 || !strings.HasSuffix(errs.String(), "vizserver: interrupted\n") {
		t.Errorf("code %d, %q, %q", code, out.String(), errs.String())
	}
}
