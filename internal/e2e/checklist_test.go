package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vizserver/internal/testutil"
)

// TestHarleyChecklist: the table names a test for each of the 32 items, every
// named test exists, and every test named after an item stands in the table.
func TestHarleyChecklist(t *testing.T) {
	root := testutil.Root(t)
	table, err := os.ReadFile(filepath.Join(root, "docs", "harley-checklist.md"))
	must(t, err)
	exist := testFunctions(t, root)
	named := map[string]bool{}
	items := map[int]bool{}
	row := regexp.MustCompile(`^\| (\d+) \|.*\| ([^|]+) \|$`)
	name := regexp.MustCompile("`((?:Test|Benchmark|Fuzz)\\w+)`")
	for line := range strings.Lines(string(table)) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		number, err := strconv.Atoi(m[1])
		must(t, err)
		items[number] = true
		found := name.FindAllStringSubmatch(m[2], -1)
		if len(found) == 0 {
			t.Errorf("item %d has no test", number)
		}
		for _, f := range found {
			named[f[1]] = true
			if !exist[f[1]] {
				t.Errorf("item %d names %s, which does not exist", number, f[1])
			}
		}
	}
	for number := 1; number <= 32; number++ {
		if !items[number] {
			t.Errorf("item %d is missing", number)
		}
	}
	for fn := range exist {
		if strings.HasPrefix(fn, "TestHarley0") || strings.HasPrefix(fn, "TestHarley1") || strings.HasPrefix(fn, "TestHarley2") || strings.HasPrefix(fn, "TestHarley3") {
			if !named[fn] {
				t.Errorf("%s is not in the table", fn)
			}
		}
	}
}

// testFunctions gives the names of all test functions of the module.
func testFunctions(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	decl := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range decl.FindAllStringSubmatch(string(b), -1) {
			names[m[1]] = true
		}
		return nil
	})
	must(t, err)
	return names
}
