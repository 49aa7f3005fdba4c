package kernel

import (
	"math"
	"testing"
)

// TestConvNotANumber lets NaN and infinite numbers through to the outputs that see them, and to no others.
func TestConvNotANumber(t *testing.T) {
	t.Parallel()
	s := slide(ConvSpec{In: 32, Out: 48, H: 9, W: 15, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1)
	for _, bad := range []float32{nan32, float32(math.Inf(1)), float32(math.Inf(-1))} {
		c := newConvCase(s, 1, true, Clamp{Lo: -2, Hi: 2})
		c.largest = 0
		c.x[7*s.H*s.W+4*s.W+6] = bad
		c.naive()
		for _, set := range Sets() {
			out := c.do(t, set, ConvOptions{NoWinograd: true}, 1, false)
			i := 0
			for o := range s.Out {
				for y := range s.OutH {
					for x := range s.OutW {
						got := float64(out.At(0, o, y, x))
						if math.IsNaN(got) != math.IsNaN(c.want[i]) || math.Abs(got-c.want[i]) > 1e-4 {
							t.Fatalf("%s, %v: (%d, %d, %d) is %v, want %v", set.Name, bad, o, y, x, got, c.want[i])
						}
						i++
					}
				}
			}
		}
	}
}

// TestConvAllocates nothing in the run path.
func TestConvAllocates(t *testing.T) {
	for _, s := range []ConvSpec{
		{In: 16, Out: 32, H: 14, W: 14, KH: 3, KW: 3, PadT: 1, PadL: 1},
		{In: 3, Out: 32, H: 14, W: 14, KH: 3, KW: 3, PadT: 1, PadL: 1},
		{In: 16, Out: 32, H: 9, W: 9, KH: 3, KW: 3, PadT: 1, PadL: 1},
	} {
		s = slide(s, 1, 1)
		for _, set := range Sets() {
			c := NewConv(set, s, make([]float32, s.Out*s.In*9), nil, ConvOptions{})
			in, out := NewBlocked(1, s.In, s.H, s.W, 1), NewBlocked(1, s.Out, s.OutH, s.OutW, 1)
			scratch := Aligned(c.Scratch())
			if n := testing.AllocsPerRun(3, func() { c.Do(0, 0, 1, scratch, in, out, nil, ReLU) }); n != 0 {
				t.Errorf("%s, %d channels: %v allocations", set.Name, s.In, n)
			}
		}
	}
}

// TestPeakGFLOPS is a number that a processor can reach.
func TestPeakGFLOPS(t *testing.T) {
	for _, s := range Sets() {
		if v := PeakGFLOPS(s); !(v > 0.1 && v < 2000) {
			t.Errorf("%s: %v GFLOP/s", s.Name, v)
		}
	}
}
