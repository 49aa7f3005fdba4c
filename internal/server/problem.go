package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5/middleware"

	"vizserver/internal/fault"
	"vizserver/internal/i18n"
	"vizserver/web/templates"
)

// problem is the body of an API error (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	ID     string `json:"id"`
}

// said is an error whose sentence stands in the catalogues: key+".text" and,
// if there is one, key+".hint".
type said struct {
	kind   fault.Kind
	key    string
	values map[string]string
	cause  error
}

func (e *said) Error() string    { return e.key }
func (e *said) Kind() fault.Kind { return e.kind }
func (e *said) Unwrap() error    { return e.cause }

// say returns an error of kind with the sentence of key; values are pairs of
// placeholder and text.
func say(kind fault.Kind, key string, pairs ...string) *said {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return &said{kind: kind, key: key, values: values}
}

func (e *said) because(err error) *said {
	e.cause = err
	return e
}

// handler is a handler that may fail.
type handler func(w http.ResponseWriter, r *http.Request) error

// wrap answers and logs an error once. A viewer that went away is neither.
func (s *Server) wrap(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// fail writes the answer for err: problem+json, or a page where the reader is
// a person.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody listens any more
	}
	err = clarify(err)
	kind := fault.KindOf(err)
	level := slog.LevelDebug
	if kind == fault.Internal {
		level = slog.LevelError
	}
	id := requestID(r)
	s.log.LogAttrs(r.Context(), level, "request refused",
		slog.String("id", id), slog.String("kind", kind.String()), slog.String("cause", chain(err)))
	s.metrics.rejected.WithLabelValues(kind.String()).Inc()
	if ww, ok := w.(middleware.WrapResponseWriter); ok && ww.Status() != 0 {
		return // the head is out: all that is left is to end the answer
	}

	text, hint := s.sentence(r, err, kind)
	w.Header().Set("Cache-Control", "no-store")
	if kind == fault.Busy || kind == fault.TooMany {
		w.Header().Set("Retry-After", "2")
	}
	if kind == fault.TooLarge || kind == fault.Slow {
		w.Header().Set("Connection", "close")
	}
	if wantsPage(r) {
		s.failPage(w, r, kind, text, hint, id)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(kind.HTTP())
	body := problem{
		Type: "urn:vizserver:" + kind.String(), Title: s.words.T(langOf(r))("fault." + kind.String()),
		Status: kind.HTTP(), Detail: text, Hint: hint, ID: id,
	}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "problem not sent", slog.String("id", id))
	}
}

// failPage answers a person.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, kind fault.Kind, text, hint, id string) {
	p := s.page(w, r)
	p.Title = p.T("fault." + kind.String())
	v := templates.PlainView{
		Page: p, Status: strconv.Itoa(kind.HTTP()), Heading: p.Title, Text: text, Hint: hint,
	}
	if kind == fault.Internal {
		v.RequestID = id
	}
	if kind == fault.NotFound {
		v.Heading, v.Text, v.Hint = p.T("plain.missing.heading"), p.T("plain.missing.text"), p.T("plain.missing.hint")
	}
	s.render(w, r, kind.HTTP(), templates.Plain(v))
}

// sentence returns what the reader is told, in the reader's language where the
// catalogue has it. An internal error says nothing but its id.
func (s *Server) sentence(r *http.Request, err error, kind fault.Kind) (text, hint string) {
	word := s.words.T(langOf(r))
	if kind == fault.Internal {
		return word("fault.internal.text"), i18n.Fill(word("fault.internal.hint"), map[string]string{"id": requestID(r)})
	}
	if e, ok := errors.AsType[*said](err); ok {
		text = i18n.Fill(word(e.key+".text"), e.values)
		if h := word(e.key + ".hint"); h != e.key+".hint" {
			hint = i18n.Fill(h, e.values)
		}
		return text, hint
	}
	return err.Error(), fault.Hint(err)
}

// clarify gives a kind to the errors of the standard library that a client causes.
func clarify(err error) error {
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return say(fault.TooLarge, "fault.body", "limit", megabytes(e.Limit)).because(err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return say(fault.Slow, "fault.upload").because(err)
	}
	return err
}

// megabytes writes a size for a person: "32 MiB", "512 KiB".
func megabytes(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt((n+1023)>>10, 10) + " KiB"
}

// chain writes err and its causes for the log.
func chain(err error) string {
	parts := []string{err.Error()}
	for e := errors.Unwrap(err); e != nil; e = errors.Unwrap(e) {
		if t := e.Error(); !strings.Contains(parts[len(parts)-1], t) {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, ": ")
}

// wantsPage reports whether a person asked: a browser's navigation, not an API.
func wantsPage(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/static/") || r.URL.Path == "/ws" {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
