package imgio

import (
	"encoding/json"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/disintegration/imaging"

	"vizserver/internal/mnist"
	"vizserver/internal/testutil"
)

// vector is one file of testdata/recipe, which the page's tests read too.
type vector struct {
	Name               string
	Width, Height      int
	MinSide            float64 `json:"min_side"`
	Runs               []int   // grey, count, grey, count …
	Centred, Uncentred []byte  // base64 in the file; null for a blank drawing
}

func (v *vector) greys() []byte {
	var out []byte
	for i := 0; i+1 < len(v.Runs); i += 2 {
		out = append(out, slices.Repeat([]byte{byte(v.Runs[i])}, v.Runs[i+1])...)
	}
	return out
}

func TestRecipeVectors(t *testing.T) {
	n := 0
	for name, b := range testutil.Files(t, filepath.Join(testutil.Root(t), "testdata/recipe/*.json")) {
		n++
		t.Run(name, func(t *testing.T) {
			var v vector
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			greys := v.greys()
			if len(greys) != v.Width*v.Height {
				t.Fatalf("%d greys for %d×%d", len(greys), v.Width, v.Height)
			}
			nearGreys(t, "centred", Centred(greys, v.Width, v.Height, v.MinSide), v.Centred, 1)
			nearGreys(t, "uncentred", Uncentred(greys, v.Width, v.Height), v.Uncentred, 1)
		})
	}
	if n < 10 {
		t.Errorf("only %d vectors", n)
	}
}

func nearGreys(t *testing.T, what string, got, want []byte, within int) {
	t.Helper()
	if (got == nil) != (want == nil) || len(got) != len(want) {
		t.Fatalf("%s: %d greys, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := abs(int(got[i]) - int(want[i])); d > within {
			t.Fatalf("%s: grey (%d, %d) is %d, want %d", what, i%28, i/28, got[i], want[i])
		}
	}
}

// slowAverage is the definition of the recipe's mean, cell by cell and pixel by pixel.
func slowAverage(greys []byte, w, h int, g grid) []byte {
	overlap := func(a0, a1, b0, b1 float64) float64 { return math.Max(0, math.Min(a1, b1)-math.Max(a0, b0)) }
	out := make([]byte, 784)
	for j := range 28 {
		for i := range 28 {
			x0, y0 := g.left+float64(i)*g.qx, g.top+float64(j)*g.qy
			var sum float64
			for y := range h {
				for x := range w {
					part := overlap(x0, x0+g.qx, float64(x), float64(x+1)) * overlap(y0, y0+g.qy, float64(y), float64(y+1))
					sum += part * float64(greys[y*w+x])
				}
			}
			out[j*28+i] = byte(math.Min(255, math.Floor(sum/(g.qx*g.qy)+0.5)))
		}
	}
	return out
}

func TestAreaAverageIsTheMean(t *testing.T) {
	const seed = 20261124
	r := rand.New(rand.NewPCG(seed, 1))
	for range 30 {
		w, h := 1+r.IntN(60), 1+r.IntN(50)
		greys := make([]byte, w*h)
		for i := range greys {
			greys[i] = byte(r.IntN(256))
		}
		g := grid{r.Float64()*60 - 30, r.Float64()*60 - 30, 0.1 + 4*r.Float64(), 0.1 + 4*r.Float64()}
		nearGreys(t, "mean", areaAverage(greys, w, h, g), slowAverage(greys, w, h, g), 1)
	}
}

// digitImage draws the greys as a picture: ink dark on paper light, or the other way round.
func digitImage(greys []byte, w int, ink, paper uint8) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, len(greys)/w))
	for i, g := range greys {
		v := uint8((int(paper)*(255-int(g)) + int(ink)*int(g) + 127) / 255)
		m.SetNRGBA(i%w, i/w, color.NRGBA{v, v, v, 255})
	}
	return m
}

// A file of MNIST stays as it is, white on black or black on white; the test digits pass
// through the gate of fulfilsRecipe.
func TestDigitKeepsMNIST(t *testing.T) {
	d := mnist.Test()
	same := 0
	n := 2000
	if testing.Short() {
		n = 200
	}
	for i := range n {
		want := d.Image(i)
		for _, m := range []*image.NRGBA{digitImage(want, 28, 255, 0), digitImage(want, 28, 0, 255)} {
			got, ok := Digit(m, true)
			if !ok {
				t.Fatalf("digit %d is blank", i)
			}
			if slices.Equal(got, want) {
				same++
			}
		}
		if got, _ := Digit(digitImage(want, 28, 255, 0), false); !slices.Equal(got, want) {
			t.Fatalf("digit %d changed without centring", i)
		}
	}
	if same != 2*n {
		t.Errorf("%d of %d pictures unchanged", same, 2*n)
	}
}

// Dark on light and light on dark, clean or photographed, large or small: the same digit comes out.
func TestDigitPictures(t *testing.T) {
	d := mnist.Test()
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 2))
	n := 12
	if testing.Short() {
		n = 2
	}
	for i := range n {
		base := d.Image(i)
		big := imaging.Resize(digitImage(base, 28, 255, 0), 280, 280, imaging.Linear)
		ref := luminance(big)
		want := Centred(ref.greys, 280, 280, 20)
		for _, tc := range []struct {
			name string
			m    *image.NRGBA
			mean float64 // mean difference allowed, in greys
		}{
			{"white on black", digitImage(ref.greys, 280, 255, 0), 0.6},
			{"black on white", digitImage(ref.greys, 280, 0, 255), 0.6},
			{"photograph, dark ink", photograph(r, ref.greys, 40, 200), 14},
			{"photograph, chalk", photograph(r, ref.greys, 220, 60), 14},
		} {
			got, ok := Digit(tc.m, true)
			if !ok {
				t.Errorf("digit %d, %s: blank", i, tc.name)
				continue
			}
			sum := 0
			for k := range got {
				sum += abs(int(got[k]) - int(want[k]))
			}
			if mean := float64(sum) / 784; mean > tc.mean {
				t.Errorf("digit %d, %s: greys differ by %.1f on average", i, tc.name, mean)
			}
		}
	}
}

// photograph puts the ink on grainy paper that grows darker to one corner, on a larger sheet.
func photograph(r *rand.Rand, greys []byte, inkLevel, paper float64) *image.NRGBA {
	const side, left, top = 700, 190, 150
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			v := paper
			if x >= left && x < left+280 && y >= top && y < top+280 {
				g := float64(greys[(y-top)*280+x-left]) / 255
				v = paper*(1-g) + inkLevel*g
			}
			v += 4*r.NormFloat64() - 30*float64(x+y)/(2*side)
			u := uint8(math.Max(0, math.Min(255, v)))
			m.SetNRGBA(x, y, color.NRGBA{u, u, u, 255})
		}
	}
	return m
}

// Specks and a dark table beside the sheet change nothing.
func TestPhotographIsCleaned(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	greys := luminance(imaging.Resize(digitImage(mnist.Test().Image(4), 28, 255, 0), 280, 280, imaging.Linear)).greys
	m := photograph(r, greys, 50, 210)
	want, _ := Digit(m, true)
	dark := func(x0, y0, x1, y1 int) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				m.SetNRGBA(x, y, color.NRGBA{60, 50, 40, 255})
			}
		}
	}
	dark(0, 0, 60, 700)      // a table to the left
	dark(600, 620, 607, 626) // two specks
	dark(90, 80, 96, 84)
	got, ok := Digit(m, true)
	if !ok {
		t.Fatal("blank")
	}
	sum := 0
	for i := range got {
		sum += abs(int(got[i]) - int(want[i]))
	}
	if mean := float64(sum) / 784; mean > 4 {
		t.Errorf("greys differ by %.1f on average", mean)
	}
}

func TestBlankPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for name, m := range map[string]*image.NRGBA{
		"white": digitImage(make([]byte, 50*40), 50, 0, 255),
		"black": digitImage(make([]byte, 50*40), 50, 255, 0),
		"grey":  digitImage(make([]byte, 50*40), 50, 255, 120),
		"paper": photograph(r, make([]byte, 280*280), 0, 180),
	} {
		for _, centred := range []bool{true, false} {
			greys, ok := Digit(m, centred)
			if ok || len(greys) != 784 || slices.Max(greys) != 0 {
				t.Errorf("%s, centred %v: ink", name, centred)
			}
		}
	}
}

func BenchmarkCentred(b *testing.B) {
	m := imaging.Resize(digitImage(mnist.Test().Image(0), 28, 255, 0), 280, 280, imaging.Linear)
	g := luminance(m).greys
	for b.Loop() {
		Centred(g, 280, 280, 80)
	}
}
