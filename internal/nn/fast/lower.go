package fast

import (
	"math"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// form is how a step wants a value in memory.
type form uint8

const (
	blocked form = iota
	planar
)

// step computes some values, of which the last is stored. Its earlier values, the stages, stand in
// the same memory one after the other when it is done in stages, and can be made again.
type step interface {
	// stages are the values in the order of the graph.
	stages() []*nn.Value
	// inputs are the values that it reads, with the form that it wants each in.
	inputs() []input
	// out is the form that it stores.
	out() form
	// first is the first stage that can stand in the step's memory when it is done stage by stage,
	// and, where that is 1, what made it from the value before.
	first() (stage int, from *affine)
	// run computes the value of a stage into out; a step that stores planar ignores out.
	run(s *state, stage int, out *kernel.Blocked)
	// next turns the value of a stage, in out, into that of the following one.
	next(s *state, stage int, out *kernel.Blocked)
	// scratch is the floats of scratch memory of one worker.
	scratch() int
}

type input struct {
	value *nn.Value
	form  form
	pad   int // border that the step reads
}

// lower turns nodes into steps, in order; a node that continues a step joins it.
func (p *program) lower() {
	last := map[*nn.Value]int{} // the step whose last value it is
	for _, n := range p.model.Graph.Nodes {
		if i, ok := p.joins(n, last); ok {
			last[n.Output] = i
			continue
		}
		s := p.newStep(n)
		last[n.Output] = len(p.steps)
		p.steps = append(p.steps, s)
	}
}

// joins adds a node to an earlier step where it is the only reader of that step's value.
func (p *program) joins(n *nn.Node, last map[*nn.Value]int) (int, bool) {
	best := -1
	for k, v := range n.Inputs {
		i, ok := last[v]
		if !ok || p.visible(v) {
			continue
		}
		f, ok := p.steps[i].(joiner)
		if !ok || i < best {
			continue
		}
		if other := n.Inputs[len(n.Inputs)-1-k]; len(n.Inputs) == 2 {
			if j, computed := last[other]; other == v || computed && j >= i {
				continue
			}
		}
		if f.canJoin(n) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	p.steps[best].(joiner).join(p, n)
	return best, true
}

// joiner is a step that other nodes can join.
type joiner interface {
	step
	canJoin(n *nn.Node) bool
	join(p *program, n *nn.Node)
}

// newStep makes the step that a node begins.
func (p *program) newStep(n *nn.Node) step {
	switch o := n.Op.(type) {
	case op.Conv:
		if s := p.newConv(n, o); s != nil {
			return s
		}
	case op.Subsample:
		return p.newSubsample(n, o)
	case op.Linear:
		return p.newDense(n)
	case op.Concat:
		return &concatStep{node: n}
	case op.Flatten:
		return &flattenStep{node: n}
	}
	if s := p.newMap(n); s != nil {
		return s
	}
	return &refStep{node: n, params: p.params[n.Index]}
}

// clampOf returns an activation as a clamp.
func clampOf(o nn.Op) (kernel.Clamp, bool) {
	switch a := o.(type) {
	case op.ReLU:
		return kernel.ReLU, true
	case op.Clip:
		return kernel.Clamp{Lo: float32(a.Low), Hi: float32(a.High)}, true
	}
	return kernel.NoClamp, false
}

// affine is y = scale·x + shift of each channel: batch normalisation with its statistics.
type affine struct{ scale, shift []float32 }

// foldBN makes γ, β, mean and variance one multiplication and one addition, worked out in float64.
func foldBN(b op.BatchNorm, params [][]float32) affine {
	gamma, beta, mean, variance := params[0], params[1], params[2], params[3]
	a := affine{scale: make([]float32, len(gamma)), shift: make([]float32, len(gamma))}
	for c := range gamma {
		s := float64(gamma[c]) / math.Sqrt(float64(variance[c])+b.Epsilon())
		a.scale[c] = float32(s)
		a.shift[c] = float32(float64(beta[c]) - float64(mean[c])*s)
	}
	return a
}
