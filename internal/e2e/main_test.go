package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"vizserver/internal/server"
)

// howToGetABrowser is what a test says where there is none.
const howToGetABrowser = "no Chromium found; scripts/setup-browser installs one (Debian: apt-get install chromium fonts-noto-cjk), VIZ_CHROMIUM names another"

// one holds what all tests share: one browser and one server.
var one struct {
	browser    sync.Once
	browserCtx context.Context
	browserErr error
	closers    []func()

	site    sync.Once
	siteURL string
	siteErr error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, closer := range slices.Backward(one.closers) {
		closer()
	}
	os.Exit(code)
}

// chromium gives the browser's program, or "".
func chromium() string {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if named := os.Getenv("VIZ_CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// browser gives the context of the shared browser; it skips or fails the test
// where there is none.
func browser(tb testing.TB) context.Context {
	tb.Helper()
	if testing.Short() {
		tb.Skip("browser tests are left out by -short")
	}
	path := chromium()
	if path == "" {
		if os.Getenv("VIZ_BROWSER") == "required" || os.Getenv("CI") == "true" {
			tb.Fatal(howToGetABrowser)
		}
		tb.Skip(howToGetABrowser)
	}
	one.browser.Do(func() { startBrowser(path) })
	if one.browserErr != nil {
		tb.Fatalf("start %s: %v", path, one.browserErr)
	}
	return one.browserCtx
}

// startBrowser starts Chromium with an empty profile, its software renderer in
// place of a GPU, and nothing that calls home.
func startBrowser(path string) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("use-gl", "angle"),
		chromedp.Flag("use-angle", "swiftshader"),
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"),
		chromedp.WindowSize(1280, 800),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	one.closers = append(one.closers, stopAlloc, stop)
	one.browserCtx = ctx
	one.browserErr = chromedp.Do(ctx) // opens the browser and its first tab
}

// site is one running server.
type site struct {
	url  string
	addr string
	stop func()
}

// startSite serves the product at addr; a port of 0 takes a free one.
func startSite(addr string) (*site, error) {
	s, err := server.New(server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("make the server: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, context.Canceled) {
				fmt.Fprintln(os.Stderr, "serve:", err)
			}
		})
	}
	at := ln.Addr().String()
	return &site{url: "http://" + at, addr: at, stop: stop}, nil
}

// siteURL gives the address of the shared server.
func siteURL(tb testing.TB) string {
	tb.Helper()
	one.site.Do(func() {
		s, err := startSite("127.0.0.1:0")
		if err != nil {
			one.siteErr = err
			return
		}
		one.siteURL = s.url
		one.closers = append(one.closers, s.stop)
	})
	if one.siteErr != nil {
		tb.Fatal(one.siteErr)
	}
	return one.siteURL
}

// patience bounds every wait for the page. Generous: a loaded machine is slow,
// and a test that waits in vain fails anyway.
const patience = 40 * time.Second
