package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vizserver/internal/nn"
)

// Layer is one step of the plan: a node, and what was fused with it.
type Layer struct {
	Name   string  `json:"name"`
	Kinds  string  `json:"kinds"` // "Conv + Relu"
	Shape  string  `json:"shape"` // of the last value
	MS     float64 `json:"ms"`    // the middle one of the runs
	MACs   int64   `json:"macs"`
	Bytes  int64   `json:"bytes"` // of inputs, weights and outputs, each once
	GFLOPS float64 `json:"gflops"`
	Share  float64 `json:"share_of_peak"`
}

// stepClock is a context that notes the time whenever a run looks at it, which it does before
// each step. So steps are timed without a hook in the engine.
type stepClock struct {
	context.Context //nolint:containedctx // it is one
	marks           []time.Time
}

// Err notes the time.
func (c *stepClock) Err() error {
	c.marks = append(c.marks, time.Now())
	return c.Context.Err()
}

// layers measures each step.
func (e *engine) layers(ctx context.Context, r *Result, o Options) ([]Layer, error) {
	steps, err := e.steps(ctx)
	if err != nil {
		return nil, err
	}
	times := make([][]float64, len(steps))
	clock := &stepClock{Context: ctx}
	for range max(o.Rounds, leastRounds) {
		clock.marks = clock.marks[:0]
		if err := e.once(clock); err != nil {
			return nil, err
		}
		end := time.Now()
		if len(clock.marks) != len(steps) {
			return nil, fmt.Errorf("a run has %d steps, another has %d", len(clock.marks), len(steps))
		}
		for i, mark := range clock.marks {
			next := end
			if i+1 < len(clock.marks) {
				next = clock.marks[i+1]
			}
			times[i] = append(times[i], ms(next.Sub(mark)))
		}
	}
	list := make([]Layer, len(steps))
	for i, nodes := range steps {
		list[i] = layer(nodes, percentile(times[i], 0.5), r.Peak)
	}
	return list, nil
}

// steps returns the nodes of each step.
func (e *engine) steps(ctx context.Context) ([][]*nn.Node, error) {
	before := e.run.OnValue
	defer func() { e.run.OnValue = before }()
	clock := &stepClock{Context: ctx}
	var steps [][]*nn.Node
	e.run.OnValue = func(v *nn.Value) {
		for len(steps) < len(clock.marks) {
			steps = append(steps, nil)
		}
		if at := len(clock.marks) - 1; at >= 0 {
			steps[at] = append(steps[at], v.Node)
		}
	}
	if err := e.once(clock); err != nil {
		return nil, err
	}
	for len(steps) < len(clock.marks) {
		steps = append(steps, nil)
	}
	return steps, nil
}

// layer describes a step by its nodes.
func layer(nodes []*nn.Node, took, peak float64) Layer {
	l := Layer{MS: took}
	made := map[*nn.Value]bool{}
	read := map[*nn.Value]bool{}
	var kinds []string
	for _, n := range nodes {
		l.MACs += n.MACs()
		l.Bytes += 4 * int64(n.NumParams(true))
		kinds = append(kinds, n.Op.Kind())
		made[n.Output] = true
		for _, v := range n.Inputs {
			if !made[v] && !read[v] {
				read[v] = true
				l.Bytes += 4 * int64(v.Shape.Len())
			}
		}
	}
	if len(nodes) > 0 {
		out := nodes[len(nodes)-1].Output
		l.Name, l.Shape = nodes[0].Name, out.Shape.String()
		l.Bytes += 4 * int64(out.Shape.Len())
	}
	l.Kinds = strings.Join(kinds, " + ")
	if took > 0 {
		l.GFLOPS = 2 * float64(l.MACs) / (took * 1e6)
	}
	if peak > 0 {
		l.Share = l.GFLOPS / peak
	}
	return l
}
