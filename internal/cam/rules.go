package cam

import (
	"context"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// GuidedRules are guided backpropagation's rules for all activations of a graph: the gradient below zero is
// cut, then the activation's own backward step closes what it closed on the way up.
func GuidedRules(g *nn.Graph) map[string]nn.Rule {
	return activationRules(g, func(o nn.Op, g *nn.Grad) {
		cut := *g
		cut.DY = positive(g.DY)
		o.(nn.Backwarder).Backward(&cut)
	})
}

// DeconvRules are the deconvnet's: the gradient below zero is cut, and what is above passes wherever it is.
func DeconvRules(g *nn.Graph) map[string]nn.Rule {
	return activationRules(g, func(_ nn.Op, g *nn.Grad) {
		if g.DX[0] == nil {
			return
		}
		for i, d := range g.DY.Data {
			g.DX[0].Data[i] += max(0, d)
		}
	})
}

func activationRules(g *nn.Graph, rule nn.Rule) map[string]nn.Rule {
	rules := map[string]nn.Rule{}
	for _, n := range g.Nodes {
		_, can := n.Op.(nn.Backwarder)
		if a, ok := n.Op.(nn.Activation); ok && can && a.ActivationName() != "softmax" {
			rules[n.Op.Kind()] = rule
		}
	}
	return rules
}

func positive(t *nn.Tensor) *nn.Tensor {
	out := nn.NewTensor(t.Shape)
	for i, d := range t.Data {
		out.Data[i] = max(0, d)
	}
	return out
}

// Project walks back from one unit of a layer to the input under rules: what Zeiler and Fergus draw of a
// feature (with DeconvRules), the unit's gradient (without any). The unit's own value is where the walk
// starts, as in the paper. The map's Score is that value. Errors are those of Explain.
func Project(ctx context.Context, run *nn.Run, u nn.Unit, rules map[string]nn.Rule, o Options) (*Map, error) {
	return limited(ctx, o, func(ctx context.Context) (*Map, error) {
		g := run.Plan().Model.Graph
		if err := g.CheckUnit(u); err != nil {
			return nil, err
		}
		v := g.Layers[u.Layer].Out
		view := run.ViewOf(v)
		s := view.Shape()
		if o.Sample < 0 || o.Sample >= s.N {
			return nil, invalid("there is no sample %d in a batch of %d", o.Sample, s.N)
		}
		if v.Node == nil {
			return nil, fault.New(fault.Invalid, "a unit of the input has no way to walk back").WithHint("choose a later layer")
		}
		j := &job{run: run, m: run.Plan().Model, g: g, o: o}
		x := j.read(run, v, o.Sample)
		at := (u.Channel*s.H+u.Y)*s.W + u.X
		if err := finite("the unit", x[at:at+1]); err != nil {
			return nil, err
		}
		seed := make([]float32, s.Len())
		seed[o.Sample*s.Sample()+at] = x[at]
		all, err := j.walk(ctx, run, nn.Seed{Value: v, Grad: seed}, []int{o.Sample}, rules, g.InputValue())
		if err != nil {
			return nil, err
		}
		m := j.strongest(all[0])
		m.Method, m.Score = "project", float64(x[at])
		return m, finite("the map", m.Values)
	})
}
