package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/testutil"
)

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// jsImport matches the specifier of a static import or re-export, at the start
// of a line, and of a dynamic import. Types in JSDoc, import("…") after {, do not count.
var jsImport = regexp.MustCompile(`(?m)^(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["']|[^{]\bimport\(\s*["']([^"']+)["']\s*\)`)

func jsImports(text string) []string {
	var found []string
	for _, m := range jsImport.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1]+m[2])
	}
	return found
}

func TestJSImportsAreSeen(t *testing.T) {
	text := `import { a } from "./a.js";
import "./b.js";
export * from "../c.js";
import {
  d,
} from './d.js';
/** @typedef {import("../types.js").Manifest} Manifest */
const e = await import("./e.js");
`
	got := jsImports(text)
	want := []string{"./a.js", "./b.js", "../c.js", "./d.js", "./e.js"}
	if !slices.Equal(got, want) {
		t.Errorf("imports %q, want %q", got, want)
	}
}

// jsLayers says which directories of web/static/js a directory may import from.
// "" is js itself: store, dom, i18n and their like. scene is geometry and colour
// in numbers; gl draws it; digit colours its plates by the scene's ramps.
var jsLayers = map[string][]string{
	"net":     {"net", ""},
	"scene":   {"scene", "net", ""},
	"gl":      {"gl", "scene", "net", ""},
	"digit":   {"digit", "scene", ""},
	"explain": {"explain", "scene", "net", ""},
	"views":   {"views", "gl", "scene", "explain", "digit", "net", ""},
}

// entries are the modules that a page loads: they may import all.
var entries = []string{"main.js", "draw.js", "home.js"}

// badJSImport says why a module may not import another, or "". Both are paths
// below web/static/js.
func badJSImport(from, to string) string {
	dir, target := group(from), group(to)
	if dir == "" {
		if !slices.Contains(entries, from) && target != "" {
			return "a module of js/ itself imports " + to + "; only the page's entry joins the parts"
		}
		return ""
	}
	if slices.Contains(entries, to) {
		return "imports the page's entry " + to
	}
	if !slices.Contains(jsLayers[dir], target) {
		return "js/" + dir + " may not import js/" + target
	}
	if dir == "views" && target == "views" && view(from) != view(to) {
		return "the view " + view(from) + " imports the view " + view(to) + "; views meet in the store"
	}
	return ""
}

func group(name string) string {
	dir, _, nested := strings.Cut(name, "/")
	if !nested {
		return ""
	}
	return dir
}

// view names the view that a file of js/views belongs to: views/pad.js,
// views/pad_tools.js and views/pad/tools.js all belong to pad.
func view(name string) string {
	name = strings.TrimPrefix(name, "views/")
	return name[:strings.IndexAny(name+".", "./_-")]
}

func TestBadJSImport(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		bad      bool
	}{
		{from: "draw.js", to: "views/pad.js"},
		{from: "views/pad.js", to: "views/pad_tools.js"},
		{from: "views/pad.js", to: "views/answer.js", bad: true},
		{from: "views/pad.js", to: "draw.js", bad: true},
		{from: "net/client.js", to: "store.js"},
		{from: "net/client.js", to: "scene/scene.js", bad: true},
		{from: "scene/place.js", to: "gl/painter.js", bad: true},
		{from: "store.js", to: "views/pad.js", bad: true},
		{from: "gl/painter.js", to: "scene/place.js"},
	} {
		if why := badJSImport(tc.from, tc.to); (why != "") != tc.bad {
			t.Errorf("%s imports %s: %q, want bad: %v", tc.from, tc.to, why, tc.bad)
		}
	}
}

func TestJSImports(t *testing.T) {
	root := filepath.Join(testutil.Root(t), "web", "static", "js")
	walk(t, root, func(name string) {
		if path.Ext(name) != ".js" {
			return
		}
		for _, spec := range jsImports(string(readFile(t, filepath.Join(root, filepath.FromSlash(name))))) {
			if !strings.HasPrefix(spec, "./") && !strings.HasPrefix(spec, "../") {
				t.Errorf("js/%s imports %q: modules are named by relative path; nothing comes from npm or a CDN", name, spec)
				continue
			}
			to := path.Join(path.Dir(name), spec)
			if strings.HasPrefix(to, "../") {
				continue // a vendored library
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
				t.Errorf("js/%s imports %q, which does not exist", name, spec)
			}
			if why := badJSImport(name, to); why != "" {
				t.Errorf("js/%s: %s", name, why)
			}
		}
	})
}

// unsafeJS is what Trusted Types and the Content-Security-Policy would stop only
// when the line runs: seen here before it runs.
var unsafeJS = regexp.MustCompile(`\.(innerHTML|outerHTML)\s*[+]?=[^=]|insertAdjacentHTML|document\.write|\beval\(|new Function\(|setAttribute\(\s*["']style["']`)

func TestNoUnsafeSinks(t *testing.T) {
	for _, bad := range []string{`a.innerHTML = x;`, `a.innerHTML += x`, `eval("1")`, `new Function("a")`, `e.setAttribute("style", "x")`} {
		if !unsafeJS.MatchString(bad) {
			t.Errorf("%s is not seen", bad)
		}
	}
	root := filepath.Join(testutil.Root(t), "web")
	walk(t, root, func(name string) {
		if path.Ext(name) != ".js" {
			return
		}
		for i, line := range strings.Split(string(readFile(t, filepath.Join(root, filepath.FromSlash(name)))), "\n") {
			if unsafeJS.MatchString(line) {
				t.Errorf("web/%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	})
}

// inlineMarkup is what the Content-Security-Policy forbids in a page.
var inlineMarkup = regexp.MustCompile(`\sstyle=|\son(click|load|input|change|submit|key\w+|pointer\w+)=|<script>|<style>|https?://[^"'\s]*\.(js|css|woff2?)\b`)

func TestTemplatesHoldNoInlineCode(t *testing.T) {
	for _, bad := range []string{`<p style="x">`, `<a onclick="x">`, `<script>x`, `src="https://cdn.example/x.js"`} {
		if !inlineMarkup.MatchString(bad) {
			t.Errorf("%s is not seen", bad)
		}
	}
	root := filepath.Join(testutil.Root(t), "web", "templates")
	walk(t, root, func(name string) {
		if path.Ext(name) != ".templ" {
			return
		}
		for i, line := range strings.Split(string(readFile(t, filepath.Join(root, name))), "\n") {
			if inlineMarkup.MatchString(line) {
				t.Errorf("web/templates/%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	})
}
