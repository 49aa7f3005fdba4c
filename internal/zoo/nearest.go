package zoo

import (
	"strings"

	"vizserver/internal/fault"
)

// Nearest returns the name of the table that is closest to what the user wrote: the first
// that begins with it, else the one that takes the fewest changes.
func Nearest(name string) string {
	names := Names(table)
	for _, n := range names {
		if name != "" && strings.HasPrefix(n, strings.ToLower(name)) {
			return n
		}
	}
	return fault.Nearest(name, names)
}
