package op

import (
	"math"
	"slices"

	"vizserver/internal/nn"
)

// Reduce folds some dimensions of a sample into one number each, computed in float64:
//
//	mean, sum, prod, max, min of x; l1 Σ|x|; l2 √Σx²; sum_square Σx²;
//	log_sum ln Σx; log_sum_exp ln Σeˣ
//
// Batch left out. ONNX: ReduceMean, ReduceSum, ReduceProd, ReduceMax, ReduceMin, ReduceL1,
// ReduceL2, ReduceSumSquare, ReduceLogSum, ReduceLogSumExp.
type Reduce struct {
	Fn       string
	Dims     []int // of the input
	Axes     []int // at least one, counted from 0 (no negative ones), in any order
	KeepDims bool  // a folded dimension stays as a size of 1
}

// reduceFns are the functions that fold and slope know.
var reduceFns = []string{"mean", "sum", "prod", "max", "min", "l1", "l2", "sum_square", "log_sum", "log_sum_exp"}

// Kind names the operator.
func (Reduce) Kind() string { return "Reduce" }

// Infer demands a known function and distinct axes of the input.
func (r Reduce) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(r.Kind(), in, r.Dims); err != nil {
		return nn.Shape{}, err
	}
	if !slices.Contains(reduceFns, r.Fn) {
		return nn.Shape{}, wrong(r.Kind(), in[0], "one of %v, not %.20q", reduceFns, r.Fn)
	}
	var folded [maxRank]bool
	for _, a := range r.Axes {
		if a < 0 || a >= len(r.Dims) || folded[a] {
			return nn.Shape{}, wrong(r.Kind(), in[0], "axes of %v, each once, not %s", r.Dims, dimsText(r.Axes))
		}
		folded[a] = true
	}
	if len(r.Axes) == 0 {
		return nn.Shape{}, wrong(r.Kind(), in[0], "at least one axis")
	}
	var out []int
	for k, d := range r.Dims {
		switch {
		case !folded[k]:
			out = append(out, d)
		case r.KeepDims:
			out = append(out, 1)
		}
	}
	return projected(r.Kind(), in[0], out, in[0].N)
}

// Params is empty.
func (Reduce) Params([]nn.Shape) []nn.ParamSpec { return nil }

// views splits the sample: the first runs over the outputs and gives the place of the first
// value of each, the second over the values of one output, from there on.
func (r Reduce) views() (kept, folded view) {
	steps := rowMajor(r.Dims)
	for k, d := range r.Dims {
		if slices.Contains(r.Axes, k) {
			folded.push(d, steps[k])
		} else {
			kept.push(d, steps[k])
		}
	}
	return kept, folded
}

// Forward folds each group of values.
func (r Reduce) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	kept, folded := r.views()
	for n := range out.Shape.N {
		x, y := sample(in[0], n), out.Sample(n)
		kept.each(func(o, base int) { y[o] = float32(r.fold(values{x, base, &folded})) })
	}
}

// Backward gives each value the gradient times the slope of the function.
func (r Reduce) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	kept, folded := r.views()
	for n := range g.DY.Shape.N {
		x, dx, dy := g.X[0].Sample(n), g.DX[0].Sample(n), g.DY.Sample(n)
		kept.each(func(o, base int) {
			v := values{x, base, &folded}
			slope := r.slope(v)
			folded.each(func(_, i int) { dx[base+i] += float32(float64(dy[o]) * slope(base+i)) })
		})
	}
}

// fold returns the function of the values.
func (r Reduce) fold(v values) float64 {
	switch r.Fn {
	case "mean":
		return v.sum(same) / v.count()
	case "prod":
		p, _, _ := v.prod()
		return p
	case "max":
		return float64(v.x[v.best(1)])
	case "min":
		return float64(v.x[v.best(-1)])
	case "l1":
		return v.sum(math.Abs)
	case "l2":
		return math.Sqrt(v.sum(square))
	case "sum_square":
		return v.sum(square)
	case "log_sum":
		return math.Log(v.sum(same))
	case "log_sum_exp":
		return v.logSumExp()
	}
	return v.sum(same)
}

// slope returns the derivative of the function by the value at a place.
func (r Reduce) slope(v values) func(place int) float64 {
	y := r.fold(v)
	at := func(place int) float64 { return float64(v.x[place]) }
	one := func(best int) func(int) float64 {
		return func(place int) float64 {
			if place == best {
				return 1
			}
			return 0
		}
	}
	constant := func(s float64) func(int) float64 { return func(int) float64 { return s } }
	switch r.Fn {
	case "mean":
		return constant(1 / v.count())
	case "prod":
		return v.prodSlope()
	case "max":
		return one(v.best(1))
	case "min":
		return one(v.best(-1))
	case "l1":
		return func(place int) float64 { return signOf(at(place)) }
	case "l2":
		if y == 0 {
			return constant(0) // as PyTorch
		}
		return func(place int) float64 { return at(place) / y }
	case "sum_square":
		return func(place int) float64 { return 2 * at(place) }
	case "log_sum":
		return constant(math.Exp(-y))
	case "log_sum_exp":
		return func(place int) float64 { return math.Exp(at(place) - y) }
	}
	return constant(1)
}

// values are the numbers that make one output: those of x at the places of at, from base on.
type values struct {
	x    []float32
	base int
	at   *view
}

func same(x float64) float64   { return x }
func square(x float64) float64 { return x * x }

func signOf(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func (v values) count() float64 { return float64(product(v.at.dims[:v.at.rank])) }

// sum adds f of every value.
func (v values) sum(f func(x float64) float64) float64 {
	var s float64
	v.at.each(func(_, i int) { s += f(float64(v.x[v.base+i])) })
	return s
}

// best returns the place of the largest value, or with sign −1 of the smallest; of equals, of the
// first. NaN wins, so that it shows.
func (v values) best(sign float64) int {
	at, m := v.base, math.Inf(-1)
	v.at.each(func(_, i int) {
		if x := sign * float64(v.x[v.base+i]); x > m || x != x {
			at, m = v.base+i, x
		}
	})
	return at
}

// prod multiplies the values; it also returns how many are zero, and the product of the others.
func (v values) prod() (all, others float64, zeros int) {
	all, others = 1, 1
	v.at.each(func(_, i int) {
		x := float64(v.x[v.base+i])
		all *= x
		if x == 0 {
			zeros++
			return
		}
		others *= x
	})
	return all, others, zeros
}

// prodSlope is the product of all other values.
func (v values) prodSlope() func(place int) float64 {
	_, others, zeros := v.prod()
	return func(place int) float64 {
		x := float64(v.x[place])
		switch {
		case zeros == 0:
			return others / x
		case zeros == 1 && x == 0:
			return others
		}
		return 0
	}
}

// logSumExp takes the largest value out first, so that no exponential overflows.
func (v values) logSumExp() float64 {
	m := float64(v.x[v.best(1)])
	if math.IsInf(m, 0) || m != m {
		return m
	}
	return m + math.Log(v.sum(func(x float64) float64 { return math.Exp(x - m) }))
}

func (r Reduce) joins() joins {
	number, n := rows(r.Dims, func(d int) bool { return slices.Contains(r.Axes, d) })
	return joins{groups: n, out: itself, in: number.place}
}

// Sees returns the values that are folded.
func (r Reduce) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return r.joins().sees(in[0], outOf(r, in), out)
}

// Feeds returns the results that the units are folded into.
func (r Reduce) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return r.joins().feeds(in[0], outOf(r, in), area)
}
