package keras

import (
	"fmt"
	"strings"

	"vizserver/internal/fault"
)

const maxShown = 80 // runes of a name in a message

// broken is an error of the file that the text describes.
func broken(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, format, args...)
}

// fail is an error at a layer.
func (l *layer) fail(format string, args ...any) *fault.Error {
	return broken("layer %s (%s): %s", show(l.name), show(l.class), fmt.Sprintf(format, args...))
}

// show quotes a name of the file, cut to a length that fits a message.
func show(s string) string {
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func hasPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
