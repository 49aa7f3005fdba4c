package e2e

import (
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// pose gives the camera's numbers.
func (p *page) pose() []float64 {
	p.tb.Helper()
	return with[[]float64](p, `return page.scene.camera();`)
}

func differ(a, b []float64) bool {
	for i := range a {
		if abs(a[i]-b[i]) > 1e-6 {
			return true
		}
	}
	return false
}

// TestHarley29 in 3-D: the left button turns, the wheel zooms, the right button pans.
func TestHarley29_CameraIn3D(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	box := p.canvas()
	cx, cy := box.centre()
	home := [2]point{p.at(middle(0)), p.at(middle(7))}

	// A drag over the whole width turns by 360 degrees: half of it swaps left and right.
	left, right := p.at(unit{Layer: 1, Channel: 0, Y: 14, X: 14}), p.at(unit{Layer: 1, Channel: 5, Y: 14, X: 14})
	if left.x >= right.x {
		t.Fatal("map 0 is not at the left")
	}
	p.drag(leftButton, steps([]point{{cx - box.W/4, cy}, {cx + box.W/4, cy}}, 20)...)
	p.frames(3)
	if l, r := p.at(unit{Layer: 1, Channel: 0, Y: 14, X: 14}), p.at(unit{Layer: 1, Channel: 5, Y: 14, X: 14}); l.x <= r.x {
		t.Errorf("half a width of drag should turn by half a turn; map 0 is at x = %.0f, map 5 at %.0f", l.x, r.x)
	}
	p.drag(leftButton, steps([]point{{cx - box.W/4, cy}, {cx + box.W/4, cy}}, 20)...)
	p.frames(3)
	if l := p.at(unit{Layer: 1, Channel: 0, Y: 14, X: 14}); abs(l.x-left.x) > 12 {
		t.Errorf("a whole width should come round: map 0 is at x = %.0f, was at %.0f", l.x, left.x)
	}

	p.click("button", p.word("stage.reset"))
	p.still()
	if now := [2]point{p.at(middle(0)), p.at(middle(7))}; abs(now[0].x-home[0].x)+abs(now[0].y-home[0].y)+abs(now[1].x-home[1].x)+abs(now[1].y-home[1].y) > 2 {
		t.Errorf("after reset input and answer are at %v, at first they were at %v", now, home)
	}

	// One step of the wheel is about 5 %.
	span := func() float64 {
		a, b := p.at(unit{Layer: 3, Channel: 0}), p.at(unit{Layer: 3, Channel: 15, X: 9})
		return b.x - a.x
	}
	before := span()
	p.wheel(cx, cy, -100)
	p.still()
	if ratio := span() / before; ratio < 1.02 || ratio > 1.15 {
		t.Errorf("one step of the wheel scales the picture by %.3f, want about 1.05", ratio)
	}
	p.wheel(cx, cy, 100)
	p.still()

	at := p.at(middle(3))
	p.drag(rightButton, steps([]point{{cx, cy}, {cx + 60, cy + 30}}, 10)...)
	p.still()
	if now := p.at(middle(3)); abs(now.x-at.x-60) > 25 || now.y <= at.y {
		t.Errorf("the right button moved the net by (%.0f, %.0f), want about (60, 30)", now.x-at.x, now.y-at.y)
	}
}

// TestHarley29 flat: no tilt, and the pointer carries the picture 1:1.
func TestHarley29_CameraFlat(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	p.still()
	box := p.canvas()
	cx, cy := box.centre()
	for _, button := range []int64{leftButton, rightButton} {
		at := p.at(middle(3))
		p.drag(button, steps([]point{{cx, cy}, {cx + 50, cy + 20}}, 10)...)
		p.still()
		if now := p.at(middle(3)); abs(now.x-at.x-50) > 3 || abs(now.y-at.y-20) > 3 {
			t.Errorf("button %d moved the net by (%.1f, %.1f), want (50, 20)", button, now.x-at.x, now.y-at.y)
		}
	}
	a, b := p.at(unit{Layer: 1}), p.at(unit{Layer: 1, X: 27})
	if abs(a.y-b.y) > 0.5 {
		t.Errorf("a row of a map rises by %.1f px in the flat view", b.y-a.y)
	}
	p.wheel(cx, cy, -100)
	p.still()
	if c, d := p.at(unit{Layer: 1}), p.at(unit{Layer: 1, X: 27}); d.x-c.x <= b.x-a.x {
		t.Error("the wheel does not zoom the flat view")
	}
}

// TestHarley29 by touch: one finger turns, two pinch.
func TestHarley29_CameraByTouch(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{width: 390, height: 844, scale: 2, touch: true})
	p.settled()
	box := eval[rect](p, `(e => { e.scrollIntoView({block: "center"}); return (`+rectOf+`)(e); })(document.querySelector("[data-view=stage] canvas"))`)
	cx, cy := box.centre()
	before := p.pose()
	p.stroke(finger, steps([]point{{cx - 60, cy}, {cx + 60, cy}}, 10))
	p.still()
	turned := p.pose()
	if !differ(before, turned) {
		t.Error("one finger does not turn the net")
	}
	span := func() float64 {
		a, b := p.at(unit{Layer: 3, Channel: 0}), p.at(unit{Layer: 3, Channel: 15})
		return math.Hypot(b.x-a.x, b.y-a.y)
	}
	start := span()
	p.touch(input.DispatchTouchEventTypeTouchStart, point{cx - 30, cy}, point{cx + 30, cy})
	for d := 40.0; d <= 80; d += 10 {
		p.touch(input.DispatchTouchEventTypeTouchMove, point{cx - d, cy}, point{cx + d, cy})
	}
	p.touch(input.DispatchTouchEventTypeTouchEnd)
	p.still()
	if got := span(); got < start*1.3 {
		t.Errorf("spreading two fingers from 60 to 160 px took the net from %.0f to %.0f px", start, got)
	}
}

// TestHarley30: after a resize, and on a screen of double density, the pointer
// still finds the unit that is drawn under it, and cells stay square.
func TestHarley30_ResizeAndDensityKeepThePointerTrue(t *testing.T) {
	for _, scale := range []float64{1, 2} {
		t.Run(fmt.Sprintf("density %v", scale), func(t *testing.T) {
			p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{scale: scale})
			p.settled()
			for _, size := range [][2]int64{{1280, 800}, {1000, 900}, {1600, 700}} {
				p.opts.width, p.opts.height = size[0], size[1]
				p.emulate(p.opts)
				p.frames(4)
				p.still()
				for layer := range harleyLayers {
					u := middle(layer)
					if found := p.picked(p.at(u)); !sameUnit(found, u) {
						t.Errorf("%dx%d: at the place of %+v the pointer finds %+v", size[0], size[1], u, found)
					}
				}
				o, x, y := p.at(unit{Layer: 1}), p.at(unit{Layer: 1, X: 20}), p.at(unit{Layer: 1, Y: 20})
				if across, down := x.x-o.x, y.y-o.y; abs(across-down) > 1 {
					t.Errorf("%dx%d: 20 cells are %.1f px wide and %.1f px high", size[0], size[1], across, down)
				}
				if want := p.canvas(); abs(want.W*scale-with[float64](p, `return document.querySelector("[data-view=stage] canvas").width;`)) > 1 {
					t.Errorf("the canvas does not have the screen's pixels")
				}
			}
		})
	}
}

// TestHarley31: the page draws when something changes, and only then; a turn of
// the camera draws each frame. How fast a frame is: BenchmarkOrbit.
func TestHarley31_DrawsOnlyWhenSomethingChanges(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.still()
	before := p.stats("frames")
	p.frames(30)
	if drawn := p.stats("frames") - before; drawn > 2 {
		t.Errorf("with nothing changing the scene was drawn %v times in 30 frames", drawn)
	}
	box := p.canvas()
	cx, cy := box.centre()
	before = p.stats("frames")
	p.drag(leftButton, steps([]point{{cx, cy}, {cx + 200, cy}}, 10)...)
	if drawn := p.stats("frames") - before; drawn < 10 {
		t.Errorf("over 20 moves of the pointer the scene was drawn %v times", drawn)
	}
}
