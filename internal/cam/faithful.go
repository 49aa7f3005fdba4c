package cam

import (
	"cmp"
	"context"
	"math"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Faithfulness says how much a map has to do with the answer. p is the softmax of the logits; of a difference
// of classes, the difference of their p. Nothing of it speaks for itself: set RandomCAM beside it.
type Faithfulness struct {
	Probability float64 // p of the input as it is
	// Deletion is p as the places that the map ranks first are covered by the baseline, in equal
	// steps from none to all; Insertion, as they are uncovered from a blurred input. Petsiuk et
	// al., BMVC 2018 (arXiv:1806.07421), §4.1.
	Deletion, Insertion []float64
	// The areas under the two curves, by the trapezoid rule: a faithful map has a small first and a
	// large second.
	DeletionAUC, InsertionAUC float64
	// Masked is p of the input times the map, 0…1; Drop is max(0, p − Masked)/p, Increase says that
	// Masked is above p. Chattopadhyay et al., WACV 2018 (arXiv:1710.11063), §4.1; the paper's numbers are
	// means over many photos.
	Masked   float64
	Drop     float64
	Increase bool
}

// faithfulSteps is how many times places are covered; the paper covers a row's worth at a time, 224.
const faithfulSteps = 32

// Blur of the start of insertion, in pixels: the paper's kernel of 11×11, σ 5.
const (
	blurRadius = 5
	blurSigma  = 5.0
)

// Faithful measures a map of a run by running the net on inputs with parts covered: 2·Samples + 3 forward
// passes (Samples: steps, 0: 32). Errors are those of Method.Explain.
func Faithful(ctx context.Context, run *nn.Run, t Target, m *Map, o Options) (*Faithfulness, error) {
	var f *Faithfulness
	_, err := limited(ctx, o, func(ctx context.Context) (*Map, error) {
		j, err := newJob(run, t, o)
		if err != nil {
			return nil, err
		}
		f, err = j.faithful(ctx, m)
		return m, err
	})
	return f, err
}

func (j *job) faithful(ctx context.Context, m *Map) (*Faithfulness, error) {
	if len(m.Values) != m.H*m.W || len(m.Values) == 0 {
		return nil, fault.New(fault.Invalid, "a map of %d×%d has %d values", m.H, m.W, len(m.Values))
	}
	if err := finite("the map", m.Values); err != nil {
		return nil, err
	}
	base, err := j.baseline()
	if err != nil {
		return nil, err
	}
	s, x := j.g.InputValue().Shape, j.input()
	if err := finite("the input", x); err != nil {
		return nil, err
	}
	big := m.Resize(s.H, s.W).Values
	order := ranking(big)
	mask := unit(m.Paper().Resize(s.H, s.W).Values)
	blurred := blur(x, s)
	n := j.o.samples(faithfulSteps)
	cover := func(dst, front, back []float32, share int) { // front at the first places of the ranking
		copy(dst, back)
		for _, at := range order[:len(order)*share/n] {
			for c := range s.C {
				dst[c*s.Plane()+at] = front[c*s.Plane()+at]
			}
		}
	}
	p := make([]float64, 2*(n+1)+1)
	err = j.forward(ctx, len(p), func(i int, dst []float32) {
		switch {
		case i <= n:
			cover(dst, base, x, i)
		case i <= 2*n+1:
			cover(dst, x, blurred, i-n-1)
		default:
			for k := range dst {
				dst[k] = base[k] + mask[k%len(mask)]*(x[k]-base[k])
			}
		}
	}, func(run *nn.Run, first, count int) error {
		for i := range count {
			p[first+i] = j.probability(run, i)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	f := &Faithfulness{Probability: p[0], Deletion: p[: n+1 : n+1], Insertion: p[n+1 : 2*n+2 : 2*n+2], Masked: p[2*n+2]}
	f.DeletionAUC, f.InsertionAUC = area(f.Deletion), area(f.Insertion)
	f.Increase = f.Masked > f.Probability
	if f.Probability > 0 {
		f.Drop = max(0, f.Probability-f.Masked) / f.Probability
	}
	return f, nil
}

// ranking lists places by their values, the largest first; of equals the first.
func ranking(values []float32) []int {
	order := upTo(len(values))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// unit scales values to 0…1; equal ones become 0.
func unit(values []float32) []float32 {
	low, high := slices.Min(values), slices.Max(values)
	out := make([]float32, len(values))
	if high > low {
		for i, v := range values {
			out[i] = (v - low) / (high - low)
		}
	}
	return out
}

// area is the mean height of a curve over equal steps, by the trapezoid rule.
func area(curve []float64) float64 {
	sum := -(curve[0] + curve[len(curve)-1]) / 2
	for _, v := range curve {
		sum += v
	}
	return sum / float64(len(curve)-1)
}

// blur smooths each channel by a Gaussian kernel, first along rows, then along columns. Beyond the border stands
// the outermost pixel.
func blur(x []float32, s nn.Shape) []float32 {
	var kernel [2*blurRadius + 1]float64
	sum := 0.0
	for i := range kernel {
		d := float64(i-blurRadius) / blurSigma
		kernel[i] = math.Exp(-d * d / 2)
		sum += kernel[i]
	}
	along := func(src []float32, count, length, step, next int) []float32 {
		dst := make([]float32, len(src))
		for line := range count {
			for i := range length {
				v := 0.0
				for k, w := range kernel {
					v += w / sum * float64(src[line*next+min(max(i+k-blurRadius, 0), length-1)*step])
				}
				dst[line*next+i*step] = float32(v)
			}
		}
		return dst
	}
	out := make([]float32, 0, len(x))
	for c := range s.C {
		plane := x[c*s.Plane():][:s.Plane()]
		out = append(out, along(along(plane, s.H, s.W, 1, s.W), s.W, s.H, s.W, 1)...)
	}
	return out
}
