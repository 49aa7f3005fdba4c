package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func quote(s string) string { return strconv.Quote(s) }

// path gives the page's address without the host.
func (p *page) path() string {
	p.tb.Helper()
	return strings.TrimPrefix(eval[string](p, `location.href`), p.base)
}

// TestAddressHoldsTheState: a link shows another reader the same net, view,
// pinned unit, drawing and answer.
func TestAddressHoldsTheState(t *testing.T) {
	p := openDraw(t, "", options{})
	p.chooseNet("lenet5-modern")
	p.draw(mouse, digits[5]...)
	p.settled()
	p.setView("flat")
	u := unit{Layer: 3, Channel: 4, Y: 3, X: 6}
	p.pin(u)
	p.wait("the address to follow", `/unit=3\.4\.3\.6/.test(location.href) && /#d=/.test(location.href)`)
	link := p.path()
	if entries := eval[int](p, `history.length`); entries > 3 {
		t.Errorf("the page filled the history with %d entries", entries)
	}

	other := openDraw(t, strings.TrimPrefix(link, "/draw"), options{})
	other.settled()
	other.still()
	const state = `const s = page.store.get(); return JSON.stringify([s.model, s.view, s.pin, s.answer.scores]);`
	if a, b := with[string](p, state), with[string](other, state); a != b {
		t.Errorf("the link %s shows\n%s, the first page shows\n%s", link, b, a)
	}
	if a, b := fmt.Sprint(p.values(1)), fmt.Sprint(other.values(1)); a != b {
		t.Error("the link shows other activations of C1")
	}
}

// TestAddressOfNonsense: an address that names what does not exist opens a
// working page.
func TestAddressOfNonsense(t *testing.T) {
	p := openDraw(t, "?view=sideways&unit=99.99.99.99&digit=123456&scope=cosmos&off=1.2.3,x&cam=NaN#d=%%%", options{})
	p.draw(mouse, digits[1]...)
	p.settled()
	if first, _ := p.guesses(); first != 1 {
		t.Errorf("a 1 is answered with %d", first)
	}
}

// pin clicks a unit and waits until it is pinned.
func (p *page) pin(u unit) {
	p.tb.Helper()
	at := p.at(u)
	p.clickAt(at.x, at.y)
	p.wait("the pin", fmt.Sprintf(`(h => h && h.layer === %d && h.channel === %d && h.y === %d && h.x === %d)(page.store.get().pin)`,
		u.Layer, u.Channel, u.Y, u.X))
	p.still()
}

// TestLanguage: the page speaks Chinese, with the drawing kept, and back.
func TestLanguage(t *testing.T) {
	p := openDraw(t, "", options{})
	p.draw(mouse, digits[2]...)
	p.settled()
	p.wait("the address to follow", `/#d=/.test(location.href)`)
	p.click("link", p.word("nav.language"))
	p.wait("the Chinese page", `document.documentElement.lang.startsWith("zh") && page?.store.get().answer`)
	p.words = catalogue(t, "zh")
	p.alive()
	p.settled()
	if first, _ := p.guesses(); first != 2 {
		t.Errorf("after the change of language the answer is %d, want 2", first)
	}
	p.find("button", p.word("pad.clear"))
	left := eval[[]string](p, `(() => {
		const found = [];
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement;
			if (!/[A-Za-z]{4,} [a-z]{3,}/.test(text) || e.closest("script, style, [lang=en], svg, math, [hidden]")) continue;
			if (!/[\u4e00-\u9fff]/.test(text)) found.push(text.slice(0, 80));
		}
		return found;
	})()`)
	if len(left) > 0 {
		t.Errorf("on the Chinese page stand the English words %q", left)
	}
}

// TestTheme: the page follows the system, and the reader's choice wins and stays.
func TestTheme(t *testing.T) {
	dark := openDraw(t, "", options{})
	light := openDraw(t, "", options{light: true})
	const paper = `getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).colorScheme`
	if eval[string](dark, paper) == eval[string](light, paper) {
		t.Error("dark and light look the same")
	}
	before := eval[string](dark, paper)
	dark.click("button", dark.word("nav.theme"))
	dark.frames(3)
	if eval[string](dark, paper) == before {
		t.Error("the button changes nothing")
	}
	dark.navigate("/draw")
	dark.alive()
	if eval[string](dark, paper) == before {
		t.Error("the choice of theme is forgotten on the next page")
	}
}
