package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// spy takes the failures of a page under test.
type spy struct {
	testing.TB
	said []string
	done []func()
}

func (s *spy) Helper()           {}
func (s *spy) Cleanup(fn func()) { s.done = append(s.done, fn) }
func (s *spy) Errorf(format string, args ...any) {
	s.said = append(s.said, format+" "+strings.TrimSpace(strings.Join(strs(args), " ")))
}

func strs(args []any) []string {
	var out []string
	for _, a := range args {
		if s, ok := a.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// TestHarnessSeesFaults shows that the harness is no rubber stamp: an exception,
// a console.error, a missing file and a report of the policy each fail a test.
func TestHarnessSeesFaults(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/faults.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, `console.error("said loud"); fetch("/missing"); queueMicrotask(() => { throw new Error("thrown"); });`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "script-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		script := ""
		if r.URL.Path == "/faulty" {
			script = `<script>alert(1)</script><script src="/faults.js"></script>`
		}
		_, _ = io.WriteString(w, `<!doctype html><title>x</title><button aria-label="Press · me">x</button><p role="status">fine</p>`+script)
	})
	site := httptest.NewServer(mux)
	defer site.Close()

	s := &spy{TB: t}
	p := open(s, "/faulty", options{site: site.URL})
	p.wait("the fetch", `performance.getEntriesByType("resource").some(r => r.name.endsWith("/missing"))`)
	p.frames(2)
	for _, fn := range s.done {
		fn()
	}
	all := strings.Join(s.said, "\n")
	for _, part := range []string{"said loud", "thrown", "/missing", "Content-Security-Policy", "script-src"} {
		if !strings.Contains(all, part) {
			t.Errorf("the harness did not see %q; it saw\n%s", part, all)
		}
	}

	clean := &spy{TB: t}
	p = open(clean, "/clean", options{site: site.URL})
	if got := p.find("button", "Press · me"); got.name != "Press · me" || got.attr("aria-label") != "Press · me" {
		t.Errorf("found %+v", got.name)
	}
	if got := p.hears(); got != "fine" {
		t.Errorf("hears %q", got)
	}
	for _, fn := range clean.done {
		fn()
	}
	for _, fault := range clean.said {
		if !strings.Contains(fault, "favicon") {
			t.Errorf("a clean page is faulted: %s", fault)
		}
	}
}
