package cam

import (
	"math"
	"testing"

	"vizserver/internal/nn"
)

// TestFullGradIsComplete checks that input and biases times gradients add up to the score: on nets whose
// bends are ReLU, ReLU6 and max pooling.
func TestFullGradIsComplete(t *testing.T) {
	for _, name := range []string{small, "squeezenet-1.1", "mobilenet-v2", "efficientnet-lite0"} {
		t.Run(name, func(t *testing.T) {
			if name != small && testing.Short() {
				t.Skip("-short: a backward pass of a large net")
			}
			run := execute(t, model(t, name), 1)
			for _, target := range []Target{{Class: class}, {Class: 1, Against: []int{2, 4}}} {
				got := explain(t, "fullgrad", run, target, Options{})
				if d := got.Sum() + got.Bias - got.Score; !(math.Abs(d) <= 2e-4*math.Max(1, math.Abs(got.Score))) {
					t.Errorf("%+v: sum %v + bias %v is %v off the score %v", target, got.Sum(), got.Bias, d, got.Score)
				}
			}
		})
	}
}

// TestIntegratedIsComplete checks that the error of the sum falls as steps are added.
func TestIntegratedIsComplete(t *testing.T) {
	run := execute(t, model(t, small), 4)
	var off []float64
	for _, n := range []int{4, 64} {
		got := explain(t, "integrated", run, Target{Class: class}, Options{Samples: n})
		off = append(off, math.Abs(got.Sum()+got.Bias-got.Score)/math.Abs(got.Score-got.Bias))
	}
	if !(off[1] < 0.02 && off[1] < off[0]) {
		t.Errorf("4 and 64 steps are %.3g and %.3g of the difference off", off[0], off[1])
	}
	t.Logf("4 and 64 steps are %.3g and %.3g of the difference off", off[0], off[1])
}

// TestPixelGolden compares the methods of pixels with PyTorch's autograd; an occluded grid, with its windows' mean.
func TestPixelGolden(t *testing.T) {
	run, f := execute(t, model(t, small), 3), golden(t)
	near(t, []float32{float32(explain(t, "cam", run, Target{Class: class}, Options{}).Score)}, want(t, f, "logits")[class:class+1], 1e-5)
	for _, tt := range []struct{ method, golden string }{
		{"gradient", "gradient"}, {"gradientinput", "input"}, {"integrated", "integrated"}, {"guided", "guided"}, {"deconvnet", "deconvnet"},
	} {
		got := explain(t, tt.method, run, Target{Class: class}, Options{Sample: 2})
		ref := want(t, f, "pixels/"+tt.golden)
		tol := 1e-4
		if tt.method == "integrated" { // on the way some units change sides by rounding alone
			tol = 1e-3
		}
		near(t, got.Colours, ref, tol, 3, got.H, got.W)
	}
	grid := want(t, f, "pixels/occlusion") // windows of 8 at 0, 4, … 24
	ref := make([]float32, 32*32)
	for i := range ref {
		n := float32(0)
		for k, v := range grid {
			top, left := k/7*4, k%7*4
			if y, x := i/32, i%32; y >= top && y < top+8 && x >= left && x < left+8 {
				ref[i] += v
				n++
			}
		}
		ref[i] /= n
	}
	near(t, explain(t, "occlusion", run, Target{Class: class}, Options{Window: 8, Stride: 4}).Values, ref, 1e-4, 32, 32)
}

// TestSmoothing checks that without noise the smoothed methods are those without smoothing, and that the seed decides.
func TestSmoothing(t *testing.T) {
	run := execute(t, model(t, small), 4)
	still := Options{Samples: 3, Noise: 1e-9}
	near(t, explain(t, "smoothgrad", run, Target{Class: class}, still).Values, explain(t, "gradient", run, Target{Class: class}, Options{}).Values, 1e-4)
	near(t, explain(t, "smoothgradcampp", run, Target{Class: class}, still).Values, explain(t, "gradcampp", run, Target{Class: class}, Options{}).Values, 1e-4)
	inner := map[string][]string{"smoothgradcampp": {layer2}} // behind the last layer nothing bends: its gradients do not feel noise
	for _, name := range []string{"smoothgrad", "smoothgradcampp", "rise", "random"} {
		a := explain(t, name, run, Target{Class: class}, Options{Samples: 4, Seed: 1, Layers: inner[name]}).Values
		b := explain(t, name, run, Target{Class: class}, Options{Samples: 4, Seed: 2, Layers: inner[name]}).Values
		differ := 0.0
		for i := range a {
			differ = math.Max(differ, math.Abs(float64(a[i]-b[i])))
		}
		if differ < 1e-3*largest(a) {
			t.Errorf("%s: seeds 1 and 2 give the same map", name)
		}
	}
}

// TestBatchDoesNotMatter makes maps one input at a time and five at once.
func TestBatchDoesNotMatter(t *testing.T) {
	m := model(t, small)
	one, five := execute(t, m, 1), execute(t, m, 5)
	for _, name := range []string{"smoothgrad", "integrated", "rise", "score", "occlusion", "ablation"} {
		o := Options{Samples: 7, Seed: 3, Layers: []string{layer2}, Window: 16, Stride: 16}
		near(t, explain(t, name, five, Target{Class: class}, o).Values, explain(t, name, one, Target{Class: class}, o).Values, 1e-4)
	}
}

// TestEditsStay switches off a map in the run that is explained: what is repeated is that net.
func TestEditsStay(t *testing.T) {
	run := execute(t, model(t, small), 1, nn.Edit{Value: layer3, Channel: -1})
	got := explain(t, "occlusion", run, Target{Class: class}, Options{Window: 16, Stride: 16})
	for i, v := range got.Values {
		if v != 0 {
			t.Fatalf("place %d: covering changes the answer by %v where all features are off", i, v)
		}
	}
}

// TestProject compares a unit of the last layer with the gradient of its value by hand: at a unit of the logits
// it is the class's gradient times the logit.
func TestProject(t *testing.T) {
	m := model(t, small)
	run := execute(t, m, 1)
	at := -1
	for _, l := range m.Graph.Layers {
		if l.Out == Logits(m.Graph) {
			at = l.Index
		}
	}
	got, err := Project(t.Context(), run, nn.Unit{Layer: at, Channel: class}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ref := explain(t, "gradient", run, Target{Class: class}, Options{})
	for i := range ref.Values {
		ref.Values[i] *= float32(ref.Score)
	}
	near(t, got.Values, ref.Values, 1e-4)
	if _, err := Project(t.Context(), run, nn.Unit{Layer: at, Channel: 10}, nil, Options{}); err == nil {
		t.Error("no error for a unit that does not exist")
	}
	if _, err := Project(t.Context(), run, nn.Unit{}, nil, Options{}); err == nil {
		t.Error("no error for a unit of the input")
	}
}

// TestSpread spreads 2 cells over 3 pixels by hand, and checks that sums stay.
func TestSpread(t *testing.T) {
	dst := make([]float64, 3)
	spread([]float64{6, 3}, nn.Shape{H: 1, W: 2}, dst, nn.Shape{H: 1, W: 3})
	for i, v := range []float64{4, 3, 2} {
		if math.Abs(dst[i]-v) > 1e-12 {
			t.Errorf("pixel %d is %v, want %v", i, dst[i], v)
		}
	}
}
