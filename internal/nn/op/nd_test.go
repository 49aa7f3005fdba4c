package op_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

func TestProject(t *testing.T) {
	for _, c := range []struct {
		dims []int
		want nn.Shape
	}{
		{nil, nn.Shape{N: 1, C: 1, H: 1, W: 1}},
		{[]int{5}, nn.Shape{N: 1, C: 5, H: 1, W: 1}},
		{[]int{5, 7}, nn.Shape{N: 1, C: 5, H: 1, W: 7}},
		{[]int{5, 7, 3}, nn.Shape{N: 1, C: 5, H: 7, W: 3}},
		{[]int{2, 5, 7, 3}, nn.Shape{N: 1, C: 10, H: 7, W: 3}},
		{[]int{4, 2, 5, 7, 3}, nn.Shape{N: 1, C: 40, H: 7, W: 3}},
		{[]int{5, 0}, nn.Shape{}},
		{[]int{-5}, nn.Shape{}},
		{[]int{-5, -7}, nn.Shape{}},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1}, nn.Shape{N: 1, C: 1, H: 1, W: 1}},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1, 1}, nn.Shape{}},
		{[]int{1 << 27}, nn.Shape{N: 1, C: 1 << 27, H: 1, W: 1}},
		{[]int{1<<27 + 1}, nn.Shape{}},
		{[]int{1 << 20, 1 << 20}, nn.Shape{}},
		{[]int{1 << 32, 1 << 32}, nn.Shape{}}, // 2⁶⁴ wraps to 0
		{[]int{math.MaxInt, math.MaxInt, 1, 2}, nn.Shape{}},
	} {
		if got := op.Project(c.dims); got != c.want {
			t.Errorf("%v: %v, want %v", c.dims, got, c.want)
		}
	}
}

// inputsOf returns the shapes of the inputs of a golden case, for one sample.
func inputsOf(t *testing.T, golden string, c optest.Case) []nn.Shape {
	t.Helper()
	in := optest.Inputs(t, golden, c.Name)
	for i := range in {
		in[i].N = 1
	}
	return in
}

// Sees and Feeds are the smallest boxes that hold what NaN in a single unit gets to.
func TestReachIsExact(t *testing.T) {
	for golden, cases := range goldensND {
		for _, c := range cases {
			t.Run(golden+"/"+c.Name, func(t *testing.T) { reachIsExact(t, c.Op, inputsOf(t, golden, c)) })
		}
	}
}

func reachIsExact(t *testing.T, o nn.Op, shapes []nn.Shape) {
	r := rand.New(rand.NewPCG(3, 33))
	random := func(n int) []float32 {
		list := make([]float32, n)
		for i := range list {
			list[i] = 0.5 + r.Float32()
		}
		return list
	}
	out, err := o.Infer(shapes)
	if err != nil {
		t.Fatal(err)
	}
	var in []*nn.Tensor
	for _, s := range shapes {
		in = append(in, &nn.Tensor{Shape: s, Data: random(s.Len())})
	}
	var params [][]float32
	for _, p := range o.Params(shapes) {
		params = append(params, random(p.Len()))
	}
	y := nn.NewTensor(out)
	for i, x := range in {
		seen := make([]area, out.Len())
		for k, v := range x.Data {
			x.Data[k] = float32(math.NaN())
			o.Forward(in, params, y)
			x.Data[k] = v
			var fed area
			for e, v := range y.Data {
				if v != v {
					fed.add(out, e)
					seen[e].add(shapes[i], k)
				}
			}
			same(t, o.(nn.Reacher).Feeds(i, shapes, unit(shapes[i], k)), fed, "input %d unit %d feeds", i, k)
		}
		for e := range seen {
			same(t, o.(nn.Reacher).Sees(i, shapes, unit(out, e)), seen[e], "output unit %d sees of input %d", e, i)
		}
		for range 20 {
			a := randomArea(r, out)
			var all area
			eachUnit(out, a, func(e int) { all.join(seen[e]) })
			same(t, o.(nn.Reacher).Sees(i, shapes, a), all, "output area %+v sees of input %d", a, i)
		}
	}
}

// randomArea draws rows, columns and some of the channels.
func randomArea(r *rand.Rand, s nn.Shape) nn.Area {
	y0, x0 := r.IntN(s.H), r.IntN(s.W)
	a := nn.Area{Y0: y0, Y1: y0 + r.IntN(s.H-y0), X0: x0, X1: x0 + r.IntN(s.W-x0)}
	for c := range s.C {
		if r.IntN(2) == 0 {
			a.Channels = append(a.Channels, c)
		}
	}
	return a
}

func eachUnit(s nn.Shape, a nn.Area, do func(e int)) {
	for _, c := range a.Channels {
		for y := a.Y0; y <= a.Y1; y++ {
			for x := a.X0; x <= a.X1; x++ {
				do((c*s.H+y)*s.W + x)
			}
		}
	}
}

// area is the smallest one that holds some units, built the simple way.
type area struct {
	nn.Area
	filled bool
}

func (a *area) add(s nn.Shape, e int) { a.join(area{unit(s, e), true}) }

func (a *area) join(u area) {
	if !u.filled {
		return
	}
	if !a.filled {
		*a = area{u.Area, true}
		a.Channels = slices.Clone(u.Channels)
		return
	}
	for _, c := range u.Channels {
		if !slices.Contains(a.Channels, c) {
			a.Channels = append(a.Channels, c)
		}
	}
	a.Y0, a.X0, a.Y1, a.X1 = min(a.Y0, u.Y0), min(a.X0, u.X0), max(a.Y1, u.Y1), max(a.X1, u.X1)
}

func unit(s nn.Shape, e int) nn.Area {
	x, y := e%s.W, e/s.W%s.H
	return nn.Area{Channels: []int{e / s.Plane()}, Y0: y, X0: x, Y1: y, X1: x}
}

func same(t *testing.T, got nn.Area, want area, format string, args ...any) {
	t.Helper()
	if !want.filled {
		if len(got.Channels) > 0 {
			t.Errorf(format+" nothing, said %+v", append(args, got)...)
		}
		return
	}
	slices.Sort(want.Channels)
	if !reflect.DeepEqual(got, want.Area) {
		t.Errorf(format+" %+v, said %+v", append(args, want.Area, got)...)
	}
}

// A batch of pictures becomes one of windows and back.
func TestReshapeChangesTheBatch(t *testing.T) {
	o := op.Reshape{N: 6, C: 2, H: 1, W: 5}
	in := nn.Shape{N: 2, C: 3, H: 2, W: 5}
	out, err := o.Infer([]nn.Shape{in})
	if want := (nn.Shape{N: 6, C: 2, H: 1, W: 5}); err != nil || out != want {
		t.Fatalf("%v, %v", out, err)
	}
	x, y := nn.NewTensor(in), nn.NewTensor(out)
	for i := range x.Data {
		x.Data[i] = float32(i)
	}
	o.Forward([]*nn.Tensor{x}, nil, y)
	if got := y.At(3, 1, 0, 2); got != 37 {
		t.Errorf("value 3·10 + 1·5 + 2 is %v", got)
	}
	if got := o.Sees(0, []nn.Shape{in}, nn.All(out)); !reflect.DeepEqual(got, nn.All(in)) {
		t.Errorf("sees %+v", got)
	}
	if got := o.Feeds(0, []nn.Shape{in}, nn.All(in)); !reflect.DeepEqual(got, nn.All(out)) {
		t.Errorf("feeds %+v", got)
	}
	if _, err := o.Infer([]nn.Shape{in.WithN(4)}); err == nil {
		t.Error("took twice the values")
	}
}

func TestSlidesOfND(t *testing.T) {
	still := nn.Slide{Extent: 1, Stride: 1}
	maps, tokens := []nn.Shape{{N: 1, C: 3, H: 5, W: 7}}, []nn.Shape{{N: 1, C: 6, H: 1, W: 5}}
	for _, c := range []struct {
		op   interface{ Slide([]nn.Shape) [2]nn.Slide }
		in   []nn.Shape
		want [2]nn.Slide
	}{
		{op.Reshape{C: 105, H: 1, W: 1}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, {Extent: 7, Stride: 7}}},
		{op.Reshape{C: 3, H: 1, W: 35}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, {Extent: 7}}},
		{op.Reshape{C: 15, H: 1, W: 7}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, still}},
		{op.Transpose{Dims: []int{3, 5, 7}, Perm: []int{1, 0, 2}}, maps, [2]nn.Slide{{Extent: 5}, still}},
		{op.Transpose{Dims: []int{6, 5}, Perm: []int{1, 0}}, tokens, [2]nn.Slide{{Extent: 1, Stride: 1}, {Extent: 5}}},
		{op.Reduce{Fn: "mean", Dims: []int{3, 5, 7}, Axes: []int{0}, KeepDims: true}, maps, [2]nn.Slide{still, still}},
		{op.Reduce{Fn: "mean", Dims: []int{3, 5, 7}, Axes: []int{1}}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, still}},
		{op.Reduce{Fn: "mean", Dims: []int{3, 5, 7}, Axes: []int{1, 2}}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, {Extent: 7, Stride: 7}}},
		{op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 0}, maps, [2]nn.Slide{still, still}},
		{op.SoftmaxAxis{Dims: []int{3, 5, 7}, Axis: 2}, maps, [2]nn.Slide{still, {Extent: 7}}},
		{op.LayerNormAxes{Dims: []int{3, 5, 7}, Axis: 1}, maps, [2]nn.Slide{{Extent: 5}, {Extent: 7}}},
		{
			op.SliceAxes{Dims: []int{3, 5, 7}, Starts: []int{0, 1, 6}, Ends: []int{3, 5, -1}, Steps: []int{1, 2, -2}},
			maps,
			[2]nn.Slide{{Extent: 1, Stride: 2, Pad: -1}, {Extent: 7}},
		},
		{op.Gather{Dims: []int{3, 5, 7}, Axis: 0, Indices: []int{2, 0}, Shape: []int{2}}, maps, [2]nn.Slide{still, still}},
		{op.Gather{Dims: []int{3, 5, 7}, Axis: 0, Indices: []int{2}}, maps, [2]nn.Slide{{Extent: 5, Stride: 5}, still}},
		{op.Expand{Dims: []int{3, 5, 7}, To: []int{2, 3, 5, 7}}, maps, [2]nn.Slide{still, still}},
		{op.SoftmaxAxis{Dims: []int{5, 7, 3}, Axis: 0}, maps, [2]nn.Slide{{Extent: 5}, {Extent: 7}}}, // laid out otherwise
		{op.MatMul{A: []int{6, 5}, B: []int{5, 4}}, []nn.Shape{tokens[0], {N: 1, C: 5, H: 1, W: 4}}, [2]nn.Slide{{Extent: 1, Stride: 1}, {Extent: 5}}},
		{op.ConcatAxis{Dims: [][]int{{1, 5}, {6, 5}}}, []nn.Shape{{N: 1, C: 1, H: 1, W: 5}, tokens[0]}, [2]nn.Slide{{Extent: 1, Stride: 1}, still}},
	} {
		if got := c.op.Slide(c.in); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.op, got, c.want)
		}
	}
}

// A file of the server's own format keeps operators as JSON.
func TestAttributesSurviveJSON(t *testing.T) {
	for _, list := range allGoldens {
		for golden, cases := range list {
			for _, c := range cases {
				b, err := json.Marshal(c.Op)
				if err != nil {
					t.Fatalf("%s/%s: %v", golden, c.Name, err)
				}
				back := reflect.New(reflect.TypeOf(c.Op))
				if err := json.Unmarshal(b, back.Interface()); err != nil {
					t.Fatalf("%s/%s: %v", golden, c.Name, err)
				}
				if got := back.Elem().Interface(); !reflect.DeepEqual(got, c.Op) {
					t.Errorf("%s/%s: %+v became %+v by %s", golden, c.Name, c.Op, got, b)
				}
			}
		}
	}
}

// Every product of a unit stands in its explanation, whose sum is the stored value bit for bit.
func TestMatMulExplains(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 44))
	for _, c := range goldensND["matmul"] {
		t.Run(c.Name, func(t *testing.T) {
			shapes := inputsOf(t, "matmul", c)
			var in []*nn.Tensor
			for _, s := range shapes {
				x := nn.NewTensor(s)
				for i := range x.Data {
					x.Data[i] = float32(r.NormFloat64())
				}
				in = append(in, x)
			}
			out, err := c.Op.Infer(shapes)
			if err != nil {
				t.Fatal(err)
			}
			y := nn.NewTensor(out)
			c.Op.Forward(in, nil, y)
			for e, v := range y.Data {
				u := unit(out, e)
				terms := c.Op.(nn.Explainer).Explain(in, nil, y, u.Channels[0], u.Y0, u.X0)
				if terms.Repeated != v {
					t.Fatalf("unit %+v is %v, repeated %v", u, v, terms.Repeated)
				}
				term, i := terms.Terms[0], 0
				if s := shapes[0]; term.Channel+term.Channels > s.C || term.Y >= s.H || term.X+term.W > s.W {
					t.Fatalf("unit %+v: the box of %+v lies outside of %v", u, term, s)
				}
				for ch := range term.Channels {
					for x := range term.W {
						if at := in[0].At(0, term.Channel+ch, term.Y, term.X+x); at != term.Inputs[i] {
							t.Fatalf("unit %+v: input %d is %v, said %v", u, i, at, term.Inputs[i])
						}
						i++
					}
				}
				if i != len(term.Inputs) {
					t.Fatalf("unit %+v: a box of %d values, %d said", u, i, len(term.Inputs))
				}
			}
		})
	}
}
