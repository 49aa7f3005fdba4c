package e2e

import (
	"fmt"
	"testing"
)

// TestAblation: a map that is switched off is zero, what follows changes at
// once, what comes before does not; switched on, all is as it was.
func TestAblation(t *testing.T) {
	u := unit{Layer: 3, Channel: 8, Y: 5, X: 4}
	p := openPinned(t, u, options{})
	before := [][]float64{p.values(1), p.values(3), p.values(7)}
	p.click("button", p.word("inspector.switch_off", "map", p.word("unit.map", "map", "8")))
	p.wait("the edit", `page.store.get().off.length === 1`)
	p.settled()
	for i, v := range p.values(3) {
		if i/100 == 8 && v != 0 {
			t.Fatalf("unit %d of the map that is off is %v", i, v)
		}
		if i/100 != 8 && v != before[1][i] {
			t.Errorf("unit %d of another map went from %v to %v", i, before[1][i], v)
			break
		}
	}
	if fmt.Sprint(p.values(1)) != fmt.Sprint(before[0]) {
		t.Error("a layer before the edit changed")
	}
	if fmt.Sprint(p.values(7)) == fmt.Sprint(before[2]) {
		t.Error("the answer is the same to the last digit")
	}
	p.wait("the address", `/off=3\.8/.test(location.href)`)
	p.click("button", p.word("inspector.switch_on", "map", p.word("unit.map", "map", "8")))
	p.wait("no edit", `page.store.get().off.length === 0`)
	p.settled()
	if fmt.Sprint(p.values(7)) != fmt.Sprint(before[2]) {
		t.Error("switched on again, the answer is not what it was")
	}
}

// TestAblationOfAllMaps: with every map of C1 off the net sees nothing: the
// answer is that of its biases, and the same for every drawing.
func TestAblationOfAllMaps(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0&off=1.0,1.1,1.2,1.3,1.4,1.5", options{})
	p.settled()
	first := fmt.Sprint(p.values(7))
	p.click("button", p.word("pad.clear"))
	p.draw(mouse, digits[8]...)
	p.settled()
	if second := fmt.Sprint(p.values(7)); second != first {
		t.Errorf("with C1 off a 0 gives %s, an 8 gives %s", first, second)
	}
}
