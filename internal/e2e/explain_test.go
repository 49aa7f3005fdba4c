package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// pinned waits until a unit is pinned.
func (p *page) pinned(u unit) {
	p.tb.Helper()
	p.wait(fmt.Sprintf("%v to be pinned", u), fmt.Sprintf(
		`(u => u && u.layer === %d && u.channel === %d && u.y === %d && u.x === %d)(page.store.get().pin)`,
		u.Layer, u.Channel, u.Y, u.X))
}

// TestProductLightsItsInput: the pointer on a cell of a kernel lights the input
// unit in the net and spells the product; when it leaves, nothing stays lit.
func TestProductLightsItsInput(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&unit=3.8.5.4", options{})
	p.settled()
	source := "S2 · " + p.word("unit.map", "map", "3")
	kernel := p.find("image", p.word("inspector.kernel_of", "source", source)).rect()
	// The third column of the second row: (6, 6) of S2, weight 1·5 + 2.
	p.mouse(input.DispatchMouseEventTypeMouseMoved, kernel.X+kernel.W*2.5/5, kernel.Y+kernel.H*1.5/5, 0)
	p.wait("the input unit to be lit", `(u => u && u.layer === 2 && u.channel === 3 && u.y === 6 && u.x === 6)(page.store.get().hover)`)
	p.frames(2)
	got := with[[]float64](p, `
		const info = await page.client.unit({layer: 3, channel: 8, y: 5, x: 4});
		const term = info.terms.find(t => t.channel === 3);
		const said = document.querySelector("[data-view=inspector] .readout").textContent;
		const numbers = said.slice(said.indexOf(":")).replaceAll("−", "-").match(/-?\d[\d.e-]*/g).map(Number);
		return [term.inputs[7], term.weights[7], term.products[7], ...numbers];`)
	if len(got) != 6 {
		t.Fatalf("the product is spelled %v", got)
	}
	for i, what := range []string{"input", "weight", "product"} {
		if got[i] != got[i+3] {
			t.Errorf("%s is %v on the page, want %v", what, got[i+3], got[i])
		}
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 640, 10, 0)
	p.wait("nothing to be lit", `page.store.get().hover === null`)
}

// TestSearchAndDigits: "/" finds a unit by its numbers, digits jump to a map.
func TestSearchAndDigits(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.press("/")
	field := p.find("combobox", p.word("search.label"))
	p.press("C3 8 5 4")
	if n := len(p.all("option", "")); n < 1 {
		t.Fatal("the search finds nothing")
	}
	if got := field.attr("aria-activedescendant"); got == "" {
		t.Error("no result is the active one")
	}
	p.press(kb.Enter)
	p.pinned(unit{Layer: 3, Channel: 8, Y: 5, X: 4})
	p.wait("the search to close", `document.querySelector("dialog[open]") === null`)
	eval[bool](p, `(document.activeElement.blur(), true)`)
	p.press("11")
	p.pinned(unit{Layer: 3, Channel: 11, Y: 5, X: 4})

	p.press("/")
	p.press("nothing like it")
	p.wait("a word that nothing is found", fmt.Sprintf(`document.querySelector("dialog[open]").innerText.includes(%q)`, p.word("search.none")))
}

// TestTwinTables: the same unit, numbers and selection without a picture, by keys.
func TestTwinTables(t *testing.T) {
	p := openDraw(t, "?net=lenet5-1998&digit=0&text=1&unit=2.3.6.6", options{})
	p.settled()
	p.wait("the unit's equations", `document.querySelectorAll("[data-view=twin] .pinned math").length === 2`)
	layers := eval[int](p, `document.querySelectorAll("[data-view=twin] .layer h3").length`)
	if layers != 8 {
		t.Errorf("the twin has %d layers, want 8", layers)
	}
	// The table of S2, map 3: each number is the exact one; Enter pins.
	eval[bool](p, `(document.querySelectorAll("[data-view=twin] details")[2].open = true)`)
	p.wait("the numbers of S2", `document.querySelectorAll("[data-view=twin] details")[2].querySelector("td[role=gridcell]").textContent !== ""`)
	wrong := with[string](p, `
		const cells = document.querySelectorAll("[data-view=twin] details")[2].querySelectorAll("td[role=gridcell]");
		const {values} = await page.client.expand({layer: 2, channel: 3, y: 0, x: 0}, 14, 14);
		if (cells.length !== 196) return cells.length + " cells";
		const bad = values.findIndex((v, i) => Math.abs(Number(cells[i].textContent.replace("−", "-")) - v) > 5.1e-5);
		return bad < 0 ? "" : "cell " + bad + " shows " + cells[bad].textContent + " for " + values[bad];`)
	if wrong != "" {
		t.Error(wrong)
	}
	eval[bool](p, `(document.querySelectorAll("[data-view=twin] details")[2].querySelector("[aria-selected=true]").focus(), true)`)
	p.press(kb.ArrowRight)
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.pinned(unit{Layer: 2, Channel: 3, Y: 7, X: 7})
	if page, twin := eval[float64](p, `scrollY`), p.word("stage.text"); page != 0 || twin == "" {
		t.Errorf("the page has scrolled by %v px", page)
	}
}

// TestNetByKeys: another net is chosen with the keyboard, and the drawing stays.
func TestNetByKeys(t *testing.T) {
	p := openDraw(t, "?net=lenet5-modern", options{})
	p.draw(mouse, digits[7]...)
	p.settled()
	ink := p.ink()
	p.find("button", p.word("model.choose")).focus()
	p.press(kb.Enter)
	p.press(kb.End)
	p.press(" ")
	p.wait("the other net", `page.store.get().manifest.model === "mlp-harley"`)
	p.settled()
	if first, _ := p.guesses(); first != 7 {
		t.Errorf("the MLP answers %d to the same 7", first)
	}
	if now := p.ink(); now != ink {
		t.Errorf("the pad held %d pixels of ink, holds %d with another net", ink, now)
	}
	if at := p.focused(); !strings.Contains(at, p.word("model.choose")) {
		t.Errorf("the focus is on %q, want the button of the menu", at)
	}
}
