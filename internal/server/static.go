package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"vizserver/internal/fault"
)

// minGzip is the size under which compressing is not worth its header.
const minGzip = 1 << 10

// mediaTypes is what we serve and nothing else: a file of another kind in the
// tree is a mistake that assetsOf reports.
var mediaTypes = map[string]string{
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".json":  "application/json",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".webp":  "image/webp",
	".woff2": "font/woff2",
	".wasm":  "application/wasm",
	".txt":   "text/plain; charset=utf-8",
	".md":    "text/plain; charset=utf-8",
	"":       "text/plain; charset=utf-8", // LICENSE
}

// asset is one file of the front end. packed is made on first use.
type asset struct {
	body   []byte
	kind   string
	packed func() []byte
}

// assets are the files of web/static, served under one hash of them all, so
// that the modules' relative imports stay inside one version.
type assets struct {
	hash  string
	files map[string]asset
}

// assetsOf reads the whole tree. Names starting with a dot are left out.
func assetsOf(tree fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir(), strings.HasSuffix(name, ".d.ts"): // types are for the checker, not for browsers
			return nil
		}
		kind, ok := mediaTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("static file %q has no media type", name)
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\x00%d\x00", name, len(b))
		sum.Write(b)
		a.files[name] = asset{body: b, kind: kind, packed: sync.OnceValue(func() []byte { return pack(b) })}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	a.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	return a, nil
}

// pack compresses b; nil if that does not make it smaller.
func pack(b []byte) []byte {
	if len(b) < minGzip {
		return nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(b); err != nil || w.Close() != nil {
		return nil
	}
	if out.Len() >= len(b)*9/10 {
		return nil
	}
	return out.Bytes()
}

// url returns the address of a file: "js/draw.js" → "/static/{hash}/js/draw.js".
func (a *assets) url(name string) string { return "/static/" + a.hash + "/" + name }

// has reports whether the tree holds the file.
func (a *assets) has(name string) bool {
	_, ok := a.files[name]
	return ok
}

// existing returns those of the names that the tree holds.
func (a *assets) existing(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !a.has(n) })
}

// serve answers /static/{hash}/{path}. There are no directories here, only
// names of files, so nothing can be listed and no path leads out.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
	file, ok := a.files[name]
	if !ok || hash != a.hash {
		return fault.New(fault.NotFound, "no such file").WithHint("Reload the page.")
	}
	head := w.Header()
	head.Set("Content-Type", file.kind)
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Set("Vary", "Accept-Encoding")
	body := file.body
	if acceptsGzip(r) && compressible(file.kind) {
		if p := file.packed(); p != nil {
			head.Set("Content-Encoding", "gzip")
			body = p
		}
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	return err
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/") || kind == "image/svg+xml"
}

// acceptsGzip reads Accept-Encoding; gzip;q=0 is a no.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			q := strings.TrimPrefix(strings.TrimSpace(params), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return q == "" || (err == nil && weight > 0)
		}
	}
	return false
}

var importFrom = regexp.MustCompile(`(?m)^\s*(?:import|export)\b[^"';]*["'](\.{1,2}/[^"']+)["']`)

// modules returns what entry imports, directly or not, in the order in which
// it is met, so that a page can ask for all of it at once.
func (a *assets) modules(entry string) []string {
	found := []string{}
	seen := map[string]bool{entry: true}
	for queue := []string{entry}; len(queue) > 0; queue = queue[1:] {
		for _, m := range importFrom.FindAllSubmatch(a.files[queue[0]].body, -1) {
			name := path.Join(path.Dir(queue[0]), string(m[1]))
			if !seen[name] && a.has(name) {
				seen[name] = true
				found = append(found, name)
				queue = append(queue, name)
			}
		}
	}
	return found
}
