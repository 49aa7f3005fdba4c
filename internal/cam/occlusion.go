package cam

import (
	"context"
	"math"

	"vizserver/internal/nn"
)

// occludingMethods cover parts of the photo and look at the answer.
var occludingMethods = []method{
	{
		info: Info{
			Name: "occlusion", Title: "Occlusion", Formula: "mean of y − y(covered) over the windows that cover a pixel",
			Paper: "Zeiler and Fergus, ECCV 2014 (arXiv:1311.2901), §4.2", Cost: "a forward pass for each place of the window: 225 by the defaults",
		},
		make: occlusion,
	},
	{
		info: Info{
			Name: "rise", Title: "RISE", Formula: "Σ (p(x ⊙ m) − mean p) · m / (N/2), m: N random masks of 7×7 cells, enlarged and shifted",
			Paper: "Petsiuk et al., BMVC 2018 (arXiv:1806.07421)", Cost: "a forward pass for each of 1,000 masks (paper: 4,000 to 8,000)",
		},
		make: rise,
	},
}

// occlusion slides a window that holds the baseline. The last window of a row or column ends at the border.
func occlusion(ctx context.Context, j *job) (*Map, error) {
	base, err := j.baseline()
	if err != nil {
		return nil, err
	}
	s := j.g.InputValue().Shape
	size, stride := j.o.Window, j.o.Stride
	if size < 0 || stride < 0 || size > min(s.H, s.W) {
		return nil, invalid("a window of %d pixels and steps of %d do not fit an input of %d×%d", size, stride, s.H, s.W)
	}
	if size == 0 {
		size = max(1, min(s.H, s.W)/8)
	}
	if stride == 0 {
		stride = max(1, size/2)
	}
	rows, cols := starts(s.H, size, stride), starts(s.W, size, stride)
	x := j.input()
	scores, err := j.scores(ctx, len(rows)*len(cols), func(i int, dst []float32) {
		copy(dst, x)
		for c := range s.C {
			for y := range size {
				at := (c*s.H+rows[i/len(cols)]+y)*s.W + cols[i%len(cols)]
				copy(dst[at:at+size], base[at:])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	whole := j.score(j.run, j.o.Sample)
	sum, count := make([]float64, s.Plane()), make([]float64, s.Plane())
	for i, y := range scores {
		for dy := range size {
			for dx := range size {
				at := (rows[i/len(cols)]+dy)*s.W + cols[i%len(cols)] + dx
				sum[at] += whole - y
				count[at]++
			}
		}
	}
	for i := range sum {
		if count[i] > 0 { // steps wider than the window leave gaps
			sum[i] /= count[i]
		}
	}
	return j.pixelMap(nil, narrow(sum)), nil
}

// starts returns where windows of a side begin.
func starts(side, size, stride int) []int {
	var list []int
	for at := 0; at+size < side; at += stride {
		list = append(list, at)
	}
	return append(list, side-size)
}

// risePaper are the cells of a mask's side and the share of open ones.
const (
	riseCells = 7
	riseOpen  = 0.5
)

// rise weights masks by the probability that the net gives the masked photo. The paper's sum, without the
// mean of the probabilities, adds the same to all places but for the masks' own unevenness: taking it away
// keeps the order in the limit, makes the map signed and lessens the noise.
func rise(ctx context.Context, j *job) (*Map, error) {
	base, err := j.baseline()
	if err != nil {
		return nil, err
	}
	n, x, s := j.o.samples(1000), j.input(), j.g.InputValue().Shape
	mask := make([]float32, s.Plane())
	p, sum, masks := 0.0, make([]float64, s.Plane()), make([]float64, s.Plane())
	err = j.forward(ctx, n, func(i int, dst []float32) {
		riseMask(mask, s.H, s.W, j.o.Seed, i)
		for k := range dst {
			dst[k] = base[k] + mask[k%len(mask)]*(x[k]-base[k])
		}
	}, func(run *nn.Run, first, count int) error {
		for i := range count {
			riseMask(mask, s.H, s.W, j.o.Seed, first+i)
			y := j.probability(run, i)
			p += y / float64(n)
			for k, m := range mask {
				sum[k] += y * float64(m) / (float64(n) * riseOpen)
				masks[k] += float64(m) / (float64(n) * riseOpen)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k := range sum {
		sum[k] -= p * masks[k]
	}
	return j.pixelMap(nil, narrow(sum)), nil
}

// riseMask writes mask i: random cells, one more than riseCells each way, enlarged by bilinear
// interpolation and shifted by less than a cell.
func riseMask(dst []float32, h, w int, seed uint64, i int) {
	r := random(seed, uint64(i))
	const n = riseCells + 1
	var cells [n * n]float32
	for k := range cells {
		if r.Float64() < riseOpen {
			cells[k] = 1
		}
	}
	ch, cw := (h+riseCells-1)/riseCells, (w+riseCells-1)/riseCells
	top, left := r.IntN(ch), r.IntN(cw)
	big := bilinear(cells[:], n, n, n*ch, n*cw)
	for y := range h {
		copy(dst[y*w:][:w], big[(y+top)*n*cw+left:])
	}
}

// probability returns the target's answer in 0…1, as the score's terms: the softmax of the logits.
func (j *job) probability(run *nn.Run, sample int) float64 {
	y := j.read(run, j.logits, sample)
	top, sum := math.Inf(-1), 0.0
	sign := 1.0
	if j.m.Head.LowerIsBetter {
		sign = -1
	}
	for _, v := range y {
		top = max(top, sign*float64(v))
	}
	for _, v := range y {
		sum += math.Exp(sign*float64(v) - top)
	}
	p := 0.0
	for _, t := range j.terms {
		p += sign * t.by * math.Exp(sign*float64(y[t.class])-top) / sum
	}
	return p
}
