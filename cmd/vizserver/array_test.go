package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// npyFile writes a .npy file as numpy.save does.
func npyFile(t *testing.T, descr string, dims []int, data []byte) string {
	t.Helper()
	shape := strings.Trim(strings.ReplaceAll(fmt.Sprint(dims), " ", ", "), "[]")
	if len(dims) == 1 {
		shape += ","
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	head += strings.Repeat(" ", 63-(len(head)+10)%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	name := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(name, slices.Concat(b, []byte(head), data), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func safetensorsFile(t *testing.T, list ...weights.Tensor) string {
	t.Helper()
	var b bytes.Buffer
	if err := weights.Write(&b, list, nil); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func floats(values []float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// seededSqueezeNet writes weights for SqueezeNet 1.1, which has none in the binary.
func seededSqueezeNet(t *testing.T) string {
	t.Helper()
	e, err := zoo.Find("squeezenet-1.1")
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	var list []weights.Tensor
	for name, p := range zoo.Seeded(g) {
		list = append(list, weights.NewFloat32(name, p.Dims, p.Data))
	}
	return safetensorsFile(t, list...)
}

func readTrace(t *testing.T, name string) *weights.File {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTraceRaw: an array is the input itself, in every form that is taken, and the trace is
// that of the engine; globs choose values.
func TestTraceRaw(t *testing.T) {
	t.Parallel()
	net := seededSqueezeNet(t)
	const side = 224
	chw, hwc := make([]float32, 3*side*side), make([]float32, 3*side*side)
	var wide []byte
	for i := range chw {
		chw[i] = float32(i%251)/100 - 1
	}
	for c := range 3 {
		for p := range side * side {
			hwc[3*p+c] = chw[c*side*side+p]
		}
	}
	for _, v := range chw {
		wide = binary.LittleEndian.AppendUint64(wide, math.Float64bits(float64(v)))
	}
	var want []float32
	for name, in := range map[string]struct {
		file, note string
	}{
		"f4":          {npyFile(t, "<f4", []int{1, 3, side, side}, floats(chw)), ""},
		"f8":          {npyFile(t, "<f8", []int{3, side, side}, wide), ""},
		"H×W×C":       {npyFile(t, "<f4", []int{1, side, side, 3}, floats(hwc)), "height×width×channels"},
		"safetensors": {safetensorsFile(t, weights.NewFloat32("x", []int{1, 3, side, side}, chw)), ""},
		"named":       {safetensorsFile(t, weights.NewFloat32("other", []int{1}, []float32{1}), weights.NewFloat32("input", []int{3, side, side}, chw)), ""},
	} {
		out := filepath.Join(t.TempDir(), "t.safetensors")
		r := vizserver(t, "trace", "squeezenet-1.1", "--weights", net, "--input", in.file, "--raw", "--out", out,
			"--tensors", "input, features.0,features.3.*, classifier.?")
		if r.code != 0 || !strings.Contains(r.err, in.note) || in.note == "" && r.err != "" {
			t.Fatalf("%s: %d %s", name, r.code, r.err)
		}
		f := readTrace(t, out)
		if got := f.Tensor("input"); got == nil || !slices.Equal(got.Float32(), chw) {
			t.Errorf("%s: the input was changed", name)
		}
		var names []string
		for i := range f.Tensors {
			names = append(names, f.Tensors[i].Name)
		}
		if fmt.Sprint(names) != "[classifier.1 classifier.2 classifier.3 features.0 features.3.cat features.3.expand1x1 features.3.expand1x1_activation "+
			"features.3.expand3x3 features.3.expand3x3_activation features.3.squeeze features.3.squeeze_activation input]" {
			t.Errorf("%s: %v", name, names)
		}
		got := f.Tensor("classifier.3").Float32()
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: other logits", name)
		}
	}
}

// TestTraceBytes: bytes are prepared as a photo, unless --raw says that they are the input.
func TestTraceBytes(t *testing.T) {
	t.Parallel()
	net := seededSqueezeNet(t)
	pixels := make([]byte, 256*256*3)
	for i := range pixels {
		pixels[i] = 128
	}
	photo := npyFile(t, "|u1", []int{256, 256, 3}, pixels)
	whole := npyFile(t, "|u1", []int{3, 224, 224}, pixels[:3*224*224])
	out := filepath.Join(t.TempDir(), "t.safetensors")
	trace := func(args ...string) []float32 {
		t.Helper()
		args = append([]string{"trace", "squeezenet-1.1", "--weights", net, "--out", out, "--tensors", "input"}, args...)
		if r := vizserver(t, args...); r.code != 0 {
			t.Fatalf("%v: %d %s", args, r.code, r.err)
		}
		return readTrace(t, out).Tensor("input").Float32()
	}
	grey := float32(128)/255 - nn.TorchvisionPre.Mean[1]
	if got := trace("--input", photo); math.Abs(float64(got[224*224]-grey/nn.TorchvisionPre.Std[1])) > 1e-5 {
		t.Errorf("the photo was not prepared: %g", got[224*224])
	}
	if got := trace("--input", photo, "--preprocess", "raw"); got[7] != 128 {
		t.Errorf("--preprocess was not followed: %g", got[7])
	}
	if got := trace("--input", whole, "--raw"); got[7] != 128 {
		t.Errorf("--raw was not followed: %g", got[7])
	}
}

// TestTraceMistakes: one clear sentence each; no output, and no leftover beside it.
func TestTraceMistakes(t *testing.T) {
	t.Parallel()
	small := npyFile(t, "<f4", []int{1, 2, 2}, floats(make([]float32, 4)))
	two := safetensorsFile(t, weights.NewFloat32("a", []int{1}, []float32{1}), weights.NewFloat32("b", []int{1}, []float32{1}))
	digit := digitPNG(t, t.TempDir(), 1)
	out := filepath.Join(t.TempDir(), "t.safetensors")
	for _, c := range []struct {
		name string
		args []string
		code int
		part string
	}{
		{"wrong size", []string{"lenet5-modern", "--input", small, "--raw"}, 2, "an array of [1 2 2] is not an input of lenet5-modern"},
		{"two tensors", []string{"lenet5-modern", "--input", two, "--raw"}, 2, `none is called "input"`},
		{"no such value", []string{"lenet5-modern", "--input", digit, "--tensors", "c9"}, 4, `no value is called "c9"; did you mean c`},
		{"no pattern", []string{"lenet5-modern", "--input", digit, "--tensors", "[a"}, 2, "is no pattern"},
		{"no weights", []string{"vgg16", "--input", digit}, 4, "vizserver pull vgg16"},
		{"no weights anywhere", []string{"zfnet", "--input", digit}, 4, "none that can be pulled"},
		{"no such tag", []string{"vgg16@x", "--input", digit}, 4, "did you mean vgg16@"},
		{"weights of another net", []string{"resnet18", "--weights", seededSqueezeNet(t), "--input", digit}, 2, "resnet18"},
		{"Keras's weights of another net", []string{"vgg16", "--weights", filepath.Join(testutil.Root(t), "testdata/golden/keras/order.h5"), "--input", digit}, 2, "they do not belong together"},
		{"no such file", []string{"none.onnx", "--input", digit}, 4, "there is no file none.onnx"},
		{"not a model", []string{digit, "--input", digit}, 2, "not a model file that we know"},
		{"no such net", []string{"resnet19", "--input", digit}, 4, "did you mean resnet18?"},
		{"no such preset", []string{"efficientnet-lite0", "--input", digit, "--preprocess", "kerastf"}, 2, "did you mean keras-tf?"},
	} {
		r := vizserver(t, append([]string{"trace", "--out", out, "--cache", t.TempDir()}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.err, c.part) || strings.Count(r.err, "\n") > 2 {
			t.Errorf("%s: code %d, want %d: %s", c.name, r.code, c.code, r.err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestWriteWhole: a writer that fails leaves the old file as it was.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := writeWhole(name, func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 3<<20))
		return io.ErrClosedPipe
	})
	if err == nil {
		t.Error("no error")
	}
	if b, _ := os.ReadFile(name); string(b) != "old" {
		t.Errorf("the old file is %q", b)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}
