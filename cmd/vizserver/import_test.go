package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/testutil"
	"vizserver/internal/zoo"
)

// sameLeNet is a file of the one LeNet that testdata/golden/same holds in every format.
func sameLeNet(t *testing.T, ext string) string {
	t.Helper()
	return filepath.Join(testutil.Root(t), "testdata/golden/same/lenet5-modern"+ext)
}

// TestImport goes through the life of a model of the user's own.
func TestImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	labels := filepath.Join(t.TempDir(), "labels.txt")
	if err := os.WriteFile(labels, []byte("zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	digit := digitPNG(t, t.TempDir(), 0) // a 7
	step := func(code int, part string, args ...string) result {
		t.Helper()
		r := vizserver(t, append(args, "--cache", dir)...)
		if r.code != code || !strings.Contains(r.out+r.err, part) {
			t.Fatalf("%v: code %d, want %d; no %q in %s%s", args, r.code, code, part, r.out, r.err)
		}
		return r
	}
	file := sameLeNet(t, ".onnx")
	step(2, "does not say how pictures are prepared, nor what its 10 classes are called", "import", file, "--name", "mine")
	r := step(0, "mine is kept", "import", file, "--name", "mine", "--labels", labels, "--preprocess", "digits")
	for _, part := range []string{"format         onnx", "input          1×1×32×32", "parameters     61,706", "10 classes", "tried on a drawn 1, ", " %  one"} {
		if !strings.Contains(r.out, part) {
			t.Errorf("no %q in %s", part, r.out)
		}
	}
	step(0, ": seven 100.00 %", "classify", "mine", digit)
	step(0, "mine: imported from lenet5-modern.onnx (onnx) on ", "show", "mine")
	step(0, "are in", "trace", "mine", "--input", digit, "--out", filepath.Join(t.TempDir(), "t.safetensors"))
	var list []modelLine
	if err := json.Unmarshal([]byte(step(0, "mine", "models", "--json").out), &list); err != nil {
		t.Fatal(err)
	}
	if last := list[len(list)-1]; last.Name != "mine" || !last.Imported || last.Parameters != 61706 || last.Input != [3]int{1, 32, 32} || len(list) != len(zoo.Table())+1 {
		t.Errorf("%+v", last)
	}
	step(2, "there is a model mine already", "import", file, "--name", "mine", "--yes")
	step(4, "did you mean mine?", "show", "mines")
	step(4, "did you mean mine?", "import", "remove", "minee")
	step(0, "mine is removed", "import", "remove", "mine")
	step(4, "did you mean", "show", "mine")
	if left, _ := filepath.Glob(filepath.Join(dir, "models", "[a-z]*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestImportFormats: the same net from every format is the same model.
func TestImportFormats(t *testing.T) {
	t.Parallel()
	digit := digitPNG(t, t.TempDir(), 0)
	var want string
	for _, ext := range []string{".onnx", ".pth", ".safetensors", ".h5", ".keras"} {
		dir := t.TempDir()
		if r := vizserver(t, "import", sameLeNet(t, ext), "--yes", "--name", "mine", "--cache", dir); r.code != 0 {
			t.Fatalf("%s: %d %s", ext, r.code, r.err)
		}
		r := vizserver(t, "classify", "mine", digit, "--cache", dir)
		answer := strings.ReplaceAll(r.out, "class ", "")
		if want == "" {
			want = answer
		}
		if r.code != 0 || answer != want || !strings.Contains(answer, ": 7 100.00 %") {
			t.Errorf("%s: %d %s%s, want %s", ext, r.code, r.out, r.err, want)
		}
	}
}

// TestImportAsks answers on a terminal.
func TestImportAsks(t *testing.T) {
	t.Parallel()
	labels := filepath.Join(t.TempDir(), "labels.json")
	if err := os.WriteFile(labels, []byte(`["0","1","2","3","4","5","6","seven","8","9"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answers string
		kept    bool
		part    string
	}{
		"all":            {"own\ndigits\n" + labels + "\ny\n", true, "own is kept"},
		"what is likely": {"\n\n\n\n", true, "my-net is kept"},
		"not kept":       {"\n\n\nno\n", false, "keep it as my-net?"},
		"nothing more":   {"\n", false, "how pictures are prepared"},
	} {
		dir := t.TempDir()
		file := filepath.Join(t.TempDir(), "My Net.onnx")
		b, err := os.ReadFile(sameLeNet(t, ".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		e := &env{ctx: t.Context(), stdout: &out, stderr: &errs}
		cmd := &importAddCmd{File: file, Range: 1}
		cmd.Cache = dir
		err = cmd.run(e, &asker{in: bufio.NewReader(strings.NewReader(c.answers)), out: &out, on: true})
		kept, _ := filepath.Glob(filepath.Join(dir, "models", "*.safetensors"))
		if (len(kept) == 1) != c.kept || !strings.Contains(out.String(), c.part) || (err != nil) != (name == "nothing more") {
			t.Errorf("%s: %v, kept %v, %s%s", name, err, kept, out.String(), errs.String())
		}
	}
}

// TestImportMistakes: one clear sentence each, and nothing is kept.
func TestImportMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := sameLeNet(t, ".onnx")
	short := filepath.Join(t.TempDir(), "short.txt")
	if err := os.WriteFile(short, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.onnx")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		part string
	}{
		{"a name of the table", []string{file, "--name", "resnet18"}, 2, "resnet18 is a network of the table"},
		{"the file's name is one", []string{file, "--yes"}, 2, "lenet5-modern is a network of the table"},
		{"no name", []string{file, "--name", "../x"}, 2, "is no name for a model"},
		{"a name with a tag", []string{file, "--name", "a@b"}, 2, "is no name for a model"},
		{"labels that do not fit", []string{file, "--name", "a", "--labels", short, "--yes"}, 2, "2 labels"},
		{"no such labels", []string{file, "--name", "a", "--labels", short + "x", "--yes"}, 4, "there is no file"},
		{"no such preset", []string{file, "--name", "a", "--preprocess", "digit", "--yes"}, 2, "did you mean digits?"},
		{"a preset for photos", []string{file, "--name", "a", "--preprocess", "caffe", "--yes"}, 2, "is for square photos"},
		{"two means", []string{file, "--name", "a", "--mean", "1,2", "--std", "1,1"}, 80, "three numbers"},
		{"both ways", []string{file, "--mean", "1,2,3", "--std", "1,1,1", "--preprocess", "raw"}, 80, "exclude"},
		{"deviation 0", []string{file, "--mean", "1,2,3", "--std", "1,0,1"}, 80, "are above 0"},
		{"a deviation that is no number", []string{file, "--mean", "1,2,3", "--std", "1,nan,1"}, 80, "are above 0"},
		{"a resampling alone", []string{file, "--resample", "bicubic"}, 80, "go with --mean"},
		{"means for digits", []string{file, "--name", "a", "--mean", "1,2,3", "--std", "1,1,1", "--yes"}, 2, "are no input of"},
		{"shape of nothing", []string{file, "--input-shape", "1,0,2,2"}, 80, "from 1 on"},
		{"cut off", []string{cut, "--name", "a", "--yes"}, 2, "cut.onnx: "},
		{"no file", []string{"none.onnx", "--name", "a", "--yes"}, 4, "there is no file"},
		{"a directory", []string{dir, "--name", "a", "--yes"}, 2, "this is a directory, not a file"},
		{"text", []string{short, "--name", "a", "--yes"}, 2, "not a model file that we know"},
		{"a net that it is not", []string{sameLeNet(t, ".pth"), "--name", "a", "--net", "vgg16", "--yes"}, 2, "vgg16"},
	} {
		r := vizserver(t, append(append([]string{"import"}, c.args...), "--cache", dir)...)
		if r.code != c.code || !strings.Contains(r.err, c.part) || strings.Count(r.err, "\n") > 4 {
			t.Errorf("%s: code %d, want %d: %s", c.name, r.code, c.code, r.err)
		}
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "models", "[a-z]*")); len(kept) > 0 {
		t.Errorf("kept: %v", kept)
	}
}
