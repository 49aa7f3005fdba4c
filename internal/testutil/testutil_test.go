package testutil

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tc := range []struct {
		name      string
		got, want float64
		tol       Tolerance
		near      bool
	}{
		{name: "equal, no tolerance", got: 2, want: 2, near: true},
		{name: "unequal, no tolerance", got: 2, want: 2.0000001},
		{name: "on the absolute edge", got: 0.5, want: 0, tol: Tolerance{Abs: 0.5}, near: true},
		{name: "past the absolute edge", got: 0.51, want: 0, tol: Tolerance{Abs: 0.5}},
		{name: "relative to want, not to got", got: 0, want: 1, tol: Tolerance{Rel: 0.9}},
		{name: "relative", got: 1.05, want: 1, tol: Tolerance{Rel: 0.06}, near: true},
		{name: "sign", got: -1, want: 1, tol: Tolerance{Rel: 0.5}},
		{name: "NaN got", got: nan, want: 1, tol: Tolerance{Abs: inf}},
		{name: "NaN wanted", got: 1, want: nan, tol: Tolerance{Abs: 9}},
		{name: "NaN twice", got: nan, want: nan, tol: Tolerance{Abs: 9}},
		{name: "same infinity", got: inf, want: inf, near: true},
		{name: "other infinity", got: -inf, want: inf, tol: Tolerance{Rel: 1}},
		{name: "finite for infinite", got: 1, want: inf, tol: Tolerance{Rel: 1}},
		{name: "infinite for finite", got: inf, want: 1, tol: Tolerance{Rel: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if near := Near(tc.got, tc.want, tc.tol); near != tc.near {
				t.Errorf("Near(%v, %v, %+v) = %v", tc.got, tc.want, tc.tol, near)
			}
		})
	}
}

func TestClosenessNamesTheWorst(t *testing.T) {
	want := make([]float32, 2*3*5*7)
	got := make([]float32, len(want))
	got[4] = 0.5
	i := ((1*3+2)*5+3)*7 + 6 // (n, c, y, x) = (1, 2, 3, 6)
	got[i] = 2
	msg := closeness(got, want, Tolerance{Abs: 0.1}, []int{2, 3, 5, 7})
	for _, part := range []string{"2 of 210", "[1 2 3 6]", "got 2, want 0"} {
		if !strings.Contains(msg, part) {
			t.Errorf("no %q in the message: %s", part, msg)
		}
	}
	got[0] = float32(math.NaN())
	if msg = closeness(got, want, Tolerance{Abs: 9}, nil); !strings.Contains(msg, "1 of 210") || !strings.Contains(msg, "at [0]:") {
		t.Errorf("NaN is not named as the worst: %s", msg)
	}
	if msg = closeness(got[:3], want, Tolerance{}, nil); msg == "" {
		t.Error("slices of two lengths are taken for close")
	}
	if msg = closeness(want, want, Tolerance{}, nil); msg != "" {
		t.Errorf("equal slices are not close: %s", msg)
	}
}

func TestFirstDifference(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		line int
	}{
		{"a\nb\n", "a\nb\n", 0},
		{"a\nb\n", "a\nc\n", 2},
		{"a", "a\n", 2},
		{"", "x", 1},
	} {
		if line, _, _ := firstDifference([]byte(tc.a), []byte(tc.b)); line != tc.line {
			t.Errorf("firstDifference(%q, %q) at line %d, want %d", tc.a, tc.b, line, tc.line)
		}
	}
}

// spy takes the failures of a helper under test.
type spy struct {
	testing.TB
	failed bool
}

func (s *spy) Helper()               {}
func (s *spy) Errorf(string, ...any) { s.failed = true }
func (s *spy) Fatalf(string, ...any) { s.failed = true }
func (s *spy) Fatal(...any)          { s.failed = true }

func TestGolden(t *testing.T) {
	if *update {
		t.Skip("with -update Golden writes what it should compare")
	}
	path := filepath.Join(t.TempDir(), "x.golden")
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	Golden(t, path, []byte("one\ntwo\n"))
	s := &spy{TB: t}
	if Golden(s, path, []byte("one\nthree\n")); !s.failed {
		t.Error("Golden takes other text for the golden one")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.bin", "a.bin", "c.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d.bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, b := range Files(t, filepath.Join(dir, "*.bin")) {
		if string(b) != name {
			t.Errorf("%s holds %q", name, b)
		}
		names = append(names, name)
	}
	if strings.Join(names, " ") != "a.bin b.bin" {
		t.Errorf("names %v", names)
	}
	s := &spy{TB: t}
	if Files(s, filepath.Join(dir, "*.none")); !s.failed {
		t.Error("a pattern without a match passes")
	}
}

func TestRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Root(t), "internal", "testutil", "testutil.go")); err != nil {
		t.Error(err)
	}
}
