// Package optest holds what every operator must fulfil: the numbers of an independent
// implementation, forward and backward, and the rules of nn.Op that the engine builds on.
// Only tests import it.
package optest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

// Case is an operator with the attributes of one case of its golden file.
type Case struct {
	Name string
	Op   nn.Op
}

// Near is the tolerance of the parity promise: 1e-5 relative, and two millionths of the tensor's
// largest number absolute, for float32 loses so much where numbers of that size cancel out.
func Near(want []float32) testutil.Tolerance {
	largest := 1.0
	for _, v := range want {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	return testutil.Tolerance{Abs: 2e-6 * largest, Rel: 1e-5}
}

// Run tests an operator on every case of testdata/golden/ops/<golden>.safetensors, which
// scripts/golden/ops.py makes in PyTorch: the file and the list must name the same cases.
func Run(t *testing.T, golden string, cases ...Case) {
	t.Helper()
	f := open(t, golden)
	listed := map[string]bool{}
	for _, c := range cases {
		listed[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			d := load(t, f, c)
			t.Run("forward", d.forward)
			t.Run("backward", d.backward)
			t.Run("differences", d.differences)
			t.Run("conformance", d.conformance)
		})
	}
	for _, x := range f.Tensors {
		if name, _, _ := strings.Cut(x.Name, "/"); !listed[name] {
			listed[name] = true
			t.Errorf("no case for %q of the golden file", name)
		}
	}
}

func open(t *testing.T, golden string) *weights.File {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "testdata/golden/ops", golden+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// data is one case with its golden numbers.
type data struct {
	op     nn.Op
	in     []*nn.Tensor
	shapes []nn.Shape
	params [][]float32
	specs  []nn.ParamSpec
	out    nn.Shape
	y, dy  []float32
	dx, dp [][]float32 // dp: nil where the parameter is fixed
}

// load reads a case and holds the shapes that the operator infers against the golden ones.
func load(t *testing.T, f *weights.File, c Case) *data {
	t.Helper()
	d := &data{op: c.Op}
	get := func(what string) *weights.Tensor { return f.Tensor(c.Name + "/" + what) }
	for i := 0; get(fmt.Sprint("x", i)) != nil; i++ {
		x := get(fmt.Sprint("x", i))
		s := shapeOf(t, x)
		d.in = append(d.in, &nn.Tensor{Shape: s, Data: x.Float32()})
		d.shapes = append(d.shapes, s)
		d.dx = append(d.dx, get(fmt.Sprint("dx", i)).Float32())
	}
	if get("y") == nil {
		t.Fatalf("no case %q in the golden file", c.Name)
	}
	d.specs = c.Op.Params(d.shapes)
	for i, spec := range d.specs {
		p := get(fmt.Sprint("p", i))
		if p == nil || !slices.Equal(p.Shape, spec.Dims) {
			t.Fatalf("parameter %d is %+v, golden %+v", i, spec, p)
		}
		d.params = append(d.params, p.Float32())
		var grad []float32
		if g := get(fmt.Sprint("dp", i)); g != nil {
			grad = g.Float32()
		}
		if (grad == nil) != spec.Fixed {
			t.Errorf("parameter %q: fixed is %v, the golden gradient says otherwise", spec.Name, spec.Fixed)
		}
		d.dp = append(d.dp, grad)
	}
	if get(fmt.Sprint("p", len(d.specs))) != nil {
		t.Errorf("the operator takes %d parameters, the golden file has more", len(d.specs))
	}
	y := get("y")
	d.y, d.dy = y.Float32(), get("dy").Float32()
	out, err := c.Op.Infer(d.shapes)
	if err != nil {
		t.Fatal(err)
	}
	if want := shapeOf(t, y); out != want {
		t.Fatalf("inferred output %v, golden %v", out, want)
	}
	d.out = out
	return d
}

// Inputs returns the shapes of the inputs of one case.
func Inputs(t *testing.T, golden, name string) []nn.Shape {
	t.Helper()
	f := open(t, golden)
	var list []nn.Shape
	for i := 0; ; i++ {
		x := f.Tensor(fmt.Sprintf("%s/x%d", name, i))
		if x == nil {
			return list
		}
		list = append(list, shapeOf(t, x))
	}
}

func shapeOf(t *testing.T, x *weights.Tensor) nn.Shape {
	t.Helper()
	if len(x.Shape) != 4 {
		t.Fatalf("%s has shape %v, not N×C×H×W", x.Name, x.Shape)
	}
	return nn.Shape{N: x.Shape[0], C: x.Shape[1], H: x.Shape[2], W: x.Shape[3]}
}

func dims(s nn.Shape) []int { return []int{s.N, s.C, s.H, s.W} }

// run computes the output in new memory.
func (d *data) run() *nn.Tensor {
	out := nn.NewTensor(d.out)
	d.op.Forward(d.in, d.params, out)
	return out
}

func (d *data) forward(t *testing.T) {
	testutil.Close(t, d.run().Data, d.y, Near(d.y), dims(d.out)...)
}

// gradients runs the backward pass; every gradient starts at start, and the entries that want
// refuses are nil. It fails the test where the operator has none.
func (d *data) gradients(t *testing.T, start float32, want func(param bool, i int) bool) *nn.Grad {
	t.Helper()
	b, ok := d.op.(nn.Backwarder)
	if !ok {
		t.Fatal("no backward pass")
	}
	g := &nn.Grad{X: d.in, Params: d.params, Y: d.run(), DY: &nn.Tensor{Shape: d.out, Data: d.dy}}
	g.DX, g.DP = make([]*nn.Tensor, len(d.in)), make([][]float32, len(d.params))
	for i, s := range d.shapes {
		if want(false, i) {
			g.DX[i] = &nn.Tensor{Shape: s, Data: slices.Repeat([]float32{start}, s.Len())}
		}
	}
	for i, p := range d.params {
		if d.dp[i] != nil && want(true, i) {
			g.DP[i] = slices.Repeat([]float32{start}, len(p))
		}
	}
	b.Backward(g)
	return g
}

func all(bool, int) bool { return true }

// backward compares with autograd, and shows that the operator adds to what is there and leaves
// out what is not wanted.
func (d *data) backward(t *testing.T) {
	d.compare(t, d.gradients(t, 0, all), 0)
	d.compare(t, d.gradients(t, 2, all), 2)
	for i := range d.in {
		d.compare(t, d.gradients(t, 0, func(param bool, k int) bool { return !param && k == i }), 0)
	}
	for i := range d.params {
		d.compare(t, d.gradients(t, 0, func(param bool, k int) bool { return param && k == i }), 0)
	}
}

func (d *data) compare(t *testing.T, g *nn.Grad, start float32) {
	t.Helper()
	for i, dx := range g.DX {
		if dx != nil {
			want := plus(d.dx[i], start)
			testutil.Close(t, dx.Data, want, Near(want), dims(d.shapes[i])...)
		}
	}
	for i, dp := range g.DP {
		if dp != nil {
			want := plus(d.dp[i], start)
			testutil.Close(t, dp, want, Near(want), d.specs[i].Dims...)
		}
	}
}

func plus(list []float32, c float32) []float32 {
	out := slices.Clone(list)
	for i := range out {
		out[i] += c
	}
	return out
}
