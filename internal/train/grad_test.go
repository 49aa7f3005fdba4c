package train

import (
	"math"
	"testing"

	"vizserver/internal/mnist"
)

// TestGradientsOfWholeNets walks a little along the gradient of every parameter: the
// loss must change by the gradient's square, as central differences see it. (Single
// weights drown in float32's rounding; each operator has its own finer test.)
func TestGradientsOfWholeNets(t *testing.T) {
	for _, model := range []string{"lenet5-1998", "lenet5-harley", "lenet5-modern", "mlp-harley"} {
		t.Run(model, func(t *testing.T) {
			tr, err := New(smallConfig(t, model), mnist.Test())
			if err != nil {
				t.Fatal(err)
			}
			digits := []int{3, 1, 4, 15, 9, 2, 6, 5}
			loss := func() float64 {
				if err := tr.shard(t.Context(), tr.parts[0], digits); err != nil {
					t.Fatal(err)
				}
				return tr.parts[0].loss
			}
			loss()
			var grads [][]float32
			for _, node := range tr.parts[0].back.ParamGrads {
				for _, g := range node {
					if g != nil {
						grads = append(grads, append([]float32(nil), g...))
					}
				}
			}
			for i, p := range tr.params {
				checkAlong(t, tr.names[i], p, grads[i], loss)
			}
		})
	}
}

func checkAlong(t *testing.T, name string, p, grad []float32, loss func() float64) {
	t.Helper()
	var square float64
	for _, g := range grad {
		square += float64(g) * float64(g)
	}
	const length = 0.02 // of the step
	h := length / math.Sqrt(square)
	old := append([]float32(nil), p...)
	move := func(k float64) float64 {
		for i := range p {
			p[i] = old[i] + float32(k*float64(grad[i]))
		}
		return loss()
	}
	slope := (move(h) - move(-h)) / (2 * h)
	copy(p, old)
	if !(math.Abs(slope-square) <= 0.08*square+1e-6) {
		t.Errorf("%s: |gradient|² is %.6g, along it the loss changes by %.6g", name, square, slope)
	}
}
