package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"vizserver/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer makes a server whose sockets end with the test.
func newServer(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

type logTo struct{ t *testing.T }

func (l logTo) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// ask is one request to a handler; header holds pairs of name and value.
type ask struct {
	method, path string
	header       []string
	body         string
	remote       string // empty: loopback
	host         string // empty: localhost:8080
}

// reply is an answer, read to its end.
type reply struct {
	StatusCode int
	Header     http.Header
	body       string
}

// Cookies returns what the answer sets.
func (r reply) Cookies() []*http.Cookie { return (&http.Response{Header: r.Header}).Cookies() }

func (a ask) do(t *testing.T, h http.Handler) reply {
	t.Helper()
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(t.Context(), method, a.path, strings.NewReader(a.body))
	r.Host, r.RemoteAddr = "localhost:8080", "127.0.0.1:40000"
	if a.host != "" {
		r.Host = a.host
	}
	if a.remote != "" {
		r.RemoteAddr = a.remote
	}
	for i := 0; i < len(a.header); i += 2 {
		r.Header.Set(a.header[i], a.header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{w.Code, w.Result().Header, w.Body.String()}
}

func readJSON[T any](t *testing.T, r reply) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	return v
}

// problem is what an API error must hold.
type problem struct {
	Type, Title, Detail, Hint, ID string
	Status                        int
}

const html = "text/html,application/xhtml+xml"

// TestRoutes asks every kind of address once: status, type and a part of the body.
func TestRoutes(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for _, c := range []struct {
		name   string
		ask    ask
		status int
		kind   string
		part   string
	}{
		{"home", ask{path: "/", header: []string{"Accept", html}}, 200, "text/html; charset=utf-8", `data-page="home"`},
		{"draw", ask{path: "/draw"}, 200, "text/html; charset=utf-8", `data-page="draw"`},
		{"draw with a net", ask{path: "/draw?net=lenet5-1998"}, 200, "text/html; charset=utf-8", `data-model="lenet5-1998"`},
		{"draw with an unknown net", ask{path: "/draw?net=%22%3E%3Cscript%3E"}, 200, "text/html; charset=utf-8", `data-model="lenet5-modern"`},
		{"no page, for a person", ask{path: "/photo", header: []string{"Accept", html}}, 404, "text/html; charset=utf-8", "There is no such page"},
		{"no page, for a machine", ask{path: "/photo"}, 404, "application/problem+json", `"status":404`},
		{"health", ask{path: "/healthz"}, 200, "text/plain; charset=utf-8", "ok"},
		{"ready", ask{path: "/readyz"}, 200, "text/plain; charset=utf-8", "ready"},
		{"metrics", ask{path: "/metrics"}, 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "viz_rejected_total"},
		{"metrics from afar", ask{path: "/metrics", remote: "192.0.2.7:1"}, 403, "application/problem+json", "only on the machine"},
		{"models", ask{path: "/api/models"}, 200, "application/json", `"name":"lenet5-harley"`},
		{"manifest", ask{path: "/api/models/lenet5-harley"}, 200, "application/json", `"units":9134`},
		{"no such net", ask{path: "/api/models/lenet5-harly"}, 404, "application/problem+json", "Did you mean lenet5-harley?"},
		{"net without weights", ask{path: "/api/models/vgg16"}, 404, "application/problem+json", "no weights for"},
		{"weights of another hash", ask{path: "/api/models/lenet5-harley/weights/00.safetensors"}, 404, "application/problem+json", "weights"},
		{"digit", ask{path: "/api/digits/0"}, 200, "application/json", `"index":0,"label":7,"width":28,"height":28,"pixels":"`},
		{"digit beyond the last", ask{path: "/api/digits/10000"}, 404, "application/problem+json", "from 0 to 9999"},
		{"digit below the first", ask{path: "/api/digits/-1"}, 404, "application/problem+json", "-1"},
		{"digit that is no number", ask{path: "/api/digits/4.5"}, 404, "application/problem+json", "4.5"},
		{"random of a net for photos", ask{path: "/api/digits/random?wrong=efficientnet-lite0"}, 415, "application/problem+json", "takes photos"},
		{"random of no class", ask{path: "/api/digits/random?class=10"}, 400, "application/problem+json", "class is a digit from 0 to 9, not 10"},
		{"random of an unknown net", ask{path: "/api/digits/random?wrong=vgg"}, 404, "application/problem+json", "vgg"},
		{"answer without a net", ask{path: "/api/digits/random?answer=3"}, 400, "application/problem+json", "model"},
		{"head", ask{method: "HEAD", path: "/draw"}, 200, "text/html; charset=utf-8", ""},
		{"wrong method", ask{method: "DELETE", path: "/api/models"}, 405, "application/problem+json", "method"},
		{"post to a page", ask{method: "POST", path: "/draw"}, 405, "application/problem+json", "method"},
		{"socket without an upgrade", ask{path: "/ws"}, 400, "application/problem+json", "WebSocket"},
		{"favicon", ask{path: "/favicon.ico"}, 302, "text/html; charset=utf-8", "icon.svg"},
		{"nul in the path", ask{path: "/static/%00"}, 404, "application/problem+json", "file"},
		{"long path", ask{path: "/" + strings.Repeat("a", 5000)}, 404, "application/problem+json", "404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := c.ask.do(t, h)
			body := r.body
			if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.kind {
				t.Errorf("got %d %q, want %d %q", r.StatusCode, r.Header.Get("Content-Type"), c.status, c.kind)
			}
			if !strings.Contains(body, c.part) {
				t.Errorf("no %q in %.300q", c.part, body)
			}
			if r.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for path, want := range map[string]string{"/draw": "GET, HEAD", "/api/images": "POST"} {
		r := ask{method: "PUT", path: path}.do(t, h)
		if got := r.Header.Get("Allow"); r.StatusCode != 405 || got != want {
			t.Errorf("%s: %d, Allow %q, want %q", path, r.StatusCode, got, want)
		}
	}
}

// TestProblem reads the body of an error as RFC 9457 has it, in both languages.
func TestProblem(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for lang, want := range map[string]problem{
		"en": {Type: "urn:vizserver:not_found", Title: "Not found", Detail: "There is no net called x.", Status: 404},
		"zh": {Type: "urn:vizserver:not_found", Title: "未找到", Detail: "没有名为 x 的网络。", Status: 404},
	} {
		r := ask{path: "/api/models/x", header: []string{"Accept-Language", lang}}.do(t, h)
		got := readJSON[problem](t, r)
		if got.ID != r.Header.Get("X-Request-Id") || got.Hint == "" {
			t.Errorf("%s: id %q, hint %q", lang, got.ID, got.Hint)
		}
		got.ID, got.Hint = "", ""
		if got != want {
			t.Errorf("%s: got %+v, want %+v", lang, got, want)
		}
		if r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: an error may be cached: %q", lang, r.Header.Get("Cache-Control"))
		}
	}
}

// TestRejectionsAreCounted finds the counter that reliability §2.5 names.
func TestRejectionsAreCounted(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	ask{path: "/nowhere"}.do(t, h)
	ask{path: "/nowhere"}.do(t, h)
	ask{path: "/", host: "evil.example"}.do(t, h)
	body := ask{path: "/metrics"}.do(t, h).body
	for _, line := range []string{`viz_rejected_total{kind="not_found"} 2`, `viz_rejected_total{kind="misdirected"} 1`} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s", line)
		}
	}
}

// dial opens a socket and returns what the upgrade was answered with; the test
// closes it.
func dial(t *testing.T, d *websocket.Dialer, url string, header http.Header) (ws *websocket.Conn, status int, answer http.Header) {
	t.Helper()
	ws, r, err := d.DialContext(t.Context(), url, header) //nolint:bodyclose // gorilla: "the application need not close"
	if r == nil {
		t.Fatal(err)
	}
	if ws != nil {
		t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, r.StatusCode, r.Header
}
