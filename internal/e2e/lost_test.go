package e2e

import (
	"testing"
)

// TestLostServer: the page says that the server is gone, keeps the drawing, and
// comes back by itself with the same drawing and the same answer.
func TestLostServer(t *testing.T) {
	browser(t) // skip before a port is taken
	s, err := startSite("127.0.0.1:0")
	must(t, err)
	defer func() { s.stop() }()
	p := openDraw(t, "", options{site: s.url, allowErrors: []string{"WebSocket", "ERR_CONNECTION_REFUSED", "/ws"}})
	p.draw(mouse, digits[7]...)
	p.settled()
	ink, values := p.ink(), p.values(1)

	s.stop()
	p.wait("the loss to be seen", `page.store.get().connection === "lost"`)
	p.wait("a word about it", `document.body.innerText.includes(`+quote(p.word("lost.text"))+`)`)
	if now := p.ink(); now != ink {
		t.Errorf("the pad held %d pixels of ink, holds %d without the server", ink, now)
	}
	if first, _ := p.guesses(); first != 7 {
		t.Errorf("the last answer was 7; without the server the page shows %d", first)
	}
	// The reader draws on meanwhile.
	p.draw(mouse, []point{{110, 150}, {180, 150}})
	more := p.ink()

	s, err = startSite(s.addr)
	must(t, err)
	p.wait("the connection to come back", `page.store.get().connection === "open"`)
	p.settled()
	p.wait("an answer to the newest drawing", `page.store.get().answer !== null && !page.store.get().answer.blank`)
	if now := p.ink(); now != more {
		t.Errorf("the pad held %d pixels of ink, holds %d after the reconnect", more, now)
	}
	p.click("button", p.word("pad.undo"))
	p.settled()
	if now := p.ink(); now != ink {
		t.Errorf("undo after the reconnect leaves %d pixels of ink, want %d", now, ink)
	}
	for i, v := range p.values(1) {
		if v != values[i] {
			t.Errorf("unit %d of C1 is %v after the reconnect, was %v with the same drawing", i, v, values[i])
			break
		}
	}
}
