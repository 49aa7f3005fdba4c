package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"vizserver/internal/server"
)

// listening starts a server on a free port of loopback; stop begins the drain.
func listening(t *testing.T, o server.Options) (addr string, stop context.CancelFunc, ended <-chan error) {
	t.Helper()
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(stop)
	return ln.Addr().String(), stop, done
}

func wait(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still running 20 s after the signal")
	}
}

// TestDrain: after the signal the server is not ready, but answers until the
// delay is over; sockets get 1001; Serve returns nil.
func TestDrain(t *testing.T) {
	t.Parallel()
	addr, stop, ended := listening(t, server.Options{DrainDelay: 300 * time.Millisecond})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) int {
		r, err := client.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		return r.StatusCode
	}
	if got := get("/readyz"); got != 200 {
		t.Fatalf("readyz before: %d", got)
	}
	ws, status, _ := dial(t, websocket.DefaultDialer, "ws://"+addr+"/ws", nil)
	if status != 101 {
		t.Fatalf("socket: %d", status)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","version":1,"model":"lenet5-modern"}`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.ReadMessage(); err != nil { // the manifest: the session runs
		t.Fatal(err)
	}

	stop()
	deadline := time.Now().Add(5 * time.Second)
	for get("/readyz") != 503 { // the signal takes a moment to arrive
		if time.Now().After(deadline) {
			t.Fatal("still ready")
		}
	}
	if got := get("/healthz"); got != 200 {
		t.Errorf("healthz in the delay: %d", got)
	}
	if _, status, _ := dial(t, websocket.DefaultDialer, "ws://"+addr+"/ws", nil); status != 503 {
		t.Errorf("a new socket in the delay: %d", status)
	}
	var closed *websocket.CloseError
	var err error
	for err == nil {
		_, _, err = ws.ReadMessage()
	}
	if !errors.As(err, &closed) || closed.Code != websocket.CloseGoingAway {
		t.Errorf("the socket ended with %v", err)
	}
	wait(t, ended)
	if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr); err == nil {
		t.Error("still listening")
	}
}

// TestSlowHeaders: a head that does not come is not waited for.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	addr, stop, ended := listening(t, server.Options{Limits: server.Limits{HeaderTime: 150 * time.Millisecond}})
	for _, start := range []string{"", "GET /draw HTTP/1.1\r\nHost: localhost\r\nX-Slow: "} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, start); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(c)
		if err != nil {
			t.Errorf("after %q: %v", start, err)
		}
		if strings.Contains(string(b), " 200 ") {
			t.Errorf("after %q: %q", start, b)
		}
		_ = c.Close()
	}
	stop()
	wait(t, ended)
}

// TestRawRequests sends what no client library would.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	addr, stop, ended := listening(t, server.Options{})
	for _, c := range []struct {
		name, request string
		status        string
	}{
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "400"},
		{"evil host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
		{"host in the address", "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "421"},
		{"old protocol without a host", "GET / HTTP/1.0\r\n\r\n", "421"},
		{"two lengths", "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400"},
		{"length and chunks", "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "501"},
		{"large head", "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", "431"},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n", "400"},
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, c.request) }()
		line, err := bufio.NewReader(conn).ReadString('\n')
		if fields := strings.Fields(line); len(fields) < 2 || fields[1] != c.status {
			t.Errorf("%s: %q (%v), want %s", c.name, line, err, c.status)
		}
		_ = conn.Close()
	}
	stop()
	wait(t, ended)
}
