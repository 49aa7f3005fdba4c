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
	end := min((item+1)*denseRows, d.out)
	var y [4]float32
	for o := item * denseRows; o < end; o += 4 {
		rows := min(4, end-o)
		for s := range n {
			dots(d.set, y[:rows], d.w[o*d.in:(o+rows)*d.in], src[s*d.in:(s+1)*d.in])
			for i, v := range y[:rows] {
				if d.bias != nil {
					v += d.bias[o+i]
				}
				dst[s*d.out+o+i] = min(max(v, act.Lo), act.Hi)
			}
		}
	}
}

// dotLanes is how many sums a dot product is split into: element i goes to sum i mod 32. All sets do
// the same, so that a row gives the same bits alone and among four.
const dotLanes = 32

// dotsGo computes y[r] = Σᵢ w[r,i]·x[i].
func dotsGo(y, w, x []float32) {
	for r := range y {
		var acc [dotLanes]float32
		for i, v := range x {
			acc[i%dotLanes] += float32(w[r*len(x)+i] * v)
		}
		for k := dotLanes / 2; k > 0; k /= 2 {
			for i := range k {
				acc[i] += acc[i+k]
			}
		}
		y[r] = acc[0]
	}
}
