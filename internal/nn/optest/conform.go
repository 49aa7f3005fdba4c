package optest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"vizserver/internal/nn"
)

// conformance holds the operator to the contract of nn.Op.
func (d *data) conformance(t *testing.T) {
	t.Run("writes all of out and nothing else", d.writesAll)
	t.Run("a batch equals its samples", d.batch)
	t.Run("two runs at once", d.together)
	t.Run("reach", d.reach)
	t.Run("allocates nothing", func(t *testing.T) {
		out := nn.NewTensor(d.out)
		if n := testing.AllocsPerRun(10, func() { d.op.Forward(d.in, d.params, out) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// writesAll runs over NaN between guard words, and compares inputs and parameters before and after.
func (d *data) writesAll(t *testing.T) {
	want := d.run().Data
	var before [][]float32
	for _, x := range d.in {
		before = append(before, slices.Clone(x.Data))
	}
	for _, p := range d.params {
		before = append(before, slices.Clone(p))
	}
	const guard, word = 16, 12345
	n := d.out.Len()
	memory := slices.Repeat([]float32{word}, n+2*guard)
	inner := memory[guard : guard+n : guard+n]
	for i := range inner {
		inner[i] = float32(math.NaN())
	}
	d.op.Forward(d.in, d.params, &nn.Tensor{Shape: d.out, Data: inner})
	sameBits(t, "over NaN", inner, want)
	for i := range guard {
		if memory[i] != word || memory[guard+n+i] != word {
			t.Fatal("wrote outside of the output")
		}
	}
	for i, x := range d.in {
		sameBits(t, "input", x.Data, before[i])
	}
	for i, p := range d.params {
		sameBits(t, "parameter", p, before[len(d.in)+i])
	}
}

func (d *data) batch(t *testing.T) {
	whole := d.run()
	one := *d
	one.in, one.out.N = make([]*nn.Tensor, len(d.in)), 1
	for n := range d.out.N {
		for i, x := range d.in {
			one.in[i] = &nn.Tensor{Shape: x.Shape.WithN(1), Data: x.Sample(min(n, x.Shape.N-1))} // N = 1: repeated
		}
		sameBits(t, "sample", one.run().Data, whole.Sample(n))
	}
}

// together runs the operator on two goroutines over the same inputs; the race detector watches.
func (d *data) together(t *testing.T) {
	want := d.run().Data
	var got [2]*nn.Tensor
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = d.run() })
	}
	wg.Wait()
	for _, g := range got {
		sameBits(t, "run", g.Data, want)
	}
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// step is the h of the finite differences. The operators compute in float32, so a smaller one
// drowns in rounding: at 2⁻⁷ both errors are some 1e-4.
const step = 1.0 / 128

// differences compares the backward pass with finite differences of L = Σ y·dy, summed in float64, at
// up to 40 places of each input and parameter. The gradient lies between the two one-sided differences,
// also where the function has a kink (ReLU at zero, two candidates for a maximum close together).
func (d *data) differences(t *testing.T) {
	g := d.gradients(t, 0, all)
	r := rand.New(rand.NewPCG(7, 77))
	check := func(what string, values, grad []float32) {
		for range min(40, len(values)) {
			i := r.IntN(len(values))
			if math.Abs(float64(values[i])) > 10 {
				continue // saturated: the difference is all rounding
			}
			low, high, noise := d.slope(values, i)
			if got := float64(grad[i]); !(got >= low-noise && got <= high+noise) {
				t.Errorf("%s %d: gradient %v, differences %v to %v ± %v", what, i, got, low, high, noise)
			}
		}
	}
	for i, x := range d.in {
		check("input", x.Data, g.DX[i].Data)
	}
	for i, p := range d.params {
		if g.DP[i] != nil {
			check("parameter", p, g.DP[i])
		}
	}
}

// slope is the smaller and the larger one-sided difference of the loss by values[i], and the
// error that rounding and curvature can put on them.
func (d *data) slope(values []float32, i int) (low, high, noise float64) {
	at := values[i]
	defer func() { values[i] = at }()
	here, size := d.loss()
	values[i] = at + step
	up, _ := d.loss()
	h := float64(values[i] - at)
	values[i] = at - step
	down, _ := d.loss()
	after, before := (up-here)/h, (here-down)/h
	noise = 1e-3*(1+math.Abs(after+before)/2) + 2e-7*size/step
	return min(after, before), max(after, before), noise
}

// loss is Σ y·dy, and Σ |y·dy| for the bound on rounding.
func (d *data) loss() (sum, size float64) {
	for i, y := range d.run().Data {
		v := float64(y) * float64(d.dy[i])
		sum += v
		size += math.Abs(v)
	}
	return sum, size
}
