package imgio_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"vizserver/internal/imgio"
	"vizserver/internal/mnist"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

const (
	padSide    = 280
	padMinSide = 80  // web/static/js/digit/recipe.js MIN_SIDE
	onceSide   = 130 // side of a digit at scale 1: at scale 2 it still fits on the pad
	robustN    = 200
)

// redraw puts a digit on the pad at a scale of 0.5 to 2 and a random place where all of it fits, by
// bilinear interpolation; pen gives the ink of each interpolated grey.
func redraw(r *rand.Rand, digit []byte, pen func(grey float64) byte) []byte {
	scale := math.Pow(2, 2*r.Float64()-1)
	zoom := scale * onceSide / 20 // pad pixels for each of the digit's
	x0, y0, x1, y1 := inkBox(digit)
	left := r.Float64()*(padSide-float64(x1-x0)*zoom) - float64(x0)*zoom
	top := r.Float64()*(padSide-float64(y1-y0)*zoom) - float64(y0)*zoom
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= mnist.Side || y >= mnist.Side {
			return 0
		}
		return float64(digit[y*mnist.Side+x])
	}
	pad := make([]byte, padSide*padSide)
	for py := range padSide {
		for px := range padSide {
			fx, fy := (float64(px)+0.5-left)/zoom-0.5, (float64(py)+0.5-top)/zoom-0.5
			x, y := int(math.Floor(fx)), int(math.Floor(fy))
			dx, dy := fx-float64(x), fy-float64(y)
			v := (at(x, y)*(1-dx)+at(x+1, y)*dx)*(1-dy) + (at(x, y+1)*(1-dx)+at(x+1, y+1)*dx)*dy
			pad[py*padSide+px] = pen(v)
		}
	}
	return pad
}

// inkBox is the smallest box that holds a digit's ink; ends excluded.
func inkBox(digit []byte) (x0, y0, x1, y1 int) {
	x0, y0 = mnist.Side, mnist.Side
	for i, g := range digit {
		if g > 0 {
			x, y := i%mnist.Side, i/mnist.Side
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
		}
	}
	return x0, y0, x1, y1
}

// right counts the digits that the net names rightly.
func right(t *testing.T, m *nn.Model, digits [][]byte, labels []int) int {
	t.Helper()
	plan, err := nn.Compile(m, nn.Options{Batch: len(digits)})
	if err != nil {
		t.Fatal(err)
	}
	run := plan.NewRun()
	defer run.Release()
	size := m.Graph.InputValue().Shape.Len()
	input := make([]float32, size*len(digits))
	for i, d := range digits {
		m.Pre.Apply(input[i*size:(i+1)*size], d)
	}
	if err := run.Execute(context.WithoutCancel(t.Context()), input); err != nil {
		t.Fatal(err)
	}
	view := run.ViewOf(m.Graph.OutputValue())
	n := 0
	for i, want := range labels {
		scores := make([]float32, mnist.Classes)
		region := nn.Whole(m.Graph.OutputValue().Shape)
		region.N = i
		if err := view.Read(scores, region); err != nil {
			t.Fatal(err)
		}
		if best(scores, m.Head.LowerIsBetter) == want {
			n++
		}
	}
	return n
}

func best(scores []float32, lower bool) int {
	b := 0
	for i, s := range scores {
		if (lower && s < scores[b]) || (!lower && s > scores[b]) {
			b = i
		}
	}
	return b
}

// TestRobust: 200 test digits, scaled 0.5–2×, shifted, redrawn at 280×280 and put through the recipe,
// keep 98 % of their accuracy, for each net.
func TestRobust(t *testing.T) {
	soft := func(grey float64) byte { return byte(grey + 0.5) }
	keepsAccuracy(t, func(r *rand.Rand, digit []byte) []byte { return redraw(r, digit, soft) }, 0.98)
}

// TestPenWidth: the same with the hard edge of the pad's pen, whose stroke is thinner or wider than the
// digit's by up to half a pixel of the field on either side.
func TestPenWidth(t *testing.T) {
	keepsAccuracy(t, func(r *rand.Rand, digit []byte) []byte {
		edge := 64 + 128*r.Float64()
		return redraw(r, digit, func(grey float64) byte {
			if grey >= edge {
				return 255
			}
			return 0
		})
	}, 0.98)
}

// keepsAccuracy compares the accuracy of each net on 200 test digits as they are and as draw puts
// them on the pad.
func keepsAccuracy(t *testing.T, draw func(*rand.Rand, []byte) []byte, share float64) {
	t.Helper()
	const seed = 1998
	r := rand.New(rand.NewPCG(seed, 200))
	d := mnist.Test()
	var plain, drawn [][]byte
	var labels []int
	for _, i := range r.Perm(d.Len())[:robustN] {
		greys := imgio.Centred(draw(r, d.Image(i)), padSide, padSide, padMinSide)
		if greys == nil {
			t.Fatalf("digit %d is blank on the pad", i)
		}
		plain, drawn, labels = append(plain, d.Image(i)), append(drawn, greys), append(labels, d.Label(i))
	}
	for _, name := range zoo.Names(zoo.Of(zoo.Digits)) {
		m, err := zoo.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		before, after := right(t, m, plain, labels), right(t, m, drawn, labels)
		t.Logf("%s: %d of %d right as they are, %d redrawn", name, before, robustN, after)
		if float64(after) < share*float64(before) {
			t.Errorf("%s (seed %d): %d of %d right after redrawing, %d before", name, seed, after, robustN, before)
		}
	}
}
