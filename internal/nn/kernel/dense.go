package kernel

// Dense is a fully connected layer, y = clamp(W·x + b): each output is the dot product of a row of
// weights, which lie as they were trained and are read once for all samples, because memory is what
// it waits for. It is immutable and serves any number of goroutines.
type Dense struct {
	set     *Set
	in, out int
	w, bias []float32
}

// NewDense takes weights, [out, in], and bias, [out] or nil for zero, as they are, without a copy.
func NewDense(set *Set, weight, bias []float32, out int) *Dense {
	return &Dense{set: set, in: len(weight) / out, out: out, w: weight, bias: bias}
}

// denseRows is the outputs of one item.
const denseRows = 32

// Items returns into how many items a run is split; they are independent.
func (d *Dense) Items() int { return (d.out + denseRows - 1) / denseRows }

// Do computes one item for n samples: src is n×in, dst n×out, planar.
func (d *Dense) Do(item int, dst, src []float32, n int, act Clamp) {
	first, end := item*denseRows, min((item+1)*denseRows, d.out)
	step := end - first
	if n > 1 {
		step = 8 // rows that stay in the cache from sample to sample
	}
	for o := first; o < end; o += step {
		rows := min(step, end-o)
		var bias []float32
		if d.bias != nil {
			bias = d.bias[o : o+rows]
		}
		for s := range n {
			y := dst[s*d.out+o:][:rows]
			denseRowsOf(d.set, y, d.w[o*d.in:(o+rows)*d.in], src[s*d.in:(s+1)*d.in], bias, act)
		}
	}
}

// dotLanes is how many sums a dot product is split into: element i goes to sum i mod 16. All sets do
// the same, so that a row gives the same bits alone and among others.
const dotLanes = 16

// denseRowsGo computes y = clamp(W·x + bias) of len(y) rows.
func denseRowsGo(y, w, x, bias []float32, act Clamp) {
	for r := range y {
		v := dotGo(w[r*len(x):(r+1)*len(x)], x)
		if bias != nil {
			v += bias[r]
		}
		y[r] = min(max(v, act.Lo), act.Hi)
	}
}

// dotGo adds the sums up as the assembly does: halves, neighbours twice, halves.
func dotGo(w, x []float32) float32 {
	var a [dotLanes]float32
	for i, v := range x {
		a[i%dotLanes] += float32(w[i] * v)
	}
	for i := range 8 {
		a[i] += a[i+8]
	}
	return ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]))
}
