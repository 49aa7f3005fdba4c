package cam

import (
	"cmp"
	"context"
	"slices"

	"vizserver/internal/nn"
)

// maskingMethods weight the maps of a layer by what the net says when they are masks, or missing.
var maskingMethods = []method{
	{
		info: Info{
			Name: "score", Title: "Score-CAM", Formula: "M = ReLU(Σₖ w_k · A_k), w = softmaxₖ y(x ⊙ H_k), H_k: A_k enlarged, 0…1",
			Paper: "Wang et al., CVPRW 2020 (arXiv:1910.01279)", Cost: "a forward pass for each channel of the layer, or for the Samples that vary most", Layered: true,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			return j.layers(ctx, func(ctx context.Context, _ *nn.Value, l *layered) ([]float64, error) { return j.scoreCAM(ctx, l) }, false, true)
		},
	},
	{
		info: Info{
			Name: "ablation", Title: "Ablation-CAM", Formula: "M = ReLU(Σₖ w_k · A_k), w_k = (y − y without A_k) / y",
			Paper: "Ramaswamy et al., WACV 2020", Cost: "the rest of the net once for each channel of the layer; nothing where CAM is exact", Layered: true,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			return j.layers(ctx, j.ablationCAM, false, true)
		},
	},
}

// scoreCAM enlarges by bilinear interpolation with align_corners=False (pytorch-grad-cam: True). The paper
// subtracts the score of a baseline from all, which its softmax takes out again. A constant map is a mask
// of zeros.
func (j *job) scoreCAM(ctx context.Context, l *layered) ([]float64, error) {
	base, err := j.baseline()
	if err != nil {
		return nil, err
	}
	channels := j.varying(l)
	x, in := j.input(), j.g.InputValue().Shape
	w, err := j.scores(ctx, len(channels), func(i int, dst []float32) {
		a, p := l.plane(channels[i]), in.Plane()
		mask := bilinear(a, l.shape.H, l.shape.W, in.H, in.W)
		low, high := slices.Min(mask), slices.Max(mask)
		for k := range dst {
			m := float32(0)
			if high > low {
				m = (mask[k%p] - low) / (high - low)
			}
			dst[k] = base[k] + m*(x[k]-base[k])
		}
	})
	if err != nil {
		return nil, err
	}
	softmax(w)
	sum := make([]float64, l.shape.Plane())
	for i, k := range channels {
		weighted(w[i], l.plane(k), sum)
	}
	return sum, nil
}

// varying returns all channels, or the options' number of those whose maps vary most, ascending.
func (j *job) varying(l *layered) []int {
	all := make([]int, l.shape.C)
	spread := make([]float64, l.shape.C)
	for k := range all {
		all[k] = k
		m := mean(l.plane(k))
		for _, v := range l.plane(k) {
			spread[k] += (float64(v) - m) * (float64(v) - m)
		}
	}
	n := min(j.o.samples(len(all)), len(all))
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(spread[b], spread[a]) })
	all = all[:n]
	slices.Sort(all)
	return all
}

// ablationCAM sets one map after the other to 0. A score of 0 does not divide.
func (j *job) ablationCAM(ctx context.Context, v *nn.Value, l *layered) ([]float64, error) {
	y := j.score(j.run, j.o.Sample)
	drop, err := j.drops(ctx, v, l, y)
	if err != nil {
		return nil, err
	}
	if y == 0 {
		y = 1
	}
	sum := make([]float64, l.shape.Plane())
	for k, d := range drop {
		weighted(d/y, l.plane(k), sum)
	}
	return sum, nil
}

// drops returns by how much the score falls without each map: from the exact head where the layer is its
// features and nothing bends behind them, else by running the rest of the net.
func (j *job) drops(ctx context.Context, v *nn.Value, l *layered, y float64) ([]float64, error) {
	drop := make([]float64, l.shape.C)
	if h, err := FindHead(j.m); err == nil && h.Features == v && h.gate == nil {
		for k := range drop {
			for _, t := range j.terms {
				drop[k] += t.by * float64(h.weight[t.class*l.shape.C+k]) * mean(l.plane(k))
			}
		}
		return drop, nil
	}
	if err := j.reserve(j.run.Plan().Bytes()); err != nil {
		return nil, err
	}
	run := j.run.Plan().NewRun()
	defer run.Release()
	edits := append(slices.Clone(j.run.Edits()), nn.Edit{})
	for k := range drop {
		edits[len(edits)-1] = nn.Edit{Value: v.Name, Channel: k}
		if err := run.ExecuteFrom(ctx, j.run, edits...); err != nil {
			return nil, err
		}
		drop[k] = y - j.score(run, j.o.Sample)
		j.progress(k+1, len(drop))
	}
	return drop, nil
}
