package e2e

import "fmt"

// openNetMenu opens the menu of nets.
func (p *page) openNetMenu() {
	p.tb.Helper()
	p.click("button", p.word("model.choose"))
}

// clickWithin clicks the option or menu item whose text has the given part.
func (p *page) clickWithin(part string) {
	p.tb.Helper()
	box := eval[rect](p, fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll("[role=option],[role=menuitem],[role=menuitemradio],[role=radio]")]
			.find(e => e.textContent.includes(%q) && e.getClientRects().length > 0);
		if (!e) throw new Error("no option with this text");
		e.scrollIntoView({block: "nearest"});
		const r = e.getBoundingClientRect();
		return {X: r.x, Y: r.y, W: r.width, H: r.height};
	})()`, part))
	x, y := box.centre()
	p.clickAt(x, y)
}

// chooseScope sets what one colour scale covers: "map", "layer" or "net".
func (p *page) chooseScope(scope string) {
	p.tb.Helper()
	p.wait("a control of the scale", `document.querySelector("[data-view=legend] select, [data-view=legend] button, [data-view=legend] [role=radio]") !== null`)
	done := eval[bool](p, fmt.Sprintf(`(() => {
		const select = document.querySelector("[data-view=legend] select");
		if (!select) return false;
		select.value = %q;
		select.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, scope))
	if !done {
		p.click("radio", p.word("legend.scope."+scope))
	}
	p.wait("the scale per "+scope, fmt.Sprintf(`page.store.get().scope === %q`, scope))
}

// openLayers opens the list of layers with their toggles.
func (p *page) openLayers() {
	p.tb.Helper()
	p.click("button", p.word("stage.layers"))
}

// toggleLayer turns the toggle of the layer called name.
func (p *page) toggleLayer(name string) {
	p.tb.Helper()
	for _, c := range append(p.all("switch", ""), p.all("checkbox", "")...) {
		if c.name == name || len(c.name) > len(name) && c.name[:len(name)+1] == name+" " {
			c.click()
			return
		}
	}
	p.tb.Fatalf("no toggle for layer %s; the page has %v, %v", name, p.names("switch"), p.names("checkbox"))
}
