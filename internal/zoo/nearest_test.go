package zoo_test

import (
	"strings"
	"testing"

	"vizserver/internal/zoo"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"lenet5-moden":             "lenet5-modern",
		"LENET5-HARLEY":            "lenet5-harley",
		"lenet-1998":               "lenet5-1998",
		"mlp":                      "mlp-harley",
		"SqueezeNet":               "squeezenet-1.0",
		"vgg-16":                   "vgg16",
		strings.Repeat("x", 10000): zoo.Names(zoo.Table())[0],
	} {
		got := zoo.Nearest(given)
		if len(given) > 100 { // anything of the table will do
			if got == "" {
				t.Error("no answer to a long name")
			}
			continue
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
