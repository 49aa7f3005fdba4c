package train

import "math"

// optimizer holds the state of SGD or Adam for all trained parameters, one slice each.
type optimizer struct {
	c    *Config
	step int
	m, v [][]float32 // momentum, and Adam's second moment
}

func newOptimizer(c *Config, params [][]float32) *optimizer {
	o := &optimizer{c: c}
	for _, p := range params {
		o.m = append(o.m, make([]float32, len(p)))
		if c.Optimizer == "adam" {
			o.v = append(o.v, make([]float32, len(p)))
		}
	}
	return o
}

// Adam's constants of Kingma and Ba, ICLR 2015; β₁ is Config.Momentum.
const (
	adamBeta2 = 0.999
	adamEps   = 1e-8
)

// update changes the parameters by their gradients at this learning rate. Weight
// decay is decoupled (Loshchilov and Hutter, ICLR 2019) and spares biases.
func (o *optimizer) update(params, grads [][]float32, decay []bool, lr float64) {
	o.step++
	for i, p := range params {
		if decay[i] && o.c.WeightDecay > 0 {
			k := float32(1 - lr*o.c.WeightDecay)
			for j := range p {
				p[j] *= k
			}
		}
		if o.c.Optimizer == "sgd" {
			o.sgd(p, grads[i], o.m[i], float32(lr))
			continue
		}
		o.adam(p, grads[i], o.m[i], o.v[i], lr)
	}
}

func (o *optimizer) sgd(p, g, m []float32, lr float32) {
	mu := float32(o.c.Momentum)
	for j := range p {
		m[j] = mu*m[j] + g[j]
		p[j] -= lr * m[j]
	}
}

func (o *optimizer) adam(p, g, m, v []float32, lr float64) {
	b1, b2 := float32(o.c.Momentum), float32(adamBeta2)
	c1 := 1 - math.Pow(o.c.Momentum, float64(o.step))
	c2 := math.Sqrt(1 - math.Pow(adamBeta2, float64(o.step)))
	rate, eps := float32(lr*c2/c1), float32(adamEps*c2)
	for j := range p {
		m[j] = b1*m[j] + (1-b1)*g[j]
		v[j] = b2*v[j] + (1-b2)*g[j]*g[j]
		p[j] -= rate * m[j] / (float32(math.Sqrt(float64(v[j]))) + eps)
	}
}

// rate returns the learning rate at a step of a training of total steps.
func (c *Config) rate(step, total, perEpoch int) float64 {
	if w := c.Warmup * float64(perEpoch); float64(step) < w {
		return c.LR * (float64(step) + 1) / w
	}
	done := float64(step) / float64(total)
	switch c.Schedule {
	case "cosine":
		return c.LR * (1 + math.Cos(math.Pi*done)) / 2
	case "step": // a tenth after one half, a hundredth after three quarters
		switch {
		case done >= 0.75:
			return c.LR / 100
		case done >= 0.5:
			return c.LR / 10
		}
	}
	return c.LR
}
