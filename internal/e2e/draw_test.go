package e2e

import (
	"fmt"
	"testing"
)

// TestDrawDigits is the main job: each digit, drawn with a real pointer on the
// real page, is answered rightly by the net with its trained weights.
func TestDrawDigits(t *testing.T) {
	p := openDraw(t, "", options{})
	for digit, strokes := range digits {
		p.click("button", p.word("pad.clear"))
		p.wait("an empty pad", `page.store.get().blank`)
		p.draw(mouse, strokes...)
		p.settled()
		if first, second := p.guesses(); first != digit {
			t.Errorf("drew %d, the net says %d, then %d", digit, first, second)
		}
	}
}

// TestDrawDevices: mouse, stylus and finger give the same answer.
func TestDrawDevices(t *testing.T) {
	for _, tc := range []struct {
		name   string
		device device
		opts   options
	}{
		{name: "mouse", device: mouse},
		{name: "stylus", device: stylus},
		{name: "finger", device: finger, opts: options{width: 390, height: 844, scale: 2, touch: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := openDraw(t, "", tc.opts)
			p.draw(tc.device, digits[7]...)
			p.settled()
			if first, _ := p.guesses(); first != 7 {
				t.Errorf("drew a 7, the net says %d", first)
			}
		})
	}
}

// TestDrawEveryNet: the choice of net keeps the drawing, and each net knows it.
func TestDrawEveryNet(t *testing.T) {
	p := openDraw(t, "", options{})
	p.draw(mouse, digits[3]...)
	p.settled()
	before := p.ink()
	for _, net := range []string{"lenet5-1998", "lenet5-modern", "mlp-harley", "lenet5-harley"} {
		p.chooseNet(net)
		p.settled()
		if first, _ := p.guesses(); first != 3 {
			t.Errorf("%s says %d to a 3", net, first)
		}
		if after := p.ink(); after != before {
			t.Errorf("%s: the pad holds %d pixels of ink, before it held %d", net, after, before)
		}
	}
}

// chooseNet picks a net from the page's menu.
func (p *page) chooseNet(name string) {
	p.tb.Helper()
	title := eval[string](p, fmt.Sprintf(`fetch("/api/models").then(r => r.json()).then(l => (l.models ?? l).find(m => m.name === %q).title)`, name))
	p.openNetMenu()
	p.clickWithin(title)
	p.wait(name, fmt.Sprintf(`page.store.get().manifest?.model === %q`, name))
	p.alive()
}
