package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestScenarios runs each scenario in its short form. How fast the machine is does not
// decide; what must hold at any speed does.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			r := &report{}
			if err := s.run(t.Context(), shortRun(), r); err != nil {
				t.Error(err)
			}
			if len(r.lines) == 0 {
				t.Error("the scenario checked nothing")
			}
			var table bytes.Buffer
			if err := r.print(&table); err != nil {
				t.Fatal(err)
			}
			t.Log("\n" + table.String())
			if r.failed > 0 {
				t.Errorf("%d limits were broken", r.failed)
			}
		})
	}
}

// TestBrokenLimitShows: a report with a broken limit says so and gives exit code 1.
func TestBrokenLimitShows(t *testing.T) {
	r := &report{}
	r.check("x", "y", false, "3", "≤ 2")
	var b bytes.Buffer
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	if r.failed != 1 || !strings.Contains(b.String(), "BROKEN") {
		t.Errorf("%d failed:\n%s", r.failed, b.String())
	}
	if code := runAll(t.Context(), shortRun(), "no-such", &b, &b); code != 80 {
		t.Errorf("an unknown scenario gives exit code %d, want 80", code)
	}
}
