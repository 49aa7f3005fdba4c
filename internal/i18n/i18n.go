// Package i18n reads the catalogues of words on screen, which the pages (Go)
// and their modules (JS) share, and chooses a language for a reader. It does
// not format numbers: the browser does that.
package i18n

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Languages are the languages on screen; the first is the default.
var Languages = []string{"en", "zh"}

// Entry is one text with its note for the translator. Placeholders look like {name}.
type Entry struct {
	Text string `json:"text"`
	Note string `json:"note"`
}

// Catalogue holds the texts of one language by key.
type Catalogue map[string]Entry

// Catalogues holds every language. It is read-only after Load.
type Catalogues map[string]Catalogue

// Load reads {lang}.json for each language from dir.
func Load(dir fs.FS) (Catalogues, error) {
	all := Catalogues{}
	for _, lang := range Languages {
		b, err := fs.ReadFile(dir, lang+".json")
		if err != nil {
			return nil, fmt.Errorf("read catalogue %q: %w", lang, err)
		}
		var c Catalogue
		if err := json.Unmarshal(b, &c); err != nil {
			return nil, fmt.Errorf("parse catalogue %q: %w", lang, err)
		}
		all[lang] = c
	}
	return all, nil
}

// T returns the function that gives the texts of lang. A key that does not
// exist shows itself, so that it is seen and a test can look for it.
func (c Catalogues) T(lang string) func(key string) string {
	words := c[lang]
	return func(key string) string {
		if e, ok := words[key]; ok {
			return e.Text
		}
		return key
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Placeholders returns the sorted names of the placeholders of a text.
func Placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Fill replaces the placeholders of text by values; one that has no value stays.
func Fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(whole string) string {
		if v, ok := values[whole[1:len(whole)-1]]; ok {
			return v
		}
		return whole
	})
}

// Match returns the language for a reader: the first of the wishes that we
// have. A wish is a tag ("zh-TW") or a header Accept-Language; "" wishes nothing.
func Match(wishes ...string) string {
	for _, wish := range wishes {
		if lang := best(wish); lang != "" {
			return lang
		}
	}
	return Languages[0]
}

// maxWishes bounds the work on a header that a stranger wrote.
const maxWishes = 16

// best returns the language of the header's heaviest tag that we have, or "".
func best(header string) string {
	found, weight := "", 0.0
	for i, part := range strings.Split(header, ",") {
		if i == maxWishes {
			break
		}
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if _, err := fmt.Sscanf(v, "%g", &q); err != nil {
				continue
			}
		}
		base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if q > weight && slices.Contains(Languages, base) {
			found, weight = base, q
		}
	}
	return found
}
