package e2e

import (
	"fmt"
	"testing"
)

// faultsOfLayout lists what is wrong with how the page lies on the screen: a
// page wider than the window, a control outside it or under something else, a
// text that is cut without a sign.
const faultsOfLayout = `(() => {
	const wrong = [];
	const wide = document.documentElement.scrollWidth;
	if (wide > innerWidth) wrong.push("the page is " + wide + " px wide, the window " + innerWidth);
	const name = e => (e.getAttribute("aria-label") || e.textContent.trim() || e.tagName).slice(0, 50) + " <" + e.tagName.toLowerCase() + " class=" + e.className + ">";
	const clip = e => { // what of the element can be seen: its box within all that scrolls or cuts
		let r = e.getBoundingClientRect();
		let box = {l: r.left, t: r.top, r: r.right, b: r.bottom};
		for (let a = e.parentElement; a; a = a.parentElement) {
			const s = getComputedStyle(a);
			if (s.overflowX !== "visible" || s.overflowY !== "visible") {
				const q = a.getBoundingClientRect();
				box = {l: Math.max(box.l, q.left), t: Math.max(box.t, q.top), r: Math.min(box.r, q.right), b: Math.min(box.b, q.bottom)};
			}
		}
		return {l: Math.max(0, box.l), t: Math.max(0, box.t), r: Math.min(innerWidth, box.r), b: Math.min(innerHeight, box.b)};
	};
	const controls = [...document.querySelectorAll("a[href], button, input, select, summary, canvas, [role=radio], [role=switch], [role=option]")]
		.filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.getBoundingClientRect().width > 1 && !e.closest("[inert]"));
	for (const e of controls) {
		const c = clip(e);
		if (c.r - c.l < 4 || c.b - c.t < 4) continue; // scrolled away, or a skip link
		const r = e.getBoundingClientRect();
		let swiped = false; // in a row that scrolls by itself
		for (let a = e.parentElement; a && a !== document.body; a = a.parentElement)
			if (/auto|scroll/.test(getComputedStyle(a).overflowX) && a.scrollWidth > a.clientWidth) swiped = true;
		if (r.right > innerWidth + 1 && !swiped) wrong.push(name(e) + " ends " + Math.round(r.right - innerWidth) + " px right of the window");
		const x = (c.l + c.r) / 2, y = (c.t + c.b) / 2;
		const at = (x, y) => {
			const top = document.elementFromPoint(x, y);
			return top && (e.contains(top) || top.contains(e) || top.closest("label")?.control === e) ? null : top ? name(top) : "nothing that can be hit";
		};
		let over = at(x, y);
		if (over && e.tagName !== "CANVAS") { // what lies under a sheet must come out by scrolling
			const before = [...document.querySelectorAll("*")].filter(s => s.scrollTop !== 0).map(s => [s, s.scrollTop]);
			e.scrollIntoView({block: "center", behavior: "instant"});
			const r = clip(e);
			over = at((r.l + r.r) / 2, (r.t + r.b) / 2);
			for (const s of document.querySelectorAll("*")) if (s.scrollTop !== 0) s.scrollTop = 0;
			for (const [s, top] of before) s.scrollTop = top;
			if (over) wrong.push(name(e) + " is covered by " + over);
		}
	}
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || e.children.length > 0 || !e.textContent.trim() || e.closest(".for-reader, .skip")) continue;
		const s = getComputedStyle(e);
		if (e.scrollWidth > e.clientWidth + 1 && s.overflowX !== "visible" && s.textOverflow !== "ellipsis" && e.clientWidth > 1 && s.overflowX !== "auto" && s.overflowX !== "scroll")
			wrong.push("text is cut: " + name(e));
	}
	return wrong;
})()`

// TestLayout: each page and state fits windows of 360, 1280 and 1920 px, in both
// languages: no sideways scroll, nothing covered, no text cut.
func TestLayout(t *testing.T) {
	for _, size := range []struct {
		w, h  int64
		scale float64
		touch bool
	}{
		{w: 360, h: 740, scale: 3, touch: true},
		{w: 390, h: 844, scale: 2, touch: true},
		{w: 800, h: 1000, scale: 1},
		{w: 1000, h: 760, scale: 1},
		{w: 1280, h: 800, scale: 1},
		{w: 1920, h: 1080, scale: 1},
	} {
		for _, lang := range []string{"en", "zh"} {
			o := options{width: size.w, height: size.h, scale: size.scale, touch: size.touch, lang: lang}
			t.Run(fmt.Sprintf("%dx%d/%s/home", size.w, size.h, lang), func(t *testing.T) {
				p := open(t, "/", o)
				p.frames(5)
				p.layout("home")
			})
			t.Run(fmt.Sprintf("%dx%d/%s/draw", size.w, size.h, lang), func(t *testing.T) {
				p := openDraw(t, "?digit=0", o)
				p.settled()
				p.layout("a drawing")
				with[bool](p, `page.store.set({pin: {layer: 3, channel: 8, y: 5, x: 4}}); return true;`)
				p.still()
				p.wait("the arithmetic", `document.querySelector("[data-view=inspector]").textContent.trim().length > 20`)
				p.layout("a pinned unit of C3")
				with[bool](p, `page.store.set({pin: {layer: 5, channel: 60, y: 0, x: 0}}); return true;`)
				p.still()
				p.layout("a pinned unit of F5")
				with[bool](p, `page.store.set({pin: null, text: true}); return true;`)
				p.frames(5)
				p.layout("as text")
			})
		}
	}
}

func (p *page) layout(what string) {
	p.tb.Helper()
	for _, wrong := range eval[[]string](p, faultsOfLayout) {
		p.tb.Errorf("%s: %s", what, wrong)
	}
}
