package e2e

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// device is what draws.
type device int

const (
	mouse device = iota
	stylus
	finger
)

// point is a place on the pad, 0…280 from its top left, or on the screen in CSS pixels.
type point struct{ x, y float64 }

const (
	leftButton  = 1
	rightButton = 2
)

func (p *page) mouse(typ input.DispatchMouseEventType, x, y float64, buttons int64) {
	p.tb.Helper()
	p.pointer(typ, x, y, buttons, input.DispatchMouseEventPointerTypeMouse)
}

// pointer sends one event of a mouse or a pen.
func (p *page) pointer(typ input.DispatchMouseEventType, x, y float64, buttons int64, kind input.DispatchMouseEventPointerType) {
	p.tb.Helper()
	params := input.DispatchMouseEventParams{Type: typ, X: x, Y: y, Buttons: buttons, PointerType: kind, Force: 0.5}
	changes := typ == input.DispatchMouseEventTypeMousePressed || typ == input.DispatchMouseEventTypeMouseReleased
	if changes || buttons != 0 {
		params.Button = input.MouseButtonLeft
		if buttons == rightButton {
			params.Button = input.MouseButtonRight
		}
		if changes {
			params.ClickCount = 1
		}
	}
	p.do(string(typ), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, params)
		return err
	}))
}

// touch sends one event of the fingers at the given places.
func (p *page) touch(typ input.DispatchTouchEventType, at ...point) {
	p.tb.Helper()
	params := input.DispatchTouchEventParams{Type: typ, TouchPoints: []*input.TouchPoint{}}
	for i, a := range at {
		params.TouchPoints = append(params.TouchPoints, &input.TouchPoint{X: a.x, Y: a.y, ID: new(float64(i))})
	}
	p.do(string(typ), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchTouchEvent, params)
		return err
	}))
}

// drag moves a pressed button along points of the screen and releases it.
func (p *page) drag(buttons int64, way ...point) {
	p.tb.Helper()
	p.mouse(input.DispatchMouseEventTypeMouseMoved, way[0].x, way[0].y, 0)
	p.mouse(input.DispatchMouseEventTypeMousePressed, way[0].x, way[0].y, buttons)
	for _, to := range way[1:] {
		p.mouse(input.DispatchMouseEventTypeMouseMoved, to.x, to.y, buttons)
	}
	last := way[len(way)-1]
	p.mouse(input.DispatchMouseEventTypeMouseReleased, last.x, last.y, buttons)
}

// wheel turns the wheel by dy at a place of the screen: negative is away, zooms in.
func (p *page) wheel(x, y, dy float64) {
	p.tb.Helper()
	// A delta of 0 would be left out of the request, and the browser asks for both.
	params := input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseWheel, X: x, Y: y, DeltaX: 1e-9, DeltaY: dy}
	p.do("wheel", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, params)
		return err
	}))
}

// steps puts points on the way, at most gap apart, as a hand at the sampling
// rate of a pointer does.
func steps(way []point, gap float64) []point {
	fine := []point{way[0]}
	for i := 1; i < len(way); i++ {
		a, b := way[i-1], way[i]
		d := max(abs(b.x-a.x), abs(b.y-a.y))
		n := max(1, int(d/gap+0.5))
		for k := 1; k <= n; k++ {
			f := float64(k) / float64(n)
			fine = append(fine, point{a.x + (b.x-a.x)*f, a.y + (b.y-a.y)*f})
		}
	}
	return fine
}

func abs(x float64) float64 { return max(x, -x) }

// padSize is the side of the pad in its own units.
const padSize = 280

// pad gives the drawing surface.
func (p *page) pad() control {
	p.tb.Helper()
	return p.find("application", p.word("pad.label"))
}

// draw draws strokes in the pad's units with a real pointer.
func (p *page) draw(d device, strokes ...[]point) {
	p.tb.Helper()
	r := p.pad().rect()
	for _, s := range strokes {
		var way []point
		for _, q := range steps(s, 12) {
			way = append(way, point{r.X + q.x*r.W/padSize, r.Y + q.y*r.H/padSize})
		}
		p.stroke(d, way)
	}
}

// stroke moves a device along points of the screen, down to up.
func (p *page) stroke(d device, way []point) {
	p.tb.Helper()
	last := way[len(way)-1]
	if d == finger {
		p.touch(input.DispatchTouchEventTypeTouchStart, way[0])
		for _, q := range way[1:] {
			p.touch(input.DispatchTouchEventTypeTouchMove, q)
		}
		p.touch(input.DispatchTouchEventTypeTouchEnd)
		return
	}
	kind := input.DispatchMouseEventPointerTypeMouse
	if d == stylus {
		kind = input.DispatchMouseEventPointerTypePen
	}
	p.pointer(input.DispatchMouseEventTypeMouseMoved, way[0].x, way[0].y, 0, kind)
	p.pointer(input.DispatchMouseEventTypeMousePressed, way[0].x, way[0].y, leftButton, kind)
	for _, q := range way[1:] {
		p.pointer(input.DispatchMouseEventTypeMouseMoved, q.x, q.y, leftButton, kind)
	}
	p.pointer(input.DispatchMouseEventTypeMouseReleased, last.x, last.y, leftButton, kind)
}

// clickAt presses and releases the left button, or taps, at a place of the screen.
func (p *page) clickAt(x, y float64) {
	p.tb.Helper()
	if p.opts.touch {
		p.do("tap", chromedp.TapXY(x, y))
		return
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, 0)
	p.do("click", chromedp.MouseClickXY(x, y))
}
