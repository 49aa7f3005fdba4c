package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"vizserver/internal/testutil"
)

// options say what kind of screen and reader opens a page. The zero value is a
// desktop of 1280×800 with a mouse, English, dark.
type options struct {
	site          string // another server than the shared one
	width, height int64
	scale         float64 // devicePixelRatio
	touch         bool    // a phone: touch instead of hover
	light         bool
	lang          string // "zh"
	reducedMotion bool
	allowErrors   []string // parts of console messages that the test provokes
}

// page is one tab with a storage of its own.
type page struct {
	tb    testing.TB
	ctx   context.Context
	base  string
	words map[string]string
	opts  options

	mu     sync.Mutex
	faults []string
}

// collectCSP notes each report of the policy, from before the first byte of the page.
const collectCSP = `globalThis.__csp = [];
addEventListener("securitypolicyviolation", e => __csp.push(e.violatedDirective + " " + (e.blockedURI || e.sourceFile) + " " + (e.sample || "")));`

// open loads path ("/draw") in a new tab and closes it at the end of the test,
// which then fails if the page wrote an error to the console.
func open(tb testing.TB, path string, o options) *page {
	tb.Helper()
	if o.width == 0 {
		o.width, o.height = 1280, 800
	}
	if o.scale == 0 {
		o.scale = 1
	}
	if o.lang == "" {
		o.lang = "en"
	}
	root := browser(tb)
	base := o.site
	if base == "" {
		base = siteURL(tb)
	}
	ctx, cancel := chromedp.NewContext(root, chromedp.WithNewBrowserContext())
	p := &page{tb: tb, ctx: ctx, base: base, words: catalogue(tb, o.lang), opts: o}
	tb.Cleanup(func() {
		p.finish()
		cancel()
	})
	must(tb, chromedp.Listen(ctx, p.listen))
	p.emulate(o)
	p.navigate(path)
	return p
}

// emulate sets screen, input and preferences before the page loads.
func (p *page) emulate(o options) {
	p.tb.Helper()
	p.do("emulate", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		metrics := emulation.SetDeviceMetricsOverrideParams{Width: o.width, Height: o.height, DeviceScaleFactor: o.scale, Mobile: o.touch}
		if _, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, metrics); err != nil {
			return err
		}
		touch := emulation.SetTouchEmulationEnabledParams{Enabled: o.touch}
		if o.touch {
			touch.MaxTouchPoints = 5
		}
		if _, err := cdp.Call(ctx, t, emulation.SetTouchEmulationEnabled, touch); err != nil {
			return err
		}
		scheme, motion := "dark", "no-preference"
		if o.light {
			scheme = "light"
		}
		if o.reducedMotion {
			motion = "reduce"
		}
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: motion},
		}}
		if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media); err != nil {
			return err
		}
		script := cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: collectCSP}
		_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, script)
		return err
	}))
}

// navigate goes to path, with the language of the options in the query.
func (p *page) navigate(path string) {
	p.tb.Helper()
	if p.opts.lang != "en" {
		address, hash, _ := strings.Cut(path, "#")
		sep := "?"
		if strings.Contains(address, "?") {
			sep = "&"
		}
		path = address + sep + "lang=" + p.opts.lang
		if hash != "" {
			path += "#" + hash
		}
	}
	p.do("open "+path, chromedp.Navigate(p.base+path))
}

// loud are the calls of the console API that fail a test.
var loud = []runtime.ConsoleAPICalledType{
	runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeAssert, runtime.ConsoleAPICalledTypeWarning,
}

// listen takes the console of the page.
func (p *page) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		p.fault("uncaught: " + text)
	case *runtime.EventConsoleAPICalled:
		if slices.Contains(loud, ev.Type) {
			var words []string
			for _, arg := range ev.Args {
				words = append(words, strings.Trim(string(arg.Value), `"`)+arg.Description)
			}
			p.fault("console." + string(ev.Type) + ": " + strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError {
			p.fault(fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		}
	}
}

func (p *page) fault(text string) {
	for _, allowed := range p.opts.allowErrors {
		if strings.Contains(text, allowed) {
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, text)
}

// finish fails the test for what the console and the policy have reported, and
// keeps a picture of a page whose test failed, if VIZ_FAIL_SHOTS names a directory.
func (p *page) finish() {
	reports, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](`globalThis.__csp ?? []`))
	if err != nil {
		p.tb.Errorf("the page does not answer at the end: %v", err)
	}
	for _, report := range reports {
		p.tb.Errorf("Content-Security-Policy: %s", report)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range p.faults {
		p.tb.Errorf("console: %s", text)
	}
	if dir := os.Getenv("VIZ_FAIL_SHOTS"); dir != "" && p.tb.Failed() {
		if png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot()); err == nil {
			name := strings.NewReplacer("/", "_", " ", "_").Replace(p.tb.Name()) + ".png"
			_ = os.WriteFile(filepath.Join(dir, name), png, 0o644) // only a help to the reader
		}
	}
}

// do runs actions and fails the test with what they were for.
func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.tb.Fatalf("%s: %v", what, err)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// eval gives the value of a JavaScript expression; a promise is awaited.
func eval[T any](p *page, expression string) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.tb.Fatalf("evaluate %s: %v", short(expression), err)
	}
	return v
}

// with gives the value of a function body in which `page` is the running page's
// own context (store, client, acts, scene), and await may stand.
func with[T any](p *page, body string) T {
	p.tb.Helper()
	return eval[T](p, `(async () => {
		const page = await import(document.querySelector('script[type=module][src*="draw.js"]').src).then(m => m.page);
		`+body+`
	})()`)
}

// wait waits until a JavaScript expression is true; what names it in the message.
// In the expression `page` is the context of the draw page, null elsewhere. It
// goes on over a navigation.
func (p *page) wait(what, expression string) {
	p.tb.Helper()
	script := fmt.Sprintf(`(async () => {
		const end = performance.now() + %d;
		let page = null; // comes with the document's script, which may still be on its way
		while (performance.now() < end) {
			const script = document.querySelector('script[type=module][src*="draw.js"]');
			if (!page && script) page = await (await import(script.src)).page;
			try { if (%s) return true; } catch (e) { if (!(e instanceof TypeError)) throw e; }
			await new Promise(done => setTimeout(done, 10));
		}
		return false;
	})()`, (patience * 3 / 4).Milliseconds(), expression)
	end := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise))
		cancel()
		switch {
		case err != nil && time.Now().Before(end) && left(err):
			continue // the page that was asked has gone; ask the next one
		case err != nil:
			p.tb.Fatalf("wait for %s: %v", what, err)
		case !ok:
			p.tb.Fatalf("waited in vain for %s: %s", what, short(expression))
		}
		return
	}
}

// left tells whether an error means that the page went away under the question.
func left(err error) bool {
	text := err.Error()
	return strings.Contains(text, "context was destroyed") || strings.Contains(text, "Cannot find context") ||
		strings.Contains(text, "navigated") || strings.Contains(text, "Promise was collected")
}

// frames waits until the page has drawn n more frames.
func (p *page) frames(n int) {
	p.tb.Helper()
	eval[bool](p, fmt.Sprintf(`(async () => { for (let i = 0; i < %d; i++) await new Promise(requestAnimationFrame); return true; })()`, n))
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}

// catalogue gives the words of one language, by key.
func catalogue(tb testing.TB, lang string) map[string]string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(tb), "web", "static", "i18n", lang+".json"))
	must(tb, err)
	var entries map[string]struct{ Text string }
	must(tb, json.Unmarshal(b, &entries))
	words := make(map[string]string, len(entries))
	for key, entry := range entries {
		words[key] = entry.Text
	}
	return words
}

// word gives the text of a key, with name, value pairs filled in.
func (p *page) word(key string, fill ...string) string {
	p.tb.Helper()
	text, ok := p.words[key]
	if !ok {
		p.tb.Fatalf("no key %q in the catalogue", key)
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// before adds a script that runs before those of the next page.
func (p *page) before(script string) {
	p.tb.Helper()
	p.do("add a script", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	}))
}
