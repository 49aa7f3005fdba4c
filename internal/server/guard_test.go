package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"vizserver/internal/server"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	local := newServer(t, server.Options{AllowHosts: []string{"Viz.Example"}}).Handler()
	public := newServer(t, server.Options{Public: true}).Handler()
	for _, c := range []struct {
		host          string
		local, public int
	}{
		{"localhost", 200, 200},
		{"localhost:8080", 200, 200},
		{"LOCALHOST.", 200, 200},
		{"127.0.0.1:8080", 200, 200},
		{"127.9.9.9", 200, 200},
		{"[::1]:8080", 200, 200},
		{"[::ffff:127.0.0.1]", 200, 200},
		{"viz.example:8080", 200, 421},
		{"evil.example", 421, 421},
		{"localhost.evil.example", 421, 421},
		{"127.0.0.1.evil.example", 421, 421},
		{"192.168.1.7:8080", 421, 200}, // a literal cannot be rebound, but is not loopback
		{"user@localhost", 421, 421},
		{"localhost:8080:9", 421, 421},
		{" ", 421, 421},
	} {
		if got := (ask{path: "/healthz", host: c.host}).do(t, local).StatusCode; got != c.local {
			t.Errorf("loopback server, host %q: %d, want %d", c.host, got, c.local)
		}
		if got := (ask{path: "/healthz", host: c.host}).do(t, public).StatusCode; got != c.public {
			t.Errorf("public server, host %q: %d, want %d", c.host, got, c.public)
		}
	}
	r := ask{path: "/draw", host: "evil.example", header: []string{"Accept", html}}.do(t, local)
	if body := r.body; !strings.Contains(body, "--allow-host evil.example") {
		t.Errorf("no hint in %.200q", body)
	}
}

// TestRebinding: Host and Origin agree and name a stranger, as a rebound page sends.
func TestRebinding(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	r := ask{
		method: "POST", path: "/api/images", host: "evil.example:8080",
		header: []string{"Origin", "http://evil.example:8080", "Sec-Fetch-Site", "same-origin"},
	}.do(t, h)
	if r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("got %d", r.StatusCode)
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"cross site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same site is another origin", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"old browser of a stranger", []string{"Origin", "http://evil.example"}, 403},
		{"our page", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8080"}, 400},
		{"no browser", nil, 400}, // the empty body is refused after the guard
	} {
		r := ask{method: "POST", path: "/api/images", header: c.header}.do(t, h)
		if r.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.name, r.StatusCode, c.status)
		}
	}
}

func TestSocketOrigin(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newServer(t, server.Options{}).Handler())
	t.Cleanup(hs.Close)
	url := "ws" + strings.TrimPrefix(hs.URL, "http") + "/ws"
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"ours", http.Header{"Origin": {hs.URL}}, 101},
		{"no browser", nil, 101},
		{"a stranger's", http.Header{"Origin": {"http://evil.example"}}, 403},
		{"null", http.Header{"Origin": {"null"}}, 403},
		{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, 403},
		{"another scheme", http.Header{"Origin": {strings.Replace(hs.URL, "http", "file", 1)}}, 403},
		{"none, but a cookie", http.Header{"Cookie": {"viz_lang=zh"}}, 403},
	} {
		if _, status, _ := dial(t, websocket.DefaultDialer, url, c.header); status != c.status {
			t.Errorf("%s: %d, want %d", c.name, status, c.status)
		}
	}
	// compression is offered and must not be taken: a small message could become a large one
	dialer := *websocket.DefaultDialer
	dialer.EnableCompression = true
	if _, status, answer := dial(t, &dialer, url, nil); status != 101 || answer.Get("Sec-Websocket-Extensions") != "" {
		t.Errorf("%d, extensions %q", status, answer.Get("Sec-Websocket-Extensions"))
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	s := newServer(t, server.Options{Public: true})
	h := s.Handler()
	if len(s.Token()) < 16 {
		t.Fatalf("token %q", s.Token())
	}
	const far = "192.0.2.7:1000"
	page := []string{"Accept", html}
	for _, c := range []struct {
		name   string
		ask    ask
		status int
	}{
		{"page without", ask{path: "/draw", remote: far, header: page}, 403},
		{"wrong", ask{path: "/draw?token=x", remote: far, header: page}, 403},
		{"API without", ask{path: "/api/models", remote: far}, 403},
		{"socket without", ask{path: "/ws", remote: far}, 403},
		{"wrong cookie", ask{path: "/draw", remote: far, header: []string{"Cookie", "viz_token=x"}}, 403},
		{"health needs none", ask{path: "/healthz", remote: far}, 200},
		{"API with it in the address", ask{path: "/api/models?token=" + s.Token(), remote: far}, 200},
		{"cookie", ask{path: "/draw", remote: far, header: []string{"Cookie", "viz_token=" + s.Token()}}, 200},
	} {
		if got := c.ask.do(t, h).StatusCode; got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}

	r := ask{path: "/draw?net=mlp-harley&token=" + s.Token(), remote: far, header: page}.do(t, h)
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/draw?net=mlp-harley" {
		t.Errorf("first visit: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	cookies := r.Cookies()
	if len(cookies) != 1 || cookies[0].Value != s.Token() || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %v", cookies)
	}
	r = ask{path: "//evil.example/?token=" + s.Token(), remote: far, header: page}.do(t, h)
	if to := r.Header.Get("Location"); strings.HasPrefix(to, "//") {
		t.Errorf("redirected away, to %q", to)
	}
	allowed := newServer(t, server.Options{Public: true, Token: s.Token(), Uploads: true}).Handler()
	for want, to := range map[int]http.Handler{403: h, 200: allowed} {
		r := ask{
			method: "POST", path: "/api/images", remote: far, body: string(strokePNG(t)),
			header: []string{"Cookie", "viz_token=" + s.Token()},
		}.do(t, to)
		if r.StatusCode != want {
			t.Errorf("upload: %d, want %d", r.StatusCode, want)
		}
	}
	if local := newServer(t, server.Options{}); local.Token() != "" {
		t.Error("loopback needs no token")
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{Public: true, Token: "0123456789abcdef", Limits: server.Limits{RequestsPerIP: 3}}).Handler()
	for i := range 5 {
		want := http.StatusOK
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		for _, cookie := range [][]string{{"Cookie", "viz_token=0123456789abcdef"}} {
			r := ask{path: "/api/models", remote: "192.0.2.7:1000", header: cookie}.do(t, h)
			if r.StatusCode != want {
				t.Errorf("request %d: %d, want %d", i, r.StatusCode, want)
			}
			if want == http.StatusTooManyRequests && r.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if r := (ask{path: "/api/models", header: cookie}).do(t, h); r.StatusCode != http.StatusOK {
				t.Errorf("loopback was counted: %d", r.StatusCode)
			}
		}
	}
	if r := (ask{path: "/api/models", remote: "192.0.2.8:1", header: []string{"Cookie", "viz_token=0123456789abcdef"}}).do(t, h); r.StatusCode != 200 {
		t.Errorf("another address pays for it: %d", r.StatusCode)
	}
}
