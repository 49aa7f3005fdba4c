package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"vizserver/internal/testutil"
)

// TestAxe runs axe-core over the pages, in both themes and both languages, and
// over the states that a reader meets: a drawing, a pinned unit, the text twin.
func TestAxe(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		for _, light := range []bool{false, true} {
			theme := map[bool]string{false: "dark", true: "light"}[light]
			o := options{lang: lang, light: light, reducedMotion: true}
			t.Run(lang+"/"+theme+"/home", func(t *testing.T) {
				p := open(t, "/", o)
				p.wait("the live net", `document.querySelector("canvas") !== null`)
				p.axe("home")
			})
			t.Run(lang+"/"+theme+"/draw", func(t *testing.T) {
				p := openDraw(t, "?digit=0&unit=3.8.5.4", o)
				p.settled()
				p.axe("draw, pinned")
				with[bool](p, `page.store.set({pin: null, text: true}); return true;`)
				p.frames(5)
				p.axe("draw, as text")
			})
			t.Run(lang+"/"+theme+"/phone", func(t *testing.T) {
				o := o
				o.width, o.height, o.scale, o.touch = 390, 844, 2, true
				p := openDraw(t, "?digit=0&unit=3.8.5.4", o)
				p.settled()
				p.axe("draw on a phone, pinned")
			})
		}
	}
}

// axe fails the test for each violation on the page as it stands.
func (p *page) axe(what string) {
	p.tb.Helper()
	source, err := os.ReadFile(filepath.Join(testutil.Root(p.tb), "testdata", "axe", "axe.min.js"))
	must(p.tb, err)
	if !eval[bool](p, `"axe" in globalThis`) {
		p.do("load axe", chromedp.Evaluate[chromedp.Void](string(source)+"\n;undefined"))
	}
	type violation struct {
		ID, Help string
		Nodes    []string
	}
	for _, v := range eval[[]violation](p, `axe.run(document, {resultTypes: ["violations"], rules: {"color-contrast-enhanced": {enabled: false}}}).then(r =>
		r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 160) + " — " + (n.failureSummary ?? "").replaceAll("\n", " ").slice(0, 260))})))`) {
		p.tb.Errorf("%s: axe %s: %s", what, v.ID, v.Help)
		for _, n := range v.Nodes {
			p.tb.Errorf("    %s", n)
		}
	}
	p.tb.Logf("axe looked at %s", what)
}
