package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// TestSamples: a test digit at random, of a chosen class, and one that the net
// gets wrong; each is labelled.
func TestSamples(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{})
	p.click("button", p.word("pad.any"))
	p.wait("a digit", `!page.store.get().blank`)
	p.settled()
	first := p.ink()
	if first == 0 {
		t.Error("a test digit leaves no ink on the pad")
	}
	p.wait("its label", `/\d/.test(document.querySelector(".pad-source").textContent)`)

	for _, class := range []int{4, 9} {
		p.click("button", p.word("pad.classes"))
		p.click("button", p.word("pad.class", "digit", fmt.Sprint(class)))
		p.wait("a digit of the class", fmt.Sprintf(`document.querySelector(".pad-source").textContent.replace(/^\D*[\d,]+\D+/, "").startsWith("%d")`, class))
		p.settled()
	}
	p.click("button", p.word("pad.hard"))
	p.wait("a digit that the net gets wrong", fmt.Sprintf(`document.querySelector(".pad-source").textContent.includes(%q.split("{")[0].slice(-6))`, p.word("pad.source_wrong")))
	p.settled()
	guess, _ := p.guesses()
	said := eval[string](p, `document.querySelector(".pad-source").textContent`)
	var index, label, answer int
	if n, err := fmt.Sscanf(digitsOf(said), "%d %d %d", &index, &label, &answer); n != 3 {
		t.Fatalf("the label %q names no three numbers: %v", said, err)
	}
	if answer != guess || label == guess {
		t.Errorf("a hard digit: the page says %q, the net says %d", said, guess)
	}
}

// digitsOf gives the numbers in a text, apart by spaces; grouping is dropped.
func digitsOf(text string) string {
	var b bytes.Buffer
	in := false
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
			in = true
		case r == ',' && in && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
		case in:
			b.WriteByte(' ')
			in = false
		}
	}
	return b.String()
}

// pictureOf draws a 1 of dark ink on white paper, as a photo of a digit would be.
func pictureOf(t *testing.T) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 200, 260))
	for i := range img.Pix {
		img.Pix[i] = 245
	}
	for y := 40; y < 220; y++ {
		for x := 95; x < 112; x++ {
			img.SetGray(x, y, color.Gray{Y: 20})
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, img))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestPictures: a picture of a digit by paste and by drop; one that is no
// picture gets a sentence, and the page goes on.
func TestPictures(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley", options{allowErrors: []string{"/api/images"}})
	give := func(kind, name, typ, data string) {
		t.Helper()
		eval[bool](p, fmt.Sprintf(`(() => {
			const bytes = Uint8Array.from(atob(%q), c => c.charCodeAt(0));
			const file = new File([bytes], %q, {type: %q}), data = new DataTransfer();
			data.items.add(file);
			const pad = document.querySelector("[data-view=pad]");
			if (%q === "paste") document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
			else for (const type of ["dragenter", "dragover", "drop"]) pad.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
			return true;
		})()`, data, name, typ, kind))
	}
	for _, kind := range []string{"paste", "drop"} {
		p.click("button", p.word("pad.clear"))
		p.wait("an empty pad", `page.store.get().blank`)
		give(kind, "one.png", "image/png", pictureOf(t))
		p.wait("the picture on the pad", `!page.store.get().blank`)
		p.settled()
		if first, _ := p.guesses(); first != 1 {
			t.Errorf("%s: a picture of a 1 is answered with %d", kind, first)
		}
	}
	ink := p.ink()
	give("drop", "x.png", "image/png", base64.StdEncoding.EncodeToString([]byte("this is no picture")))
	p.wait("a sentence about it", `[...document.querySelectorAll("[role=status], [role=alert]")].some(e => e.closest(".toasts, [role=alert]") && e.textContent.trim().length > 10)`)
	if now := p.ink(); now != ink {
		t.Errorf("a broken picture changed the pad from %d to %d pixels of ink", ink, now)
	}
}
