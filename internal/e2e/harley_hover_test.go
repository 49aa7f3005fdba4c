package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// hover moves the pointer onto a unit and waits until the page shows it.
func (p *page) hover(u unit) {
	p.tb.Helper()
	at := p.at(u)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, at.x, at.y, 0)
	p.wait("the hovered unit", fmt.Sprintf(`(h => h && h.layer === %d && h.channel === %d && h.y === %d && h.x === %d)(page.store.get().hover)`,
		u.Layer, u.Channel, u.Y, u.X))
	p.frames(2)
}

// TestHarley19: the unit under the pointer is drawn grown in the next frame.
func TestHarley19_HoverGrowsTheUnitAtOnce(t *testing.T) {
	p := openDraw(t, "?digit=0&view=flat", options{})
	p.settled()
	u := unit{Layer: 1, Channel: 2, Y: 14, X: 9}
	at := p.at(u)
	frames := with[int](p, fmt.Sprintf(`
		const canvas = document.querySelector("[data-view=stage] canvas");
		const before = page.scene.stats().hover;
		if (before !== -1) throw new Error("a unit is hovered already");
		canvas.dispatchEvent(new PointerEvent("pointermove", {clientX: %g, clientY: %g, bubbles: true, pointerType: "mouse"}));
		for (let n = 1; n <= 10; n++) {
			await new Promise(requestAnimationFrame);
			if (page.scene.stats().hover >= 0) return n;
		}
		return -1;`, at.x, at.y))
	if frames < 0 || frames > 2 {
		t.Errorf("the unit grew after %d frames, want the next one", frames)
	}
	want := 32*32 + (2*28+14)*28 + 9
	if got := p.stats("hover"); got != float64(want) {
		t.Errorf("unit %v of the net is drawn grown, want %d", got, want)
	}
}

// TestHarley20: the edges to a unit's inputs, counted.
func TestHarley20_EdgesToEveryInput(t *testing.T) {
	p := openDraw(t, "?digit=0&view=flat", options{})
	p.settled()
	for _, tc := range []struct {
		u    unit
		want float64
	}{
		{unit{Layer: 0, Y: 16, X: 16}, 0},
		{unit{Layer: 1, Channel: 3, Y: 12, X: 12}, 25},
		{unit{Layer: 2, Channel: 3, Y: 6, X: 6}, 4},
		{unit{Layer: 3, Channel: 0, Y: 5, X: 5}, 75},
		{unit{Layer: 3, Channel: 8, Y: 5, X: 5}, 100},
		{unit{Layer: 3, Channel: 15, Y: 5, X: 5}, 150},
		{unit{Layer: 4, Channel: 9, Y: 2, X: 2}, 4},
		{unit{Layer: 5, Channel: 60}, 400},
		{unit{Layer: 6, Channel: 50}, 120},
		{unit{Layer: 7, Channel: 5}, 100},
	} {
		p.hover(tc.u)
		if got := p.stats("edges"); got != tc.want {
			t.Errorf("%+v has %v edges to its inputs, want %v", tc.u, got, tc.want)
		}
	}
}

// TestHarley22: nothing stays lit when the pointer leaves the scene, by the
// page's edge or onto a panel.
func TestHarley22_NothingStaysLit(t *testing.T) {
	p := openDraw(t, "?digit=0&view=flat", options{})
	p.settled()
	u := unit{Layer: 3, Channel: 8, Y: 5, X: 5}
	pad := p.pad().rect()
	for _, away := range []point{{pad.X + pad.W/2, pad.Y + pad.H/2}, {640, 10}} {
		p.hover(u)
		if p.stats("edges") == 0 {
			t.Fatal("a hovered unit has no edges")
		}
		p.mouse(input.DispatchMouseEventTypeMouseMoved, away.x, away.y, 0)
		p.wait("no hover", `page.store.get().hover === null`)
		p.frames(2)
		if edges, hover := p.stats("edges"), p.stats("hover"); edges != 0 || hover != -1 {
			t.Errorf("after the pointer went to %+v %v edges stay lit, unit %v", away, edges, hover)
		}
	}
}
