package trace

import (
	"fmt"

	"vizserver/internal/fault"
)

// Error is something wrong with what a viewer sent or asked. Its text is for the viewer:
// it names the value seen and never holds a path, an address or a Go type.
type Error struct {
	Code  string     // short stable name that the page can look up, e.g. "unknown_layer"
	Text  string     // one sentence: what is wrong
	Hint  string     // what to do about it; may be empty
	Fault fault.Kind // never Internal
	Close int        // close code of the socket, if not that of Fault
}

func (e *Error) Error() string { return e.Text }

// Kind implements fault.Kinder.
func (e *Error) Kind() fault.Kind { return e.Fault }

// UserHint implements fault.Hinter.
func (e *Error) UserHint() string { return e.Hint }

func newError(kind fault.Kind, code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...), Fault: kind}
}

func (e *Error) withHint(hint string) *Error {
	e.Hint = hint
	return e
}

// badFrame is a *Error about bytes that are no frame of frame.go.
func badFrame(code, format string, args ...any) error {
	return newError(fault.Invalid, "frame_"+code, format, args...)
}

func badMessage(code, format string, args ...any) error {
	return newError(fault.Invalid, code, format, args...)
}

func tooLarge(code, format string, args ...any) error {
	return newError(fault.TooLarge, code, format, args...)
}

func wrongVersion(code, format string, args ...any) error {
	return newError(fault.Unsupported, code, format, args...).withHint("Reload the page.")
}
