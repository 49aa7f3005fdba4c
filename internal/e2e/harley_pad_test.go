package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// The tests named TestHarleyNN… are the items of docs/harley-checklist.md: what
// Adam Harley's page does (ISVC 2015), each at least matched here.

// TestHarley05: a pad of 280×280 units, white on black, a round smooth brush of 30.
func TestHarley05_PadIs280WhiteOnBlackWithRoundBrush(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	if box := p.pad().rect(); abs(box.W-box.H) > 0.5 {
		t.Errorf("the pad is %.0f×%.0f, want a square", box.W, box.H)
	}
	if size := callOn[[]int](p.pad(), `c => [c.width, c.height, devicePixelRatio * c.getBoundingClientRect().width]`); size[0] != size[1] || size[0] < size[2] {
		t.Errorf("the pad has %d×%d pixels for %d of the screen", size[0], size[1], size[2])
	}
	if brush := with[float64](p, `return page.store.get().brush;`); brush != 30 {
		t.Errorf("the brush is %v at first, want 30", brush)
	}
	if at := p.inkAt(140, 140); at != 0 {
		t.Errorf("the empty pad is %d, want black", at)
	}
	p.draw(mouse, []point{{80, 140}, {200, 140}})
	for _, tc := range []struct {
		x, y  float64
		white bool
	}{
		{140, 140, true},
		{140, 128, true},
		{140, 152, true}, // 30 thick
		{140, 121, false},
		{140, 159, false},
		{69, 140, true},
		{62, 140, false}, // a round end reaches 15 past the start
		{69, 128.5, false},
		{69, 151.5, false}, // and its corners are cut
	} {
		if got := p.inkAt(tc.x, tc.y) > 127; got != tc.white {
			t.Errorf("ink at (%v, %v): %v, want %v", tc.x, tc.y, got, tc.white)
		}
	}
}

// TestHarley05 (smooth): a curve given by few points has no corner and no gap.
func TestHarley05_FastStrokesAreSmooth(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	r := p.pad().rect()
	at := func(x, y float64) point { return point{r.X + x*r.W/padSize, r.Y + y*r.H/padSize} }
	p.stroke(mouse, []point{at(60, 60), at(140, 220), at(220, 60)})
	if p.inkAt(100, 140) < 128 || p.inkAt(180, 140) < 128 {
		t.Error("a stroke of three points has gaps")
	}
}

func TestHarley06_PencilEraserClear(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	p.draw(mouse, []point{{60, 140}, {220, 140}})
	drawn := p.ink()
	if drawn == 0 {
		t.Fatal("the pen leaves no ink")
	}
	p.click("button", p.word("pad.eraser"))
	if got := p.find("button", p.word("pad.eraser")).attr("aria-pressed"); got != "true" {
		t.Errorf("the eraser is chosen, aria-pressed is %q", got)
	}
	p.draw(mouse, []point{{140, 100}, {140, 180}})
	if p.inkAt(140, 140) > 127 || p.inkAt(80, 140) < 128 {
		t.Error("the eraser should take the ink under it, and only that")
	}
	p.click("button", p.word("pad.pen"))
	p.draw(mouse, []point{{140, 100}, {140, 180}})
	if p.inkAt(140, 140) < 128 {
		t.Error("the pen does not draw after the eraser")
	}
	p.click("button", p.word("pad.clear"))
	if left := p.ink(); left != 0 {
		t.Errorf("%d pixels of ink after clear", left)
	}
	p.click("button", p.word("pad.undo"))
	if p.ink() == 0 {
		t.Error("undo does not bring the drawing back after clear")
	}
	p.click("button", p.word("pad.redo"))
	if p.ink() != 0 {
		t.Error("redo does not clear again")
	}
}

// TestHarley07: beside the pad stands what the net gets, in its 28×28 pixels.
func TestHarley07_PreviewShowsWhatTheNetGets(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{}) // whose paper is -0.1
	p.draw(mouse, []point{{40, 40}, {40, 120}})       // a 1 in the corner
	p.settled()
	sum := with[[]float64](p, `
		const layer = page.store.get().manifest.layers[0], [, H, W] = layer.shape;
		let s = 0, sx = 0, sy = 0;
		for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) {
			const v = page.acts.value({layer: 0, channel: 0, y, x}) + 0.1;
			s += v; sx += v * (x + 0.5); sy += v * (y + 0.5);
		}
		return [s, sx / s, sy / s, W];`)
	if middle := sum[3] / 2; abs(sum[1]-middle) > 1 || abs(sum[2]-middle) > 1 {
		t.Errorf("the net gets the ink centred at (%.1f, %.1f) of %v, want the middle", sum[1], sum[2], sum[3])
	}
	preview := p.find("image", p.word("pad.sees"))
	if size := callOn[[]int](preview, `c => [c.width, c.height]`); size[0] != 28 || size[1] != 28 {
		t.Errorf("the preview has %v pixels, want 28×28", size)
	}
	box, pad := preview.rect(), p.pad().rect()
	if gap := max(box.Y-(pad.Y+pad.H), pad.Y-(box.Y+box.H), box.X-(pad.X+pad.W), pad.X-(box.X+box.W)); gap > 160 {
		t.Errorf("the preview is %.0f px away from the pad", gap)
	}
	// The bright pixels of the preview are those of the net's input.
	same := callOn[float64](preview, `c => {
		const d = c.getContext("2d").getImageData(0, 0, 28, 28).data;
		let bright = 0;
		for (let i = 0; i < d.length; i += 4) if (d[i] + d[i + 1] > 300) bright++;
		return bright;
	}`)
	inked := with[float64](p, `let n = 0; for (let y = 2; y < 30; y++) for (let x = 2; x < 30; x++)
		if (page.acts.value({layer: 0, channel: 0, y, x}) > 0.6) n++; return n;`)
	if inked == 0 || abs(same-inked) > 0.5*inked {
		t.Errorf("%v bright pixels in the preview, %v in the net's input", same, inked)
	}
	p.click("switch", p.word("pad.centred"))
	p.settled()
	raw := with[float64](p, `
		const [, H, W] = page.store.get().manifest.layers[0].shape;
		let s = 0, sx = 0;
		for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) {
			const v = page.acts.value({layer: 0, channel: 0, y, x}) + 0.1; s += v; sx += v * (x + 0.5);
		}
		return sx / s;`)
	if raw > 12 {
		t.Errorf("raw input has its ink at x = %.1f; drawn at the left it should stay there", raw)
	}
}

func TestHarley08_TwoGuessesAndNoneForAnEmptyPad(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	if first, _ := p.guesses(); first != -1 {
		t.Errorf("an untouched pad is answered with %d", first)
	}
	p.draw(mouse, digits[0]...)
	p.settled()
	first, second := p.guesses()
	if first != 0 || second == first || second < 0 {
		t.Errorf("guesses %d and %d for a 0", first, second)
	}
	lead, _, _ := strings.Cut(p.word("answer.say"), "{")
	p.wait("both guesses to be said", fmt.Sprintf(
		`[...document.querySelectorAll("[role=status]")].some(e => e.textContent.includes(%q) && / %d\b/.test(e.textContent.slice(e.textContent.indexOf(%q))))`,
		lead+"0", second, lead))
	p.click("button", p.word("pad.clear"))
	p.settled()
	if first, _ := p.guesses(); first != -1 {
		t.Errorf("after clear the guess is %d, want none", first)
	}
}

// TestHarley09: no button: the net answers while the pen is down.
func TestHarley09_AnswersDuringTheStroke(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	r := p.pad().rect()
	at := func(q point) point { return point{r.X + q.x*r.W/padSize, r.Y + q.y*r.H/padSize} }
	way := steps(digits[7][0], 8)
	start := at(way[0])
	p.mouse(input.DispatchMouseEventTypeMouseMoved, start.x, start.y, 0)
	p.mouse(input.DispatchMouseEventTypeMousePressed, start.x, start.y, leftButton)
	runs := map[int]bool{}
	for _, q := range way[1:] {
		to := at(q)
		p.mouse(input.DispatchMouseEventTypeMouseMoved, to.x, to.y, leftButton)
		runs[with[int](p, `return page.store.get().answer?.run ?? -1;`)] = true
	}
	p.settled()
	if first, _ := p.guesses(); first != 7 {
		t.Errorf("with the pen still down the answer is %d, want 7", first)
	}
	if len(runs) < 3 {
		t.Errorf("only %d different answers over %d moves of the pen", len(runs), len(way))
	}
	end := at(way[len(way)-1])
	p.mouse(input.DispatchMouseEventTypeMouseReleased, end.x, end.y, leftButton)
}

// TestHarley10: a stroke that leaves the pad ends cleanly: coming back with the
// button up draws nothing.
func TestHarley10_LeavingThePadEndsTheStroke(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	r := p.pad().rect()
	inside := point{r.X + r.W/2, r.Y + r.H/2}
	outside := point{r.X + r.W + 120, r.Y + r.H/2}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, inside.x, inside.y, 0)
	p.mouse(input.DispatchMouseEventTypeMousePressed, inside.x, inside.y, leftButton)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, inside.x+30, inside.y, leftButton)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, outside.x, outside.y, leftButton)
	p.mouse(input.DispatchMouseEventTypeMouseReleased, outside.x, outside.y, leftButton)
	drawn := p.ink()
	if drawn == 0 {
		t.Fatal("nothing was drawn before the pen left")
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, inside.x-40, inside.y-40, 0)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, inside.x-80, inside.y+40, 0)
	if now := p.ink(); now != drawn {
		t.Errorf("with the button up the pad went from %d to %d pixels of ink", drawn, now)
	}
	p.click("button", p.word("pad.undo"))
	if left := p.ink(); left != 0 {
		t.Errorf("one undo leaves %d pixels: the stroke was cut in two", left)
	}
}

// TestHarley11: a finger draws, and the page does not scroll under it.
func TestHarley11_TouchDrawsAndThePageStays(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{width: 390, height: 844, scale: 2, touch: true})
	p.pad().rect() // scrolls to the pad
	before := eval[float64](p, `scrollY + [...document.querySelectorAll("*")].reduce((s, e) => s + e.scrollTop, 0)`)
	p.draw(finger, []point{{140, 40}, {140, 240}})
	after := eval[float64](p, `scrollY + [...document.querySelectorAll("*")].reduce((s, e) => s + e.scrollTop, 0)`)
	if before != after {
		t.Errorf("the page scrolled by %v under the finger", after-before)
	}
	if p.inkAt(140, 140) < 128 {
		t.Error("the finger left no ink")
	}
	p.settled()
	if first, _ := p.guesses(); first != 1 {
		t.Errorf("a 1 by finger is answered with %d", first)
	}
}

// TestHarley12: clear blanks the guesses and leaves no trace of the drawing in any unit.
func TestHarley12_ClearBlanksEveryUnit(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	p.settled()
	layers := with[int](p, `return page.store.get().manifest.layers.length;`)
	var empty [][]float64
	for l := range layers {
		empty = append(empty, p.values(l))
	}
	p.draw(mouse, digits[8]...)
	p.settled()
	changed := 0
	for i, v := range p.values(1) {
		if v != empty[1][i] {
			changed++
		}
	}
	if changed < 500 {
		t.Errorf("a drawing changes only %d units of C1", changed)
	}
	p.click("button", p.word("pad.clear"))
	p.settled()
	for l := range layers {
		for i, v := range p.values(l) {
			if v != empty[l][i] {
				t.Errorf("layer %d unit %d is %v after clear, %v on a fresh page", l, i, v, empty[l][i])
				break
			}
		}
	}
	if lit := with[float64](p, `
		let n = 0;
		for (const layer of page.store.get().manifest.layers) for (let c = 0; c < layer.shape[0]; c++) {
			const r = page.acts.channelRange(layer.index, c);
			if (layer.shape[1] > 1 && r.max - r.min > 1e-6) n++;
		}
		return n;`); lit != 0 {
		t.Errorf("%v maps still show a pattern after clear", lit)
	}
	if first, _ := p.guesses(); first != -1 {
		t.Errorf("after clear the guess is %d", first)
	}
}
