package fault_test

import (
	"strings"
	"testing"

	"vizserver/internal/fault"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"kitten", "sitting", "Saturday"}
	for word, want := range map[string]string{
		"kiten": "kitten", "SITTIN": "sitting", "sunday": "Saturday", "": "kitten",
		strings.Repeat("x", 10000): "kitten", // all are as far; the first
	} {
		if got := fault.Nearest(word, names); got != want {
			t.Errorf("%.20q: got %q, want %q", word, got, want)
		}
	}
	if got := fault.Nearest("x", nil); got != "" {
		t.Errorf("out of nothing came %q", got)
	}
}
