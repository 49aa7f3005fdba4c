package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/cli/browser"

	"vizserver/internal/fault"
	"vizserver/internal/server"
)

// serveCmd serves the pages until a signal.
type serveCmd struct {
	Addr         string        `default:"127.0.0.1:8080" env:"VIZ_ADDR" help:"Address to listen on; port 0 takes a free one. On anything but this machine alone a token in the printed address is needed."`
	Open         bool          `env:"VIZ_OPEN" help:"Open the page in the browser."`
	AllowHost    []string      `placeholder:"NAME" env:"VIZ_ALLOW_HOST" help:"Host name that this server answers to, beside localhost; may be repeated."`
	Token        string        `env:"VIZ_TOKEN" help:"Token for an address that others can reach; default: a random one."`
	AllowUploads bool          `env:"VIZ_ALLOW_UPLOADS" help:"Take pictures from other machines, too; from this one they are always taken."`
	DrainDelay   time.Duration `default:"0s" env:"VIZ_DRAIN_DELAY" help:"After a signal, time between 'not ready' and the end of listening."`
	Static       string        `type:"existingdir" env:"VIZ_STATIC" help:"Directory of front-end files to serve instead of those in the binary, for work on them."`
}

// Help implements kong's HelpProvider.
func (serveCmd) Help() string {
	return `Pages: / and /draw. For machines: /api/models, /healthz, /readyz, and /metrics for this machine alone.

A signal (Ctrl-C, SIGTERM) lets requests finish and tells viewers to connect again; a second one ends at once.`
}

// Validate implements kong's Validatable.
func (c *serveCmd) Validate() error {
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || port == "" {
		return fmt.Errorf("--addr %q is not host:port, like 127.0.0.1:8080", c.Addr)
	}
	if c.Token != "" && len(c.Token) < 16 {
		return errors.New("--token needs at least 16 characters")
	}
	return nil
}

// Run implements the command.
func (c *serveCmd) Run(e *env) error {
	ln, err := listen(e, c.Addr)
	if err != nil {
		return err
	}
	options := server.Options{
		Log: e.log, AllowHosts: c.AllowHost, DrainDelay: c.DrainDelay,
		Public: !loopback(ln.Addr()), Token: c.Token, Uploads: c.AllowUploads,
	}
	if !options.Public {
		options.Token = ""
	}
	if c.Static != "" {
		options.Static = os.DirFS(c.Static)
	}
	s, err := server.New(options)
	if err != nil {
		_ = ln.Close()
		return err
	}
	address := pageURL(c.Addr, ln.Addr(), s.Token())
	if _, err := fmt.Fprintf(e.stdout, "Open %s\n", address); err != nil {
		_ = ln.Close()
		return err
	}
	e.log.LogAttrs(e.ctx, slog.LevelInfo, "listening", slog.String("addr", ln.Addr().String()), slog.Bool("token", s.Token() != ""))
	if c.Open {
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		if err := browser.OpenURL(address); err != nil {
			e.log.LogAttrs(e.ctx, slog.LevelWarn, "browser not opened", slog.String("cause", err.Error()))
		}
	}
	return s.Serve(e.ctx, ln)
}

// listen opens the port, or says in one sentence why not.
func listen(e *env, addr string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", addr)
	var lookup *net.DNSError
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		host, port, _ := net.SplitHostPort(addr)
		return nil, fault.New(fault.Busy, "port %s is in use by another program", port).
			WithHint("stop it, or choose another: vizserver --addr %s (0 takes a free one)", net.JoinHostPort(host, "0")).WithCause(err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fault.New(fault.Forbidden, "no permission to listen on %s", addr).
			WithHint("ports below 1024 need rights of the system; choose a higher one with --addr").WithCause(err)
	case errors.As(err, &lookup), errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fault.New(fault.Invalid, "%s is not an address of this machine", addr).WithCause(err)
	}
	return nil, fault.New(fault.Invalid, "cannot listen on %s: %v", addr, plainCause(err)).WithCause(err)
}

// plainCause is the last, shortest part of an error of package net.
func plainCause(err error) string {
	parts := strings.Split(err.Error(), ": ")
	return parts[len(parts)-1]
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// pageURL is the address to print: as the user gave it, with the real port. An
// address that means all of this machine's becomes localhost.
func pageURL(asked string, got net.Addr, token string) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(got.String())
	if err != nil || err2 != nil {
		return "http://" + got.String() + "/"
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}
	if token != "" {
		u.RawQuery = url.Values{"token": {token}}.Encode()
	}
	return u.String()
}
