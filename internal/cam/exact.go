package cam

import (
	"context"
	"math"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

var exactMethods = []method{{
	info: Info{
		Name: "cam", Title: "CAM", Formula: "M_c = Σₖ w_ck · f_k;  mean(M_c) + b_c = y_c",
		Paper: "Zhou et al., CVPR 2016 (arXiv:1512.04150)", Cost: "one product for each class, no pass",
		Needs: "global average pooling, then one linear layer; or a 1×1 convolution, then global average pooling", Layered: true,
	},
	make: func(_ context.Context, j *job) (*Map, error) {
		h, err := FindHead(j.m)
		if err != nil {
			return nil, err
		}
		if l := j.o.Layers; len(l) > 1 || (len(l) == 1 && l[0] != h.Features.Name) {
			return nil, invalid("CAM reads the maps in front of the average, %q, and no others", h.Features.Name).
				WithHint("choose Grad-CAM or another method for other layers")
		}
		return h.explain(j), nil
	},
}}

// Head is the end of a net whose logits are sums over places, so that a map of evidence is exact.
//
//	GAP, linear          y_c = b_c + Σₖ w_ck · mean f_k
//	1×1 convolution, GAP y_c = mean(b_c + Σₖ w_ck · f_k)          the same number
//	… with a ReLU        y_c = mean ReLU(s_c), s_c = b_c + Σₖ w_ck · f_k  (NIN, SqueezeNet)
//
// In the third form a place counts where s_c > 0: M_c is Σₖ w_ck · f_k there and 0 elsewhere, and the
// bias is b_c times the share of such places. In all three mean(M_c) + bias = y_c.
type Head struct {
	Features *nn.Value // the K maps f_k
	Classes  int
	weight   []float32 // Classes×K
	bias     []float32 // nil: none
	gate     *nn.Value // the values behind the ReLU; nil: none
}

// FindHead reads a model's end. The error, Unsupported, says what stands there instead.
func FindHead(m *nn.Model) (*Head, error) {
	v := through(Logits(m.Graph))
	refuse := func(text string) (*Head, error) {
		return nil, fault.New(fault.Unsupported, "%s has no exact class activation map: %s", m.Name, text).
			WithHint("Grad-CAM and the other methods work for every net")
	}
	if n := v.Node; n != nil && isLinear(n) { // GAP, linear
		pool := through(n.Inputs[0])
		if pool.Node == nil || !isGAP(pool.Node) || pool.Node.Inputs[0].Shape.Plane() == 1 {
			return refuse("its last linear layer does not read averages of whole maps")
		}
		return newHead(m, n, pool.Node.Inputs[0], nil), nil
	}
	if v.Node == nil || !isGAP(v.Node) {
		return refuse("it ends neither with a linear layer nor with the average of whole maps")
	}
	maps := v.Node.Inputs[0]
	gate := (*nn.Value)(nil)
	if maps.Node != nil && maps.Node.Op.Kind() == "Relu" {
		gate, maps = maps, maps.Node.Inputs[0]
	}
	if maps.Node == nil || !isPointwise(maps.Node) {
		return refuse("no 1×1 convolution stands in front of its average")
	}
	return newHead(m, maps.Node, maps.Node.Inputs[0], gate), nil
}

func newHead(m *nn.Model, n *nn.Node, features, gate *nn.Value) *Head {
	h := &Head{Features: features, Classes: n.Output.Shape.C, gate: gate, weight: m.Weights[n.Params[0].Name].Data}
	if len(n.Params) > 1 {
		h.bias = m.Weights[n.Params[1].Name].Data
	}
	return h
}

// isView says whether a node only lays the same values out in another way.
func isView(n *nn.Node) bool {
	k := n.Op.Kind()
	return k == "Flatten" || k == "Reshape"
}

// through walks back over views of vectors.
func through(v *nn.Value) *nn.Value {
	for v.Node != nil && isView(v.Node) && v.Node.Inputs[0].Shape.Plane() == 1 {
		v = v.Node.Inputs[0]
	}
	return v
}

func isLinear(n *nn.Node) bool {
	_, ok := n.Op.(op.Linear)
	return ok || (n.Inputs[0].Shape.Plane() == 1 && isPointwise(n))
}

func isPointwise(n *nn.Node) bool {
	c, ok := n.Op.(op.Conv)
	one := op.Square(1)
	return ok && c.Kernel == one && (c.Stride == op.Size{} || c.Stride == one) && c.Pad == op.Size{} && c.Extra == op.Size{} &&
		c.Groups <= 1 && c.Table == nil
}

// isGAP says whether a node averages whole maps.
func isGAP(n *nn.Node) bool {
	in := n.Inputs[0].Shape
	switch o := n.Op.(type) {
	case op.GlobalAvgPool:
		return true
	case op.AdaptiveAvgPool:
		return o.Out == op.Square(1)
	case op.AvgPool:
		return n.Output.Shape.Plane() == 1 && o.Kernel == op.Size{H: in.H, W: in.W} && o.Pad == op.Size{} && o.Extra == op.Size{}
	case op.Reduce:
		axes := slices.Sorted(slices.Values(o.Axes))
		return o.Fn == "mean" && len(o.Dims) == 3 && slices.Equal(axes, []int{1, 2})
	}
	return false
}

// explain makes the map and its bias.
func (h *Head) explain(j *job) *Map {
	s := h.Features.Shape
	out := make([]float64, s.Plane())
	bias := 0.0
	f := j.read(j.run, h.Features, j.o.Sample)
	for _, t := range j.terms {
		open := h.open(j, t.class)
		row := h.weight[t.class*s.C:][:s.C]
		sum := product(row, f, s.Plane())
		share := 0.0
		for i := range sum {
			if open == nil || open[i] > 0 {
				out[i] += t.by * sum[i]
				share++
			}
		}
		if h.bias != nil {
			bias += t.by * float64(h.bias[t.class]) * share / float64(len(sum))
		}
	}
	return &Map{Layers: []string{h.Features.Name}, H: s.H, W: s.W, Values: narrow(out), Bias: bias}
}

// product returns Σₖ w_k · f_k of maps of so many places, in float64, four channels at a time, so
// that the sums are loaded and stored a quarter as often.
func product(w, f []float32, places int) []float64 {
	sum := make([]float64, places)
	k := 0
	for ; k+4 <= len(w); k += 4 {
		a, b, c, d := f[k*places:][:places], f[(k+1)*places:][:places], f[(k+2)*places:][:places], f[(k+3)*places:][:places]
		wa, wb, wc, wd := float64(w[k]), float64(w[k+1]), float64(w[k+2]), float64(w[k+3])
		for i := range sum {
			sum[i] += wa*float64(a[i]) + wb*float64(b[i]) + wc*float64(c[i]) + wd*float64(d[i])
		}
	}
	for ; k < len(w); k++ {
		weighted(float64(w[k]), f[k*places:][:places], sum)
	}
	return sum
}

// open returns the class's map behind the ReLU, or nil where there is none.
func (h *Head) open(j *job, class int) []float32 {
	if h.gate == nil {
		return nil
	}
	s := h.gate.Shape
	x := make([]float32, s.Plane())
	r := nn.Region{N: j.o.Sample, C0: class, C1: class + 1, Y1: s.H, X1: s.W}
	if err := j.run.ViewOf(h.gate).Read(x, r); err != nil {
		panic("cam: " + err.Error()) // the class was checked by newJob
	}
	return x
}

// Part is what one channel of the features adds to the score.
type Part struct {
	Channel int
	Weight  float64 // w_k; of a difference, the difference of the weights
	Mean    float64 // of f_k
	Adds    float64 // the mean of the channel's part of the map: w_k · mean(f_k), but for closed places
}

// Parts returns the parts of all channels, the one that adds or takes most first: they add up to the
// mean of the map. Errors as Explain's.
func (h *Head) Parts(run *nn.Run, t Target, sample int) ([]Part, error) {
	j, err := newJob(run, t, Options{Sample: sample})
	if err != nil {
		return nil, err
	}
	s := h.Features.Shape
	f := j.read(run, h.Features, sample)
	list := make([]Part, s.C)
	for k := range list {
		list[k].Channel = k
		list[k].Mean = mean(f[k*s.Plane():][:s.Plane()])
	}
	for _, t := range j.terms {
		open := h.open(j, t.class)
		for k := range list {
			w := t.by * float64(h.weight[t.class*s.C+k])
			list[k].Weight += w
			list[k].Adds += w * openMean(f[k*s.Plane():][:s.Plane()], open)
		}
	}
	slices.SortStableFunc(list, func(a, b Part) int {
		switch x, y := math.Abs(a.Adds), math.Abs(b.Adds); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list, nil
}

// openMean is the mean of a map whose closed places count as 0.
func openMean(f, open []float32) float64 {
	var s float64
	for i, v := range f {
		if open == nil || open[i] > 0 {
			s += float64(v)
		}
	}
	return s / float64(len(f))
}

func mean(x []float32) float64 { return openMean(x, nil) }

func narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}
