// Package testutil holds what the tests of several packages share: golden
// files, test data by pattern, the root of the repository, and comparison of
// float slices within a tolerance. Only tests import it.
package testutil

import (
	"bytes"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the tests got; read the diff before you commit it")

// Golden compares got with the file at path, byte for byte, and shows the first
// line that differs. With -update it writes got to the file instead. Numbers
// that come from a reference implementation are not golden text: no flag
// rewrites those.
func Golden(tb testing.TB, path string, got []byte) {
	tb.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("no golden file (write it with -update, then read it): %v", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	line, gotLine, wantLine := firstDifference(got, want)
	tb.Errorf("%s: line %d differs (rewrite with -update, then read the diff)\n got: %q\nwant: %q",
		path, line, gotLine, wantLine)
}

// firstDifference gives the first line, counted from 1, in which a and b differ,
// and that line of each; "" for a line that is missing.
func firstDifference(a, b []byte) (line int, inA, inB string) {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range max(len(la), len(lb)) {
		inA, inB = "", ""
		if i < len(la) {
			inA = string(la[i])
		}
		if i < len(lb) {
			inB = string(lb[i])
		}
		if inA != inB || i >= len(la) || i >= len(lb) {
			return i + 1, inA, inB
		}
	}
	return 0, "", ""
}

// Files yields name and content of each regular file that matches pattern
// (filepath.Match), sorted by name. A pattern without a match fails the test:
// a moved directory must not turn a test into an empty loop.
func Files(tb testing.TB, pattern string) iter.Seq2[string, []byte] {
	tb.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		tb.Fatalf("bad pattern %q: %v", pattern, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || !info.Mode().IsRegular()
	})
	if len(names) == 0 {
		tb.Fatalf("no file matches %q", pattern)
	}
	return func(yield func(string, []byte) bool) {
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			if !yield(filepath.Base(name), b) {
				return
			}
		}
	}
}

// Root gives the absolute path of the repository: the nearest directory above
// the running test that has the product's go.mod.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(b, []byte("module vizserver\n")) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod of module vizserver above the test")
		}
		dir = up
	}
}
