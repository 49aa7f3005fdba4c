package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vizserver/internal/fault"
)

// TestCodes compares the table with the numbers of the house style and of the
// reliability goals, written out by hand.
func TestCodes(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]string{
		fault.Internal:      "internal 500 1011 1",
		fault.Invalid:       "invalid 400 4400 2",
		fault.TooLarge:      "too_large 413 1009 3",
		fault.NotFound:      "not_found 404 4404 4",
		fault.Unsupported:   "unsupported 415 1003 5",
		fault.Busy:          "busy 503 1013 6",
		fault.Unprocessable: "unprocessable 422 4422 2",
		fault.Forbidden:     "forbidden 403 4403 1",
		fault.Misdirected:   "misdirected 421 4421 1",
		fault.Slow:          "slow 408 4408 1",
		fault.TooMany:       "too_many 429 1008 6",
		fault.Method:        "method 405 4405 1",
	}
	for _, k := range fault.Kinds() {
		if got := fmt.Sprint(k, " ", k.HTTP(), " ", k.WS(), " ", k.Exit()); got != want[k] {
			t.Errorf("got %q, want %q", got, want[k])
		}
	}
	if len(want) != len(fault.Kinds()) {
		t.Errorf("%d kinds, want %d", len(fault.Kinds()), len(want))
	}
	if k := fault.Kind(200); k.HTTP() != 500 || k.String() != "internal" {
		t.Errorf("an unknown kind must be internal, not %v", k)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.NotFound, "no net %q", "x").WithHint("try y")
	for _, c := range []struct {
		name string
		err  error
		kind fault.Kind
		hint string
	}{
		{"plain", errors.New("x"), fault.Internal, ""},
		{"nil", nil, fault.Internal, ""},
		{"own", inner, fault.NotFound, "try y"},
		{"wrapped", fmt.Errorf("load: %w", inner), fault.NotFound, "try y"},
		{"outermost wins", fault.New(fault.Busy, "b").WithCause(inner), fault.Busy, "try y"},
		{"deadline", fmt.Errorf("run: %w", context.DeadlineExceeded), fault.Busy, ""},
		{"canceled", context.Canceled, fault.Busy, ""},
	} {
		if got := fault.KindOf(c.err); got != c.kind {
			t.Errorf("%s: kind %v, want %v", c.name, got, c.kind)
		}
		if got := fault.Hint(c.err); got != c.hint {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.hint)
		}
	}
	if !errors.Is(fault.New(fault.Busy, "b").WithCause(context.Canceled), context.Canceled) {
		t.Error("the cause is lost")
	}
	if got := inner.Error(); got != `no net "x"` {
		t.Errorf("text %q", got)
	}
}
