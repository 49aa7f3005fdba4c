package optest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vizserver/internal/nn"
)

// reach puts NaN into single units of the inputs: every output unit that it gets to must lie in
// what Feeds says of the input unit, and the input unit in what Sees says of the output unit.
func (d *data) reach(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 55))
	clean := d.run().Data
	for i, x := range d.in {
		for range min(12, len(x.Data)) {
			k := r.IntN(len(x.Data))
			at := x.Data[k]
			x.Data[k] = float32(math.NaN())
			got := d.run().Data
			x.Data[k] = at
			from := unitAt(x.Shape, k)
			feeds := from
			if re, ok := d.op.(nn.Reacher); ok {
				feeds = re.Feeds(i, d.shapes, from)
			}
			for o, v := range got {
				if v == v || clean[o] != clean[o] {
					continue
				}
				to := unitAt(d.out, o)
				sees := to
				if re, ok := d.op.(nn.Reacher); ok {
					sees = re.Sees(i, d.shapes, to)
				}
				if !covers(feeds, to) || !covers(sees, from) {
					t.Fatalf("input %d at %+v gets to %+v: feeds %+v, sees %+v", i, from, to, feeds, sees)
				}
			}
		}
	}
}

// unitAt is the area of the unit at place i.
func unitAt(s nn.Shape, i int) nn.Area {
	x, y, c := i%s.W, i/s.W%s.H, i/s.Plane()%s.C
	return nn.Area{Channels: []int{c}, Y0: y, X0: x, Y1: y, X1: x}
}

// covers says whether a holds the unit u.
func covers(a, u nn.Area) bool {
	return slices.Contains(a.Channels, u.Channels[0]) && a.Y0 <= u.Y0 && u.Y0 <= a.Y1 && a.X0 <= u.X0 && u.X0 <= a.X1
}
