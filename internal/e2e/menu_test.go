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
