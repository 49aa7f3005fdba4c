package cam

import (
	"math"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// TestIdentity checks mean(M_c) + b_c = logit_c on real nets of every form of head, that the channels' parts
// add up to the mean, and that a difference of classes is the difference of their maps.
func TestIdentity(t *testing.T) {
	for _, tt := range []struct {
		name  string
		heavy bool
	}{
		{name: small},
		{name: "squeezenet-1.1"},
		{name: "mobilenet-v2"},
		{name: "efficientnet-lite0"},
		{"nin", true},
		{"resnet18", true},
		{"resnet-v2-50", true},
		{"densenet121", true},
		{"googlenet", true},
		{"bn-inception", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.heavy && testing.Short() {
				t.Skip("-short: more than 0.5 G multiply-adds")
			}
			m := model(t, tt.name)
			run := execute(t, m, 2)
			h, err := FindHead(m)
			if err != nil {
				t.Fatal(err)
			}
			tol := 0.0
			for _, c := range []int{0, 7, h.Classes - 1} {
				target := Target{Class: c}
				got := explain(t, "cam", run, target, Options{Sample: 1})
				tol = math.Max(tol, 1e-5*math.Max(1, math.Abs(got.Score)))
				if d := got.Mean() + got.Bias - got.Score; !(math.Abs(d) <= tol) {
					t.Errorf("class %d: mean %v + bias %v is %v off the logit %v", c, got.Mean(), got.Bias, d, got.Score)
				}
				parts, err := h.Parts(run, target, 1)
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for i, p := range parts {
					sum += p.Adds
					if i > 0 && math.Abs(p.Adds) > math.Abs(parts[i-1].Adds) {
						t.Fatalf("part %d is larger than the one before", i)
					}
				}
				if !(math.Abs(sum-got.Mean()) <= tol) || len(parts) != h.Features.Shape.C {
					t.Errorf("class %d: %d parts add up to %v, the mean is %v", c, len(parts), sum, got.Mean())
				}
			}
			difference(t, run, h)
		})
	}
}

func difference(t *testing.T, run *nn.Run, h *Head) {
	t.Helper()
	at := func(target Target) []float32 { return explain(t, "cam", run, target, Options{}).Values }
	a, b, c := at(Target{Class: 1}), at(Target{Class: 2}), at(Target{Class: h.Classes - 2})
	ref := make([]float32, len(a))
	for i := range ref {
		ref[i] = a[i] - (b[i]+c[i])/2
	}
	near(t, at(Target{Class: 1, Against: []int{2, h.Classes - 2}}), ref, 1e-5)
}

// TestHeadsOfTheZoo compares the form that FindHead sees with what the table of nets says.
func TestHeadsOfTheZoo(t *testing.T) {
	for _, e := range zoo.Table() {
		g, err := e.Graph()
		if err != nil {
			t.Fatal(err)
		}
		_, err = FindHead(&nn.Model{Name: e.Name, Graph: g, Weights: nn.Weights{}})
		if (err == nil) != e.GAP {
			t.Errorf("%s: GAP is %v in the table, FindHead says %v", e.Name, e.GAP, err)
		}
	}
}

// TestGradCAMIsCAM checks, for a head of GAP and a linear layer, that Grad-CAM before its ReLU, HiResCAM and
// XGrad-CAM are CAM/(H·W), and that LayerCAM and the element-wise form keep its positive products.
func TestGradCAMIsCAM(t *testing.T) {
	m := model(t, small)
	run := execute(t, m, 2)
	exact := explain(t, "cam", run, Target{Class: class}, Options{Sample: 1})
	ref := make([]float32, len(exact.Values))
	for i, v := range exact.Values {
		ref[i] = v / float32(len(ref))
	}
	for _, name := range []string{"gradcam", "hirescam", "xgradcam"} {
		near(t, explain(t, name, run, Target{Class: class}, Options{Sample: 1}).Values, ref, 1e-5, exact.H, exact.W)
	}
	paper := explain(t, "gradcam", run, Target{Class: class}, Options{}).Paper()
	for i, v := range paper.Values {
		if math.Abs(float64(v-max(0, ref[i]))) > 1e-5*largest(ref) {
			t.Errorf("place %d: Grad-CAM is %v, ReLU(CAM)/(H·W) is %v", i, v, max(0, ref[i]))
		}
	}
	if e := exact.Evidence(); !(e.Positive > 0 && e.Negative > 0) {
		t.Errorf("a seeded net has evidence of both signs, got %+v", e)
	}
	layer := explain(t, "layercam", run, Target{Class: class}, Options{}).Values
	near(t, layer, explain(t, "elementwise", run, Target{Class: class}, Options{}).Values, 1e-6)
}
