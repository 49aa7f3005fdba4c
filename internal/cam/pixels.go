package cam

import (
	"context"
	"math"

	"vizserver/internal/nn"
)

// pixelMethods explain by the input's own values. Their maps have the input's size; Colours hold the values
// of each channel, and Values sum them up: where values add up to something, their sum, else the one of
// the largest absolute value, with its sign (Simonyan et al. draw its absolute value).
var pixelMethods = []method{
	{
		info: Info{
			Name: "gradient", Title: "Gradient", Formula: "∂y/∂x",
			Paper: "Simonyan et al., ICLR Workshop 2014 (arXiv:1312.6034)", Cost: oneBackward, Needs: backwardNeeds,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			g, err := j.slopes(ctx, nil)
			return j.strongest(g), err
		},
	},
	{
		info: Info{
			Name: "gradientinput", Title: "Gradient × input", Formula: "x ⊙ ∂y/∂x",
			Paper: "Shrikumar et al., 2016 (arXiv:1605.01713)", Cost: oneBackward, Needs: backwardNeeds,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			g, err := j.slopes(ctx, nil)
			if err != nil {
				return nil, err
			}
			for i, x := range j.input() {
				g[i] *= x
			}
			return j.added(g), nil
		},
	},
	{
		info: Info{
			Name: "smoothgrad", Title: "SmoothGrad", Formula: "mean of ∂y/∂x at x + noise, σ = 15 % of the input's range",
			Paper: "Smilkov et al., 2017 (arXiv:1706.03825)", Cost: "a forward and a backward pass for each of 25 noisy inputs", Needs: backwardNeeds,
		},
		make: smoothGrad,
	},
	{
		info: Info{
			Name: "integrated", Title: "Integrated gradients", Formula: "(x − x₀) ⊙ ∫ ∂y/∂x at x₀ + t·(x − x₀) dt, t from 0 to 1, by midpoints;  Σ + y(x₀) ≈ y(x)",
			Paper: "Sundararajan et al., ICML 2017 (arXiv:1703.01365)", Cost: "a forward and a backward pass for each of 32 steps", Needs: backwardNeeds,
		},
		make: integrated,
	},
	{
		info: Info{
			Name: "guided", Title: "Guided backpropagation", Formula: "∂y/∂x, where an activation passes only gradients above 0 of places that are open",
			Paper: "Springenberg et al., ICLR Workshop 2015 (arXiv:1412.6806); fails the sanity check of Adebayo et al., 2018", Cost: oneBackward, Needs: backwardNeeds,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			g, err := j.slopes(ctx, GuidedRules(j.g))
			return j.strongest(g), err
		},
	},
	{
		info: Info{
			Name: "deconvnet", Title: "Deconvnet", Formula: "∂y/∂x, where an activation passes gradients above 0 of all places; pooling by its switches",
			Paper: "Zeiler and Fergus, ECCV 2014 (arXiv:1311.2901)", Cost: oneBackward, Needs: backwardNeeds,
		},
		make: func(ctx context.Context, j *job) (*Map, error) {
			g, err := j.slopes(ctx, DeconvRules(j.g))
			return j.strongest(g), err
		},
	},
	{
		info: Info{
			Name: "guidedgradcam", Title: "Guided Grad-CAM", Formula: "guided backpropagation ⊙ enlarged Grad-CAM",
			Paper: "Selvaraju et al., ICCV 2017 (arXiv:1610.02391)", Cost: "2 backward passes", Needs: backwardNeeds,
		},
		make: guidedGradCAM,
	},
}

// slopes returns the gradient of the score by the input.
func (j *job) slopes(ctx context.Context, rules map[string]nn.Rule) ([]float32, error) {
	g, err := j.gradients(ctx, j.run, []int{j.o.Sample}, rules, j.g.InputValue())
	if err != nil {
		return nil, err
	}
	return g[0], nil
}

// added makes a map whose values are the sums over the input's channels.
func (j *job) added(colours []float32) *Map {
	sum := make([]float64, j.g.InputValue().Shape.Plane())
	for i, v := range colours {
		sum[i%len(sum)] += float64(v)
	}
	return j.pixelMap(colours, narrow(sum))
}

// strongest makes a map of each pixel's value of the largest absolute value.
func (j *job) strongest(colours []float32) *Map {
	out := make([]float32, j.g.InputValue().Shape.Plane())
	for i, v := range colours {
		if at := &out[i%len(out)]; math.Abs(float64(v)) > math.Abs(float64(*at)) || v != v {
			*at = v
		}
	}
	return j.pixelMap(colours, out)
}

func (j *job) pixelMap(colours, values []float32) *Map {
	in := j.g.InputValue()
	return &Map{Layers: []string{in.Name}, H: in.Shape.H, W: in.Shape.W, Values: values, Colours: colours}
}

func smoothGrad(ctx context.Context, j *job) (*Map, error) {
	n, x := j.o.samples(25), j.input()
	sum := make([]float64, len(x))
	err := j.eachSlope(ctx, n, noisy(x, j.o.noise(smoothNoise), j.o.Seed), sum)
	if err != nil {
		return nil, err
	}
	return j.strongest(narrow(sum)), nil
}

// eachSlope adds the mean gradient over n inputs to sum.
func (j *job) eachSlope(ctx context.Context, n int, fill func(i int, dst []float32), sum []float64) error {
	return j.forward(ctx, n, fill, func(run *nn.Run, _, count int) error {
		all, err := j.gradients(ctx, run, upTo(count), nil, j.g.InputValue())
		for _, g := range all {
			for i, d := range g {
				sum[i] += float64(d) / float64(n)
			}
		}
		return err
	})
}

// integrated sets Bias to the score of the baseline: what the sum of the map and it lack to the score is
// the error of the midpoint rule.
func integrated(ctx context.Context, j *job) (*Map, error) {
	base, err := j.baseline()
	if err != nil {
		return nil, err
	}
	n, x := j.o.samples(32), j.input()
	sum := make([]float64, len(x))
	err = j.eachSlope(ctx, n, func(i int, dst []float32) {
		t := (float32(i) + 0.5) / float32(n)
		for k := range dst {
			dst[k] = base[k] + t*(x[k]-base[k])
		}
	}, sum)
	if err != nil {
		return nil, err
	}
	for i := range sum {
		sum[i] *= float64(x[i]) - float64(base[i])
	}
	y, err := j.scores(ctx, 1, func(_ int, dst []float32) { copy(dst, base) })
	if err != nil {
		return nil, err
	}
	m := j.added(narrow(sum))
	m.Bias = y[0]
	return m, nil
}

func guidedGradCAM(ctx context.Context, j *job) (*Map, error) {
	coarse, err := j.layers(ctx, func(_ context.Context, _ *nn.Value, l *layered) ([]float64, error) {
		sum := make([]float64, l.shape.Plane())
		for k := range l.shape.C {
			gradCAM(l.plane(k), l.slope(k), sum)
		}
		return sum, nil
	}, true, true)
	if err != nil {
		return nil, err
	}
	g, err := j.slopes(ctx, GuidedRules(j.g))
	if err != nil {
		return nil, err
	}
	s := j.g.InputValue().Shape
	mask := coarse.Paper().Resize(s.H, s.W).Values
	for i := range g {
		g[i] *= mask[i%len(mask)]
	}
	return j.strongest(g), nil
}
