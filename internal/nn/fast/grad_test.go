package fast_test

import (
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/nn/kernel"
)

// gradients runs a net forward and backward and returns all gradients, by values and by parameters.
func gradients(t *testing.T, m *nn.Model, o nn.Options, params bool) map[string][]float32 {
	t.Helper()
	run := plan(t, m, o).NewRun()
	if err := run.Execute(t.Context(), picture(len(run.Input()))); err != nil {
		t.Fatal(err)
	}
	return walkBack(t, run, params, false)
}

// walkBack returns all gradients of a finished run, by the operators themselves or by the program's steps.
func walkBack(t *testing.T, run *nn.Run, params, operators bool) map[string][]float32 {
	t.Helper()
	m := run.Plan().Model
	b := run.Plan().NewBackprop()
	if operators {
		b.Rules = map[string]nn.Rule{}
		for _, n := range m.Graph.Nodes {
			b.Rules[n.Op.Kind()] = func(o nn.Op, g *nn.Grad) { o.(nn.Backwarder).Backward(g) }
		}
	}
	b.Want, b.WantInput, b.NoParams = m.Graph.Values, true, !params
	logits := m.Graph.OutputValue().Node.Inputs[0]
	seed := make([]float32, run.ViewOf(logits).Shape().Len())
	for i := range seed {
		seed[i] = float32(i%7)/3 - 1
	}
	for range 2 { // the second finds used memory
		b.Zero()
		if err := b.Run(run, nn.Seed{Value: logits, Grad: seed}); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]float32{}
	for _, v := range m.Graph.Values {
		if d := b.Value(v); d != nil {
			all[v.Name] = slices.Clone(d.Data)
		}
	}
	for i, n := range m.Graph.Nodes {
		for k, s := range n.Params {
			if params && !s.Fixed {
				all[s.Name] = b.ParamGrads[i][k]
			}
		}
	}
	return all
}

// TestGradientsLikeTheOperators compares the gradients by all values and parameters with those of
// the operators after the same forward pass, on every set of kernels: of programs over planar values,
// and over blocked ones. (After another forward pass some gates of ReLUs differ by rounding.)
func TestGradientsLikeTheOperators(t *testing.T) {
	for _, c := range []struct {
		net    string
		batch  int
		params bool
	}{
		{"lenet5-modern", 3, true},
		{"lenet5-1998", 2, true},
		{"cifar-resnet20", 2, true},
		{"squeezenet-1.1", 1, false},
		{"mobilenet-v2", 1, false},
	} {
		if testing.Short() && c.batch == 1 {
			continue // the operators take a second for each
		}
		m := model(t, c.net)
		for _, set := range kernel.Sets() {
			o := fast.Options{Set: set}
			for way, compiler := range map[string]nn.Compiler{"planar": o.CompilePlanar, "blocked": o.Compile} {
				if set.Name == "go" && (c.batch == 1 || testing.Short() && c.net != "lenet5-modern") {
					continue // the same steps over slower products
				}
				t.Run(c.net+"/"+set.Name+"/"+way, func(t *testing.T) {
					run := plan(t, m, nn.Options{Batch: c.batch, Compiler: compiler}).NewRun()
					if err := run.Execute(t.Context(), picture(len(run.Input()))); err != nil {
						t.Fatal(err)
					}
					got, want := walkBack(t, run, c.params, false), walkBack(t, run, c.params, true)
					if len(got) != len(want) {
						t.Fatalf("%d gradients, want %d", len(got), len(want))
					}
					for name, w := range want {
						near(t, name, got[name], w)
					}
				})
			}
		}
	}
}

// TestGradientsLikeTheReference has the reference's forward pass as well.
func TestGradientsLikeTheReference(t *testing.T) {
	m := model(t, "lenet5-modern")
	want := gradients(t, m, nn.Options{Batch: 5}, true)
	for way, compiler := range map[string]nn.Compiler{"planar": fast.Options{}.CompilePlanar, "blocked": fast.Options{}.Compile} {
		for name, g := range gradients(t, m, nn.Options{Batch: 5, Compiler: compiler}, true) {
			near(t, way+": "+name, g, want[name])
		}
	}
}

// TestPlanarLikeTheReference compares every value of forward passes over planar values.
func TestPlanarLikeTheReference(t *testing.T) {
	for _, name := range []string{"lenet5-modern", "cifar-resnet20", "squeezenet-1.1"} {
		if testing.Short() && name != "lenet5-modern" {
			continue // the reference takes a second for each
		}
		m := model(t, name)
		ref := plan(t, m, nn.Options{Batch: 2}).NewRun()
		x := picture(len(ref.Input()))
		if err := ref.Execute(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		for _, set := range kernel.Sets() {
			run := plan(t, m, nn.Options{Batch: 2, Compiler: fast.Options{Set: set}.CompilePlanar}).NewRun()
			for range 2 {
				if err := run.Execute(t.Context(), x); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, m, values(t, run), values(t, ref))
		}
	}
}

// TestGradientsOnAnyThreads: the same bits on one and on three.
func TestGradientsOnAnyThreads(t *testing.T) {
	m := model(t, "cifar-resnet20")
	pool := nn.NewPool(3)
	defer pool.Close()
	one := gradients(t, m, nn.Options{Batch: 2, Compiler: fast.Options{}.Compile}, true)
	for name, g := range gradients(t, m, nn.Options{Batch: 2, Compiler: fast.Options{Pool: pool}.Compile}, true) {
		if !slices.Equal(g, one[name]) {
			t.Errorf("%s differs", name)
		}
	}
}
