package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A network that was exported gives the same answer when it is read again.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	digit := digitPNG(t, dir, 0)
	out := filepath.Join(dir, "lenet.onnx")
	if r := vizserver(t, "export", "lenet5-modern", "--out", out, "--batch", "1"); r.code != 0 || !strings.Contains(r.out, "lenet5-modern is in") {
		t.Fatalf("code %d, %s%s", r.code, r.out, r.err)
	}
	want := vizserver(t, "classify", "lenet5-modern", digit)
	got := vizserver(t, "classify", out, digit, "--preprocess", "digits")
	if want.code != 0 || got.code != 0 || after(got.out) != after(want.out) {
		t.Errorf("the file answers %q (%s), the network %q", got.out, got.err, want.out)
	}
}

func TestExportRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		code int
		text string
	}{
		{"no network", []string{"lenet6", "--out", filepath.Join(dir, "x.onnx")}, 4, "did you mean"},
		{"no directory", []string{"lenet5-modern", "--out", filepath.Join(dir, "no", "x.onnx")}, 4, "there is no directory"},
		{"batch", []string{"lenet5-modern", "--out", filepath.Join(dir, "x.onnx"), "--batch=-1"}, 80, "--batch -1"},
		{"no output", []string{"lenet5-modern"}, 80, "--out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := vizserver(t, append([]string{"export"}, c.args...)...)
			if r.code != c.code || !strings.Contains(r.err, c.text) {
				t.Errorf("code %d, %q; want %d and %q", r.code, r.err, c.code, c.text)
			}
		})
	}
}

// after returns what a line of classify says of the picture.
func after(line string) string {
	_, said, _ := strings.Cut(line, ": ")
	return strings.ReplaceAll(said, "class ", "") // the file has no names of classes
}
