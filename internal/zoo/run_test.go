package zoo

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"vizserver/internal/mnist"
	"vizserver/internal/nn"
)

func finished(t *testing.T, name string, digit int, edits ...nn.Edit) (*nn.Model, *nn.Run) {
	t.Helper()
	m, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := nn.Compile(m, nn.Options{Poison: true})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRun()
	if err := r.Execute(t.Context(), inputOf(m, digit), edits...); err != nil {
		t.Fatal(err)
	}
	return m, r
}

func inputOf(m *nn.Model, digit int) []float32 {
	x := make([]float32, m.Graph.InputValue().Shape.Len())
	m.Pre.Apply(x, mnist.Test().Image(digit))
	return x
}

// TestEveryUnitAddsUp explains every unit of every net: repeating the arithmetic
// gives the stored pre-activation bit for bit, and the products are inputs × weights.
func TestEveryUnitAddsUp(t *testing.T) {
	for _, name := range Names(Of(Digits)) {
		t.Run(name, func(t *testing.T) {
			m, r := finished(t, name, 7)
			for _, l := range m.Graph.Layers {
				s := l.Shape()
				for i := range s.Len() {
					u := nn.Unit{Layer: l.Index, Channel: i / s.Plane(), Y: i / s.W % s.H, X: i % s.W}
					e, err := r.Explain(u)
					if err != nil {
						t.Fatal(err)
					}
					if !e.Exact {
						t.Fatalf("%s %+v: repeated %v, stored %v", l.Name, u, e.Terms.Repeated, e.Pre)
					}
					sum := float64(e.Terms.Bias)
					for _, term := range e.Terms.Terms {
						for _, p := range term.Products {
							sum += float64(p)
						}
					}
					if e.Terms.Pool == nil && l.Main != nil && math.Abs(sum-float64(e.Pre)) > 1e-4*(1+math.Abs(sum)) {
						t.Fatalf("%s %+v: the products and the bias make %v, stored %v", l.Name, u, sum, e.Pre)
					}
				}
			}
		})
	}
}

// TestHarley20_InputsOfAUnit counts the links that hovering a unit shows.
func TestHarley20_InputsOfAUnit(t *testing.T) {
	m, r := finished(t, "lenet5-harley", 0)
	table := []int{75, 75, 75, 75, 75, 75, 100, 100, 100, 100, 100, 100, 100, 100, 100, 150}
	want := map[string]func(c int) int{
		"Input": func(int) int { return 0 }, "C1": func(int) int { return 25 },
		"S2": func(int) int { return 4 }, "C3": func(c int) int { return table[c] },
		"S4": func(int) int { return 4 }, "F5": func(int) int { return 400 },
		"F6": func(int) int { return 120 }, "Output": func(int) int { return 100 },
	}
	for _, l := range m.Graph.Layers {
		for c := range l.Shape().C {
			e, err := r.Explain(nn.Unit{Layer: l.Index, Channel: c})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, term := range e.Terms.Terms {
				n += len(term.Products)
			}
			if e.Terms.Pool != nil {
				n = len(e.Terms.Pool.Inputs)
			}
			if n != want[l.Name](c) {
				t.Errorf("%s map %d: %d inputs, want %d", l.Name, c, n, want[l.Name](c))
			}
		}
	}
}

// TestReceptiveFields checks sizes by hand: 5, 6, 14, 16 pixels, then the whole field.
func TestReceptiveFields(t *testing.T) {
	m, _ := finished(t, "lenet5-harley", 0)
	for layer, size := range map[int]int{1: 5, 2: 6, 3: 14, 4: 16, 5: 32, 7: 32} {
		list, err := m.Graph.Sees(nn.Unit{Layer: layer})
		if err != nil {
			t.Fatal(err)
		}
		a := list[0]
		if a.Layer != 0 || a.Y1-a.Y0+1 != size || a.X1-a.X0+1 != size {
			t.Errorf("layer %d sees %+v of the input, want %d×%d", layer, a, size, size)
		}
	}
	list, err := m.Graph.Sees(nn.Unit{Layer: 3, Channel: 8, Y: 5, X: 4})
	if err != nil {
		t.Fatal(err)
	}
	s2 := list[2]
	if s2.Layer != 2 || !slices.Equal(s2.Channels, []int{2, 3, 4, 5}) || s2.Y0 != 5 || s2.Y1 != 9 || s2.X0 != 4 || s2.X1 != 8 {
		t.Errorf("C3 map 8 (5, 4) sees %+v of S2", s2)
	}
}

// TestFeedsMirrorsSees: a unit feeds exactly those that see it.
func TestFeedsMirrorsSees(t *testing.T) {
	m, _ := finished(t, "lenet5-1998", 0)
	g := m.Graph
	u := nn.Unit{Layer: 2, Channel: 3, Y: 6, X: 11}
	feeds, err := g.Feeds(u)
	if err != nil {
		t.Fatal(err)
	}
	holds := func(a nn.Area, c, y, x int) bool {
		return slices.Contains(a.Channels, c) && y >= a.Y0 && y <= a.Y1 && x >= a.X0 && x <= a.X1
	}
	for _, l := range g.Layers[3:] {
		var fed nn.Area
		for _, f := range feeds {
			if f.Layer == l.Index {
				fed = f.Area
			}
		}
		s := l.Shape()
		for i := range s.Len() {
			v := nn.Unit{Layer: l.Index, Channel: i / s.Plane(), Y: i / s.W % s.H, X: i % s.W}
			sees, err := g.Sees(v)
			if err != nil {
				t.Fatal(err)
			}
			var saw bool
			for _, a := range sees {
				saw = saw || a.Layer == u.Layer && holds(a.Area, u.Channel, u.Y, u.X)
			}
			if holds(fed, v.Channel, v.Y, v.X) != saw {
				t.Fatalf("%s %+v: fed %v, sees %v", l.Name, v, !saw, saw)
			}
		}
	}
}

// TestExecuteFromEqualsAFullRun edits values of every depth and compares the borrowed
// rerun with a run from scratch, bit for bit; the base keeps its own numbers.
func TestExecuteFromEqualsAFullRun(t *testing.T) {
	m, base := finished(t, "lenet5-modern", 3)
	before := outputs(m, base)
	for _, edits := range [][]nn.Edit{
		{{Value: "c3.act", Channel: 8, Scale: 0}},
		{{Value: "input", Channel: -1, Scale: 0.5, Add: 0.1}},
		{{Value: "c1.act", Channel: 2, Scale: 0}, {Value: "f6.act", Channel: 11, Scale: 2}},
		nil,
	} {
		_, full := finished(t, "lenet5-modern", 3, edits...)
		r := base.Plan().NewRun()
		if err := r.ExecuteFrom(t.Context(), base, edits...); err != nil {
			t.Fatal(err)
		}
		for _, v := range m.Graph.Values {
			if a, b := read(t, r, v), read(t, full, v); !slices.Equal(a, b) {
				t.Fatalf("edits %+v: %s differs", edits, v.Name)
			}
		}
		r.Release()
	}
	if !slices.Equal(before, outputs(m, base)) {
		t.Error("the base run changed")
	}
}

// TestExecuteFromAnEditedRun takes the edits of the base back.
func TestExecuteFromAnEditedRun(t *testing.T) {
	m, base := finished(t, "lenet5-harley", 5, nn.Edit{Value: "c1.act", Channel: 1, Scale: 0})
	_, plain := finished(t, "lenet5-harley", 5)
	r := base.Plan().NewRun()
	if err := r.ExecuteFrom(t.Context(), base, nn.Edit{Value: "c1.act", Channel: 1, Scale: 1}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(outputs(m, r), outputs(m, plain)) {
		t.Error("an edit by 1 is not the unedited run")
	}
	if err := r.ExecuteFrom(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(outputs(m, r), outputs(m, plain)) {
		t.Error("without edits, the base's own stayed")
	}
}

func TestAReleasedRunIsPoisoned(t *testing.T) {
	m, r := finished(t, "mlp-harley", 1)
	v := r.ViewOf(m.Graph.OutputValue())
	r.Retain()
	r.Release()
	if x := v.At(0, 0, 0); x != x {
		t.Fatal("poisoned while still retained")
	}
	r.Release()
	if x := v.At(0, 0, 0); x == x {
		t.Error("a late reader sees a number")
	}
}

func TestBadInputs(t *testing.T) {
	m, r := finished(t, "mlp-harley", 1)
	var input *nn.InputError
	if err := r.Execute(t.Context(), make([]float32, 3)); !errors.As(err, &input) {
		t.Errorf("short input: got %v", err)
	}
	var edit *nn.EditError
	for _, e := range []nn.Edit{{Value: "c9"}, {Value: "f1", Channel: 300}} {
		if err := r.Execute(t.Context(), inputOf(m, 0), e); !errors.As(err, &edit) {
			t.Errorf("edit %+v: got %v", e, err)
		}
	}
	var unit *nn.UnitError
	for _, u := range []nn.Unit{{Layer: -1}, {Layer: 4}, {Layer: 1, Channel: 300}, {Y: 28}, {X: -1}} {
		if _, err := r.Explain(u); !errors.As(err, &unit) {
			t.Errorf("unit %+v: got %v", u, err)
		}
	}
	var name *nn.NameError
	if _, err := r.Value("c9"); !errors.As(err, &name) {
		t.Errorf("unknown value: got %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Execute(ctx, inputOf(m, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run: got %v", err)
	}
}

func outputs(m *nn.Model, r *nn.Run) []float32 {
	y := make([]float32, len(m.Labels))
	m.Scores(r, y)
	return y
}

func read(t *testing.T, r *nn.Run, v *nn.Value) []float32 {
	t.Helper()
	dst := make([]float32, v.Shape.Len())
	if err := r.ViewOf(v).Read(dst, nn.Whole(v.Shape)); err != nil {
		t.Fatal(err)
	}
	return dst
}
