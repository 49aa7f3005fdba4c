package server

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPanicIsOneAnswer: a broken handler costs its own request, and tells nothing.
func TestPanicIsOneAnswer(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, h := range map[string]http.Handler{
		"panic": identified(s.recovered(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret in /home/x.go") }))),
		"error": identified(s.wrap(func(http.ResponseWriter, *http.Request) error { return errors.New("secret in /home/x.go") })),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/x", nil))
		body := w.Body.String()
		id := w.Header().Get("X-Request-Id")
		if w.Code != 500 || !strings.Contains(body, id) || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", name, w.Code, body)
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/metrics", nil))
	if w.Code != 403 { // httptest's peer is 192.0.2.1, which is not loopback
		t.Errorf("metrics from afar: %d", w.Code)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/metrics", nil)
	r.RemoteAddr = "[::1]:9"
	w = httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	for _, line := range []string{"vizserver_http_panics_total 1", `viz_rejected_total{kind="internal"} 2`} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("no %q", line)
		}
	}
}
