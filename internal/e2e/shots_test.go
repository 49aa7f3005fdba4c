package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// shot is one picture for the documents: a page in a state.
type shot struct {
	name string
	path string
	opts options
	act  func(*page)
}

// shots are the pictures of docs/img. All show real activations: test digit or
// hand-drawn strokes through the real nets.
var shots = []shot{
	{name: "home-dark", path: "/"},
	{name: "home-light", path: "/", opts: options{light: true}},
	{name: "draw-dark", path: "/draw?net=lenet5-modern", act: drawAndPin},
	{name: "draw-light", path: "/draw?net=lenet5-harley", opts: options{light: true}, act: drawAndPin},
	{name: "draw-flat", path: "/draw?net=lenet5-harley&view=flat", act: drawAndPin},
	{name: "draw-flat-light", path: "/draw?net=lenet5-modern&view=flat", opts: options{light: true}, act: drawOnly},
	{name: "draw-zh", path: "/draw?net=lenet5-modern", opts: options{lang: "zh"}, act: drawAndPin},
	{name: "draw-phone", path: "/draw?net=lenet5-modern", opts: options{width: 390, height: 844, scale: 2, touch: true}, act: drawOnly},
	{name: "draw-phone-pin", path: "/draw?net=lenet5-harley", opts: options{width: 390, height: 844, scale: 2, touch: true, light: true, lang: "zh"}, act: drawAndPin},
	{name: "draw-wide", path: "/draw?net=lenet5-harley", opts: options{width: 1920, height: 1080}, act: drawAndPin},
	{name: "draw-text", path: "/draw?net=lenet5-harley&text=1", act: drawOnly},
	{name: "draw-1998", path: "/draw?net=lenet5-1998", act: drawAndPin},
	{name: "draw-mlp", path: "/draw?net=mlp-harley", act: drawOnly},
}

func drawOnly(p *page) {
	d := mouse
	if p.opts.touch {
		d = finger
	}
	p.draw(d, digits[7]...)
	if d == mouse {
		p.mouse(input.DispatchMouseEventTypeMouseMoved, 640, 5, 0) // takes the nib's ring away
	}
	p.settled()
	p.still()
}

// drawAndPin also pins the strongest unit of C3.
func drawAndPin(p *page) {
	drawOnly(p)
	with[bool](p, `
		const [C, H, W] = page.store.get().manifest.layers[3].shape;
		let pin = null, most = -Infinity;
		for (let channel = 0; channel < C; channel++) for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) {
			const value = page.acts.value({layer: 3, channel, y, x});
			if (value > most && x > 0 && x < W - 1) { most = value; pin = {layer: 3, channel, y, x}; }
		}
		page.store.set({pin});
		return true;`)
	p.still()
	p.settled()
}

// TestShots makes the pictures of the documents, if VIZ_SHOTS names their directory.
func TestShots(t *testing.T) {
	dir := os.Getenv("VIZ_SHOTS")
	if dir == "" {
		t.Skip("VIZ_SHOTS names no directory; scripts/shots does")
	}
	for _, s := range shots {
		t.Run(s.name, func(t *testing.T) {
			o := s.opts
			if o.scale == 0 && o.width != 1920 {
				o.scale = 1.5
			}
			var p *page
			if s.act == nil {
				p = open(t, s.path, o)
				p.frames(90)
			} else {
				p = openDraw(t, s.path[len("/draw"):], o)
				s.act(p)
			}
			p.frames(10)
			png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, s.name+".png"), png, 0o644))
		})
	}
}
