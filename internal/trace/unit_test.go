package trace

import (
	"math"
	"testing"

	"github.com/go-json-experiment/json"

	"vizserver/internal/nn"
)

// ask sends a unit request and returns the reply.
func (v *viewer) ask(text string) *unitReply {
	v.tb.Helper()
	v.send(text)
	for {
		_, b, err := v.ws.ReadMessage()
		if err != nil {
			v.tb.Fatal(err)
		}
		var r unitReply
		if json.Unmarshal(b, &r) == nil && r.Type == "unit" {
			return &r
		}
	}
}

// newUnitViewer has drawn on "maps" and also returns that run, made without this package.
func newUnitViewer(t *testing.T) (*viewer, *nn.Run, *nn.Graph) {
	t.Helper()
	h := newHub(t, Limits{})
	v := connect(t, h)
	v.hello("maps")
	greys := testDrawing(11)
	v.draw(5, greys)
	v.frame()
	net, _ := h.nets.Load("maps")
	return v, runOf(t, net, greys), net.Model.Graph
}

// TestUnitConv: C3's map 0 reads the maps 0 and 2 of S2; the sum is done again by hand.
func TestUnitConv(t *testing.T) {
	v, run, g := newUnitViewer(t)
	r := v.ask(`{"type":"unit","id":7,"layer":3,"channel":0,"y":6,"x":3,"run":5}`)
	if r.ID != 7 || r.Run != 5 || r.Op != "Conv" || len(r.Terms) != 2 || r.Products != 12 || !r.Exact || r.Difference != 0 {
		t.Fatalf("%+v", *r)
	}
	s2 := run.ViewOf(g.Layers[2].Out)
	sum, at := 0.0, 0
	for i, c := range []int{0, 2} {
		term := r.Terms[i]
		if term.Layer != 2 || term.Channel != c || term.Channels != 1 || term.Y != 6 || term.X != 3 || term.H != 3 || term.W != 2 {
			t.Fatalf("term %d: %+v", i, term)
		}
		for k := range term.Inputs {
			if want := s2.At(c, 6+k/2, 3+k%2); float32(term.Inputs[k]) != want {
				t.Errorf("input %d of map %d: %g, want %g", k, c, term.Inputs[k], want)
			}
			if want := float32(term.Inputs[k]) * float32(term.Weights[k]); float32(term.Products[k]) != want {
				t.Errorf("product %d of map %d: %g, want %g", k, c, term.Products[k], want)
			}
			sum += float64(term.Products[k])
			at++
		}
	}
	if math.Abs(sum-r.ProductsSum) > 1e-9 || math.Abs(sum+float64(*r.Bias)-float64(*r.Pre)) > 1e-5 {
		t.Errorf("products %g (told: %g), bias %g, pre-activation %g", sum, r.ProductsSum, *r.Bias, *r.Pre)
	}
	if want := math.Tanh(float64(*r.Pre)); math.Abs(want-float64(r.Value)) > 1e-6 {
		t.Errorf("value %g, want tanh(%g) = %g", r.Value, *r.Pre, want)
	}
	if r.Activation == nil || r.Activation.Name != "tanh" || r.Pool != nil {
		t.Errorf("activation %+v, pool %+v", r.Activation, r.Pool)
	}
}

// TestUnitField: from C3 (6, 3) through S2's 2×3 windows and C1's 5×4 kernels to the input.
func TestUnitField(t *testing.T) {
	v, _, _ := newUnitViewer(t)
	r := v.ask(`{"type":"unit","id":1,"layer":3,"channel":1,"y":6,"x":3}`)
	want := []areaReply{
		{Layer: 0, Channels: []int{0}, Y0: 12, X0: 9, Y1: 12 + 5 + 4, X1: 9 + 5 + 3},
		{Layer: 1, Channels: []int{1}, Y0: 12, X0: 9, Y1: 17, X1: 14},
		{Layer: 2, Channels: []int{1}, Y0: 6, X0: 3, Y1: 8, X1: 4},
	}
	if len(r.Field) != len(want) {
		t.Fatalf("field %+v", r.Field)
	}
	for i, w := range want {
		f := r.Field[i]
		if f.Layer != w.Layer || len(f.Channels) != 1 || f.Channels[0] != w.Channels[0] ||
			f.Y0 != w.Y0 || f.X0 != w.X0 || f.Y1 != w.Y1 || f.X1 != w.X1 {
			t.Errorf("field in layer %d: %+v, want %+v", i, f, w)
		}
	}
	if len(r.Feeds) != 1 || r.Feeds[0].Layer != 4 || r.Feeds[0].Count != 7 || r.Feeds[0].Wins != nil {
		t.Errorf("feeds %+v, want all 7 outputs", r.Feeds)
	}
}

// TestUnitPool: the winner is the largest of the six, and exactly one unit of the window
// of C1 says that it wins.
func TestUnitPool(t *testing.T) {
	v, run, g := newUnitViewer(t)
	r := v.ask(`{"type":"unit","id":1,"layer":2,"channel":2,"y":4,"x":5}`)
	if r.Pool == nil || r.Pool.Kind != "max" || len(r.Pool.Inputs) != 6 || r.Pool.Winner == nil || r.Pre != nil || r.Pool.Sum != nil || !r.Exact {
		t.Fatalf("%+v", *r)
	}
	c1 := run.ViewOf(g.Layers[1].Out)
	winners := 0
	for i, p := range r.Pool.Positions {
		if p != [2]int{8 + i/3, 15 + i%3} {
			t.Errorf("position %d: %v", i, p)
		}
		if float32(r.Pool.Inputs[i]) != c1.At(2, p[0], p[1]) || r.Pool.Inputs[i] > r.Value {
			t.Errorf("input %d: %g", i, r.Pool.Inputs[i])
		}
		below := v.ask(unitAt(1, 2, p[0], p[1]))
		if f := below.Feeds[0]; f.Layer != 2 || f.Wins == nil || f.Count != 1 {
			t.Errorf("the unit under the pool feeds %+v", f)
		} else if *f.Wins {
			winners++
			if i != *r.Pool.Winner {
				t.Errorf("unit %d says that it wins; the pool says %d", i, *r.Pool.Winner)
			}
		}
	}
	if winners != 1 {
		t.Errorf("%d of the window's units win", winners)
	}
}

func unitAt(layer, c, y, x int) string {
	b, err := json.Marshal(askUnit{Type: "unit", ID: 1, Layer: layer, Channel: c, Y: y, X: x})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestUnitOutput: the last layer reads two maps, one term each; its value is a probability.
func TestUnitOutput(t *testing.T) {
	v, run, g := newUnitViewer(t)
	r := v.ask(unitAt(4, 6, 0, 0))
	if len(r.Terms) != 2 || r.Terms[1].Channel != 1 || r.Terms[1].H != 11 || r.Terms[1].W != 8 || r.Products != 2*88 || !r.Exact {
		t.Fatalf("%d terms, %d products: %+v", len(r.Terms), r.Products, r.Terms)
	}
	if float32(r.Value) != run.ViewOf(g.Layers[4].Out).At(6, 0, 0) || float32(*r.Pre) != run.ViewOf(g.Layers[4].Pre).At(6, 0, 0) {
		t.Errorf("value %g, pre-activation %g", r.Value, *r.Pre)
	}
	if len(r.Feeds) != 0 || len(r.Field) != 4 || len(r.Field[1].Channels) != 3 {
		t.Errorf("field %+v, feeds %+v", r.Field, r.Feeds)
	}
}

func TestUnitInput(t *testing.T) {
	v, run, g := newUnitViewer(t)
	r := v.ask(unitAt(0, 0, 13, 14))
	if r.Op != "Input" || !r.Exact || len(r.Terms) != 0 || r.Bias != nil || float32(r.Value) != run.ViewOf(g.Layers[0].Out).At(0, 13, 14) {
		t.Errorf("%+v", *r)
	}
}

// TestUnitsAreExact: for every unit of every layer the repeated sum is the stored value.
func TestUnitsAreExact(t *testing.T) {
	k := newStroke(t, "maps")
	k.event()
	for _, l := range k.s.net.net.Model.Graph.Layers {
		s := l.Shape()
		for i := 0; i < s.Sample(); i += 7 {
			m := askUnit{Layer: l.Index, Channel: i / s.Plane(), Y: i % s.Plane() / s.W, X: i % s.W}
			r, err := k.s.explain(m)
			if err != nil {
				t.Fatal(err)
			}
			if u := r.(*unitReply); !u.Exact || u.Difference != 0 {
				t.Fatalf("%s %+v: off by %g", l.Name, m, u.Difference)
			}
		}
	}
}

// TestUnitUnderEdit: the edit is told, and the arithmetic before it still adds up.
func TestUnitUnderEdit(t *testing.T) {
	v, _, _ := newUnitViewer(t)
	v.send(`{"type":"edit","edits":[{"layer":1,"channel":0,"scale":0.5},{"layer":2,"channel":2,"scale":-2}]}`)
	v.frame()
	act := v.ask(unitAt(1, 0, 3, 4))
	want := 0.5 * 1.7159 * math.Tanh(2.0/3*float64(*act.Pre))
	if act.Edit == nil || *act.Edit != 0.5 || !act.Exact || math.Abs(float64(act.Value)-want) > 1e-6 {
		t.Errorf("behind an activation: %+v, want the value %g", *act, want)
	}
	pooled := v.ask(unitAt(2, 2, 3, 4))
	if pooled.Edit == nil || !pooled.Exact || pooled.Value != -2*pooled.Pool.Inputs[*pooled.Pool.Winner] {
		t.Errorf("without an activation: %+v", *pooled)
	}
	if other := v.ask(unitAt(2, 1, 3, 4)); other.Edit != nil {
		t.Error("the edit is told for another map too")
	}
}

// TestExpand: exact values of a patch, row by row.
func TestExpand(t *testing.T) {
	v, run, g := newUnitViewer(t)
	v.send(`{"type":"expand","id":3,"layer":1,"channel":2,"y":20,"x":24,"h":6,"w":3}`)
	r := v.reply("values")
	if r.ID != 3 || r.Run != 5 || len(r.Values) != 18 {
		t.Fatalf("%+v", *r)
	}
	for i, got := range r.Values {
		if want := run.ViewOf(g.Layers[1].Out).At(2, 20+i/3, 24+i%3); got != want {
			t.Errorf("value %d: %g, want %g", i, got, want)
		}
	}
}

// TestNumberJSON: the same bits come back; what is no number is null.
func TestNumberJSON(t *testing.T) {
	for _, v := range []float32{0, 0.1, -1.7159, 1e-45, math.MaxFloat32, 16777217, float32(math.Copysign(0, -1))} {
		b, err := json.Marshal(number(v))
		if err != nil {
			t.Fatal(err)
		}
		var back float64
		if err := json.Unmarshal(b, &back); err != nil || math.Float32bits(float32(back)) != math.Float32bits(v) {
			t.Errorf("%g was written as %s and read as %g (%v)", v, b, back, err)
		}
		var list []float64
		if err := json.Unmarshal(appendNumbers(nil, []float32{v}), &list); err != nil || math.Float32bits(float32(list[0])) != math.Float32bits(v) {
			t.Errorf("%g in an answer became %v (%v)", v, list, err)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b, err := json.Marshal(number(v))
		if err != nil || string(b) != "null" || string(appendNumbers(nil, []float32{float32(v)})) != "[null]" {
			t.Errorf("%g was written as %s (%v)", v, b, err)
		}
	}
}

// TestRank: best first; equal scores in the order of the classes; what is no number last.
func TestRank(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		lower  bool
		scores []float32
		want   []int
	}{
		{false, []float32{1, 3, 2, 3}, []int{1, 3, 2, 0}},
		{true, []float32{1, 3, nan, 0.5}, []int{3, 0, 1, 2}},
		{false, []float32{nan, -1, 7}, []int{2, 1, 0}},
	} {
		a := answer{scores: c.scores}
		a.rank(c.lower)
		for i := range c.want {
			if a.order[i] != c.want[i] {
				t.Errorf("%v (lower is better: %t): %v, want %v", c.scores, c.lower, a.order, c.want)
				break
			}
		}
	}
}
