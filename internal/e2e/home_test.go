package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// homeSays is the finished sentence under the live picture.
var homeSays = regexp.MustCompile(`test digit ([\d,]+) · it (is|says)`)

// finished waits for the end of a run on another digit than last and gives its index.
func (p *page) finished(last string) string {
	p.tb.Helper()
	p.wait("a finished run", fmt.Sprintf(`(m => m !== null && m[1] !== %q)(document.querySelector("main").innerText.match(/test digit ([\d,]+) · it (is|says)/))`, last))
	return homeSays.FindStringSubmatch(p.hears())[1]
}

// TestHomeRunsALiveNet: the first page shows a real net on a real test digit, gives
// another one, and leads to the drawing page with each net that exists.
func TestHomeRunsALiveNet(t *testing.T) {
	for _, o := range []options{{}, {width: 390, height: 844, scale: 2, touch: true, light: true}, {reducedMotion: true}} {
		p := open(t, "/", o)
		first := p.finished("")
		if painted := eval[int](p, `(c => {
			const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
			for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
			return seen.size;
		})(document.querySelector("main canvas"))`); painted < 60 {
			t.Errorf("%d colours in the live picture, want those of its maps", painted)
		}
		p.click("button", p.word("home.another"))
		p.finished(first)
		if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("the page is %v px too wide", wide)
		}
	}
}

// TestHomeShowsTheNetsThatExist: a card for each net, with its counts and its measured accuracy.
func TestHomeShowsTheNetsThatExist(t *testing.T) {
	p := open(t, "/", options{})
	want := eval[[]string](p, `fetch("/api/models").then(r => r.json()).then(l => (l.models ?? l).map(m =>
		m.title + "|" + m.units.toLocaleString("en") + "|" + m.params.toLocaleString("en") + "|" + (m.accuracy * 100).toFixed(2)))`)
	var cards []string
	for _, link := range p.names("link") {
		if strings.Contains(link, p.word("home.params")) {
			cards = append(cards, link)
		}
	}
	if len(cards) != len(want) {
		t.Fatalf("%d cards for %d nets", len(cards), len(want))
	}
	for i, parts := range want {
		for part := range strings.SplitSeq(parts, "|") {
			if !strings.Contains(cards[i], part) {
				t.Errorf("the card %q does not say %q", cards[i], part)
			}
		}
	}
	p.click("link", cards[1])
	for end := time.Now().Add(patience / 2); eval[string](p, `location.pathname`) != "/draw"; p.frames(2) {
		if time.Now().After(end) {
			t.Fatal("the card leads nowhere")
		}
	}
	p.alive()
	if title := with[string](p, `return page.store.get().manifest.title;`); !strings.HasPrefix(cards[1], title) {
		t.Errorf("the card %q leads to %q", cards[1], title)
	}
}
