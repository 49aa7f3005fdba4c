package kernel

// CurveFn names an activation function.
type CurveFn uint8

// The activation functions. A and B are the numbers of Curve.
const (
	CurveSigmoid     CurveFn = iota // 1/(1 + e⁻ˢ)
	CurveSwish                      // s/(1 + e^(−A·s))
	CurveTanh                       // tanh s, of Tanh
	CurveScaledTanh                 // B·tanh(A·s)
	CurveELU                        // s > 0: s; else A·(eˢ − 1)
	CurveLeaky                      // max(s, 0) + A·min(s, 0), or a slope for each channel
	CurveHardSigmoid                // min(max(A·s + B, 0), 1)
	CurveHardSwish                  // s·min(max(s/6 + ½, 0), 1)
	CurveGELU                       // s·Φ(s), exact
	CurveGELUTanh                   // s·Φ(s) by the paper's tanh
)

// Curve is an activation function of each value. NaN stays NaN.
type Curve struct {
	Fn     CurveFn
	A, B   float32
	Slopes []float32 // of CurveLeaky, by channel, instead of A: PReLU
}

func (c *Curve) op() mapOp {
	return [...]mapOp{
		CurveSigmoid: mapSigmoid, CurveSwish: mapSwish, CurveTanh: mapTanh, CurveScaledTanh: mapTanh, CurveELU: mapELU,
		CurveLeaky: mapLeaky, CurveHardSigmoid: mapHardSigmoid, CurveHardSwish: mapHardSwish,
		CurveGELU: mapGELU, CurveGELUTanh: mapGELUTanh,
	}[c.Fn]
}

func (c *Curve) set(p *params) {
	a, b := c.A, c.B
	if c.Fn == CurveTanh {
		a, b = 1, 1
	}
	fill(&p.a, a)
	fill(&p.b, b)
}

// Maps computes out = clamp(curve(in)); out may be in.
func (c *Curve) Maps(set *Set, out, in *Blocked, act Clamp, first, last int) {
	var p params
	c.set(&p)
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, ch := b/per, b%per*Lanes
		if c.Slopes != nil {
			channels(&p.a, c.Slopes, ch)
		}
		p.clamp(act, ch, out.C)
		i := in.patch(n, ch)
		mapRows(set, c.op(), out.H, out.W, out.patch(n, ch), i, i, &p)
	}
}

// Planar computes dst = curve(src) of any floats; dst may be src. Slopes have no meaning here.
func (c *Curve) Planar(set *Set, dst, src []float32) {
	var p params
	c.set(&p)
	p.clamp(NoClamp, 0, Lanes)
	planarRow(set, c.op(), dst, src, &p)
}

// Line computes dst = a·src + b of any floats; dst may be src.
func Line(set *Set, dst, src []float32, a, b float32) {
	var p params
	fill(&p.a, a)
	fill(&p.b, b)
	p.clamp(NoClamp, 0, Lanes)
	planarRow(set, mapAffine, dst, src, &p)
}

// planarRow computes one long row of floats, whose lanes are no channels.
func planarRow(set *Set, op mapOp, dst, src []float32, p *params) {
	whole := len(src) / Lanes
	if whole > 0 {
		x := patch{data: src[:whole*Lanes]}
		mapRows(set, op, 1, whole, patch{data: dst[:whole*Lanes]}, x, x, p)
	}
	if rest := src[whole*Lanes:]; len(rest) > 0 {
		var buf [Lanes]float32
		copy(buf[:], rest)
		x := patch{data: buf[:]}
		mapRows(set, op, 1, 1, x, x, x, p)
		copy(dst[whole*Lanes:len(src)], buf[:])
	}
}

// Softmax computes dst = eˢ/Σ eˢ of the numbers of src; dst may be src. The largest is taken off
// first, so that nothing overflows, and the sum is of float64. NaN makes all NaN.
func Softmax(set *Set, dst, src []float32) {
	if len(src) == 0 {
		return
	}
	top := src[0]
	for _, v := range src {
		top = max(top, v)
	}
	var p params
	fill(&p.a, top)
	p.clamp(NoClamp, 0, Lanes)
	planarRow(set, mapExp, dst, src, &p)
	dst = dst[:len(src)]
	var sum float64
	for _, v := range dst {
		sum += float64(v)
	}
	k := float32(1 / sum)
	for i := range dst {
		dst[i] *= k
	}
}
