package kernel

import "math"

// mapOp is a function of one or two values at the same place, and of numbers by channel.
type mapOp uint8

const (
	mapAffine      mapOp = iota // float32(x·a) + b
	mapAdd                      // x + y
	mapMul                      // x · y
	mapSigmoid                  // 1/(1 + e⁻ˣ)
	mapSwish                    // x/(1 + e^(−a·x))
	mapTanh                     // b·tanh(a·x)
	mapELU                      // x > 0: x; else a·(eˣ − 1)
	mapLeaky                    // max(x, 0) + a·min(x, 0)
	mapHardSigmoid              // min(max(a·x + b, 0), 1)
	mapHardSwish                // x·min(max(x/6 + ½, 0), 1)
	mapGELU                     // x/2·erfc(−x/√2)
	mapGELUTanh                 // x·sigmoid(2u), u = √(2/π)·(x + 0.044715·x³)
	mapExp                      // e^(x − a)
)

// mapRowsGo computes dst = clamp(op(x, y)) of h rows of w pixels.
func mapRowsGo(op mapOp, h, w int, dst, x, y patch, p *params) {
	for r := range h {
		rowGo(op, dst.data[r*dst.row:][:w*Lanes], x.data[r*x.row:][:w*Lanes], y.data[r*y.row:][:w*Lanes], p)
	}
}

func rowGo(op mapOp, dst, x, y []float32, p *params) {
	switch op {
	case mapAffine:
		for i, v := range x {
			l := i % Lanes
			dst[i] = min(max(float32(v*p.a[l])+p.b[l], p.lo[l]), p.hi[l])
		}
	case mapAdd:
		for i, v := range x {
			l := i % Lanes
			dst[i] = min(max(v+y[i], p.lo[l]), p.hi[l])
		}
	case mapMul:
		for i, v := range x {
			l := i % Lanes
			dst[i] = min(max(v*y[i], p.lo[l]), p.hi[l])
		}
	case mapTanh:
		for i, v := range x {
			l := i % Lanes
			dst[i] = min(max(p.b[l]*Tanh(p.a[l]*v), p.lo[l]), p.hi[l])
		}
	default:
		curveGo(curvesGo[op], dst, x, p)
	}
}

// curveGo computes a row of a function of a value and its channel's numbers.
func curveGo(f func(v, a, b float64) float64, dst, x []float32, p *params) {
	for i, v := range x {
		l := i % Lanes
		dst[i] = min(max(float32(f(float64(v), float64(p.a[l]), float64(p.b[l]))), p.lo[l]), p.hi[l])
	}
}

// curvesGo are the functions that have no loop of their own, in float64.
var curvesGo = [...]func(v, a, b float64) float64{
	mapSigmoid: func(v, _, _ float64) float64 { return logistic(v) },
	mapSwish:   func(v, a, _ float64) float64 { return v * logistic(a*v) },
	mapELU: func(v, a, _ float64) float64 {
		if v > 0 {
			return v
		}
		return a * math.Expm1(v)
	},
	mapLeaky:       func(v, a, _ float64) float64 { return max(v, 0) + a*min(v, 0) },
	mapHardSigmoid: func(v, a, b float64) float64 { return min(max(a*v+b, 0), 1) },
	mapHardSwish:   func(v, _, _ float64) float64 { return v * min(max(v/6+0.5, 0), 1) },
	mapGELU:        func(v, _, _ float64) float64 { return v / 2 * math.Erfc(-v/math.Sqrt2) },
	mapGELUTanh: func(v, _, _ float64) float64 {
		return v * logistic(2*math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))
	},
	mapExp: func(v, a, _ float64) float64 { return math.Exp(v - a) },
}

func logistic(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// moveLanesGo copies lanes of h rows of w pixels, from lane from on, to lane to on.
func moveLanesGo(h, w int, dst, src patch, lanes, to, from int) {
	for y := range h {
		d, s := dst.data[y*dst.row:][:w*Lanes], src.data[y*src.row:][:w*Lanes]
		for x := 0; x < len(d); x += Lanes {
			copy(d[x+to:x+to+lanes], s[x+from:])
		}
	}
}
