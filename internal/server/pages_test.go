package server_test

import (
	"regexp"
	"strings"
	"testing"

	"vizserver/internal/server"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for _, c := range []struct {
		name, path string
		header     []string
		want       string
		cookie     string // the new one
	}{
		{"nothing", "/draw", nil, "en", ""},
		{"browser", "/draw", []string{"Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-Hans", ""},
		{"cookie before browser", "/draw", []string{"Accept-Language", "zh", "Cookie", "viz_lang=en"}, "en", ""},
		{"address before cookie", "/draw?lang=zh", []string{"Cookie", "viz_lang=en"}, "zh-Hans", "zh"},
		{"unknown in the address", "/draw?lang=%22x", []string{"Cookie", "viz_lang=zh"}, "zh-Hans", "zh"},
		{"junk in the cookie", "/draw", []string{"Cookie", "viz_lang=%3Cscript%3E"}, "en", ""},
		{"error page", "/nowhere", []string{"Accept", html, "Accept-Language", "zh"}, "zh-Hans", ""},
	} {
		r := ask{path: c.path, header: c.header}.do(t, h)
		body := r.body
		if !strings.Contains(body, `<html lang="`+c.want+`"`) {
			t.Errorf("%s: no %s in %.80q", c.name, c.want, body)
		}
		got := ""
		for _, cookie := range r.Cookies() {
			if cookie.Name == "viz_lang" {
				got = cookie.Value
			}
		}
		if got != c.cookie {
			t.Errorf("%s: cookie %q, want %q", c.name, got, c.cookie)
		}
	}
}

func TestTheme(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for _, c := range []struct{ path, cookie, want string }{
		{"/draw", "", `data-lang="en">`},
		{"/draw?theme=light", "", `data-theme="light">`},
		{"/draw", "viz_theme=dark", `data-theme="dark">`},
		{"/draw?theme=light", "viz_theme=dark", `data-theme="light">`},
		{"/draw?theme=pink", "viz_theme=dark", `data-theme="dark">`},
		{"/draw", "viz_theme=pink", `data-lang="en">`},
	} {
		r := ask{path: c.path, header: []string{"Cookie", c.cookie}}.do(t, h)
		if body := r.body; !strings.Contains(body, c.want) {
			t.Errorf("%s with %q: no %q in %.120q", c.path, c.cookie, c.want, body)
		}
	}
}

var (
	inlineScript = regexp.MustCompile(`<script(?:[^>]*src=)?[^>]*>`)
	inlineStyle  = regexp.MustCompile(`\sstyle=|<style`)
	inlineEvent  = regexp.MustCompile(`\son[a-z]+=`)
	keyShown     = regexp.MustCompile(`>\s*[a-z]+(?:\.[a-z_]+)+\s*<|(?:aria-label|title|alt)="[a-z]+(?:\.[a-z_]+)+"`)
	idOfElement  = regexp.MustCompile(`\sid="([^"]+)"`)
)

// TestPagesAreClean finds what the policy forbids, words that the catalogue
// lacks, and ids that stand twice, on every page in both languages.
func TestPagesAreClean(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	for _, path := range []string{"/", "/draw", "/nowhere"} {
		for _, lang := range []string{"en", "zh"} {
			body := ask{path: path, header: []string{"Accept", html, "Accept-Language", lang}}.do(t, h).body
			for _, tag := range inlineScript.FindAllString(body, -1) {
				if !strings.Contains(tag, "src=") {
					t.Errorf("%s %s: inline script %s", path, lang, tag)
				}
			}
			for what, pattern := range map[string]*regexp.Regexp{"style": inlineStyle, "event": inlineEvent, "key without a word": keyShown} {
				if m := pattern.FindString(body); m != "" {
					t.Errorf("%s %s: %s: %s", path, lang, what, m)
				}
			}
			seen := map[string]bool{}
			for _, m := range idOfElement.FindAllStringSubmatch(body, -1) {
				if seen[m[1]] {
					t.Errorf("%s %s: id %q twice", path, lang, m[1])
				}
				seen[m[1]] = true
			}
			if !seen["main"] || !strings.Contains(body, "<h1") {
				t.Errorf("%s %s: no main, or no heading", path, lang)
			}
		}
	}
}

// TestPreload: the page names every module that its entry imports, so that the
// browser does not find them one after another.
func TestPreload(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	body := ask{path: "/draw"}.do(t, h).body
	for _, module := range []string{"store.js", "dom.js", "net/client.js", "net/frame.js", "views/stage.js", "gl/scene.js"} {
		if !strings.Contains(body, `rel="modulepreload" href="/static/`+hashOf(t, h)+"/js/"+module) {
			t.Errorf("%s is not preloaded", module)
		}
	}
}
