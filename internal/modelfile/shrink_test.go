package modelfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
)

// TestFileThatChanges is row 46: after a look at its first bytes, the file is cut off or replaced.
// It is read, never mapped, so that is an error and no signal.
func TestFileThatChanges(t *testing.T) {
	for _, ext := range []string{".safetensors", ".onnx", ".pth", ".h5", ".keras", ".caffemodel"} {
		whole, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/same/lenet5-modern"+ext))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "model"+ext)
		open := func() *reader {
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := openFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := open()
		if err := os.Truncate(path, int64(len(whole))/2); err != nil {
			t.Fatal(err)
		}
		_, err = r.read(t.Context(), Options{})
		if fault.KindOf(err) != fault.Unprocessable {
			t.Errorf("%s cut off: %v", ext, err)
		}
		if inProcess := ext == ".safetensors" || ext == ".onnx" || ext == ".caffemodel"; inProcess && !strings.Contains(err.Error(), "became shorter while it was read") {
			t.Errorf("%s cut off: %v", ext, err)
		}
		r.Close()

		r = open()
		if err := os.Remove(path); err == nil { // Windows keeps an open file
			if _, err := r.read(t.Context(), Options{}); err != nil {
				t.Errorf("%s replaced: %v", ext, err)
			}
		}
		r.Close()
	}
}
