package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// play is where the run is; nil while all is shown.
type play struct {
	Layer   int
	Window  float64
	Running bool
	Speed   float64
}

func (p *page) playing() *play {
	p.tb.Helper()
	return with[*play](p, `const r = page.store.get().play; return r && {Layer: r.layer, Window: r.window, Running: r.running, Speed: r.speed};`)
}

// TestPlay: the run as an animation: it starts at the input, builds each layer
// window by window, goes through all layers in order, and ends with all shown.
func TestPlay(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.click("button", p.word("thread.speed", "speed", "1×"))
	with[bool](p, `
		globalThis.__run = {layers: [], inside: 0, back: 0};
		page.store.subscribe((s, prev) => {
			const now = s.play, was = prev.play;
			if (!now || now === was) return;
			if (was && (now.layer < was.layer || (now.layer === was.layer && now.window < was.window))) __run.back++;
			if (__run.layers.at(-1) !== now.layer) __run.layers.push(now.layer);
			if (now.window > 0 && now.window % 1 !== 0) __run.inside++;
		}, page.signal);
		return true;`)
	p.click("button", p.word("thread.play"))
	p.wait("the end of the run", `__run.layers.length > 0 && page.store.get().play === null`)
	type run struct {
		Layers       []int
		Inside, Back int
	}
	seen := eval[run](p, `({Layers: __run.layers, Inside: __run.inside, Back: __run.back})`)
	if seen.Back > 0 || seen.Inside < 3 {
		t.Errorf("the run went back %d times and was seen within a layer %d times", seen.Back, seen.Inside)
	}
	if fmt.Sprint(seen.Layers) != "[0 1 2 3 4 5 6 7]" {
		t.Errorf("the run goes through layers %v", seen.Layers)
	}
	if now := p.playing(); now != nil {
		t.Errorf("at its end the run stands at %+v, want all shown", *now)
	}
}

// TestPlayByKeys: Space, arrows, Home, End and Esc, as the design has it; a layer
// that is still to come shows nothing and cannot be found by the pointer.
func TestPlayByKeys(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	u := middle(3)
	at := p.at(u)
	p.press(kb.Home)
	p.wait("the input alone", `page.store.get().play?.layer === 0 && !page.store.get().play.running`)
	p.frames(2)
	if found := p.picked(at); found != nil {
		t.Errorf("C3 is still to come, the pointer finds %+v of it", *found)
	}
	for layer := 1; layer <= 4; layer++ {
		p.press(kb.ArrowRight)
		p.wait(fmt.Sprintf("layer %d", layer), fmt.Sprintf(`page.store.get().play?.layer === %d`, layer))
	}
	p.frames(2)
	if found := p.picked(at); !sameUnit(found, u) {
		t.Errorf("C3 is made, the pointer finds %+v", found)
	}
	p.press(kb.ArrowLeft)
	p.wait("a step back", `page.store.get().play?.layer === 3`)
	p.press(kb.ArrowRight, chromedp.ModifierShift)
	p.wait("one window", `page.store.get().play?.layer === 4 && page.store.get().play.window === 1`)
	p.press(" ")
	p.wait("the run", `page.store.get().play?.running`)
	p.press(" ")
	p.wait("the pause", `page.store.get().play && !page.store.get().play.running`)
	paused := p.playing()
	p.frames(20)
	if now := p.playing(); now == nil || *now != *paused {
		t.Errorf("paused at %+v, 20 frames later at %+v", paused, now)
	}
	p.press(kb.Escape)
	p.wait("all shown", `page.store.get().play === null`)
	p.press(kb.End)
	p.wait("the last layer", `page.store.get().play?.layer === 7`)
}

// TestPlayWithReducedMotion: the run advances by whole layers, and nothing glides.
func TestPlayWithReducedMotion(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{reducedMotion: true})
	p.settled()
	p.click("button", p.word("thread.play"))
	p.wait("the run to start", `page.store.get().play?.running`)
	glides := with[int](p, `
		const {windows} = await import(document.querySelector('script[src*="draw.js"]').src.replace(/draw\.js.*$/, "scene/play.js"));
		let part = 0;
		for (let i = 0; i < 60; i++) {
			const r = page.store.get().play;
			if (r && r.window > 0 && r.window < windows(page.store.get().manifest.layers[r.layer])) part++;
			await new Promise(requestAnimationFrame);
		}
		return part;`)
	if glides != 0 {
		t.Errorf("in %d of 60 frames a layer was half made", glides)
	}
	p.press(kb.Escape)
	frames := with[int](p, `
		page.store.set({view: "flat"});
		let n = 0;
		do { await new Promise(requestAnimationFrame); n++; } while (page.scene.stats().moving && n < 100);
		return n;`)
	if frames > 3 {
		t.Errorf("the passage to the flat view took %d frames, want a cut", frames)
	}
}

// TestPassage: from 3-D to flat and back one sees the way.
func TestPassage(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.still()
	before := p.at(middle(1))
	p.click("radio", p.word("stage.flat"))
	p.wait("the passage", `page.scene.stats().moving === 1 || page.store.get().view === "flat"`)
	p.still()
	after := p.at(middle(1))
	if abs(before.x-after.x)+abs(before.y-after.y) < 5 {
		t.Errorf("the units are where they were: %v and %v", before, after)
	}
	p.setView("3d")
	if back := p.at(middle(1)); abs(back.x-before.x)+abs(back.y-before.y) > 2 {
		t.Errorf("there and back the unit went from %v to %v", before, back)
	}
}
