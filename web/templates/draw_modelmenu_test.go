package templates

import (
	"strings"
	"testing"
)

func TestDrawModelmenu(t *testing.T) {
	t.Parallel()
	words := map[string]string{"model.choose": "Choose", "model.facts": "{units} u, {params} p, {accuracy}"}
	v := DrawView{
		Page:  Page{T: func(key string) string { return words[key] }},
		Model: "second",
		Models: []ModelItem{
			{Name: "first", Title: "First net", Units: 9134, Params: 62902, Accuracy: 0.9921, Summary: "The first."},
			{Name: "second", Title: "Second <net>", Units: 12, Params: 1000, Accuracy: 0.5, Summary: "The second."},
		},
	}
	var b strings.Builder
	if err := DrawModelmenu(v).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		`<h2 id="net-title">Second &lt;net&gt;</h2>`,
		`aria-label="Choose"`,
		`data-name="first"`,
		"9,134 u, 62,902 p, 99.21\u00a0%",
		"The second.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the menu lacks %q:\n%s", want, got)
		}
	}
	if n := strings.Count(got, `role="option"`); n != 2 {
		t.Errorf("%d options for two nets", n)
	}
	if title := (DrawView{Model: "third", Models: v.Models}).modelTitle(); title != "" {
		t.Errorf("a net that is not listed has the title %q", title)
	}
}
