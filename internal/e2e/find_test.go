package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// control is an element as the accessibility tree has it.
type control struct {
	page    *page
	backend cdp.BackendNodeID
	role    string
	name    string
}

// all gives the controls of a role whose accessible name is name; an empty name
// stands for any. Ignored (hidden) ones do not count.
func (p *page) all(role, name string) []control {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	found, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]control, error) {
		doc, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
		if err != nil {
			return nil, err
		}
		res, err := cdp.Call(ctx, t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
			ObjectID: doc.Result.ObjectID, Role: role, AccessibleName: name,
		})
		if err != nil {
			return nil, err
		}
		var list []control
		for _, n := range res.Nodes {
			if n.Ignored {
				continue
			}
			text := ""
			if n.Name != nil {
				if err := json.Unmarshal([]byte(n.Name.Value), &text); err != nil {
					return nil, err
				}
			}
			list = append(list, control{page: p, backend: n.BackendDOMNodeID, role: role, name: text})
		}
		return list, nil
	})
	if err != nil {
		p.tb.Fatalf("find %s %q: %v", role, name, err)
	}
	return found
}

// find gives the one control of a role and name; it waits for it to appear.
func (p *page) find(role, name string) control {
	p.tb.Helper()
	end := time.Now().Add(patience / 2)
	for {
		found := p.all(role, name)
		if len(found) == 1 {
			return found[0]
		}
		if time.Now().After(end) {
			p.tb.Fatalf("%d controls with role %s and name %q; the page has %s: %s",
				len(found), role, name, role, strings.Join(p.names(role), " | "))
		}
		p.frames(2)
	}
}

// names lists the accessible names of a role, for messages.
func (p *page) names(role string) []string {
	var names []string
	for _, c := range p.all(role, "") {
		names = append(names, c.name)
	}
	return names
}

// call runs a JavaScript function with the element as its argument.
func callOn[T any](c control, function string) T {
	c.page.tb.Helper()
	ctx, cancel := context.WithTimeout(c.page.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (T, error) {
		var zero T
		node, err := cdp.Call(ctx, t, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: c.backend})
		if err != nil {
			return zero, err
		}
		on := func(p *runtime.CallFunctionOnParams) {
			p.ObjectID = node.Object.ObjectID
			p.AwaitPromise = new(true)
		}
		return chromedp.CallFunctionOn[T]("function() { return ("+function+")(this); }", on)(ctx, t)
	})
	if err != nil {
		c.page.tb.Fatalf("%s %q: %s: %v", c.role, c.name, short(function), err)
	}
	return v
}

// attr gives an attribute, "" where it is missing.
func (c control) attr(name string) string {
	c.page.tb.Helper()
	return callOn[string](c, `e => e.getAttribute("`+name+`") ?? ""`)
}

func (c control) text() string {
	c.page.tb.Helper()
	return callOn[string](c, `e => e.innerText`)
}

func (c control) focus() {
	c.page.tb.Helper()
	callOn[bool](c, `e => { e.focus(); return document.activeElement === e; }`)
}

// rect is a box in CSS pixels of the viewport.
type rect struct{ X, Y, W, H float64 }

func (r rect) centre() (x, y float64) { return r.X + r.W/2, r.Y + r.H/2 }

const rectOf = `e => { const r = e.getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height}; }`

// rect scrolls the control into view and gives its box.
func (c control) rect() rect {
	c.page.tb.Helper()
	callOn[bool](c, `e => { e.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"}); return true; }`)
	return callOn[rect](c, rectOf)
}

// click presses and releases the left button (or a finger) on the control; it
// fails where something else lies over the control's middle.
func (c control) click() {
	c.page.tb.Helper()
	x, y := c.rect().centre()
	over := callOn[string](c, `e => { const r = e.getBoundingClientRect(); const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		return top && (e.contains(top) || top.contains(e) || (e.labels && [...e.labels].some(l => l.contains(top)))) ? "" : String(top && top.outerHTML).slice(0, 200); }`)
	if over != "" {
		c.page.tb.Fatalf("%s %q is covered by %s", c.role, c.name, over)
	}
	if c.page.opts.touch {
		c.page.do("tap "+c.name, chromedp.TapXY(x, y))
		return
	}
	c.page.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, 0)
	c.page.do("click "+c.name, chromedp.MouseClickXY(x, y))
}

// click finds a control and clicks it.
func (p *page) click(role, name string) {
	p.tb.Helper()
	p.find(role, name).click()
}

// press sends keys as a keyboard does: kb.Escape, " ", "r".
func (p *page) press(keys string, modifiers ...chromedp.Modifier) {
	p.tb.Helper()
	var opts []chromedp.KeyOption
	if len(modifiers) > 0 {
		opts = append(opts, chromedp.KeyModifiers(modifiers...))
	}
	p.do("press "+keys, chromedp.KeyEvent(keys, opts...))
}
