package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"vizserver/internal/fault"
	"vizserver/internal/i18n"
	"vizserver/internal/imgio"
	"vizserver/internal/trace"
	"vizserver/web"
)

// Options say how to serve. The zero value serves loopback without a token.
type Options struct {
	Log        *slog.Logger  // nil: no log
	AllowHosts []string      // names beside localhost that this server answers to
	Public     bool          // bound to more than loopback: a token is needed
	Token      string        // of a public server; empty: a random one
	Uploads    bool          // a public server takes pictures; one on loopback always does
	DrainDelay time.Duration // between "not ready" and the closing of the listener
	Limits     Limits        // zero fields mean the defaults
	Sockets    trace.Limits  // zero fields mean the defaults
	Static     fs.FS         // nil: the files in the binary; for the work on the front end
}

// Server answers requests. It starts no goroutine before Serve.
type Server struct {
	log        *slog.Logger
	words      i18n.Catalogues
	assets     *assets
	limits     Limits
	hosts      hosts
	token      string
	uploads    bool
	drainDelay time.Duration
	metrics    *metrics
	reports    atomic.Int64
	hub        *trace.Hub
	models     *modelList
	digits     *digits
	pictures   *imgio.Decoder
	queue      *queue
	upgrader   *websocket.Upgrader
	callers    *callers
	handler    http.Handler

	draining  atomic.Bool
	life      context.Context // of the sockets: they outlive their requests
	endLife   context.CancelFunc
	openSocks sync.WaitGroup
}

// New makes a server. Errors are faults of the build: a broken catalogue or net.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Static == nil {
		o.Static = web.Static()
	}
	if o.Public && o.Token == "" {
		o.Token = rand.Text()
	}
	files, err := assetsOf(o.Static)
	if err != nil {
		return nil, err
	}
	catalogues, err := fs.Sub(o.Static, "i18n")
	if err != nil {
		return nil, fmt.Errorf("open catalogues: %w", err)
	}
	words, err := i18n.Load(catalogues)
	if err != nil {
		return nil, err
	}
	models, err := listModels()
	if err != nil {
		return nil, err
	}
	s := &Server{
		log: o.Log, words: words, assets: files, limits: o.Limits.or(defaultLimits()),
		hosts: hosts{names: lower(o.AllowHosts), loopback: !o.Public},
		token: o.Token, uploads: o.Uploads || !o.Public, drainDelay: o.DrainDelay, metrics: newMetrics(), models: models,
		pictures: imgio.New(imgio.Limits{}),
	}
	s.hub = trace.New(trace.Options{Nets: nets{}, Limits: o.Sockets, Log: o.Log, Registry: s.metrics.registry})
	s.digits = &digits{predictors: map[string]*predictor{}}
	s.queue = newQueue(s.limits)
	s.callers = newCallers(s.limits)
	s.upgrader = trace.Upgrader(func(*http.Request) bool { return true }) // checkOrigin has decided before
	s.upgrader.Error = func(w http.ResponseWriter, r *http.Request, _ int, reason error) {
		s.fail(w, r, say(fault.Invalid, "fault.upgrade").because(reason))
	}
	s.life, s.endLife = context.WithCancel(context.Background()) //nolint:forbidigo // sockets outlive requests and end with Serve, not with a caller
	s.handler = s.routes()
	return s, nil
}

// Handler returns the server's handler, for tests and for serving by other means.
func (s *Server) Handler() http.Handler { return s.handler }

// Token returns the token that the address must carry once; empty on loopback.
func (s *Server) Token() string { return s.token }

// Close ends the open sockets and waits for them. Serve calls it.
func (s *Server) Close() {
	s.draining.Store(true)
	s.endLife()
	s.openSocks.Wait()
}

// Serve answers on ln until ctx ends; then it says "not ready", lets requests
// finish and sockets close with 1001, and returns nil. It owns ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	hs := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.limits.HeaderTime,
		ReadTimeout:       2 * s.limits.AnswerTime,
		WriteTimeout:      2 * s.limits.AnswerTime,
		IdleTimeout:       s.limits.IdleTime,
		MaxHeaderBytes:    s.limits.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- hs.Serve(ln) }()
	select {
	case err := <-ended:
		s.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return s.drain(context.WithoutCancel(ctx), hs, ended)
}

// drain ends the work in order: readiness, listener, sockets, requests.
func (s *Server) drain(ctx context.Context, hs *http.Server, ended <-chan error) error {
	s.draining.Store(true)
	s.log.LogAttrs(ctx, slog.LevelInfo, "draining", slog.Duration("delay", s.drainDelay))
	time.Sleep(s.drainDelay)
	ctx, cancel := context.WithTimeout(ctx, s.limits.DrainTime)
	defer cancel()
	s.endLife()
	err := hs.Shutdown(ctx)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "requests cut", slog.String("cause", err.Error()))
		err = hs.Close()
	}
	s.openSocks.Wait() // their write deadline bounds this
	if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}
