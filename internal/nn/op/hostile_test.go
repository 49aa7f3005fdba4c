package op_test

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// Attributes come from files of strangers: whatever they are, Infer says what is wrong, or the
// operator computes an output of that shape without a panic. Each try is a golden case with up to
// four of its attributes and input sizes changed. More of them:
//
//	go test ./internal/nn/op -run Hostile -rapid.checks=20000
func TestHostileAttributes(t *testing.T) {
	tries := map[string][]try{}
	for _, list := range allGoldens {
		for golden, cases := range list {
			for _, c := range cases {
				k := c.Op.Kind()
				tries[k] = append(tries[k], try{c.Op, optest.Inputs(t, golden, c.Name)})
			}
		}
	}
	for kind, list := range tries {
		t.Run(kind, func(t *testing.T) {
			ran := 0
			for range 5 { // of 100 checks, rapid's number
				rapid.Check(t, func(t *rapid.T) {
					if checkHostile(t, spoil(t, rapid.SampledFrom(list).Draw(t, "case"))) {
						ran++
					}
				})
			}
			if ran == 0 {
				t.Error("no try was let through: the test shows nothing")
			}
		})
	}
}

// Kinds are names: a file of the server's own format finds the operator by it.
func TestKindsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range op.Table {
		if seen[o.Kind()] {
			t.Errorf("%q stands twice", o.Kind())
		}
		seen[o.Kind()] = true
	}
}

// try is an operator and the shapes of its inputs.
type try struct {
	op nn.Op
	in []nn.Shape
}

var (
	anyInt = rapid.OneOf(rapid.IntRange(-2, 8), rapid.SampledFrom([]int{
		math.MinInt, math.MinInt + 1, -1 << 32, -1 << 31, -1 << 20, 1 << 16, 1 << 20, 1 << 27, 1<<31 - 1, 1 << 31, 1 << 32, 1 << 62, math.MaxInt - 1, math.MaxInt,
	}))
	anyFloat = rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 2), rapid.SampledFrom([]float64{
		0, 1, -1, 1e-300, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64,
	}))
	anySize = rapid.OneOf(rapid.IntRange(1, 6), rapid.SampledFrom([]int{1, 1 << 10, 1 << 20, 1 << 27}))
)

// words are values that some string attribute takes.
var words = []string{
	"", "mean", "prod", "log_sum_exp", "Erf", "Sqrt", "nonsense", "reflect", "edge", "wrap", "nearest", "linear", "cubic",
	"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "round_prefer_floor", "floor", "ceil",
}

// spoil changes a copy of the try in up to four places.
func spoil(t *rapid.T, c try) try {
	v := reflect.New(reflect.TypeOf(c.op)).Elem()
	v.Set(reflect.ValueOf(c.op))
	unshare(v)
	in := slices.Clone(c.in)
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		var leaves []reflect.Value
		collect(v, &leaves)
		k := rapid.IntRange(-2, len(leaves)-1).Draw(t, "place")
		if k < 0 {
			in = spoilInputs(t, in)
			continue
		}
		spoilLeaf(t, leaves[k])
	}
	return try{v.Interface().(nn.Op), in}
}

// unshare gives all slices in v memory of their own.
func unshare(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // the others hold no slices
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				unshare(f)
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			v.Set(own)
		}
		for i := range v.Len() {
			unshare(v.Index(i))
		}
	}
}

// collect lists the places of v that can be changed; slices also as a whole.
func collect(v reflect.Value, leaves *[]reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // the others are leaves
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				collect(f, leaves)
			}
		}
		return
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), leaves)
		}
		if v.Kind() == reflect.Array {
			return
		}
	}
	*leaves = append(*leaves, v)
}

func spoilLeaf(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(int64(anyInt.Draw(t, "int")))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(anyFloat.Draw(t, "float"))
	case reflect.String:
		v.SetString(rapid.SampledFrom(words).Draw(t, "word"))
	case reflect.Slice:
		n := rapid.IntRange(0, v.Len()+8).Draw(t, "length")
		more := reflect.MakeSlice(v.Type(), n, n)
		reflect.Copy(more, v)
		v.Set(more)
	default:
		t.Fatalf("an attribute is a %v: say how to spoil it", v.Type())
	}
}

// spoilInputs drops, doubles or resizes an input; a graph lets sizes of at least 1 through, of at
// most 2²⁷ values.
func spoilInputs(t *rapid.T, in []nn.Shape) []nn.Shape {
	if len(in) == 0 || rapid.IntRange(0, 9).Draw(t, "number") == 0 {
		n := rapid.IntRange(0, 3).Draw(t, "inputs")
		return slices.Repeat([]nn.Shape{{N: 1, C: 3, H: 4, W: 5}}, n)
	}
	s := &in[rapid.IntRange(0, len(in)-1).Draw(t, "input")]
	old := *s
	*[]*int{&s.N, &s.C, &s.H, &s.W}[rapid.IntRange(0, 3).Draw(t, "size of")] = anySize.Draw(t, "size")
	if length(s.N, s.C, s.H, s.W) > 1<<27 {
		*s = old
	}
	return in
}

const enough = 20_000 // values that a forward pass of this test may write

// checkHostile infers, and runs what is small; it says whether that was so.
func checkHostile(t *rapid.T, c try) bool {
	o, in := c.op, c.in
	out, err := o.Infer(in)
	if err != nil {
		if se := (*nn.ShapeError)(nil); !errors.As(err, &se) || se.Want == "" {
			t.Fatalf("%+v: an error without a wish: %v", o, err)
		}
		return false
	}
	if out.N < 1 || out.C < 1 || out.H < 1 || out.W < 1 {
		t.Fatalf("%+v of %v: output %v", o, in, out)
	}
	work := length(out.N, out.C, out.H, out.W)
	var params [][]float32
	for _, p := range o.Params(in) {
		n := length(p.Dims...)
		if n < 1 || n > 1<<29 {
			t.Fatalf("%+v of %v: parameter %q of %v", o, in, p.Name, p.Dims)
		}
		if work += n; work < enough {
			params = append(params, make([]float32, n))
		}
	}
	for _, s := range in {
		work += length(s.N, s.C, s.H, s.W)
	}
	if work >= enough {
		return false
	}
	runHostile(t, o, in, params, out)
	return true
}

// length multiplies sizes, −1 where one is below 1; the product stops at 2⁶².
func length(dims ...int) int64 {
	n := big.NewInt(1)
	for _, d := range dims {
		if d < 1 {
			return -1
		}
		n.Mul(n, big.NewInt(int64(d)))
	}
	if !n.IsInt64() || n.Int64() > 1<<62 {
		return 1 << 62
	}
	return n.Int64()
}

// runHostile asks an operator that Infer has let through for everything it can do.
func runHostile(t *rapid.T, o nn.Op, in []nn.Shape, params [][]float32, out nn.Shape) {
	g := &nn.Grad{Params: params, Y: nn.NewTensor(out), DY: nn.NewTensor(out)}
	for _, s := range in {
		g.X, g.DX = append(g.X, nn.NewTensor(s)), append(g.DX, nn.NewTensor(s))
	}
	for _, p := range params {
		g.DP = append(g.DP, make([]float32, len(p)))
	}
	o.Forward(g.X, params, g.Y)
	if b, ok := o.(nn.Backwarder); ok {
		b.Backward(g)
	}
	if d, ok := o.(nn.Describer); ok {
		if m, c := d.MACs(in), d.Connections(in); m < 0 || c < 0 {
			t.Fatalf("%+v of %v: %d multiply-adds, %d connections", o, in, m, c)
		}
	}
	if s, ok := o.(nn.Slider); ok {
		s.Slide(in)
	}
	if r, ok := o.(nn.Reacher); ok {
		for i, s := range in {
			inside(t, o, r.Sees(i, in, nn.All(out)), s)
			inside(t, o, r.Feeds(i, in, nn.All(s)), out)
		}
	}
}

// inside demands that an area lies in its value.
func inside(t *rapid.T, o nn.Op, a nn.Area, s nn.Shape) {
	if len(a.Channels) == 0 {
		return
	}
	if a.Channels[0] < 0 || a.Channels[len(a.Channels)-1] >= s.C || a.Y0 < 0 || a.X0 < 0 || a.Y1 >= s.H || a.X1 >= s.W {
		t.Fatalf("%+v: area %+v of %v", o, a, s)
	}
}
