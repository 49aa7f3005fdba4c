package nn

import "fmt"

// Rule replaces the backward step of one kind of operator (guided backprop, deconvnet).
type Rule func(op Op, g *Grad)

// Seed is where a gradient starts: d loss / d value.
type Seed struct {
	Value *Value
	Grad  []float32 // as long as the value with its batch
}

// Backprop is the memory of reverse-mode differentiation over one plan: the
// gradients of all values and parameters. It serves one goroutine.
type Backprop struct {
	// WantInput asks for the gradient by the net's input; off, that work is spared.
	WantInput bool
	// Rules replace the backward step by the operator's kind.
	Rules map[string]Rule

	plan *Plan
	// ParamGrads are the gradients by parameter, in the order of the graph's nodes and
	// their parameters; Run adds to them, Zero clears them.
	ParamGrads [][][]float32
	values     []*Tensor
	grads      []Grad
	arena      []float32
}

// NewBackprop allocates the gradients of a plan. Every operator must be differentiable.
func (p *Plan) NewBackprop() (*Backprop, error) {
	b := &Backprop{plan: p}
	b.arena, b.values = layout(p.shapes)
	for i, n := range p.Model.Graph.Nodes {
		if _, ok := n.Op.(Backwarder); !ok {
			return nil, &GraphError{Text: fmt.Sprintf("%s %q has no backward pass", n.Op.Kind(), n.Name)}
		}
		dp := make([][]float32, len(n.Params))
		for k, s := range n.Params {
			if !s.Fixed {
				dp[k] = make([]float32, len(p.params[i][k]))
			}
		}
		b.ParamGrads = append(b.ParamGrads, dp)
		b.grads = append(b.grads, Grad{X: make([]*Tensor, len(n.Inputs)), DX: make([]*Tensor, len(n.Inputs))})
	}
	return b, nil
}

// Zero clears the gradients of the parameters.
func (b *Backprop) Zero() {
	for _, node := range b.ParamGrads {
		for _, g := range node {
			clear(g)
		}
	}
}

// Value returns the gradient by a value after Run; it is valid until the next Run.
func (b *Backprop) Value(v *Value) *Tensor { return b.values[v.Index] }

// Run walks back from the seeds through a finished run and adds to ParamGrads.
func (b *Backprop) Run(r *Run, seeds ...Seed) {
	clear(b.arena)
	reached := make([]bool, len(b.values))
	for _, s := range seeds {
		d := b.values[s.Value.Index].Data
		for i, g := range s.Grad {
			d[i] += g
		}
		reached[s.Value.Index] = true
	}
	g := b.plan.Model.Graph
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if !reached[n.Output.Index] {
			continue
		}
		gr := &b.grads[i]
		gr.Params = b.plan.params[i]
		gr.Y, gr.DY = r.state.Tensor(n.Output), b.values[n.Output.Index]
		gr.DP = b.ParamGrads[i]
		for k, v := range n.Inputs {
			gr.X[k], gr.DX[k] = r.state.Tensor(v), nil
			if v.Node != nil || b.WantInput {
				gr.DX[k] = b.values[v.Index]
				reached[v.Index] = true
			}
		}
		if rule := b.Rules[n.Op.Kind()]; rule != nil {
			rule(n.Op, gr)
			continue
		}
		n.Op.(Backwarder).Backward(gr)
	}
}
