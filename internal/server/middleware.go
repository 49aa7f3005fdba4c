package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"vizserver/internal/fault"
)

type requestIDKey struct{}

// requestID returns the id of a request: it is in the log, in the header and
// in the text of an internal error.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// identified gives each request an id of our own; a stranger's is not believed.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [6]byte
		_, _ = rand.Read(b[:]) // never fails, by its documentation
		id := hex.EncodeToString(b[:])
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// logged writes one line for each request, without its query: a token may be there.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			took := time.Since(start)
			route := chi.RouteContext(r.Context()).RoutePattern()
			status := ww.Status()
			if status == 0 {
				status = http.StatusOK
			}
			if route == "/ws" && status < 300 {
				status = http.StatusSwitchingProtocols // the socket took the connection over
			} else {
				s.metrics.observe(route, status, took.Seconds())
			}
			level := slog.LevelInfo
			if strings.HasPrefix(route, "/static/") || route == "/healthz" || route == "/readyz" || route == "/metrics" {
				level = slog.LevelDebug
			}
			s.log.LogAttrs(r.Context(), level, "request answered",
				slog.String("id", requestID(r)), slog.String("method", cut(r.Method, 16)), slog.String("path", cut(r.URL.Path, 200)),
				slog.Int("status", status), slog.Int("bytes", ww.BytesWritten()), slog.Duration("took", took),
				slog.String("remote", remoteIP(r)))
		}()
		next.ServeHTTP(ww, r)
	})
}

// recovered turns a panic into a 500 for this one request.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			s.metrics.panics.Inc()
			s.log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
				slog.String("id", requestID(r)), slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
			s.fail(w, r, fault.New(fault.Internal, "a handler panicked"))
		}()
		next.ServeHTTP(w, r)
	})
}

// bounded ends the context of a handler that takes too long, and bounds what it
// reads. The picture route sets its own, wider bound.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.limits.AnswerTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
