package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// openDraw opens the drawing page and waits until it is alive: connected, with a
// net, its weights and a drawn scene.
func openDraw(tb testing.TB, query string, o options) *page {
	tb.Helper()
	p := open(tb, "/draw"+query, o)
	p.alive()
	return p
}

func (p *page) alive() {
	p.tb.Helper()
	p.wait("a connection", `page.store.get().connection === "open" && page.store.get().manifest !== null`)
	p.wait("the weights", `page.weights() !== null`)
	p.wait("the scene", `page.scene !== null`)
	p.frames(2)
}

// settled waits until the answer to the newest drawing has come and been drawn.
func (p *page) settled() {
	p.tb.Helper()
	with[bool](p, `
		const end = performance.now() + 10000;
		let since = performance.now(), seen = "";
		while (performance.now() < end) {
			const now = page.acts.version + " " + (page.store.get().answer?.run ?? -1);
			if (now !== seen) { seen = now; since = performance.now(); }
			if (performance.now() - since > 150 && page.store.get().answer !== null) return true;
			await new Promise(done => setTimeout(done, 10));
		}
		throw new Error("the answer does not settle: " + seen);`)
	p.frames(2)
}

// guesses gives the best and second class, -1 and -1 for an empty pad.
func (p *page) guesses() (first, second int) {
	p.tb.Helper()
	order := with[[]int](p, `const a = page.store.get().answer; return a && !a.blank ? a.order.slice(0, 2) : [-1, -1];`)
	return order[0], order[1]
}

// hears gives what the page's live regions say.
func (p *page) hears() string {
	p.tb.Helper()
	var said []string
	for _, c := range p.all("status", "") {
		if text := strings.TrimSpace(callOn[string](c, `e => e.textContent`)); text != "" {
			said = append(said, text)
		}
	}
	return strings.Join(said, " / ")
}

// values gives the page's own (dequantised) values of a whole layer.
func (p *page) values(layer int) []float64 {
	p.tb.Helper()
	return with[[]float64](p, fmt.Sprintf(`
		const layer = page.store.get().manifest.layers[%d];
		const [C, H, W] = layer.shape, out = [];
		for (let channel = 0; channel < C; channel++) for (let y = 0; y < H; y++) for (let x = 0; x < W; x++)
			out.push(page.acts.value({layer: %d, channel, y, x}));
		return out;`, layer, layer))
}

// ink counts the pixels of the pad that are brighter than half.
func (p *page) ink() int {
	p.tb.Helper()
	return callOn[int](p.pad(), `c => {
		const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
		let n = 0;
		for (let i = 0; i < d.length; i += 4) if (d[i] > 127 && d[i + 3] > 127) n++;
		return n;
	}`)
}

// inkAt gives the grey of the pad at a place in its own units, 0…255.
func (p *page) inkAt(x, y float64) int {
	p.tb.Helper()
	return callOn[int](p.pad(), fmt.Sprintf(`c => {
		const k = c.width / %d;
		const d = c.getContext("2d").getImageData(Math.floor(%g * k), Math.floor(%g * k), 1, 1).data;
		return d[3] === 0 ? 0 : d[0];
	}`, padSize, x, y))
}
