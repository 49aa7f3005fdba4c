package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// middle gives a unit in the middle of a layer of lenet5-harley.
func middle(layer int) unit {
	shapes := [][3]int{{1, 32, 32}, {6, 28, 28}, {6, 14, 14}, {16, 10, 10}, {16, 5, 5}, {120, 1, 1}, {100, 1, 1}, {10, 1, 1}}
	s := shapes[layer]
	return unit{Layer: layer, Channel: s[0] / 2, Y: s[1] / 2, X: s[2] / 2}
}

const harleyLayers = 8

// TestHarley13: the input is at the bottom, the answer on top, with 0…9 above it.
func TestHarley13_InputBelowAnswerOnTop(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	for _, view := range []string{"3d", "flat"} {
		p.setView(view)
		above := math.Inf(1)
		for layer := range harleyLayers {
			at := p.at(middle(layer))
			if at.y >= above {
				t.Errorf("%s: layer %d is at y = %.0f, not above layer %d at %.0f", view, layer, at.y, layer-1, above)
			}
			above = at.y
		}
		last := math.Inf(-1)
		for digit := range 10 {
			out := p.at(unit{Layer: 7, Channel: digit})
			if out.x <= last {
				t.Errorf("%s: output %d is not to the right of output %d", view, digit, digit-1)
			}
			last = out.x
			label := eval[[]float64](p, fmt.Sprintf(`(() => {
				const box = document.querySelector("[data-view=stage]");
				const e = [...box.querySelectorAll("*")].find(e => e.children.length === 0 && e.textContent.trim() === "%d" && e.getClientRects().length > 0);
				if (!e) return [];
				const r = e.getBoundingClientRect();
				return [r.x + r.width / 2, r.y + r.height / 2];
			})()`, digit))
			if len(label) != 2 {
				t.Errorf("%s: no digit %d in the scene", view, digit)
				continue
			}
			if label[1] > out.y+1 || abs(label[0]-out.x) > 14 {
				t.Errorf("%s: the digit %d stands at (%.0f, %.0f), its unit at (%.0f, %.0f)", view, digit, label[0], label[1], out.x, out.y)
			}
		}
	}
}

// TestHarley15: 3-D and flat are two views of the same units: every unit has a
// place in both, and what is found there is that unit.
func TestHarley15_BothViewsHoldTheSameUnits(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	for _, view := range []string{"flat", "3d"} {
		p.setView(view)
		lost := with[int](p, `
			const m = page.store.get().manifest;
			let lost = 0;
			for (const l of m.layers) for (let channel = 0; channel < l.shape[0]; channel++)
				for (let y = 0; y < l.shape[1]; y++) for (let x = 0; x < l.shape[2]; x++)
					if (!page.scene.project({layer: l.index, channel, y, x})) lost++;
			return lost;`)
		if lost != 0 {
			t.Errorf("%s: %d of 9134 units have no place on the screen", view, lost)
		}
		for layer := range harleyLayers {
			u := middle(layer)
			if found := p.picked(p.at(u)); !sameUnit(found, u) {
				t.Errorf("%s: at the place of %+v the page finds %+v", view, u, found)
			}
		}
	}
}

// TestHarley16: light falls on the net from the middle of a dark stage, and no
// panel lies over it. (His panels are translucent and cover maps; ours are docked.)
func TestHarley16_RadialStageAndNoPanelOverIt(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{width: 1400, height: 850})
	if bg := eval[string](p, `(() => {
		for (let e = document.querySelector("[data-view=stage] canvas"); e && e.tagName !== "MAIN"; e = e.parentElement) {
			const bg = getComputedStyle(e).backgroundImage;
			if (bg !== "none") return bg;
		}
		return "";
	})()`); !strings.Contains(bg, "radial-gradient") {
		t.Errorf("the stage's background is %q, want a radial gradient", bg)
	}
	covered := eval[[]string](p, `(() => {
		const canvas = document.querySelector("[data-view=stage] canvas");
		const stage = canvas.closest("[data-view=stage]"), r = canvas.getBoundingClientRect(), over = new Set();
		for (let i = 1; i < 24; i++) for (let j = 1; j < 24; j++) {
			const e = document.elementFromPoint(r.x + r.width * i / 24, r.y + r.height * j / 24);
			if (e && !stage.contains(e)) over.add(e.outerHTML.slice(0, 120));
		}
		return [...over];
	})()`)
	if len(covered) > 0 {
		t.Errorf("over the stage lie %q", covered)
	}
}

// TestHarley17: the ramp of magnitudes rises evenly in lightness, the drawn
// pixels are its colours, and a scale per map is one of three to choose from.
func TestHarley17_RampAndScopes(t *testing.T) {
	magnitude, signed := ramps(t)
	last := -1.0
	for i, stop := range magnitude {
		l := luminance(stop)
		if l <= last {
			t.Errorf("stop %d of the ramp is not lighter than the one before", i)
		}
		last = l
	}
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	for _, scope := range []string{"map", "layer", "net"} {
		p.chooseScope(scope)
		p.frames(3)
		for layer := range harleyLayers {
			for _, u := range probes(layer) {
				p.probe(u, scope, magnitude, signed)
			}
		}
	}
}

// probes gives a few units of a layer, in its corners and middle.
func probes(layer int) []unit {
	m := middle(layer)
	return []unit{m, {Layer: layer}, {Layer: layer, Channel: m.Channel, Y: max(0, m.Y-1), X: m.X}}
}

// probe reads the pixel of a unit back from the canvas and compares it with the
// unit's value through scale and ramp.
func (p *page) probe(u unit, scope string, magnitude, signed [17][3]float64) {
	p.tb.Helper()
	type reading struct {
		Pixel         []float64
		Value, Lo, Hi float64
		Signed        bool
	}
	r := with[reading](p, fmt.Sprintf(`
		const u = %s, range = page.acts.range(u.layer, u.channel, %q);
		return {Pixel: page.scene.readPixel(u) ?? [], Value: page.acts.value(u), Lo: range.lo, Hi: range.hi,
			Signed: page.store.get().manifest.layers[u.layer].signed};`, u.js(), scope))
	if len(r.Pixel) < 3 {
		p.tb.Errorf("no pixel of %+v", u)
		return
	}
	t := 0.0
	if r.Hi > r.Lo {
		t = (r.Value - r.Lo) / (r.Hi - r.Lo)
	}
	ramp := magnitude
	if r.Signed {
		ramp = signed
		if abs(r.Lo+r.Hi) > 1e-6*max(1, r.Hi) {
			p.tb.Errorf("%+v: the scale of signed values runs from %v to %v: zero is not in its middle", u, r.Lo, r.Hi)
		}
	}
	want := along(ramp, t)
	for c := range 3 {
		if abs(r.Pixel[c]-want[c]) > 6 {
			p.tb.Errorf("%+v, scale per %s: value %.4f of %.4f…%.4f is drawn %v, the ramp has %.0f", u, scope, r.Value, r.Lo, r.Hi, r.Pixel, want)
			return
		}
	}
}

// luminance is relative luminance, WCAG 2.2.
func luminance(srgb [3]float64) float64 {
	weights := [3]float64{0.2126, 0.7152, 0.0722}
	sum := 0.0
	for c, v := range srgb {
		v /= 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weights[c] * v
	}
	return sum
}

// TestHarley18: each of the eight layers has a toggle; a hidden layer cannot be
// found by the pointer, and a ghost of it stays.
func TestHarley18_LayersHideAndLeaveAGhost(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	names := with[[]string](p, `return page.store.get().manifest.layers.map(l => l.name);`)
	p.openLayers()
	for layer, name := range names {
		u := middle(layer)
		at := p.at(u)
		p.toggleLayer(name)
		p.wait(name+" hidden", fmt.Sprintf(`page.store.get().hidden.includes(%d)`, layer))
		p.frames(2)
		if found := p.picked(at); found != nil && found.Layer == layer {
			t.Errorf("%s is hidden, but the pointer finds %+v of it", name, *found)
		}
		p.toggleLayer(name)
		p.wait(name+" shown", fmt.Sprintf(`!page.store.get().hidden.includes(%d)`, layer))
		p.frames(2)
		if found := p.picked(at); !sameUnit(found, u) {
			t.Errorf("%s is shown again, the pointer finds %+v at %+v", name, found, u)
		}
	}
	// The ghost: with S4 hidden its place is not as empty as the stage beside it.
	p.toggleLayer(names[4])
	p.frames(3)
	if n := p.unlike(4); n == 0 {
		t.Error("a hidden layer leaves no ghost")
	}
}

// unlike counts the colours in the box of a layer's maps on the canvas.
func (p *page) unlike(layer int) int {
	p.tb.Helper()
	return with[int](p, fmt.Sprintf(`
		const m = page.store.get().manifest.layers[%d];
		page.store.set({hidden: []});
		const a = page.scene.project({layer: %d, channel: 0, y: 0, x: 0});
		const b = page.scene.project({layer: %d, channel: m.shape[0] - 1, y: m.shape[1] - 1, x: m.shape[2] - 1});
		page.store.set({hidden: [%d]});
		const canvas = document.querySelector("[data-view=stage] canvas"), box = canvas.getBoundingClientRect();
		page.scene.draw();
		const gl = canvas.getContext("webgl2"), k = canvas.width / box.width;
		const x0 = Math.floor((Math.min(a.x, b.x) - box.x) * k), x1 = Math.ceil((Math.max(a.x, b.x) - box.x) * k);
		const y0 = Math.floor((Math.min(a.y, b.y) - box.y) * k), y1 = Math.ceil((Math.max(a.y, b.y) - box.y) * k);
		const w = Math.max(1, x1 - x0), h = Math.max(1, y1 - y0), px = new Uint8Array(4 * w * h);
		gl.readPixels(x0, canvas.height - y1, w, h, gl.RGBA, gl.UNSIGNED_BYTE, px);
		const seen = new Set();
		for (let i = 0; i < px.length; i += 4) seen.add(px[i] << 16 | px[i + 1] << 8 | px[i + 2]);
		return seen.size - 1;`, layer, layer, layer, layer))
}

// TestHarley14: in the classic preset cubes of 9 stand on a grid of 10, planes
// are 100 apart, maps lie side by side and vectors are rows.
func TestHarley14_ClassicSpacing(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	type place struct {
		Plane, Cell, Size, PitchX, PitchZ float64
		Across, Channels, Rows            int
	}
	places := with[[]place](p, `
		const base = document.querySelector('script[src*="draw.js"]').src.replace(/draw\.js.*$/, "");
		const {layout} = await import(base + "scene/layout.js");
		return layout(page.store.get().manifest, "classic", {width: 1280, height: 800}).places.map(q => ({
			Plane: q.plane, Cell: q.cell, Size: q.size, PitchX: q.pitchX, PitchZ: q.pitchZ, Across: q.across, Channels: q.channels, Rows: q.rows}));`)
	if len(places) != harleyLayers {
		t.Fatalf("%d layers, want %d", len(places), harleyLayers)
	}
	for i, q := range places {
		if q.Cell != 10 || q.Size != 9 {
			t.Errorf("layer %d: cubes of %v on a grid of %v, want 9 on 10", i, q.Size, q.Cell)
		}
		if q.Across != q.Channels {
			t.Errorf("layer %d: %d of %d maps side by side", i, q.Across, q.Channels)
		}
		if q.Channels > 1 && q.PitchX < float64(10*q.Rows) {
			t.Errorf("layer %d: maps of %d cells are %v apart", i, q.Rows, q.PitchX)
		}
		if i > 0 && abs(q.Plane-places[i-1].Plane-100) > 1e-9 {
			t.Errorf("layer %d is %v above the one before, want 100", i, q.Plane-places[i-1].Plane)
		}
	}
}
