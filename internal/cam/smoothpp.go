package cam

import (
	"context"

	"vizserver/internal/nn"
)

// smoothMethods are Grad-CAM++ over noisy inputs.
var smoothMethods = []method{{
	info: Info{
		Name: "smoothgradcampp", Title: "Smooth Grad-CAM++", Formula: "as Grad-CAM++, with the means of g, g², g³ over noisy inputs",
		Paper: "Omeiza et al., 2019 (arXiv:1908.01224)", Cost: "a forward and a backward pass for each of 8 noisy inputs", Needs: backwardNeeds, Layered: true,
	},
	make: func(ctx context.Context, j *job) (*Map, error) {
		return j.layers(ctx, j.smoothPP, false, true)
	},
}}

// smoothNoise is the noise of SmoothGrad's figures, as a share of the input's range.
const smoothNoise = 0.15

func (j *job) smoothPP(ctx context.Context, v *nn.Value, l *layered) ([]float64, error) {
	n := j.o.samples(8)
	size := l.shape.Sample()
	if err := j.reserve(3 * 8 * size); err != nil {
		return nil, err
	}
	g1, g2, g3 := make([]float64, size), make([]float64, size), make([]float64, size)
	err := j.forward(ctx, n, noisy(j.input(), j.o.noise(smoothNoise), j.o.Seed), func(run *nn.Run, _, count int) error {
		all, err := j.gradients(ctx, run, upTo(count), nil, v)
		for _, g := range all {
			for i, d := range g {
				d := float64(d)
				g1[i] += d / float64(n)
				g2[i] += d * d / float64(n)
				g3[i] += d * d * d / float64(n)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sum := make([]float64, l.shape.Plane())
	for k := range l.shape.C {
		a := l.plane(k)
		total, w := mean(a)*float64(len(a)), 0.0
		for i := range a {
			at := k*len(a) + i
			w += plusAlpha(g2[at], g3[at], total) * max(0, g1[at])
		}
		weighted(w, a, sum)
	}
	return sum, nil
}

// upTo returns 0 … n−1.
func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
