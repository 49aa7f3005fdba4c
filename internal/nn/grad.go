package nn

import (
	"fmt"
	"slices"
)

// Rule replaces the backward step of one kind of operator (guided backprop, deconvnet).
type Rule func(op Op, g *Grad)

// Seed is where a gradient starts: d loss / d value.
type Seed struct {
	Value *Value
	Grad  []float32 // as long as the value with its batch
}

// Backprop is reverse-mode differentiation over one plan. Its memory holds the gradients that are
// live: that by a value goes to others as soon as the node that computes the value is done. It serves
// one goroutine.
type Backprop struct {
	// WantInput asks for the gradient by the net's input.
	WantInput bool
	// Want names values whose gradients stay until the next Run. What lies before all of them is not
	// worked out, unless parameters there are wanted.
	Want []*Value
	// NoParams spares the gradients by the parameters.
	NoParams bool
	// Rules replace the backward step by the operator's kind.
	Rules map[string]Rule

	// ParamGrads are the gradients by parameter, in the order of the graph's nodes and
	// their parameters, nil for those that are not trained; Run adds to them, Zero clears them.
	// They are made by the first Run or Zero.
	ParamGrads [][][]float32

	plan   *Plan
	steps  Steps // nil: the operators do all
	grads  []Grad
	none   [][][]float32 // ParamGrads of nothing
	values []*Tensor     // by value: its gradient, nil: none now
	own    []Tensor      // what values points at
	needs  []bool        // by value: its gradient is wanted, or one that comes of it
	free   [][]float32
	size   int
}

// NewBackprop prepares the gradients of a plan.
func (p *Plan) NewBackprop() *Backprop {
	values := len(p.shapes)
	b := &Backprop{plan: p, values: make([]*Tensor, values), own: make([]Tensor, values), needs: make([]bool, values)}
	if d, ok := p.program.(Differentiator); ok {
		b.steps = d.NewSteps()
	}
	for _, n := range p.Model.Graph.Nodes {
		b.none = append(b.none, make([][]float32, len(n.Params)))
		b.grads = append(b.grads, Grad{X: make([]*Tensor, len(n.Inputs)), DX: make([]*Tensor, len(n.Inputs))})
	}
	return b
}

func (b *Backprop) makeParams() {
	if b.ParamGrads != nil || b.NoParams {
		return
	}
	for i, n := range b.plan.Model.Graph.Nodes {
		dp := make([][]float32, len(n.Params))
		for k, s := range n.Params {
			if !s.Fixed {
				dp[k] = make([]float32, len(b.plan.params[i][k]))
			}
		}
		b.ParamGrads = append(b.ParamGrads, dp)
	}
}

// Zero clears the gradients of the parameters.
func (b *Backprop) Zero() {
	b.makeParams()
	for _, node := range b.ParamGrads {
		for _, g := range node {
			clear(g)
		}
	}
}

// Bytes is the memory that gradients by values have taken so far.
func (b *Backprop) Bytes() int { return 4 * b.size }

// Value returns the gradient by a wanted value after Run, nil where no seed depends on the value; it
// is valid until the next Run.
func (b *Backprop) Value(v *Value) *Tensor { return b.values[v.Index] }

// Run walks back from the seeds through a finished run and adds to ParamGrads. It fails where the
// way leads through an operator without a backward pass.
func (b *Backprop) Run(r *Run, seeds ...Seed) error {
	b.makeParams()
	b.mark()
	for v := range b.values {
		b.release(v)
	}
	for _, s := range seeds {
		if !b.needs[s.Value.Index] {
			continue
		}
		d := b.touch(s.Value).Data
		for i, g := range s.Grad {
			d[i] += g
		}
	}
	if b.steps != nil {
		b.steps.Begin()
		defer b.steps.End()
	}
	for _, n := range slices.Backward(b.plan.Model.Graph.Nodes) {
		if b.values[n.Output.Index] == nil {
			continue
		}
		if err := b.node(r, n); err != nil {
			return err
		}
		if !b.wanted(n.Output) {
			b.release(n.Output.Index)
		}
	}
	return nil
}

// mark finds the values whose gradients are needed.
func (b *Backprop) mark() {
	for _, v := range b.plan.Model.Graph.Values {
		need := b.wanted(v)
		if v.Node != nil {
			need = need || b.trained(v.Node) || slices.ContainsFunc(v.Node.Inputs, func(in *Value) bool { return b.needs[in.Index] })
		}
		b.needs[v.Index] = need
	}
}

func (b *Backprop) wanted(v *Value) bool {
	return v.Node == nil && b.WantInput || slices.Contains(b.Want, v)
}

func (b *Backprop) trained(n *Node) bool {
	return !b.NoParams && slices.ContainsFunc(n.Params, func(p ParamSpec) bool { return !p.Fixed })
}

// node does one backward step, if something comes of it.
func (b *Backprop) node(r *Run, n *Node) error {
	g, dp := &b.grads[n.Index], b.none[n.Index]
	if !b.NoParams {
		dp = b.ParamGrads[n.Index]
	}
	*g = Grad{X: g.X, DX: g.DX, Params: b.plan.params[n.Index], DY: b.values[n.Output.Index], DP: dp}
	some := b.trained(n)
	for k, v := range n.Inputs {
		g.X[k], g.DX[k] = nil, nil
		if b.needs[v.Index] {
			g.DX[k] = b.touch(v)
			some = true
		}
	}
	if !some {
		return nil
	}
	rule := b.Rules[n.Op.Kind()]
	if rule == nil && b.steps != nil && b.steps.Backward(r.state, n, g) {
		return nil
	}
	for k, v := range n.Inputs {
		g.X[k] = r.state.Tensor(v)
	}
	g.Y = r.state.Tensor(n.Output)
	if rule != nil {
		rule(n.Op, g)
		return nil
	}
	op, ok := n.Op.(Backwarder)
	if !ok {
		return &GraphError{Text: fmt.Sprintf("%s %q has no backward pass", n.Op.Kind(), n.Name)}
	}
	op.Backward(g)
	return nil
}

// touch returns the gradient by a value, zeros at first.
func (b *Backprop) touch(v *Value) *Tensor {
	if t := b.values[v.Index]; t != nil {
		return t
	}
	s := b.plan.shapes[v.Index]
	n := s.Len()
	best := -1
	for i, f := range b.free {
		if cap(f) >= n && (best < 0 || cap(f) < cap(b.free[best])) {
			best = i
		}
	}
	var data []float32
	if best < 0 {
		data = make([]float32, n)
		b.size += n
	} else {
		data = b.free[best][:n]
		b.free = slices.Delete(b.free, best, best+1)
		clear(data)
	}
	b.own[v.Index] = Tensor{Shape: s, Data: data}
	b.values[v.Index] = &b.own[v.Index]
	return b.values[v.Index]
}

// release gives the memory of a gradient to those that come.
func (b *Backprop) release(v int) {
	if t := b.values[v]; t != nil {
		b.free = append(b.free, t.Data)
		b.values[v] = nil
	}
}
