package cam

import (
	"context"
	"math"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

const (
	oneBackward   = "1 backward pass"
	backwardNeeds = "operators with a backward pass"
)

// gradMethods weight the maps A_k of a layer by the gradients g_k = ∂s/∂A_k.
var gradMethods = []method{
	gradMethod(Info{
		Name: "gradcam", Title: "Grad-CAM", Formula: "M = ReLU(Σₖ mean(g_k) · A_k)",
		Paper: "Selvaraju et al., ICCV 2017 (arXiv:1610.02391)",
	}, true, gradCAM),
	gradMethod(Info{
		Name: "hirescam", Title: "HiResCAM", Formula: "M = Σₖ g_k ⊙ A_k",
		Paper: "Draelos and Carin, 2020 (arXiv:2011.08891)",
	}, false, hiResCAM),
	gradMethod(Info{
		Name: "elementwise", Title: "Element-wise Grad-CAM", Formula: "M = Σₖ ReLU(g_k ⊙ A_k)",
		Paper: "pytorch-grad-cam, GradCAMElementWise",
	}, true, elementWise),
	gradMethod(Info{
		Name: "gradcampp", Title: "Grad-CAM++", Formula: "M = ReLU(Σₖ w_k · A_k), w_k = Σ α ⊙ ReLU(g_k), α = g² / (2g² + ΣA_k · g³)",
		Paper: "Chattopadhyay et al., WACV 2018 (arXiv:1710.11063)",
	}, true, gradCAMPP),
	gradMethod(Info{
		Name: "xgradcam", Title: "XGrad-CAM", Formula: "M = ReLU(Σₖ w_k · A_k), w_k = Σ(g_k ⊙ A_k) / ΣA_k",
		Paper: "Fu et al., BMVC 2020 (arXiv:2008.02312)",
	}, true, xGradCAM),
	gradMethod(Info{
		Name: "layercam", Title: "LayerCAM", Formula: "M = ReLU(Σₖ ReLU(g_k) ⊙ A_k)",
		Paper: "Jiang et al., IEEE TIP 2021",
	}, true, layerCAM),
}

// layered is what a method reads of a layer.
type layered struct {
	shape nn.Shape
	a, g  []float32 // activations and gradients of one sample, K×H×W
}

// plane returns the activations of channel k.
func (l *layered) plane(k int) []float32 { return l.a[k*l.shape.Plane():][:l.shape.Plane()] }

// slope returns the gradients of channel k.
func (l *layered) slope(k int) []float32 { return l.g[k*l.shape.Plane():][:l.shape.Plane()] }

// gradMethod makes a line of the table of a formula over activations and gradients that adds
// channel k's part to sum.
func gradMethod(info Info, rectified bool, add func(a, g []float32, sum []float64)) method {
	info.Cost, info.Layered = oneBackward, true
	info.Needs = backwardNeeds
	return method{info: info, make: func(ctx context.Context, j *job) (*Map, error) {
		return j.layers(ctx, func(_ context.Context, _ *nn.Value, l *layered) ([]float64, error) {
			sum := make([]float64, l.shape.Plane())
			for k := range l.shape.C {
				add(l.plane(k), l.slope(k), sum)
			}
			return sum, nil
		}, true, rectified)
	}}
}

func gradCAM(a, g []float32, sum []float64) { weighted(mean(g), a, sum) }

func weighted(w float64, a []float32, sum []float64) {
	for i, v := range a {
		sum[i] += w * float64(v)
	}
}

func hiResCAM(a, g []float32, sum []float64) {
	for i, v := range a {
		sum[i] += float64(v) * float64(g[i])
	}
}

func elementWise(a, g []float32, sum []float64) {
	for i, v := range a {
		sum[i] += max(0, float64(v)*float64(g[i]))
	}
}

// gradCAMPP keeps pytorch-grad-cam's 1e-6 in the denominator of α.
func gradCAMPP(a, g []float32, sum []float64) {
	total := mean(a) * float64(len(a))
	w := 0.0
	for _, v := range g {
		if d := float64(v); d > 0 {
			w += plusAlpha(d*d, d*d*d, total) * d
		}
	}
	weighted(w, a, sum)
}

// plusAlpha is the α of Grad-CAM++; a denominator of 0 makes it 0.
func plusAlpha(g2, g3, total float64) float64 {
	if den := 2*g2 + total*g3 + 1e-6; den != 0 {
		return g2 / den
	}
	return 0
}

// xGradCAM keeps pytorch-grad-cam's 1e-7 in the denominator.
func xGradCAM(a, g []float32, sum []float64) {
	var up, down float64
	for i, v := range a {
		up += float64(v) * float64(g[i])
		down += float64(v)
	}
	if down += 1e-7; down != 0 {
		weighted(up/down, a, sum)
	}
}

func layerCAM(a, g []float32, sum []float64) {
	for i, v := range a {
		sum[i] += float64(v) * max(0, float64(g[i]))
	}
}

// layers makes the map of each chosen layer and joins them.
func (j *job) layers(ctx context.Context, one func(context.Context, *nn.Value, *layered) ([]float64, error), grads, rectified bool) (*Map, error) {
	vals, err := j.values()
	if err != nil {
		return nil, err
	}
	list := make([]*layered, len(vals))
	for i, v := range vals {
		if err := j.reserve(2 * 4 * v.Shape.Sample()); err != nil {
			return nil, err
		}
		list[i] = &layered{shape: v.Shape, a: j.read(j.run, v, j.o.Sample)}
		if err := finite("layer "+v.Name, list[i].a); err != nil {
			return nil, err
		}
	}
	if grads {
		g, err := j.gradients(ctx, j.run, []int{j.o.Sample}, nil, vals...)
		if err != nil {
			return nil, err
		}
		for i := range list {
			list[i].g = g[i]
		}
	}
	var maps []*Map
	for i, v := range vals {
		sum, err := one(ctx, v, list[i])
		if err != nil {
			return nil, err
		}
		maps = append(maps, &Map{Layers: []string{v.Name}, H: v.Shape.H, W: v.Shape.W, Values: narrow(sum), Rectified: rectified})
	}
	return join(maps), nil
}

// join averages maps, each over its largest absolute value, in the finest grid; one map stays as it is.
func join(maps []*Map) *Map {
	if len(maps) == 1 {
		return maps[0]
	}
	out := &Map{Rectified: maps[0].Rectified}
	for _, m := range maps {
		out.H, out.W = max(out.H, m.H), max(out.W, m.W)
	}
	out.Values = make([]float32, out.H*out.W)
	for _, m := range maps {
		out.Layers = append(out.Layers, m.Layers...)
		top := float32(0)
		for _, v := range m.Values {
			top = max(top, float32(math.Abs(float64(v))))
		}
		if top == 0 {
			continue
		}
		for i, v := range m.Resize(out.H, out.W).Values {
			out.Values[i] += v / top / float32(len(maps))
		}
	}
	return out
}

// values returns the chosen layers.
func (j *job) values() ([]*nn.Value, error) {
	if len(j.o.Layers) == 0 {
		v, err := Layer(j.m)
		return []*nn.Value{v}, err
	}
	var list []*nn.Value
	for _, name := range j.o.Layers {
		v := j.g.Value(name)
		if v == nil {
			return nil, &nn.NameError{Net: j.m.Name, Name: name}
		}
		if slices.Contains(list, v) {
			return nil, invalid("layer %q is named twice", name)
		}
		if v.Shape.Plane() < 2 {
			return nil, invalid("layer %q has no places: it is %v", name, v.Shape).WithHint("choose a layer with maps, for example a convolution")
		}
		list = append(list, v)
	}
	return list, nil
}

// noFeatures are operators that a map is not read behind: they only make its grid coarser or lay it out anew.
var noFeatures = []string{
	"MaxPool", "AveragePool", "AdaptiveAveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool",
	"LRN", "Flatten", "Reshape", "Transpose", "Pad", "Reduce",
}

// Layer returns the layer that a map is made of where none is chosen: the features of the exact Head,
// else the last value with more than one place that is not a pooling's (conv5_3 of VGG, as in the
// papers). A net without maps gives an error.
func Layer(m *nn.Model) (*nn.Value, error) {
	if h, err := FindHead(m); err == nil {
		return h.Features, nil
	}
	for _, n := range slices.Backward(m.Graph.Nodes) {
		if n.Output.Shape.Plane() > 1 && !slices.Contains(noFeatures, n.Op.Kind()) {
			return n.Output, nil
		}
	}
	return nil, fault.New(fault.Unsupported, "%s has no layer with maps", m.Name).WithHint("choose a method of pixels, for example the gradient")
}
