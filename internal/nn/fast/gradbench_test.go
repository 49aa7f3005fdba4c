package fast_test

import (
	"slices"
	"testing"
	"time"

	"vizserver/internal/nn"
	"vizserver/internal/nn/fast"
)

// BenchmarkGradient is the gradient of one logit of ResNet-50 by the last convolution's block and by
// that of layer 2, as Grad-CAM asks for it, beside the forward pass before it. It tells medians and how
// many forward passes both together take.
func BenchmarkGradient(b *testing.B) {
	m := model(b, "resnet50")
	for _, name := range []string{"layer4.2.relu#2", "layer2.3.relu#2"} {
		b.Run(name, func(b *testing.B) {
			p, err := nn.Compile(m, nn.Options{Compiler: fast.Options{}.Compile})
			if err != nil {
				b.Fatal(err)
			}
			run := p.NewRun()
			x := picture(len(run.Input()))
			back := p.NewBackprop()
			v := m.Graph.Value(name)
			if v == nil {
				b.Fatalf("no value %q", name)
			}
			back.Want, back.NoParams = []*nn.Value{v}, true
			logits := m.Graph.OutputValue().Node.Inputs[0]
			seed := make([]float32, logits.Shape.Len())
			seed[281] = 1
			var forward, backward []float64
			for b.Loop() {
				start := time.Now()
				if err := run.Execute(b.Context(), x); err != nil {
					b.Fatal(err)
				}
				half := time.Now()
				if err := back.Run(run, nn.Seed{Value: logits, Grad: seed}); err != nil {
					b.Fatal(err)
				}
				forward = append(forward, half.Sub(start).Seconds()*1e3)
				backward = append(backward, time.Since(half).Seconds()*1e3)
			}
			slices.Sort(forward)
			slices.Sort(backward)
			f, g := forward[len(forward)/2], backward[len(backward)/2]
			b.ReportMetric(f, "ms/forward")
			b.ReportMetric(g, "ms/backward")
			b.ReportMetric((f+g)/f, "forwards")
		})
	}
}
