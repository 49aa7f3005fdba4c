package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBench(t *testing.T) {
	page := filepath.Join(t.TempDir(), "r.html")
	r := vizserver(t, "bench", "lenet5-modern", "--threads", "1,2", "--mode", "logits,all,converted", "--rounds", "1", "--quiet", "0s", "--json", "--html", page)
	if r.code != 0 {
		t.Fatalf("code %d, %s", r.code, r.err)
	}
	var list []struct {
		Model   string
		Threads int
		Mode    string
		Ours    float64  `json:"ours_ms"`
		Theirs  *float64 `json:"theirs_ms"`
		Ratio   *float64
		Layers  []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(r.out), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 6 {
		t.Fatalf("%d lines, want 6", len(list))
	}
	last := list[5]
	if last.Model != "lenet5-modern" || last.Threads != 2 || last.Mode != "converted" || last.Ours <= 0 || last.Theirs != nil || last.Ratio != nil || len(last.Layers) == 0 {
		t.Errorf("%+v", last)
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "<svg") {
		t.Errorf("the page has no plot: %v", err)
	}
	r = vizserver(t, "bench", "lenet5-harley", "--kernels", "reference", "--rounds", "1", "--quiet", "0s", "--layers")
	if r.code != 0 || !strings.Contains(r.out, "lenet5-harley   all") || !strings.Contains(r.out, "STEP") {
		t.Errorf("code %d, %s%s", r.code, r.out, r.err)
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"lenet6"}, 4, "did you mean"},
		{[]string{"lenet5-modern", "--kernels", "sse"}, 5, `no kernels "sse"`},
		{[]string{"lenet5-modern", "--mode", "none"}, 80, "--mode"},
		{[]string{"lenet5-modern", "--threads", "0"}, 80, "--threads"},
		{[]string{"lenet5-modern", "--rounds", "0"}, 80, "--rounds"},
		{[]string{"lenet5-modern", "--quiet=-1s"}, 80, "--quiet"},
		{[]string{"lenet5-modern", "--against", "ort", "--rounds", "1", "--python", "/nowhere/python"}, 5, "does not start"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := vizserver(t, append([]string{"bench"}, c.args...)...)
			if r.code != c.code || !strings.Contains(r.err, c.text) {
				t.Errorf("code %d, %q; want %d and %q", r.code, r.err, c.code, c.text)
			}
		})
	}
}
