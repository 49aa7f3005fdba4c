package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused gives role-like tag and name of what has the focus.
func (p *page) focused() string {
	p.tb.Helper()
	return eval[string](p, `(e => !e || e === document.body ? "" : e.tagName.toLowerCase() + " " + (e.getAttribute("aria-label") || e.textContent.trim()).slice(0, 60))(document.activeElement)`)
}

// TestKeyboardAlone: a digit is drawn, the answer heard, a unit pinned, the run
// played and the help read, with the keyboard and nothing else.
func TestKeyboardAlone(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	reach := func(want string) {
		t.Helper()
		var way []string
		for range 60 {
			p.press(kb.Tab)
			at := p.focused()
			if strings.Contains(at, want) {
				return
			}
			way = append(way, at)
		}
		t.Fatalf("Tab never reaches %q; it goes %q", want, way)
	}
	// The first stop is the skip link, and it leads past the navigation.
	p.press(kb.Tab)
	if at := p.focused(); !strings.Contains(at, p.word("nav.skip")) {
		t.Errorf("the first stop is %q, want the skip link", at)
	}
	reach(p.word("pad.label"))
	if visible := eval[bool](p, `[document.activeElement, document.activeElement.parentElement].map(e => getComputedStyle(e)).some(s => s.boxShadow !== "none" || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0))`); !visible {
		t.Error("the focus on the pad cannot be seen")
	}
	// A 1: up, pen down, down the pad, pen up.
	for range 5 {
		p.press(kb.ArrowUp, chromedp.ModifierShift)
	}
	p.press(kb.Enter)
	for range 10 {
		p.press(kb.ArrowDown, chromedp.ModifierShift)
	}
	p.press(kb.Enter)
	p.settled()
	if first, _ := p.guesses(); first != 1 {
		t.Errorf("a 1 drawn by keys is answered with %d", first)
	}
	p.wait("the answer to be said", `[...document.querySelectorAll("[role=status]")].some(e => /\b1\b/.test(e.textContent))`)

	reach(p.word("stage.canvas"))
	p.press(kb.ArrowDown)
	p.wait("a unit under the keys", `page.store.get().hover !== null`)
	p.press(kb.PageDown)
	p.press(kb.PageDown)
	p.press(kb.Enter)
	p.wait("a pinned unit", `page.store.get().pin !== null`)
	p.wait("its arithmetic", fmt.Sprintf(`document.querySelector("[data-view=inspector]").innerText.includes(%q)`, strings.TrimSpace(p.word("inspector.exact"))))
	p.press(kb.Escape)
	p.wait("no pin", `page.store.get().pin === null`)

	p.press("?")
	p.find("dialog", p.word("keys.title"))
	p.press(kb.Escape)
	p.wait("the dialog to close", `document.querySelector("dialog[open]") === null`)

	reach(p.word("thread.play"))
	p.press(" ")
	p.wait("the run", `page.store.get().play !== null`)
	p.press(kb.Escape)
	p.wait("the end of the run", `page.store.get().play === null`)

	// Undo takes the stroke back.
	p.press("z", chromedp.ModifierCtrl)
	p.wait("an empty pad", `page.store.get().blank`)
}

// TestTabOrderHasNoTrap: Tab goes round the page, each stop once, in both directions.
func TestTabOrderHasNoTrap(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&unit=3.8.5.4", options{})
	p.settled()
	stops := map[string]bool{}
	out := false
	for range 120 {
		p.press(kb.Tab)
		at := p.focused()
		if at == "" {
			out = true
			break
		}
		stops[at] = true
	}
	if !out {
		t.Errorf("after 120 stops Tab is still within the page; it met %d controls", len(stops))
	}
	for _, want := range []string{p.word("pad.label"), p.word("stage.canvas"), p.word("thread.play"), p.word("inspector.unpin"), p.word("pad.clear")} {
		met := false
		for at := range stops {
			met = met || strings.Contains(at, want)
		}
		if !met {
			t.Errorf("Tab never meets %q", want)
		}
	}
}

// TestSearch: "/" finds a layer and a class by name.
func TestSearch(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.press("/")
	p.wait("the search", `document.querySelector("dialog[open] input") === document.activeElement`)
	p.press("C3")
	p.press(kb.Enter)
	p.wait("the layer", `document.querySelector("dialog[open]") === null && (page.store.get().layer === 3 || page.store.get().pin?.layer === 3)`)
}

// TestTextTwin: the same net as text: each layer a heading, its numbers a table,
// the pinned unit in equations; the same selection.
func TestTextTwin(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&unit=3.8.5.4", options{})
	p.settled()
	p.click("switch", p.word("stage.text"))
	p.wait("the text", `page.store.get().text && document.querySelector("[data-view=twin]").textContent.includes("C3")`)
	headings := strings.Join(p.names("heading"), " | ")
	for _, layer := range []string{"C1", "S2", "C3", "S4", "F5", "F6"} {
		if !strings.Contains(headings, layer) {
			t.Errorf("no heading for %s among %s", layer, headings)
		}
	}
	if maths := eval[int](p, `document.querySelectorAll("[data-view=twin] math").length`); maths == 0 {
		t.Error("the pinned unit has no equation")
	}
	p.click("switch", p.word("stage.text"))
	p.wait("the picture", `!page.store.get().text`)
	if pin := with[*unit](p, `return page.store.get().pin;`); pin == nil || pin.Channel != 8 {
		t.Errorf("after the text the pinned unit is %+v", pin)
	}
}
