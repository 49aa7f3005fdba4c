package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestStageSurvivesALostContext: the GPU takes everything away, and the picture
// comes back from the store, the same.
func TestStageSurvivesALostContext(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	p.still()
	u := unit{Layer: 3, Channel: 8, Y: 5, X: 5}
	pixel := fmt.Sprintf(`page.scene.readPixel(%s)`, u.js())
	before := with[[]float64](p, `return `+pixel+`;`)
	lost := with[map[string]float64](p, `
		const gl = document.querySelector("[data-view=stage] canvas").getContext("webgl2");
		globalThis.__loss = gl.getExtension("WEBGL_lose_context");
		__loss.loseContext();
		await new Promise(done => setTimeout(done, 50));
		page.scene.draw(); // must not fail
		return page.scene.stats();`)
	if lost["buffers"] != 0 {
		t.Errorf("%v buffers are counted while the context is lost", lost["buffers"])
	}
	with[bool](p, `__loss.restoreContext(); return true;`)
	p.wait("the buffers to come back", `page.scene.stats().buffers > 0`)
	p.frames(3)
	after := with[[]float64](p, `return `+pixel+`;`)
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("unit %+v is drawn %v after the loss, was %v", u, after, before)
	}
}

// TestStageFreesAll: after dispose nothing that the scene made on the GPU is left.
func TestStageFreesAll(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&unit=3.8.5.4", options{})
	p.settled()
	kinds := []string{"buffers", "textures", "vertexArrays", "framebuffers", "renderbuffers", "programs"}
	for _, kind := range kinds {
		if p.stats(kind) == 0 {
			t.Errorf("a drawn scene has no %s", kind)
		}
	}
	p.chooseNet("mlp-harley") // another net: the first one's objects go, as many are made
	p.wait("the other net", `page.store.get().manifest.model === "mlp-harley"`)
	p.frames(3)
	if n := p.stats("programs"); n != 3 {
		t.Errorf("after a change of net %v programs live, want 3", n)
	}
	left := with[map[string]float64](p, `page.scene.dispose(); return page.scene.stats();`)
	for _, kind := range kinds {
		if left[kind] != 0 {
			t.Errorf("after dispose %v %s are left", left[kind], kind)
		}
	}
}

// TestStageLabelsNeverOverlap: whichever way the net is turned, and at every
// size, the names of the layers stand apart and on the stage.
func TestStageLabelsNeverOverlap(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	check := func(what string) {
		t.Helper()
		p.still()
		faults := with[[]string](p, `
			const stage = document.querySelector("[data-view=stage]").getBoundingClientRect();
			const labels = [...document.querySelectorAll(".scene-label")].filter(e => getComputedStyle(e).visibility === "visible");
			const boxes = labels.map(e => [e.textContent, e.querySelector("b").getBoundingClientRect()]);
			const faults = labels.length < 5 ? ["only " + labels.length + " labels"] : [];
			boxes.forEach(([name, a], i) => {
				if (a.left < stage.left || a.right > stage.right || a.top < stage.top - 1 || a.bottom > stage.bottom + 1) faults.push(name + " leaves the stage");
				for (const [other, b] of boxes.slice(i + 1))
					if (a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2) faults.push(name + " over " + other);
			});
			return faults;`)
		if len(faults) > 0 {
			t.Errorf("%s: %s", what, strings.Join(faults, "; "))
		}
	}
	for _, size := range [][2]int64{{1280, 800}, {390, 844}, {1920, 1080}} {
		p.opts.width, p.opts.height = size[0], size[1]
		p.emulate(p.opts)
		p.frames(3)
		for _, preset := range []string{"front", "top", "side", "classic"} {
			with[bool](p, fmt.Sprintf(`page.scene.preset(%q); return true;`, preset))
			check(fmt.Sprintf("%v from %s", size, preset))
		}
		with[bool](p, `page.store.set({spacing: "fill", view: "flat"}); return true;`)
		check(fmt.Sprintf("%v flat", size))
		with[bool](p, `page.store.set({view: "3d"}); page.scene.reset(); return true;`)
		check(fmt.Sprintf("%v home", size))
	}
}

// TestStageByKeyboard: the keyboard alone reaches every layer, hears the value
// of the unit it is on, pins it and lets it go.
func TestStageByKeyboard(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	with[bool](p, `document.querySelector("[data-view=stage] canvas").focus(); return true;`)
	seen := map[int]bool{}
	for range 9 {
		p.press(kb.PageDown)
		p.frames(2)
		hover := with[*unit](p, `return page.store.get().hover;`)
		if hover == nil {
			t.Fatal("no unit has the keyboard's focus")
		}
		seen[hover.Layer] = true
		want := with[string](p, fmt.Sprintf(`return page.acts.value(%s).toFixed(4).replace("-", "\u2212");`, hover.js()))
		if said := eval[string](p, `document.querySelector("[data-view=stage] [data-live]").textContent`); !strings.HasSuffix(said, want) {
			t.Errorf("on %+v it is said %q, want the value %s", *hover, said, want)
		}
	}
	if len(seen) != harleyLayers {
		t.Errorf("PageDown reached layers %v, want all %d", seen, harleyLayers)
	}
	p.press(kb.Enter)
	p.wait("a pin", `page.store.get().pin !== null && page.store.get().pin.layer === 0`)
	p.press(kb.Escape)
	p.wait("no pin", `page.store.get().pin === null`)
}

// TestStagePassage: between the views every unit goes its way; at both ends it
// stands exactly where the view has it.
func TestStagePassage(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.still()
	deep := p.at(middle(1))
	between := with[[]float64](p, `
		page.store.set({view: "flat"});
		const ys = [];
		for (let i = 0; i < 400 && (i < 2 || page.scene.stats().moving); i++) {
			await new Promise(requestAnimationFrame);
			ys.push(page.scene.project({layer: 1, channel: 3, y: 14, x: 14}).y);
		}
		return ys;`)
	p.still()
	flat := p.at(middle(1))
	lo, hi := min(deep.y, flat.y)-1, max(deep.y, flat.y)+1
	way := 0
	for _, y := range between {
		if y < lo || y > hi {
			t.Errorf("on its way from %.0f to %.0f the unit is at %.0f", deep.y, flat.y, y)
		}
		if abs(y-deep.y) > 1 && abs(y-flat.y) > 1 {
			way++
		}
	}
	if abs(deep.y-flat.y) > 4 && way == 0 {
		t.Errorf("the passage jumped: %v", between)
	}
	p.setView("3d")
	if back := p.at(middle(1)); abs(back.x-deep.x) > 0.5 || abs(back.y-deep.y) > 0.5 {
		t.Errorf("back in 3-D the unit is at %+v, was at %+v", back, deep)
	}
}
