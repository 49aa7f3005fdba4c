package train

import (
	"math"
	"math/rand/v2"

	"vizserver/internal/mnist"
)

// Augment says how far a digit is changed before each training step. Every amount
// is the half-width of a uniform distribution, except Elastic and Pen.
type Augment struct {
	Shift   float64 `json:"shift"`   // pixels
	Rotate  float64 `json:"rotate"`  // degrees
	Scale   float64 `json:"scale"`   // factor 1 ± Scale
	Skew    float64 `json:"skew"`    // shear factor
	Elastic float64 `json:"elastic"` // standard deviation of the displacement, pixels
	Pen     float64 `json:"pen"`     // share of digits drawn thicker or thinner
}

// DefaultAugment returns the amounts of the recipes.
func DefaultAugment() Augment {
	return Augment{Shift: 1.5, Rotate: 12, Scale: 0.12, Skew: 0.2, Elastic: 0.8, Pen: 0.3}
}

func (a Augment) validate() error {
	for _, v := range [...]float64{a.Shift, a.Rotate, a.Scale, a.Skew, a.Elastic, a.Pen} {
		if v < 0 || math.IsNaN(v) || v > 180 {
			return &ConfigError{Text: "an amount of augmentation is out of range, want 0 or more"}
		}
	}
	if a.Scale >= 1 || a.Pen > 1 {
		return &ConfigError{Text: "augmentation: scale is below 1 and pen at most 1"}
	}
	return nil
}

const side = mnist.Side

// elasticSigma is the width of the Gaussian that smooths the random displacements;
// Simard, Steinkraus and Platt, ICDAR 2003, found 4 pixels best for MNIST.
const elasticSigma = 4.0

// augmenter changes digits; it holds the memory of one goroutine.
type augmenter struct {
	a        Augment
	gauss    []float64
	norm     float64 // makes the smoothed noise have a deviation of 1
	dx, dy   [side * side]float64
	tmp      [side * side]float64
	out, pen [side * side]byte
}

func newAugmenter(a Augment) *augmenter {
	g := &augmenter{a: a}
	var sum float64
	for i := -gaussRadius; i <= gaussRadius; i++ {
		v := math.Exp(-float64(i*i) / (2 * elasticSigma * elasticSigma))
		g.gauss = append(g.gauss, v)
		sum += v
	}
	var sq float64
	for i := range g.gauss {
		g.gauss[i] /= sum
		sq += g.gauss[i] * g.gauss[i]
	}
	g.norm = math.Sqrt(3) / sq // uniform noise on ±1 has variance 1/3; two passes keep Σg²·Σg² of it
	return g
}

// apply returns a changed copy of the digit, valid until the next call; where nothing is to change, the
// digit itself.
func (g *augmenter) apply(src []byte, r *rand.Rand) []byte {
	if g.a == (Augment{}) {
		return src
	}
	sym := func(v float64) float64 { return (2*r.Float64() - 1) * v }
	rot := sym(g.a.Rotate) * math.Pi / 180
	sx, sy := 1+sym(g.a.Scale), 1+sym(g.a.Scale)
	skew := sym(g.a.Skew)
	tx, ty := sym(g.a.Shift), sym(g.a.Shift)
	pen := r.Float64() < g.a.Pen
	strength := sym(1)
	if pen {
		src = g.stroke(src, strength)
	}
	g.displace(r)
	// The inverse map: where does output pixel (x, y) come from?
	sin, cos := math.Sincos(rot)
	const mid = (side - 1) / 2.0
	for y := range side {
		for x := range side {
			u, v := float64(x)-mid-tx, float64(y)-mid-ty
			u, v = cos*u+sin*v, -sin*u+cos*v
			u += skew * v
			i := y*side + x
			g.out[i] = sample(src, u/sx+mid+g.dx[i], v/sy+mid+g.dy[i])
		}
	}
	return g.out[:]
}

// displace fills dx and dy with smooth random displacements.
func (g *augmenter) displace(r *rand.Rand) {
	if g.a.Elastic == 0 {
		return
	}
	for _, d := range [...]*[side * side]float64{&g.dx, &g.dy} {
		for i := range d {
			d[i] = 2*r.Float64() - 1
		}
		g.smooth(d)
	}
}

// smooth blurs a field by the Gaussian, rows then columns, in a periodic world, so
// that the displacement is as large at the border as in the middle.
func (g *augmenter) smooth(d *[side * side]float64) {
	for y := range side {
		g.blurLine(d[y*side:], g.tmp[y*side:], 1, 1)
	}
	for x := range side {
		g.blurLine(g.tmp[x:], d[x:], side, g.norm*g.a.Elastic)
	}
}

// gaussRadius cuts the Gaussian off at 2.25 deviations.
const gaussRadius = 9

// blurLine blurs the side values of src that stand step apart and writes them,
// times scale, to the same places of dst.
func (g *augmenter) blurLine(src, dst []float64, step int, scale float64) {
	var line [side + 2*gaussRadius]float64
	for i := range line {
		line[i] = src[(i-gaussRadius+side)%side*step]
	}
	for i := range side {
		var s float64
		window := line[i : i+len(g.gauss)]
		for k, w := range g.gauss {
			s += w * window[k]
		}
		dst[i*step] = s * scale
	}
}

// stroke blends the digit with the largest (strength > 0) or smallest of each
// pixel's four neighbours and itself: a thicker or a thinner pen.
func (g *augmenter) stroke(src []byte, strength float64) []byte {
	at := func(y, x int) int {
		if y < 0 || x < 0 || y >= side || x >= side {
			return 0
		}
		return int(src[y*side+x])
	}
	for y := range side {
		for x := range side {
			v := at(y, x)
			e := v
			for _, n := range [...]int{at(y-1, x), at(y+1, x), at(y, x-1), at(y, x+1)} {
				if strength > 0 {
					e = max(e, n)
				} else {
					e = min(e, n)
				}
			}
			g.pen[y*side+x] = byte(float64(v) + math.Abs(strength)*float64(e-v) + 0.5)
		}
	}
	return g.pen[:]
}

// sample reads the picture at a place between pixels, bilinearly; outside is paper.
func sample(src []byte, x, y float64) byte {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	ix, iy := int(x0), int(y0)
	if ix < -1 || iy < -1 || ix >= side || iy >= side {
		return 0
	}
	at := func(yy, xx int) float64 {
		if yy < 0 || xx < 0 || yy >= side || xx >= side {
			return 0
		}
		return float64(src[yy*side+xx])
	}
	top := at(iy, ix)*(1-fx) + at(iy, ix+1)*fx
	bottom := at(iy+1, ix)*(1-fx) + at(iy+1, ix+1)*fx
	return byte(top*(1-fy) + bottom*fy + 0.5)
}
