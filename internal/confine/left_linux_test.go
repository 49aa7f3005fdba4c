package confine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vizserver/internal/confine"
)

// children lists the living processes that this one started to do the job.
func children(t *testing.T, job string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range lines {
		if b, err := os.ReadFile(name); err == nil && strings.HasPrefix(string(b), "vizserver: "+job+"\x00") {
			found = append(found, name)
		}
	}
	return found
}

func TestRunLeavesNothingBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const job = "sleep" // TestRunConfines, whose children sleep too, is parallel: it waits for this test
	if _, err := confine.Run(t.Context(), job, file(t, "x"), confine.Options{Wall: 200 * time.Millisecond}); err == nil {
		t.Fatal("it slept enough")
	}
	if left := children(t, job); len(left) > 0 {
		t.Errorf("processes %v live on", left)
	}
	if left, err := filepath.Glob(os.Getenv("TMPDIR") + "/viz-confined-*"); err != nil || len(left) > 0 {
		t.Errorf("directories %v are left, %v", left, err)
	}
}
