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
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
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
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
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
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
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

// TestHarley21: an edge has the hue of its weight's sign, and is the stronger
// the larger the weight: over all edges of a unit of each kind of layer.
func TestHarley21_EdgeColourIsTheWeight(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	type edge struct {
		Weight  float64
		Ink     []float64 // red, green, blue, alpha
		NegHue  []float64
		PosHue  []float64
		FromMap int
	}
	for _, tc := range []struct {
		u     unit
		count int
		index string // of the weight, from the from-unit and its place in the patch
	}{
		{unit{Layer: 1, Channel: 3, Y: 12, X: 12}, 25, `(u.channel * 5 + (f.y - u.y)) * 5 + (f.x - u.x)`},
		{unit{Layer: 6, Channel: 50}, 120, `u.channel * 120 + f.channel`},
		{unit{Layer: 7, Channel: 5}, 100, `u.channel * 100 + f.channel`},
	} {
		edges := with[[]edge](p, fmt.Sprintf(`
			const base = document.querySelector('script[src*="draw.js"]').src.replace(/draw\.js.*$/, "");
			const [{drawEdges}, {Lines, LINE_FLOATS}, {createWeighing}, {layout}, {readInks}, {inputsOf, unitsOf}] = await Promise.all(
				["marks", "lines", "weighing", "layout", "inks", "connect"].map(n => import(base + "scene/" + n + ".js")));
			const u = %s, manifest = page.store.get().manifest, weighing = createWeighing();
			weighing.set(manifest, page.weights());
			const inks = readInks(document.querySelector("[data-view=stage] canvas"));
			const lines = new Lines();
			const {places} = layout(manifest, "fill", {width: 700, height: 600});
			drawEdges({manifest, places, acts: page.acts, state: page.store.get(), inks, weight: weighing.weight, strongest: weighing.strongest}, u, lines);
			const data = page.weights().get(manifest.layers[u.layer].weight).data;
			return inputsOf(manifest, u).flatMap(a => [...unitsOf(a)]).map((f, i) => ({
				Weight: data[%s], FromMap: f.channel, NegHue: inks.negative, PosHue: inks.positive,
				Ink: [...lines.data.slice(i * LINE_FLOATS + 10, i * LINE_FLOATS + 14)],
			}));`, tc.u.js(), tc.index))
		if len(edges) != tc.count {
			t.Errorf("%+v: %d edges, want %d", tc.u, len(edges), tc.count)
			continue
		}
		for i, e := range edges {
			hue := e.PosHue
			if e.Weight < 0 {
				hue = e.NegHue
			}
			for c := range 3 {
				if abs(e.Ink[c]-hue[c]) > 0.01 {
					t.Errorf("%+v: edge %d of weight %v is drawn in %.2f, its sign has %.2f", tc.u, i, e.Weight, e.Ink[:3], hue[:3])
					break
				}
			}
			if other := edges[0]; abs(e.Weight) > abs(other.Weight)+1e-9 && e.Ink[3] < other.Ink[3] {
				t.Errorf("%+v: weight %v is drawn fainter than weight %v", tc.u, e.Weight, other.Weight)
			}
		}
	}
}
