package server_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"vizserver/internal/server"
	"vizserver/web"
)

var staticLink = regexp.MustCompile(`/static/([0-9a-f]{16})/js/early\.js`)

// hashOf returns the hash that the pages use.
func hashOf(t *testing.T, h http.Handler) string {
	t.Helper()
	m := staticLink.FindStringSubmatch(ask{path: "/draw"}.do(t, h).body)
	if m == nil {
		t.Fatal("no link to early.js on /draw")
	}
	return m[1]
}

// TestStaticFiles asks for every file of the front end.
func TestStaticFiles(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	root := "/static/" + hashOf(t, h) + "/"
	err := fs.WalkDir(web.Static(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".d.ts") || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		want, err := fs.ReadFile(web.Static(), name)
		if err != nil {
			return err
		}
		r := ask{path: root + name}.do(t, h)
		if r.StatusCode != 200 || r.body != string(want) {
			t.Errorf("%s: status %d, or other bytes", name, r.StatusCode)
		}
		if c := r.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("%s: Cache-Control %q", name, c)
		}
		if kind := r.Header.Get("Content-Type"); kind == "" || kind == "application/octet-stream" {
			t.Errorf("%s: Content-Type %q", name, kind)
		}
		packed := ask{path: root + name, header: []string{"Accept-Encoding", "br, gzip;q=0.5"}}.do(t, h)
		if packed.Header.Get("Content-Encoding") != "gzip" {
			return nil
		}
		z, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			return err
		}
		b, err := io.ReadAll(z)
		if err != nil || string(b) != string(want) {
			t.Errorf("%s: packed differently (%v)", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStaticRefuses(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	root := "/static/" + hashOf(t, h)
	for _, path := range []string{
		"/static/", "/static", root, root + "/", root + "/js", root + "/js/", root + "//js/early.js",
		root + "/../" + "js/early.js", root + "/..%2f..%2fetc/passwd", root + "/%5c..%5cetc", root + "/js/early.js%00",
		root + "/js/early.js/", "/static/0000000000000000/js/early.js", root + "/" + strings.Repeat("a/", 3000),
	} {
		if r := (ask{path: path}).do(t, h); r.StatusCode != 404 {
			t.Errorf("%.80s: %d", path, r.StatusCode)
		}
	}
	if r := (ask{path: root + "/js/early.js", header: []string{"Accept-Encoding", "gzip;q=0"}}).do(t, h); r.Header.Get("Content-Encoding") != "" {
		t.Error("gzip;q=0 is a no")
	}
}

// TestStaticHash: another byte in another file is another hash for all.
func TestStaticHash(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{}
	err := fs.WalkDir(web.Static(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(web.Static(), name)
		tree[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := hashOf(t, newServer(t, server.Options{Static: tree}).Handler())
	if again := hashOf(t, newServer(t, server.Options{Static: tree}).Handler()); again != before {
		t.Errorf("the same files: %s and %s", before, again)
	}
	tree["css/base.css"] = &fstest.MapFile{Data: append(tree["css/base.css"].Data, '\n')}
	if after := hashOf(t, newServer(t, server.Options{Static: tree}).Handler()); after == before {
		t.Error("another file, the same hash")
	}
	tree["js/secret.exe"] = &fstest.MapFile{Data: []byte("MZ")}
	if _, err := server.New(server.Options{Static: tree}); err == nil {
		t.Error("a file of an unknown kind was taken")
	}
}
