package testutil

import (
	"fmt"
	"math"
	"testing"
)

// Tolerance bounds the difference of two numbers:
//
//	|got − want| ≤ Abs + Rel·|want|
//
// The zero value asks for equality.
type Tolerance struct{ Abs, Rel float64 }

// Float is a floating-point type of the tests.
type Float interface{ ~float32 | ~float64 }

// Near reports whether got lies within the tolerance of want. NaN is near
// nothing, not even NaN; an infinity is near itself only.
func Near[F Float](got, want F, tol Tolerance) bool {
	return excess(float64(got), float64(want), tol) <= 0
}

// excess is how far got lies outside the tolerance: ≤ 0 inside, +Inf where
// either is NaN or where infinities differ.
func excess(got, want float64, tol Tolerance) float64 {
	if got == want { // also ±Inf
		return 0
	}
	d := math.Abs(got-want) - (tol.Abs + tol.Rel*math.Abs(want))
	if math.IsNaN(d) || math.IsInf(want, 0) {
		return math.Inf(1)
	}
	return d
}

// Close fails the test where some got[i] is not within tol of want[i]. The
// message counts them and names the worst one, by index and, if the shape (the
// sizes, outermost first; their product is the length) is given, by coordinates:
// (n, c, y, x) for a shape of four.
func Close[F Float](tb testing.TB, got, want []F, tol Tolerance, shape ...int) {
	tb.Helper()
	if msg := closeness(got, want, tol, shape); msg != "" {
		tb.Error(msg)
	}
}

// closeness gives the message of Close, or "" where all are near.
func closeness[F Float](got, want []F, tol Tolerance, shape []int) string {
	if len(got) != len(want) {
		return fmt.Sprintf("got %d numbers, want %d", len(got), len(want))
	}
	bad, worst, most := 0, -1, 0.0
	for i := range got {
		e := excess(float64(got[i]), float64(want[i]), tol)
		if !(e <= 0) {
			bad++
			if worst < 0 || e > most {
				worst, most = i, e
			}
		}
	}
	if bad == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d numbers are off; the worst is at %s: got %v, want %v (difference %.3g, atol %g, rtol %g)",
		bad, len(got), place(worst, shape), got[worst], want[worst],
		math.Abs(float64(got[worst])-float64(want[worst])), tol.Abs, tol.Rel)
}

// place names index i, with its coordinates in the shape if there is one.
func place(i int, shape []int) string {
	if len(shape) == 0 {
		return fmt.Sprintf("[%d]", i)
	}
	at := make([]int, len(shape))
	rest := i
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], rest = rest%shape[d], rest/shape[d]
	}
	return fmt.Sprintf("[%d] = %v of %v", i, at, shape)
}
