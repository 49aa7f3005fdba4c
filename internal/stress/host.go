package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"vizserver/internal/server"
	"vizserver/internal/trace"
)

// host is a server of ours on a free port of loopback.
type host struct {
	addr string
	stop func() error // ends it and waits; safe to call once
}

// url returns the address of the socket.
func (h *host) url() string { return "ws://" + h.addr + "/ws" }

// metric reads one figure of a real server.
func (h *host) metric(ctx context.Context, name string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.Atoi(v)
		}
	}
	return 0, fmt.Errorf("the server has no metric %s", name)
}

// startReal serves as the product does. Zero limits mean the product's. Where the write
// deadline is what is tested, the system's buffers are kept small, so that a viewer that
// does not read is stuck after some kilobytes and not after megabytes.
func startReal(limits trace.Limits) (*host, error) {
	s, err := server.New(server.Options{Sockets: limits})
	if err != nil {
		return nil, err
	}
	ln, err := listen()
	if err != nil {
		return nil, err
	}
	if limits.WriteWait != 0 {
		ln = smallListener{ln}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	return &host{addr: ln.Addr().String(), stop: func() error {
		cancel()
		return <-ended
	}}, nil
}

// startPlain serves one handler.
func startPlain(handler http.Handler, closeSockets func()) (*host, error) {
	ln, err := listen()
	if err != nil {
		return nil, err
	}
	hs := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- hs.Serve(ln) }()
	return &host{addr: ln.Addr().String(), stop: func() error {
		closeSockets()
		return errors.Join(hs.Close(), ignoreClosed(<-ended))
	}}, nil
}

// ignoreClosed drops the error with which every server ends that was closed.
func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// smallListener gives its connections small buffers for what is sent.
type smallListener struct{ net.Listener }

// Accept waits for the next connection.
func (l smallListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(8 << 10) // the system may choose more; then it takes longer to get stuck
	}
	return conn, err
}

func listen() (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// usage is the memory and the goroutines of the process after a full collection.
type usage struct {
	heap, stacks uint64 // bytes in use
	goroutines   int
}

func usageNow() usage {
	runtime.GC()
	runtime.GC() // what finalizers freed
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{heap: m.HeapAlloc, stacks: m.StackInuse, goroutines: runtime.NumGoroutine()}
}

// perViewer is the growth of memory since before, in bytes for each of n viewers.
func (u usage) perViewer(before usage, n int) float64 {
	return (float64(u.heap+u.stacks) - float64(before.heap+before.stacks)) / float64(n)
}

// settle waits until no more goroutines run than before, and returns how many more do.
func settle(ctx context.Context, before usage) int {
	deadline := time.Now().Add(10 * time.Second)
	for {
		left := runtime.NumGoroutine() - before.goroutines
		if left <= 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return left
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// checkSettled notes that nothing is left after a scenario.
func checkSettled(ctx context.Context, r *report, name string, before usage) {
	left := settle(ctx, before)
	r.check(name, "goroutines left", left <= 0, fmt.Sprint(max(left, 0)), "0")
}
