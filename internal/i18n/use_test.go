package i18n_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/i18n"
)

// Where words are asked for by a key that stands in the code as it is.
var uses = []struct {
	dir, suffix string
	key         *regexp.Regexp
	parts       []string // what is added to the key
}{
	{"../../web/static/js", ".js", regexp.MustCompile(`\bt\(\s*"([a-z0-9_.-]+)"`), []string{""}},
	{"../../web/templates", ".templ", regexp.MustCompile(`\.T\("([a-z0-9_.-]+)"\)`), []string{""}},
	{"../server", ".go", regexp.MustCompile(`\bsay\(fault\.\w+, "([a-z0-9_.-]+)"`), []string{".text"}},
}

// TestEveryKeyExists finds a key that the code asks for and the catalogue lacks.
func TestEveryKeyExists(t *testing.T) {
	t.Parallel()
	all, err := i18n.Load(os.DirFS("../../web/static/i18n"))
	if err != nil {
		t.Fatal(err)
	}
	words := all["en"]
	for _, use := range uses {
		found := 0
		err := filepath.WalkDir(use.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, use.suffix) || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range use.key.FindAllSubmatch(b, -1) {
				for _, part := range use.parts {
					found++
					key := string(m[1]) + part
					if strings.HasSuffix(key, ".") { // the rest is computed
						continue
					}
					if _, ok := words[key]; !ok {
						t.Errorf("%s: no word for %q", path, key)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if found == 0 {
			t.Errorf("%s: no key found: does the pattern still fit the code?", use.dir)
		}
	}
	for _, k := range fault.Kinds() {
		if _, ok := words["fault."+k.String()]; !ok {
			t.Errorf("no title for errors of kind %v", k)
		}
	}
}
