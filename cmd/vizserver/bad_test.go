package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/testutil"
)

// TestBadModelFiles: a file of each format that must be refused ends with the exit code of its
// kind, one line that says why and one that says what to do, and no more. The list of bad inputs
// stands in package modelfile.
func TestBadModelFiles(t *testing.T) {
	root := testutil.Root(t)
	dir := t.TempDir()
	picture := digitPNG(t, dir, 0)
	onnx, err := os.ReadFile(filepath.Join(root, "testdata/golden/same/lenet5-modern.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"noise.bin":         bytes.Repeat([]byte{0xfe, 1, 2}, 999),
		"empty.pth":         nil,
		"cut.onnx":          onnx[:len(onnx)/2],
		"short.safetensors": {1, 2, 3},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range map[string]string{
		filepath.Join(dir, "noise.bin"):                                   "noise.bin: this is not a model file that we know",
		filepath.Join(dir, "empty.pth"):                                   "empty.pth: this file is empty",
		filepath.Join(dir, "cut.onnx"):                                    "cut.onnx: ",
		filepath.Join(dir, "short.safetensors"):                           "short.safetensors: ",
		filepath.Join(root, "testdata/golden/pth/bad/os_system_text.pth"): "os_system_text.pth: this checkpoint asks to run code: `os.system`; refused",
		filepath.Join(root, "testdata/golden/pth/bad/legacy_tar.pth"):     "legacy_tar.pth: this is a checkpoint in the tar format",
	} {
		for _, command := range []string{"show", "classify"} {
			args := []string{command, path}
			if command == "classify" {
				args = append(args, picture)
			}
			r := vizserver(t, args...)
			lines := strings.Split(strings.TrimRight(r.err, "\n"), "\n")
			if r.code != 2 || r.out != "" || len(lines) != 2 || !strings.HasPrefix(lines[0], "vizserver: "+text) || !strings.HasPrefix(lines[1], "  ") {
				t.Errorf("%v: code %d, output %q, errors:\n%s", args, r.code, r.out, r.err)
			}
			if strings.Contains(r.err, dir) || strings.Contains(r.err, root) {
				t.Errorf("%v: a path in: %s", args, r.err)
			}
		}
	}
}
