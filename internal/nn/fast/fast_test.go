package fast_test

import (
	"math"
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/zoo"
)

// tolerance is how far a value may be from the reference's, over the largest of its tensor.
const tolerance = 1e-4

// model returns a net of the zoo with seeded weights.
func model(t testing.TB, name string) *nn.Model {
	t.Helper()
	e, err := zoo.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Graph()
	if err != nil {
		t.Fatal(err)
	}
	return &nn.Model{Name: name, Graph: g, Weights: zoo.Seeded(g)}
}

func plan(t *testing.T, m *nn.Model, o nn.Options) *nn.Plan {
	t.Helper()
	p, err := nn.Compile(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func picture(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)*0.37)+math.Cos(float64(i)*0.011)) / 2
	}
	return x
}

// values reads every value of a finished run.
func values(t *testing.T, r *nn.Run) [][]float32 {
	t.Helper()
	var list [][]float32
	for _, v := range r.Plan().Model.Graph.Values {
		list = append(list, value(t, r, v))
	}
	return list
}

func value(t *testing.T, r *nn.Run, v *nn.Value) []float32 {
	t.Helper()
	s := r.ViewOf(v).Shape()
	all := make([]float32, 0, s.Len())
	for n := range s.N {
		region := nn.Whole(s)
		region.N = n
		x := make([]float32, s.Sample())
		if err := r.ViewOf(v).Read(x, region); err != nil {
			t.Fatal(err)
		}
		all = append(all, x...)
	}
	return all
}

// near compares a value with the reference's.
func near(t *testing.T, name string, got, want []float32) {
	t.Helper()
	largest, worst, at := 0.0, 0.0, 0
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance*largest) {
		t.Errorf("%s[%d] is %g, want %g; the largest is %g", name, at, got[at], want[at], largest)
	}
}

func compare(t *testing.T, m *nn.Model, got, want [][]float32) {
	t.Helper()
	for i, v := range m.Graph.Values {
		near(t, v.Name, got[i], want[i])
		if t.Failed() {
			return
		}
	}
}

var small = []string{"lenet5-modern", "lenet5-1998", "cifar-resnet20", "squeezenet-1.1", "mobilenet-v2"}

// TestLikeTheReference compares every value of some nets, hidden ones too, on every set of kernels.
func TestLikeTheReference(t *testing.T) {
	for _, name := range small {
		m := model(t, name)
		ref := plan(t, m, nn.Options{}).NewRun()
		x := picture(len(ref.Input()))
		if err := ref.Execute(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		want := values(t, ref)
		for _, set := range kernel.Sets() {
			t.Run(name+"/"+set.Name, func(t *testing.T) {
				run := plan(t, m, nn.Options{Compiler: fast.Options{Set: set}.Compile}).NewRun()
				for range 2 { // the second run finds used memory
					if err := run.Execute(t.Context(), x); err != nil {
						t.Fatal(err)
					}
				}
				compare(t, m, values(t, run), want)
			})
		}
	}
}

// TestAsTheyFinish reads every value when it is announced.
func TestAsTheyFinish(t *testing.T) {
	m := model(t, "cifar-resnet20")
	ref := plan(t, m, nn.Options{}).NewRun()
	x := picture(len(ref.Input()))
	if err := ref.Execute(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	run := plan(t, m, nn.Options{Compiler: fast.Options{}.Compile}).NewRun()
	told := map[*nn.Value]bool{}
	run.OnValue = func(v *nn.Value) {
		if told[v] {
			t.Errorf("%s is announced twice", v.Name)
		}
		told[v] = true
		near(t, v.Name, value(t, run, v), value(t, ref, v))
	}
	if err := run.Execute(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if len(told) != len(m.Graph.Values) {
		t.Errorf("%d of %d values were announced", len(told), len(m.Graph.Values))
	}
}

// TestBatch: a batch is its samples.
func TestBatch(t *testing.T) {
	for _, name := range []string{"lenet5-modern", "cifar-resnet20"} {
		m := model(t, name)
		ref := plan(t, m, nn.Options{Batch: 3}).NewRun()
		x := picture(len(ref.Input()))
		run := plan(t, m, nn.Options{Batch: 3, Compiler: fast.Options{}.Compile}).NewRun()
		for _, r := range []*nn.Run{ref, run} {
			if err := r.Execute(t.Context(), x); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, m, values(t, run), values(t, ref))
	}
}

// TestKeepSome: a program that keeps some values computes the same with less memory.
func TestKeepSome(t *testing.T) {
	for name, keep := range map[string]string{
		"squeezenet-1.1": "features.4.squeeze", "lenet5-modern": "f5.flatten", "mobilenet-v2": "features.3.conv.1.0",
		"googlenet": "inception3b.cat", "cifar-resnet20": "layer2.0.bn1", "se-resnet50": "layer2.0.se.fc1",
	} {
		m := model(t, name)
		if m.Graph.Value(keep) == nil {
			t.Errorf("%s has no value %q", name, keep)
			continue
		}
		all := plan(t, m, nn.Options{Compiler: fast.Options{}.Compile})
		some := plan(t, m, nn.Options{Compiler: fast.Options{Keep: []string{keep}}.Compile})
		if some.Bytes() > all.Bytes()*4/5 {
			t.Errorf("%s: some values take %d bytes, all %d", name, some.Bytes(), all.Bytes())
		}
		a, s := all.NewRun(), some.NewRun()
		x := picture(len(a.Input()))
		for range 2 {
			for _, r := range []*nn.Run{a, s} {
				if err := r.Execute(t.Context(), x); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, v := range []*nn.Value{m.Graph.OutputValue(), m.Graph.Value(keep)} {
			near(t, name+" "+v.Name, value(t, s, v), value(t, a, v))
		}
	}
}

// TestEdits compares edits of stored and hidden values with the reference's, from the start and on
// the grounds of an earlier run.
func TestEdits(t *testing.T) {
	m := model(t, "cifar-resnet20")
	names := m.Graph.Values
	edits := [][]nn.Edit{
		{{Value: names[0].Name, Channel: 1, Scale: 0.5, Add: 0.25}},
		{{Value: "layer1.1.conv1", Channel: 3, Scale: 0, Add: 0}},
		{{Value: "layer1.1.conv1", Channel: -1, Scale: 1.5, Add: 0.125}, {Value: "layer2.0.bn2", Channel: 2, Scale: -1}},
		{{Value: "layer2.1.add", Channel: 7, Scale: 2, Add: 1}},
		{{Value: "layer3.2.relu#2", Channel: 5, Scale: 0}},
		{},
	}
	for _, e := range edits {
		for _, x := range e {
			if m.Graph.Value(x.Value) == nil {
				t.Fatalf("no value %q", x.Value)
			}
		}
	}
	refs, runs := plan(t, m, nn.Options{}), plan(t, m, nn.Options{Compiler: fast.Options{}.Compile})
	x := picture(len(refs.NewRun().Input()))
	ref, run := refs.NewRun(), runs.NewRun()
	for _, first := range edits {
		for _, r := range []*nn.Run{ref, run} {
			if err := r.Execute(t.Context(), x, first...); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, m, values(t, run), values(t, ref))
		if len(first) > 0 && first[0].Value == names[0].Name {
			continue // its unedited input is gone
		}
		for _, then := range edits {
			ref2, run2 := refs.NewRun(), runs.NewRun()
			if err := ref2.ExecuteFrom(t.Context(), ref, then...); err != nil {
				t.Fatal(err)
			}
			if err := run2.ExecuteFrom(t.Context(), run, then...); err != nil {
				t.Fatal(err)
			}
			compare(t, m, values(t, run2), values(t, ref2))
			ref2.Release()
			run2.Release()
		}
	}
}

// TestNoAllocation: a run takes no memory.
func TestNoAllocation(t *testing.T) {
	for _, name := range []string{"lenet5-modern", "squeezenet-1.1"} {
		run := plan(t, model(t, name), nn.Options{Compiler: fast.Options{}.Compile}).NewRun()
		ctx := t.Context()
		if n := testing.AllocsPerRun(5, func() {
			if err := run.Execute(ctx, run.Input()); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations in a run", name, n)
		}
	}
}

// TestThreads: the same bits for any number of threads.
func TestThreads(t *testing.T) {
	for _, name := range []string{"lenet5-modern", "squeezenet-1.1", "googlenet", "efficientnet-lite0"} {
		m := model(t, name)
		var want [][]float32
		for _, threads := range []int{1, 2, 5} {
			pool := nn.NewPool(threads)
			run := plan(t, m, nn.Options{Compiler: fast.Options{Pool: pool}.Compile}).NewRun()
			for range 3 {
				if err := run.Execute(t.Context(), picture(len(run.Input()))); err != nil {
					t.Fatal(err)
				}
			}
			got := values(t, run)
			pool.Close()
			if want == nil {
				want = got
				continue
			}
			for i := range want {
				if !slices.Equal(got[i], want[i]) {
					t.Fatalf("%s: %s has other bits on %d threads", name, m.Graph.Values[i].Name, threads)
				}
			}
		}
	}
}
