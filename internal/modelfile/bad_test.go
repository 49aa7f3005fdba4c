package modelfile_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

// badFile is one bad input: what is sent, and what must come back.
type badFile struct {
	row  int // of the list of bad inputs in the reliability goals, 22 … 47
	name string
	file string // its name: the extension matters
	in   []byte
	o    modelfile.Options
	kind fault.Kind // zero: Unprocessable
	text string
	hint string        // a part of the hint; every error of this table has one
	fast time.Duration // the best of five tries takes at most this; zero: any
}

const maxRefusal = 64 << 20 // bytes that this process may allocate to refuse a file

// refuse opens a file that must be refused, in the words of the table and in no others.
func (tc *badFile) refuse(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, tc.file)
	if err := os.WriteFile(path, tc.in, 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := modelfile.Open(t.Context(), path, tc.o)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatalf("it was read as %s", f.Format)
	}
	if k := fault.KindOf(err); k != cmp.Or(tc.kind, fault.Unprocessable) {
		t.Errorf("kind %v of: %v", k, err)
	}
	if !strings.Contains(err.Error(), tc.text) {
		t.Errorf("%q, want %q", err, tc.text)
	}
	if hint := fault.Hint(err); hint == "" || !strings.Contains(hint, tc.hint) {
		t.Errorf("hint %q, want %q, with: %v", hint, tc.hint, err)
	}
	said := err.Error() + fault.Hint(err)
	for _, secret := range []string{dir, os.TempDir(), "goroutine", "0xc00", "runtime.", "*os.", ".go:"} {
		if strings.Contains(said, secret) {
			t.Errorf("words that are not for users, %q, in: %s", secret, said)
		}
	}
	if i := strings.IndexFunc(said, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x202e }); i >= 0 {
		t.Errorf("a terminal would obey %q", said[i:])
	}
	if n := len([]rune(said)); n > 4000 {
		t.Errorf("%d letters for: %.200s …", n, said)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > maxRefusal {
		t.Errorf("%d bytes allocated for: %v", used, err)
	}
	if tc.fast > 0 {
		tc.hasten(t, path)
	}
}

// hasten takes the best of five: other programs run on the machine too.
func (tc *badFile) hasten(t *testing.T, path string) {
	t.Helper()
	if raceDetector {
		return
	}
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, _ = modelfile.Open(t.Context(), path, tc.o)
		best = min(best, time.Since(start))
	}
	if best > tc.fast {
		t.Errorf("refused after %v, want %v", best, tc.fast)
	}
}

func run(t *testing.T, table []badFile) {
	t.Helper()
	for _, tc := range table {
		t.Run(fmt.Sprintf("row %d/%s", tc.row, tc.name), tc.refuse)
	}
}

// TestUnknownFiles is row 22. The tests of this file are not parallel, for they count memory.
func TestUnknownFiles(t *testing.T) {
	noise := make([]byte, 10_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	const known = "known are ONNX (.onnx), safetensors, PyTorch (.pth, .pt), Keras (.keras, .h5) and Caffe (.caffemodel)"
	run(t, []badFile{
		{row: 22, name: "empty", file: "a.bin", text: "a.bin: the file is empty", hint: "copy or download it again"},
		{row: 22, name: "empty .onnx", file: "a.onnx", text: "a.onnx: the file is empty", hint: "copy or download it again"},
		{row: 22, name: "7 bytes", file: "a.bin", in: noise[:7], text: "not a model file that we know", hint: known},
		{row: 22, name: "noise", file: "a", in: noise, text: "not a model file that we know", hint: known},
		{row: 22, name: "a text", file: "model.txt", in: []byte("weights, weights everywhere"), text: "not a model file that we know", hint: known},
		{row: 22, name: "7 bytes .safetensors", file: "a.safetensors", in: noise[:7], text: "has at least 8 bytes"},
		{row: 22, name: "noise .safetensors", file: "a.safetensors", in: noise, kind: fault.TooLarge, text: "at most 16 MiB"},
		{row: 22, name: "7 bytes .pth", file: "a.pth", in: noise[:7], text: "no PyTorch checkpoint"},
		{row: 22, name: "noise .pt", file: "a.pt", in: noise, text: "no PyTorch checkpoint"},
		{row: 22, name: "noise .onnx", file: "a.onnx", in: noise},
		{row: 22, name: "noise .caffemodel", file: "a.caffemodel", in: noise},
		{row: 22, name: "7 bytes .h5", file: "a.h5", in: noise[:7]},
		{row: 22, name: "noise .h5", file: "a.h5", in: noise},
		{row: 22, name: "noise .keras", file: "a.keras", in: noise},
	})
}

// tensorFile puts a header before some data.
func tensorFile(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

// TestBadSafetensors is rows 23 to 26: the rules are tested one by one in package weights.
func TestBadSafetensors(t *testing.T) {
	many := []byte{'{'}
	for i := range 100_000 {
		many = fmt.Appendf(many, `"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`, i)
	}
	many[len(many)-1] = '}'
	one := func(entry string, data ...byte) []byte { return tensorFile(`{"conv":{`+entry+`}}`, data...) }
	u8 := func(begin, end int) string {
		return fmt.Sprintf(`{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, end-begin, begin, end)
	}
	table := []badFile{
		{row: 23, name: "N = 2^63", in: []byte{0, 0, 0, 0, 0, 0, 0, 0x80, '{'}, kind: fault.TooLarge, text: "a header of 9223372036854775808 bytes"},
		{row: 23, name: "N beyond the file", in: []byte{0xff, 0, 0, 0, 0, 0, 0, 0, '{'}, text: "a header of 255 bytes and has 1"},
		{row: 23, name: "N = 16 MiB + 1", in: append(binary.LittleEndian.AppendUint64(nil, 16<<20+1), '{'), kind: fault.TooLarge, text: "a header of 16777217 bytes"},
		{row: 24, name: "overlap", in: tensorFile(`{"a":`+u8(0, 2)+`,"conv":`+u8(1, 3)+`}`, 1, 2, 3), text: `tensor "conv": its data_offsets are 1 to 3`},
		{row: 24, name: "hole", in: tensorFile(`{"a":`+u8(0, 1)+`,"conv":`+u8(2, 3)+`}`, 1, 2, 3), text: "without overlap or hole"},
		{row: 24, name: "trailing bytes", in: tensorFile(`{"a":`+u8(0, 1)+`}`, 1, 2), text: "1 bytes follow the last tensor"},
		{row: 24, name: "end before begin", in: tensorFile(`{"conv":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), text: `tensor "conv"`},
		{row: 24, name: "duplicate key", in: tensorFile(`{"a":`+u8(0, 1)+`,"a":`+u8(1, 2)+`}`, 1, 2), text: "no name stands twice"},
		{row: 24, name: "metadata of numbers", in: tensorFile(`{"__metadata__":{"epoch":12}}`), text: "__metadata__ holds strings only"},
		{row: 24, name: "leading space", in: tensorFile(" {}"), text: "starts with '{'"},
		{row: 24, name: "bad UTF-8", in: tensorFile("{\"\xff\":1}"), text: "the header is UTF-8"},
		{row: 24, name: "unknown dtype", in: one(`"dtype":"F8","shape":[1],"data_offsets":[0,1]`, 1), text: `tensor "conv": its dtype is "F8"`},
		{row: 25, name: "2^32 × 2^32", in: one(`"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]`), text: "overflows"},
		{row: 25, name: "negative", in: one(`"dtype":"U8","shape":[-1],"data_offsets":[0,1]`, 1), text: `"-1"`},
		{row: 25, name: "fraction", in: one(`"dtype":"U8","shape":[1.5],"data_offsets":[0,1]`, 1), text: `"1.5"`},
		{row: 25, name: "1e400", in: one(`"dtype":"U8","shape":[1e400],"data_offsets":[0,1]`, 1), text: `"1e400"`},
		{row: 26, name: "100,000 tensors", in: tensorFile(string(many)), kind: fault.TooLarge, text: "at most 65,536 tensors", fast: 50 * time.Millisecond},
		{row: 26, name: "512 levels of JSON", in: tensorFile(strings.Repeat(`{"a":`, 512) + "1" + strings.Repeat("}", 512)), fast: 50 * time.Millisecond},
	}
	for i := range table {
		table[i].file = "weights.safetensors"
	}
	run(t, table)
}

// TestBadWeights is row 45: a good file of weights, of another net.
func TestBadWeights(t *testing.T) {
	changed := func(net string, change func(map[string]weights.Tensor)) []byte {
		b, err := os.ReadFile(written(t, net, change))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	alien := weights.NewFloat32("", []int{2}, []float32{1, 2})
	cut := changed("squeezenet-1.1", func(w map[string]weights.Tensor) {
		for i := range 12 {
			w[fmt.Sprintf("alien.%02d", i)] = alien
		}
		w["features.0.bias"] = alien
		delete(w, "features.0.weight")
	})
	run(t, []badFile{
		{
			row: 45, name: "three lists", file: "a.safetensors", in: cut,
			text: "squeezenet-1.1\"; missing: features.0.weight; unexpected: alien.00, alien.01, alien.02, alien.03, alien.04, alien.05, alien.06, alien.07, alien.08, alien.09 and 2 more; of another shape: features.0.bias is [2], want [64]",
		},
		{
			row: 45, name: "another net", file: "a.safetensors", in: changed("squeezenet-1.1", func(map[string]weights.Tensor) {}),
			o: modelfile.Options{Net: "alexnet"}, text: `do not fit the model "alexnet"; missing: features.3.weight`, hint: "--net",
		},
		{
			row: 45, name: "no net's", file: "a.safetensors", in: tensorFile(`{"conv":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
			text: "of no net that we know", hint: "--net",
		},
		{
			row: 47, name: "hostile names", file: "a.safetensors",
			in:   tensorFile(`{"<script>\u001b[2J\u202e\u0000`+strings.Repeat("名", 150)+`":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
			text: "<script>",
		},
	})
}

// TestNotNumbers is row 27: weights that are no numbers load, with a warning, and the answer is
// no number either.
func TestNotNumbers(t *testing.T) {
	for name, v := range map[string]float32{"NaN": float32(math.NaN()), "infinite": float32(math.Inf(1))} {
		path := written(t, "lenet5-modern", func(w map[string]weights.Tensor) {
			x := w["output.weight"]
			binary.LittleEndian.PutUint32(x.Data, math.Float32bits(v))
		})
		f, err := modelfile.Open(t.Context(), path, modelfile.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, "not numbers (NaN or infinite) stand in output.weight") {
			t.Errorf("%s: notes %q", name, notes)
		}
		input := slices.Repeat([]float32{0.5}, 32*32)
		answer := layers(t, f.Model, input)
		if last := answer[len(answer)-1]; !math.IsNaN(float64(last[0])) {
			t.Errorf("%s: the softmax is %v", name, last)
		}
	}
}

// TestBadCheckpoints is rows 37 to 42: each checkpoint that scripts/golden/pth.py has made to do
// harm, through the child process. Texts and memory, one by one: package pth.
func TestBadCheckpoints(t *testing.T) {
	var table []badFile
	for name, in := range testutil.Files(t, filepath.Join(testutil.Root(t), "testdata/golden/pth/bad/*.pth")) {
		tc := badFile{row: 37, name: name, file: name, in: in}
		switch name {
		case "os_system_text.pth", "inst.pth", "obj.pth", "newobj_ex_system.pth":
			tc.text = "this checkpoint asks to run code: `os.system`; refused"
		case "legacy_tar.pth", "torchscript.pth", "legacy.pth", "bare_pickle.pth":
			tc.row, tc.hint = 40, "save again with torch.save(model.state_dict()"
		case "slip.pth":
			tc.row, tc.text = 42, "no net that we know" // read, and of one tensor
		default:
			if testing.Short() { // each is a process
				continue
			}
		}
		table = append(table, tc)
	}
	if len(table) < 9 {
		t.Fatalf("only %d checkpoints", len(table))
	}
	table = append(table, badFile{row: 40, name: "empty", file: "a.pth", text: "this file is empty", hint: "torch.save(model.state_dict()"})
	canary := t.TempDir()
	t.Setenv("TMPDIR", canary)
	t.Chdir(canary)
	run(t, table)
	left, err := filepath.Glob(filepath.Join(canary, "*CANARY*"))
	if err != nil || len(left) > 0 {
		t.Errorf("a command was run: %v, %v", left, err)
	}
}

// TestBadKeras is rows 43 and 44: files that scripts/golden/keras_bad.py has made, through the child
// process. The mutants of row 43 stand in package keras.
func TestBadKeras(t *testing.T) {
	var table []badFile
	for name, tc := range map[string]badFile{
		"bomb.h5":             {row: 43, kind: fault.TooLarge, text: "unfolds"},
		"half.h5":             {row: 43, text: "float32"},
		"lambda.keras":        {row: 44, text: `"double" (Lambda, which is Python code)`, hint: "ever run"},
		"lambda-2.h5":         {row: 44, text: `"double" (Lambda, which is Python code)`, hint: "ever run"},
		"external_link.h5":    {row: 44, text: `"c3"`, hint: "Links to other files are not followed"},
		"external_storage.h5": {row: 44, text: "external storage"},
	} {
		b, err := os.ReadFile(filepath.Join(testutil.Root(t), "internal/keras/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		tc.name, tc.file, tc.in = name, name, b
		table = append(table, tc)
	}
	run(t, table)
}

// TestTruncated cuts a file of each format: no half of it is read. ONNX at every 64th byte: package onnx.
func TestTruncated(t *testing.T) {
	step := map[string]int{".onnx": 1999, ".safetensors": 1999, ".pth": 20_011, ".h5": 40_009, ".keras": 40_009}
	for ext, step := range step {
		whole, err := os.ReadFile(same(t, ext))
		if err != nil {
			t.Fatal(err)
		}
		if raceDetector || testing.Short() {
			step *= 10
		}
		path := filepath.Join(t.TempDir(), "cut"+ext)
		for n := 0; n < len(whole); n += step {
			if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := modelfile.Open(t.Context(), path, modelfile.Options{})
			if k := fault.KindOf(err); err == nil || k != fault.Unprocessable && k != fault.TooLarge && k != fault.Unsupported {
				t.Errorf("%s after %d of %d bytes: %v", ext, n, len(whole), err)
			}
		}
	}
}
