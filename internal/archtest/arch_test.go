package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vizserver/internal/testutil"
)

const modulePath = "vizserver"

// source is one Go file of the module.
type source struct {
	name string // slash-separated, from the root of the repository
	file *ast.File
	set  *token.FileSet
}

func (s source) pkg() string     { return path.Dir(s.name) }
func (s source) isTest() bool    { return strings.HasSuffix(s.name, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.file) }

// walk yields the regular files of the repository, less what others wrote or a
// tool brought.
func walk(t *testing.T, root string, visit func(name string)) {
	t.Helper()
	skip := map[string]bool{"node_modules": true, "testdata": true, "vendor": true, "tools": true, "runs": true}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (skip[d.Name()] || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			visit(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	root := testutil.Root(t)
	var all []source
	walk(t, root, func(name string) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join(root, filepath.FromSlash(name)), nil, parser.ParseComments)
		if err != nil {
			t.Errorf("parse %s: %v", name, err)
			return
		}
		all = append(all, source{name: name, file: f, set: set})
	})
	if len(all) < 10 {
		t.Fatalf("only %d Go files found under %s", len(all), root)
	}
	return all
}

func imports(f *ast.File) []string {
	var paths []string
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// badImport says why a file of package pkg may not import target, or "".
func badImport(pkg string, isTest bool, target string) string {
	own, inside := strings.CutPrefix(target, modulePath+"/")
	if !inside {
		list, apart := foreign[pkg]
		if apart && !isTest && !slices.ContainsFunc(list, func(p string) bool {
			return target == p || strings.HasPrefix(target, p+"/")
		}) {
			return fmt.Sprintf("%s stands apart and may not import %s (foreign in allow_test.go)", pkg, target)
		}
		return ""
	}
	if isTest {
		if strings.HasPrefix(own, "cmd/") || own == "internal/e2e" || own == "internal/archtest" {
			return "no test imports " + own
		}
		return ""
	}
	if own == pkg {
		return ""
	}
	if slices.Contains(testOnly, own) && !slices.Contains(testOnly, pkg) {
		return own + " is only for tests"
	}
	if !slices.Contains(allowed[pkg], own) {
		return fmt.Sprintf("%s may not import %s (allowed in allow_test.go)", pkg, own)
	}
	return ""
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		if _, known := allowed[s.pkg()]; !known && !strings.HasPrefix(s.pkg(), "scripts/") {
			t.Errorf("%s: package %s is not in the picture (allow_test.go)", s.name, s.pkg())
			continue
		}
		for _, target := range imports(s.file) {
			if strings.HasPrefix(s.pkg(), "scripts/") {
				continue // programs of the workshop may use all of the product
			}
			if why := badImport(s.pkg(), s.isTest(), target); why != "" {
				t.Errorf("%s: %s", s.name, why)
			}
		}
	}
}

func TestBadImport(t *testing.T) {
	for _, tc := range []struct {
		pkg, target string
		isTest, bad bool
	}{
		{pkg: "internal/trace", target: "vizserver/internal/nn"},
		{pkg: "internal/trace", target: "vizserver/internal/zoo", bad: true},
		{pkg: "internal/trace", target: "vizserver/internal/zoo", isTest: true},
		{pkg: "internal/nn", target: "vizserver/internal/server", bad: true},
		{pkg: "internal/nn", target: "net/http", bad: true},
		{pkg: "internal/nn", target: "log/slog", bad: true},
		{pkg: "internal/nn", target: "math/bits"},
		{pkg: "internal/nn/kernel", target: "vizserver/internal/nn", bad: true},
		{pkg: "internal/server", target: "vizserver/internal/testutil", bad: true},
		{pkg: "internal/server", target: "vizserver/internal/testutil", isTest: true},
		{pkg: "internal/server", target: "vizserver/internal/e2e", isTest: true, bad: true},
		{pkg: "web/templates", target: "vizserver/internal/i18n"},
		{pkg: "web/templates", target: "vizserver/internal/nn", bad: true},
		{pkg: "internal/server", target: "net/http"},
	} {
		if why := badImport(tc.pkg, tc.isTest, tc.target); (why != "") != tc.bad {
			t.Errorf("%s imports %s (test: %v): %q, want bad: %v", tc.pkg, tc.target, tc.isTest, why, tc.bad)
		}
	}
}

// TestAllowListHasNoCycle keeps the table itself a picture with arrows down.
func TestAllowListHasNoCycle(t *testing.T) {
	const (
		fresh = iota
		open
		done
	)
	state := map[string]int{}
	var visit func(pkg string, way []string)
	visit = func(pkg string, way []string) {
		switch state[pkg] {
		case open:
			t.Errorf("a cycle: %s", strings.Join(append(way, pkg), " → "))
			return
		case done:
			return
		}
		state[pkg] = open
		for _, next := range allowed[pkg] {
			if _, known := allowed[next]; !known {
				t.Errorf("%s may import %s, which is not in the table", pkg, next)
			}
			visit(next, append(way, pkg))
		}
		state[pkg] = done
	}
	for pkg := range allowed {
		visit(pkg, nil)
	}
}

// rootContexts gives the places where f makes a root context.
func rootContexts(f *ast.File, set *token.FileSet) []token.Position {
	var found []token.Position
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "context" && (sel.Sel.Name == "Background" || sel.Sel.Name == "TODO") {
			found = append(found, set.Position(sel.Pos()))
		}
		return true
	})
	return found
}

// excusedLines are those whose comment tells the linter, and the reader, why
// they make a root context: //nolint:forbidigo // reason.
func excusedLines(f *ast.File, set *token.FileSet) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if _, why, ok := strings.Cut(c.Text, "nolint:forbidigo // "); ok && why != "" {
				lines[set.Position(c.Pos()).Line] = true
			}
		}
	}
	return lines
}

func TestOnlyMainAndTestsMakeRootContexts(t *testing.T) {
	for _, s := range sources(t) {
		top, _, _ := strings.Cut(s.name, "/")
		if s.isTest() || top == "cmd" || top == "scripts" || slices.Contains(testOnly, s.pkg()) {
			continue
		}
		excused := excusedLines(s.file, s.set)
		for _, at := range rootContexts(s.file, s.set) {
			if !excused[at.Line] {
				t.Errorf("%s:%d: a root context; take ctx as a parameter", s.name, at.Line)
			}
		}
	}
}

func TestRootContextsAreSeen(t *testing.T) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "x.go", "package x\nimport \"context\"\nvar a = context.Background()\nvar b = context.TODO\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(rootContexts(f, set)); got != 2 {
		t.Errorf("%d root contexts seen, want 2", got)
	}
}

// TestNoInit: registries are tables in plain sight, never side effects of an import.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !s.generated() {
				t.Errorf("%s: func init", s.name)
			}
		}
	}
}

// TestPackageComments: every package says what it is for.
func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	var names []string
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		if _, seen := documented[s.pkg()]; !seen {
			documented[s.pkg()] = false
			names = append(names, s.pkg())
		}
		if s.file.Doc != nil && !s.generated() {
			documented[s.pkg()] = true
		}
	}
	for _, name := range names {
		if !documented[name] {
			t.Errorf("package %s has no doc comment", name)
		}
	}
}

func TestNamesOfPackages(t *testing.T) {
	root := testutil.Root(t)
	walk(t, root, func(name string) {
		for part := range strings.SplitSeq(path.Dir(name), "/") {
			switch part {
			case "util", "utils", "common", "helpers", "helper", "types", "misc", "lib":
				t.Errorf("%s: a directory called %q says nothing of what it holds", name, part)
			}
		}
	})
}

// maxLines is where a file is split before it is added to.
const maxLines = 600

func TestLengthOfFiles(t *testing.T) {
	root := testutil.Root(t)
	walk(t, root, func(name string) {
		switch path.Ext(name) {
		case ".go", ".js", ".mjs", ".css", ".templ", ".py":
		default:
			return
		}
		if tables[name] {
			return
		}
		b := readFile(t, filepath.Join(root, filepath.FromSlash(name)))
		if bytes.Contains(b[:min(len(b), 400)], []byte("DO NOT EDIT")) {
			return
		}
		if n := bytes.Count(b, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines; split it before it grows (limit %d)", name, n, maxLines)
		}
	})
}
