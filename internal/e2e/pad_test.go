package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// source is what the page says of a test digit: "28 × 28, test digit 4,201, a 7".
var source = regexp.MustCompile(`test digit ([\d,]+), a (\d)`)

// sample waits for another test digit than the last one and gives its index and label.
func (p *page) sample(last string) (index string, label int) {
	p.tb.Helper()
	p.wait("a test digit", fmt.Sprintf(`(m => m !== null && m[1] !== %q)(document.querySelector("main").innerText.match(/test digit ([\d,]+), a \d/))`, last))
	p.settled()
	m := source.FindStringSubmatch(p.hears())
	if m == nil {
		p.tb.Fatalf("the page says %q, want a test digit", p.hears())
	}
	label, err := strconv.Atoi(m[2])
	must(p.tb, err)
	return m[1], label
}

// TestPadGivesDigits: any digit, one of a class, and one that the net gets wrong.
func TestPadGivesDigits(t *testing.T) {
	p := openDraw(t, "", options{})
	p.click("button", p.word("pad.any"))
	index, _ := p.sample("")
	if p.ink() == 0 {
		t.Error("the pad is empty under a test digit")
	}
	p.click("button", p.word("pad.classes"))
	p.click("button", p.word("pad.class", "digit", "3"))
	index, label := p.sample(index)
	if label != 3 {
		t.Errorf("asked for a 3, got a %d", label)
	}
	p.click("button", p.word("pad.hard"))
	index, label = p.sample(index)
	first, _ := p.guesses()
	if first == label {
		t.Errorf("the hard digit %s is a %d, and the net says so", index, label)
	}
	if seen := with[bool](p, `
		const [, n] = document.querySelector("main").innerText.match(/test digit ([\d,]+), a/);
		const digit = await (await fetch("/api/digits/" + n.replace(",", ""))).json();
		const want = Uint8Array.from(atob(digit.pixels), c => c.charCodeAt(0));
		const {pad, scale, offset} = page.store.get().manifest.input;
		let worst = 0;
		for (let y = 0; y < 28; y++) for (let x = 0; x < 28; x++) {
			const got = page.acts.value({layer: 0, channel: 0, y: y + pad, x: x + pad});
			worst = Math.max(worst, Math.abs(got - (want[y * 28 + x] / 255 * scale + offset)));
		}
		return worst < 0.01;`); !seen {
		t.Error("the net does not see the test digit's own greys")
	}
	p.draw(mouse, []point{{20, 20}, {60, 20}})
	p.settled()
	if said := p.hears(); source.MatchString(said) {
		t.Errorf("drawn on, it is no test digit any more; the page says %q", said)
	}
	p.click("button", p.word("pad.undo"))
	p.settled()
	if again, _ := p.sample(""); again != index {
		t.Errorf("undo gives test digit %s, want %s again", again, index)
	}
}

// picture is a function that makes a PNG of a 1, black on white, 300×200.
const picture = `(async () => {
	const c = Object.assign(document.createElement("canvas"), {width: 300, height: 200}), g = c.getContext("2d");
	g.fillStyle = "white"; g.fillRect(0, 0, 300, 200);
	g.lineWidth = 12; g.lineCap = "round"; g.beginPath(); g.moveTo(200, 40); g.lineTo(195, 160); g.stroke();
	const data = new DataTransfer();
	data.items.add(new File([await new Promise(r => c.toBlob(r))], "one.png", {type: "image/png"}));
	return data;
})()`

// TestPadTakesPictures: a picture is dropped, pasted; what is no picture is refused in a sentence.
func TestPadTakesPictures(t *testing.T) {
	p := openDraw(t, "", options{allowErrors: []string{"/api/images"}})
	for _, tc := range []struct{ name, how string }{
		{name: "drop", how: `for (const type of ["dragover", "drop"]) pad.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));`},
		{name: "paste", how: `document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));`},
	} {
		with[bool](p, `const data = await `+picture+`, pad = document.querySelector("canvas[role=application]"); `+tc.how+` return true;`)
		p.wait("the picture", `!page.store.get().blank`)
		p.settled()
		if first, _ := p.guesses(); first != 1 {
			t.Errorf("%s: a picture of a 1 is answered with %d", tc.name, first)
		}
		p.click("button", p.word("pad.clear"))
		p.wait("an empty pad", `page.store.get().blank`)
	}
	for _, tc := range []struct{ kind, want string }{
		{kind: "text/plain", want: p.word("pad.picture_kind")},
		{kind: "image/png", want: "picture"},
	} {
		with[bool](p, fmt.Sprintf(`
			const data = new DataTransfer();
			data.items.add(new File(["no picture"], "x", {type: %q}));
			document.querySelector("canvas[role=application]").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
			return true;`, tc.kind))
		p.wait("a sentence", fmt.Sprintf(`document.querySelector(".toasts").innerText.includes(%q)`, tc.want))
	}
	if p.ink() != 0 {
		t.Error("a refused file left ink")
	}
}

// TestPadByKeyboard: arrows and Space draw, and do not run the net's play; Delete clears.
func TestPadByKeyboard(t *testing.T) {
	p := openDraw(t, "", options{})
	pad := p.pad()
	pad.focus()
	for range 18 {
		p.press(kb.ArrowUp)
	}
	with[bool](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: " ", bubbles: true, cancelable: true})); return true;`)
	for range 36 {
		p.press(kb.ArrowDown)
	}
	with[bool](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keyup", {key: " ", bubbles: true, cancelable: true})); return true;`)
	p.settled()
	if first, _ := p.guesses(); first != 1 {
		t.Errorf("a 1 by keyboard is answered with %d", first)
	}
	drawn := p.ink()
	p.press(kb.ArrowLeft)
	if now := p.ink(); now != drawn {
		t.Errorf("with Space up the pad went from %d to %d pixels of ink", drawn, now)
	}
	if running := with[bool](p, `return page.store.get().play?.running === true;`); running {
		t.Error("Space on the pad set the play going")
	}
	p.press(kb.Delete)
	if left := p.ink(); left != 0 {
		t.Errorf("%d pixels of ink after Delete", left)
	}
}

// TestConfusionMatrix: the measured matrix opens from the answer; its counts are those of
// the 10,000 test digits; a cell gives a digit that the net takes for that one.
func TestConfusionMatrix(t *testing.T) {
	p := openDraw(t, "", options{})
	p.clickNamed(regexp.MustCompile(`^[\d.]+\x{a0}% ` + regexp.QuoteMeta(strings.TrimPrefix(p.word("answer.accuracy_name"), "{accuracy} "))))
	total := with[int](p, `return page.store.get().manifest.confusion.flat().reduce((s, n) => s + n, 0);`)
	if total != 10000 {
		t.Errorf("the matrix counts %d digits", total)
	}
	p.find("dialog", p.word("confusion.title"))
	if rows := len(p.all("rowheader", "")); rows < 10 {
		t.Errorf("%d rows have a label, want 10", rows)
	}
	cell := p.clickNamed(regexp.MustCompile(`times a (\d) was taken for a (\d)$`))
	_, label := p.sample("")
	first, _ := p.guesses()
	if got := fmt.Sprint(label, " ", first); got != cell[1]+" "+cell[2] {
		t.Errorf("the cell %q gives a %d that the net takes for a %d", cell[0], label, first)
	}
	if open := len(p.all("dialog", "")); open != 0 {
		t.Error("the dialog stays open over the digit")
	}
}

// clickNamed clicks the first button whose name matches and gives the submatches.
func (p *page) clickNamed(name *regexp.Regexp) []string {
	p.tb.Helper()
	for _, c := range p.all("button", "") {
		if m := name.FindStringSubmatch(c.name); m != nil {
			c.click()
			return m
		}
	}
	p.tb.Fatalf("no button is named %s; the page has %s", name, strings.Join(p.names("button"), " | "))
	return nil
}

// TestAnswerNumbers: the ten exact outputs as a table; probabilities add up to one.
func TestAnswerNumbers(t *testing.T) {
	p := openDraw(t, "?net=lenet5-modern", options{})
	p.draw(mouse, digits[2]...)
	p.settled()
	p.click("button", p.word("answer.numbers"))
	text := p.find("table", p.word("answer.table")).text()
	sum, rows := 0.0, 0
	for _, m := range regexp.MustCompile(`([\d.]+)\x{a0}%`).FindAllStringSubmatch(text, -1) {
		share, err := strconv.ParseFloat(m[1], 64)
		must(t, err)
		sum += share
		rows++
	}
	if rows != 10 || abs(sum-100) > 0.01 {
		t.Errorf("%d probabilities add up to %v %%:\n%s", rows, sum, text)
	}
	best := with[string](p, `const a = page.store.get().answer; return a.scores[a.order[0]].toPrecision(5);`)
	if !strings.Contains(text, best[:5]) {
		t.Errorf("the best logit %s is not in the table:\n%s", best, text)
	}
}
