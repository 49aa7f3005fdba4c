package server_test

import (
	"strings"
	"testing"

	"vizserver/internal/server"
)

// TestSecurityHeaders asks for one answer of every kind, errors too.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	want := map[string]string{
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
	}
	directives := []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "connect-src 'self'",
		"font-src 'self'", "worker-src 'self' blob:", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types viz",
	}
	for _, a := range []ask{
		{path: "/"},
		{path: "/draw"},
		{path: "/nowhere"},
		{path: "/nowhere", header: []string{"Accept", html}},
		{path: "/api/models"},
		{path: "/static/x/y.js"},
		{path: "/healthz"},
		{path: "/metrics"},
		{path: "/", host: "evil.example"},
		{method: "POST", path: "/draw"},
		{path: "/favicon.ico"},
	} {
		r := a.do(t, h)
		for name, value := range want {
			if got := r.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", a.path, name, got, value)
			}
		}
		policy := r.Header.Get("Content-Security-Policy")
		got := strings.Split(policy, "; ")
		for i, d := range directives {
			if i >= len(got) || got[i] != d {
				t.Errorf("%s: no %q in %q", a.path, d, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: an unsafe word in %q", a.path, policy)
		}
		if !strings.Contains(r.Header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: Permissions-Policy %q", a.path, r.Header.Get("Permissions-Policy"))
		}
	}
}

func TestCSPReports(t *testing.T) {
	t.Parallel()
	s := newServer(t, server.Options{})
	h := s.Handler()
	const good = `{"csp-report":{"effective-directive":"script-src-elem","blocked-uri":"inline","line-number":4}}`
	post := func(body, kind string) int {
		return ask{method: "POST", path: "/api/csp-reports", body: body, header: []string{"Content-Type", kind}}.do(t, h).StatusCode
	}
	for _, c := range []struct {
		name, body, kind string
		status           int
	}{
		{"report", good, "application/csp-report", 204},
		{"no JSON", "{", "application/csp-report", 400},
		{"other JSON", "{}", "application/csp-report", 400},
		{"other type", good, "text/plain", 415},
		{"too long", good + strings.Repeat(" ", 20<<10), "application/csp-report", 413},
	} {
		if got := post(c.body, c.kind); got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
	if s.CSPReports() != 1 {
		t.Errorf("%d reports counted, want 1", s.CSPReports())
	}
}
