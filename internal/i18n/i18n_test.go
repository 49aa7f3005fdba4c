package i18n_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"vizserver/internal/i18n"
)

// TestCatalogues compares the shipped catalogues: a key or a placeholder that
// one language lacks, or a text without a note, fails.
func TestCatalogues(t *testing.T) {
	t.Parallel()
	all, err := i18n.Load(os.DirFS("../../web/static/i18n"))
	if err != nil {
		t.Fatal(err)
	}
	reference := all[i18n.Languages[0]]
	if len(reference) < 20 {
		t.Fatalf("only %d keys: is this the catalogue?", len(reference))
	}
	for _, lang := range i18n.Languages {
		for key, e := range all[lang] {
			ref, ok := reference[key]
			switch {
			case !ok:
				t.Errorf("%s: key %q is not in %s", lang, key, i18n.Languages[0])
			case !slices.Equal(i18n.Placeholders(e.Text), i18n.Placeholders(ref.Text)):
				t.Errorf("%s: %q has placeholders %v, want %v", lang, key, i18n.Placeholders(e.Text), i18n.Placeholders(ref.Text))
			}
			if strings.TrimSpace(e.Text) == "" {
				t.Errorf("%s: %q has no text", lang, key)
			}
			if strings.TrimSpace(e.Note) == "" {
				t.Errorf("%s: %q has no note for the translator", lang, key)
			}
		}
		for key := range reference {
			if _, ok := all[lang][key]; !ok {
				t.Errorf("%s: key %q is missing", lang, key)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := &fstest.MapFile{Data: []byte(`{"a":{"text":"A","note":"n"}}`)}
	for name, files := range map[string]fstest.MapFS{
		"missing language": {"en.json": good},
		"not JSON":         {"en.json": good, "zh.json": {Data: []byte("{")}},
		"another form":     {"en.json": good, "zh.json": {Data: []byte(`{"a":"A"}`)}},
	} {
		if _, err := i18n.Load(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		wishes []string
		want   string
	}{
		{"nothing", nil, "en"},
		{"empty", []string{"", ""}, "en"},
		{"parameter before cookie", []string{"zh", "en"}, "zh"},
		{"unknown parameter falls through", []string{"fr", "zh"}, "zh"},
		{"region", []string{"zh-Hant-TW"}, "zh"},
		{"heaviest known", []string{"de;q=1, en;q=0.3, zh-CN;q=0.8"}, "zh"},
		{"order on a tie", []string{"en, zh"}, "en"},
		{"q=0 means not this", []string{"zh;q=0"}, "en"},
		{"junk weight", []string{"zh;q=x, en;q=0.1"}, "en"},
		{"junk", []string{";;,,=zh"}, "en"},
		{"no end of tags", []string{strings.Repeat("de,", 1000) + "zh"}, "en"},
	} {
		if got := i18n.Match(c.wishes...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	got := i18n.Fill("{a} of {b}, {c}", map[string]string{"a": "1", "b": "{a}"})
	if want := "1 of {a}, {c}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := i18n.Placeholders("{b} {a} {b}"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("placeholders: %v", got)
	}
}

func TestT(t *testing.T) {
	t.Parallel()
	c := i18n.Catalogues{"en": {"a": {Text: "A"}}}
	word := c.T("en")
	if got := word("a") + word("b.c"); got != "Ab.c" {
		t.Errorf("got %q", got)
	}
}
