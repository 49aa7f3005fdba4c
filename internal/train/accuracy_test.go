package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vizserver/internal/mnist"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// promised is the share of the 10,000 test digits that each net in the binary gets right, at least.
var promised = map[string]float64{
	"lenet5-1998": 0.990, "lenet5-harley": 0.992, "lenet5-modern": 0.994, "mlp-harley": 0.982,
}

// TestAccuracyOfTheCommittedWeights asks the nets in the binary for all 10,000 test
// digits, and compares accuracy and confusion with the manifest. The short run asks for
// a random 1,000 and allows for chance: four standard deviations.
func TestAccuracyOfTheCommittedWeights(t *testing.T) {
	if got := zoo.Names(zoo.Of(zoo.Digits)); len(got) != len(promised) {
		t.Fatalf("nets %v, promised for %d", got, len(promised))
	}
	for name, want := range promised {
		t.Run(name, func(t *testing.T) {
			m, err := zoo.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() {
				seed := uint64(time.Now().UnixNano())
				some := rand.New(rand.NewPCG(seed, 0)).Perm(mnist.Test().Len())[:1000]
				r, err := EvaluateSome(t.Context(), m, mnist.Test(), some)
				if err != nil {
					t.Fatal(err)
				}
				if margin := 4 * math.Sqrt(want*(1-want)/1000); r.Accuracy() < want-margin {
					t.Errorf("%.2f %% of 1,000 digits right, promised %.1f %% (seed %d)", 100*r.Accuracy(), 100*want, seed)
				}
				return
			}
			r, err := Evaluate(t.Context(), m, mnist.Test())
			if err != nil {
				t.Fatal(err)
			}
			if r.Accuracy() < want {
				t.Errorf("%.2f %% of the test digits right, promised %.1f %%", 100*r.Accuracy(), 100*want)
			}
			info, err := models.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.TestAccuracy != r.Accuracy() {
				t.Errorf("the manifest says %v, measured %v", info.TestAccuracy, r.Accuracy())
			}
			for class, row := range r.Confusion {
				if !slices.Equal(row, info.Confusion[class]) {
					t.Errorf("confusion of %d: the manifest says %v, measured %v", class, info.Confusion[class], row)
				}
			}
		})
	}
}
