package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"vizserver/internal/testutil"
)

// unit is one unit of a net.
type unit struct {
	Layer   int `json:"layer"`
	Channel int `json:"channel"`
	Y       int `json:"y"`
	X       int `json:"x"`
}

func (u unit) js() string {
	return fmt.Sprintf(`{layer: %d, channel: %d, y: %d, x: %d}`, u.Layer, u.Channel, u.Y, u.X)
}

// stats gives one number of the scene's own counts.
func (p *page) stats(name string) float64 {
	p.tb.Helper()
	return with[float64](p, `return page.scene.stats()["`+name+`"];`)
}

// still waits until nothing in the scene moves, the stage's own size included.
func (p *page) still() {
	p.tb.Helper()
	with[bool](p, `
		const canvas = document.querySelector("[data-view=stage] canvas");
		const end = performance.now() + 10000;
		let since = performance.now(), seen = "";
		while (performance.now() < end) {
			const box = canvas.getBoundingClientRect();
			const now = [page.scene.stats().moving, box.x, box.y, box.width, box.height, ...page.scene.camera()].join();
			if (now !== seen) { seen = now; since = performance.now(); }
			if (performance.now() - since > 120 && page.scene.stats().moving === 0) return true;
			await new Promise(requestAnimationFrame);
		}
		throw new Error("the scene does not come to rest: " + seen);`)
	p.frames(2)
}

// setView chooses "flat" or "3d" by the page's own control and waits for the passage.
func (p *page) setView(view string) {
	p.tb.Helper()
	p.click("radio", p.word("stage."+view))
	p.wait("the view", fmt.Sprintf(`page.store.get().view === %q`, view))
	p.still()
}

// at gives the place of a unit on the screen.
func (p *page) at(u unit) point {
	p.tb.Helper()
	xy := with[[]float64](p, `const at = page.scene.project(`+u.js()+`); return at ? [at.x, at.y] : [];`)
	if len(xy) != 2 {
		p.tb.Fatalf("unit %+v is not on the screen", u)
	}
	return point{xy[0], xy[1]}
}

// picked gives the unit that the page finds at a place of the screen, by its own arithmetic.
func (p *page) picked(at point) *unit {
	p.tb.Helper()
	return with[*unit](p, fmt.Sprintf(`return page.scene.pick(%g, %g);`, at.x, at.y))
}

// sameUnit tells whether a found unit is u.
func sameUnit(found *unit, u unit) bool { return found != nil && *found == u }

// canvas gives the box of the net's canvas.
func (p *page) canvas() rect {
	p.tb.Helper()
	return eval[rect](p, `(`+rectOf+`)(document.querySelector("[data-view=stage] canvas"))`)
}

// ramps reads the stops of the two colour ramps from the design's tokens, which
// are their source; the page's shaders must draw by them.
func ramps(tb testing.TB) (magnitude, signed [17][3]float64) {
	tb.Helper()
	css, err := os.ReadFile(filepath.Join(testutil.Root(tb), "web", "static", "css", "tokens.css"))
	must(tb, err)
	for _, m := range regexp.MustCompile(`--(mag|sgn)-(\d+):\s*#([0-9a-f]{6})`).FindAllStringSubmatch(string(css), -1) {
		i, err := strconv.Atoi(m[2])
		must(tb, err)
		for c := range 3 {
			v, err := strconv.ParseUint(m[3][2*c:2*c+2], 16, 8)
			must(tb, err)
			if m[1] == "mag" {
				magnitude[i][c] = float64(v)
			} else {
				signed[i][c] = float64(v)
			}
		}
	}
	return magnitude, signed
}

// along gives the colour of t, 0…1, on a ramp: straight lines between its stops, in sRGB.
func along(ramp [17][3]float64, t float64) [3]float64 {
	t = min(1, max(0, t)) * 16
	i := min(15, int(t))
	var out [3]float64
	for c := range 3 {
		out[c] = ramp[i][c] + (ramp[i+1][c]-ramp[i][c])*(t-float64(i))
	}
	return out
}
