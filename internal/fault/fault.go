// Package fault names what a caller can do about an error, and holds the one
// table that turns such a kind into an HTTP status, a WebSocket close code and
// an exit code. It knows no package that fails and no surface that answers.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what the caller can do about an error. The zero value is our own bug.
type Kind uint8

// The kinds, in the order of the table of codes.
const (
	Internal      Kind = iota // log everything, show only a request id
	Invalid                   // the text says what is wrong and how to mend it
	TooLarge                  // the text names the limit
	NotFound                  // no such net, picture, layer or page
	Unsupported               // well formed, but of a kind that we do not read
	Busy                      // a queue is full; try again
	Unprocessable             // the right kind of thing, damaged or without sense
	Forbidden                 // a request that another site or a stranger made
	Misdirected               // a host name that this server does not answer to
	Slow                      // the other side did not send in time
	TooMany                   // one sender asks for more than its share
	Method                    // the address exists, the method does not
)

// codes holds one line for each kind. WebSocket codes 4000 to 4999 are
// private (RFC 6455 §7.4.2); exit codes stay clear of kong's 80.
var codes = [...]struct {
	name           string
	http, ws, exit int
}{
	Internal:      {"internal", 500, 1011, 1},
	Invalid:       {"invalid", 400, 4400, 2},
	TooLarge:      {"too_large", 413, 1009, 3},
	NotFound:      {"not_found", 404, 4404, 4},
	Unsupported:   {"unsupported", 415, 1003, 5},
	Busy:          {"busy", 503, 1013, 6},
	Unprocessable: {"unprocessable", 422, 4422, 2},
	Forbidden:     {"forbidden", 403, 4403, 1},
	Misdirected:   {"misdirected", 421, 4421, 1},
	Slow:          {"slow", 408, 4408, 1},
	TooMany:       {"too_many", 429, 1008, 6},
	Method:        {"method", 405, 4405, 1},
}

// Kinds returns every kind, in the order of the table.
func Kinds() []Kind {
	all := make([]Kind, len(codes))
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// String returns the kind's word for machines: "not_found".
func (k Kind) String() string { return codes[k.known()].name }

// HTTP returns the status of a response that carries an error of this kind.
func (k Kind) HTTP() int { return codes[k.known()].http }

// WS returns the close code of a WebSocket that ends because of this kind.
func (k Kind) WS() int { return codes[k.known()].ws }

// Exit returns the exit code of the process.
func (k Kind) Exit() int { return codes[k.known()].exit }

func (k Kind) known() Kind {
	if int(k) < len(codes) {
		return k
	}
	return Internal
}

// Kinder is what an error type of any package implements to say its kind.
type Kinder interface{ Kind() Kind }

// KindOf returns the kind of the outermost error in err's chain that says one.
// An error that says nothing is Internal. A context that ended is Busy: the
// work was well formed, but not done.
func KindOf(err error) Kind {
	var k Kinder
	switch {
	case errors.As(err, &k):
		return k.Kind().known()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Busy
	}
	return Internal
}

// Error is a plain error with a kind, for places that need no type of their
// own. Text is shown to the user: it never holds a path, an address or a Go
// type. Hint says what to do, and may be empty.
type Error struct {
	K    Kind
	Text string
	Hint string
	Err  error // the cause, for the log; may be nil
}

// New returns an error of kind k whose text is shown to the user.
func New(k Kind, format string, args ...any) *Error {
	return &Error{K: k, Text: fmt.Sprintf(format, args...)}
}

// WithHint sets what the user can do about it, and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithCause sets the cause, which only the log shows, and returns e.
func (e *Error) WithCause(err error) *Error {
	e.Err = err
	return e
}

// Error returns the text without the hint and without the cause.
func (e *Error) Error() string { return e.Text }

// Kind implements Kinder.
func (e *Error) Kind() Kind { return e.K.known() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hinter is what an error type implements to say what the user can do.
type Hinter interface{ UserHint() string }

// UserHint implements Hinter.
func (e *Error) UserHint() string { return e.Hint }

// Hint returns the hint of the outermost error in the chain that has one, or "".
func Hint(err error) string {
	for err != nil {
		var h Hinter
		if !errors.As(err, &h) {
			return ""
		}
		if s := h.UserHint(); s != "" {
			return s
		}
		e, ok := h.(error)
		if !ok {
			return ""
		}
		err = errors.Unwrap(e)
	}
	return ""
}
