package pull

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vizserver/internal/fault"
)

// TestFullDisk writes to a disk of 1 MiB until it is full: the error says so, what was written is
// taken away, and what was there stays.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk can only be mounted by root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	body, small := content(3<<20), content(1000)
	cache := &Cache{Dir: dir}
	old := fileOf(small)
	if _, err := cache.Pull(t.Context(), old, quick((&origin{body: small}).start(t))); err != nil {
		t.Fatal(err)
	}
	f := fileOf(body)
	f.Tag = "v2"
	for _, known := range []bool{true, false} {
		o := quick((&origin{body: body}).start(t))
		if !known {
			o.free = func(string) (int64, bool) { return 0, false } // found out by writing
		}
		_, err := cache.Pull(t.Context(), f, o)
		if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "is full: ") || !strings.Contains(err.Error(), "are free") {
			t.Errorf("known %v: %v", known, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "part", "*.part*")); len(left) > 0 {
			t.Errorf("known %v, left over: %v", known, left)
		}
	}
	holds(t, cache, old, small)
	if _, err := os.Stat(cache.recordPath(f)); err == nil {
		t.Error("a record of what was not installed")
	}
}
