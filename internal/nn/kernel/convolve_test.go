package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var nan32 = float32(math.NaN())

// untouched marks memory that no kernel may write.
const untouched = 12345

// convCase is one convolution with its data.
type convCase struct {
	ConvSpec
	n         int
	wide      int // border that the input has beyond what is read
	residual  bool
	act       Clamp
	x, w, b   []float32 // planar input, weights, bias
	r         []float32 // planar residual
	want      []float64
	largest   float64 // before the clamp
	tolerance float64
}

func numbers(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(2*r.Float64() - 1)
	}
	return x
}

// slide works out the output from the padding at the bottom and right.
func slide(s ConvSpec, padB, padR int) ConvSpec {
	s.Groups = max(1, s.Groups)
	s.SH, s.SW, s.DH, s.DW = max(1, s.SH), max(1, s.SW), max(1, s.DH), max(1, s.DW)
	s.OutH = (s.H+s.PadT+padB-(s.KH-1)*s.DH-1)/s.SH + 1
	s.OutW = (s.W+s.PadL+padR-(s.KW-1)*s.DW-1)/s.SW + 1
	return s
}

func newConvCase(s ConvSpec, n int, residual bool, act Clamp) *convCase {
	r := rand.New(rand.NewPCG(uint64(s.In*1000+s.Out), uint64(s.H*1000+s.W)))
	per := s.In / s.Groups
	c := &convCase{ConvSpec: s, n: n, residual: residual, act: act, tolerance: 2e-6}
	c.x = numbers(r, n*s.In*s.H*s.W)
	c.w = numbers(r, s.Out*per*s.KH*s.KW)
	c.b = numbers(r, s.Out)
	if residual {
		c.r = numbers(r, n*s.Out*s.OutH*s.OutW)
	}
	c.naive()
	return c
}

// naive computes the wanted result by the definition, in float64.
func (c *convCase) naive() {
	per := c.In / c.Groups
	c.want, c.largest = nil, 0
	for n := range c.n {
		for o := range c.Out {
			g := o / (c.Out / c.Groups)
			for y := range c.OutH {
				for x := range c.OutW {
					v := float64(c.b[o])
					for i := range per {
						plane := c.x[(n*c.In+g*per+i)*c.H*c.W:]
						v += c.taps(plane, c.w[(o*per+i)*c.KH*c.KW:], y, x)
					}
					if c.residual {
						v += float64(c.r[len(c.want)])
					}
					c.largest = max(c.largest, math.Abs(v))
					c.want = append(c.want, float64(clamp(float32(v), c.act.Lo, c.act.Hi)))
				}
			}
		}
	}
}

func (c *convCase) taps(plane, w []float32, y, x int) (v float64) {
	for ky := range c.KH {
		for kx := range c.KW {
			iy, ix := y*c.SH-c.PadT+ky*c.DH, x*c.SW-c.PadL+kx*c.DW
			if iy >= 0 && iy < c.H && ix >= 0 && ix < c.W {
				v += float64(plane[iy*c.W+ix]) * float64(w[ky*c.KW+kx])
			}
		}
	}
	return v
}

// blockedOf returns a value as a view into a buffer with a block before and some behind it. Border
// and lanes beyond the channels are zero; the slack, the tail, and the other blocks are fill.
func blockedOf(n, c, h, w, pad, behind int, src []float32, fill float32) *Blocked {
	b := ShapeBlocked(n, c, h, w, pad)
	b.Blocks, b.First = b.Blocks+1+behind, 1
	b.Data = Aligned(b.Len())
	for i := range b.Data {
		b.Data[i] = fill
	}
	for n := range n {
		for k := range blocksOf(c) * Lanes {
			for y := -pad; y < h+pad; y++ {
				for x := -pad; x < w+pad; x++ {
					v := float32(0)
					if src != nil && k < c && y >= 0 && y < h && x >= 0 && x < w {
						v = src[((n*c+k)*h+y)*w+x]
					}
					b.Set(n, k, y, x, v)
				}
			}
		}
	}
	return &b
}

// do runs the convolution and returns all of the output's memory.
func (c *convCase) do(t *testing.T, set *Set, o ConvOptions, threads int, inPlace bool) *Blocked {
	t.Helper()
	conv := NewConv(set, c.ConvSpec, c.w, c.b, o)
	in := &Blocked{Data: fenced(t, c.x), N: c.n, C: c.In, H: c.H, W: c.W}
	if !conv.PlanarInput() {
		in = blockedOf(c.n, c.In, c.H, c.W, conv.Pad()+c.wide, 0, c.x, nan32)
		in.Data = fenced(t, in.Data)
	}
	out := blockedOf(c.n, c.Out, c.OutH, c.OutW, 1+c.wide, 1, nil, untouched)
	for n := range c.n {
		for k := range blocksOf(c.Out) * Lanes {
			for y := range c.OutH {
				for x := range c.OutW {
					out.Set(n, k, y, x, nan32) // all lanes must be written
				}
			}
		}
	}
	var res *Blocked
	if c.residual {
		res = blockedOf(c.n, c.Out, c.OutH, c.OutW, 0, 0, c.r, nan32)
		if inPlace {
			res = blockedOf(c.n, c.Out, c.OutH, c.OutW, 1+c.wide, 1, c.r, untouched)
			out = res
		}
	}
	if res != nil && res != out {
		res.Data = fenced(t, res.Data)
	}
	scratch := Aligned(conv.Scratch())
	for i := range scratch {
		scratch[i] = nan32
	}
	scratch = fenced(t, scratch)
	for phase := range conv.Phases(threads) {
		items := conv.Items(phase, threads, c.n)
		for i := range items {
			i = items - 1 - i // any order will do
			conv.Do(phase, i, threads, scratch, in, out, res, c.act)
		}
	}
	return out
}

// check compares the output with the naive loop, and the memory around it with what it was.
func (c *convCase) check(t *testing.T, what string, out *Blocked) {
	t.Helper()
	seen := make([]bool, len(out.Data))
	i := 0
	for n := range c.n {
		for k := range blocksOf(c.Out) * Lanes {
			for y := -out.Pad; y < c.OutH+out.Pad; y++ {
				for x := -out.Pad; x < c.OutW+out.Pad; x++ {
					seen[out.Index(n, k, y, x)] = true
					inside := y >= 0 && y < c.OutH && x >= 0 && x < c.OutW
					if k < c.Out && inside {
						continue
					}
					if v := out.At(n, k, y, x); v != 0 {
						t.Fatalf("%s: (%d, %d, %d, %d), a lane or border of zeros, is %v", what, n, k, y, x, v)
					}
				}
			}
		}
		for k := range c.Out {
			for y := range c.OutH {
				for x := range c.OutW {
					got := float64(out.At(n, k, y, x))
					if d := math.Abs(got - c.want[i]); got != c.want[i] && !(d <= c.tolerance*c.largest) {
						t.Fatalf("%s: (%d, %d, %d, %d) is %v, want %v", what, n, k, y, x, got, c.want[i])
					}
					i++
				}
			}
		}
	}
	for i, v := range out.Data {
		if !seen[i] && v != untouched {
			t.Fatalf("%s: wrote outside the value, at %d", what, i)
		}
	}
}

// all compares every set and several splits.
func (c *convCase) all(t *testing.T, o ConvOptions) {
	t.Helper()
	for _, set := range Sets() {
		what := fmt.Sprintf("%s, %+v", set.Name, c.ConvSpec)
		one := c.do(t, set, o, 1, false)
		c.check(t, what, one)
		for _, threads := range []int{2, 5} {
			many := c.do(t, set, o, threads, false)
			for i, v := range one.Data {
				if math.Float32bits(v) != math.Float32bits(many.Data[i]) {
					t.Fatalf("%s: %d threads give %v at %d, one gives %v", what, threads, many.Data[i], i, v)
				}
			}
		}
		if c.residual {
			c.check(t, what+", in place", c.do(t, set, o, 3, true))
		}
	}
}

// TestConvDirect covers channels, kernels, strides, dilations, paddings and groups.
func TestConvDirect(t *testing.T) {
	t.Parallel()
	relu6 := Clamp{Lo: 0, Hi: 6}
	for _, c := range []struct {
		name       string
		s          ConvSpec
		padB, padR int
		n          int
		residual   bool
		act        Clamp
	}{
		{"3x3", ConvSpec{In: 32, Out: 64, H: 9, W: 11, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"batch", ConvSpec{In: 16, Out: 48, H: 6, W: 5, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1, 3, true, relu6},
		{"channels 17 to 33", ConvSpec{In: 17, Out: 33, H: 5, W: 8, KH: 3, KW: 2, PadT: 1}, 1, 0, 2, true, Clamp{Lo: 1, Hi: 2}},
		{"channels 24 to 7", ConvSpec{In: 24, Out: 7, H: 5, W: 8, KH: 1, KW: 1}, 0, 0, 2, false, Clamp{Lo: -3, Hi: -1}},
		{"channels 5 to 100", ConvSpec{In: 5, Out: 100, H: 4, W: 19, KH: 2, KW: 3, PadL: 1}, 0, 1, 1, false, NoClamp},
		{"channels 40 to 80", ConvSpec{In: 40, Out: 80, H: 3, W: 13, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"1x7", ConvSpec{In: 32, Out: 32, H: 7, W: 17, KH: 1, KW: 7, PadL: 3}, 0, 3, 1, false, ReLU},
		{"7x1", ConvSpec{In: 32, Out: 32, H: 17, W: 6, KH: 7, KW: 1, PadT: 3}, 3, 0, 1, false, ReLU},
		{"5x5", ConvSpec{In: 20, Out: 50, H: 12, W: 14, KH: 5, KW: 5}, 0, 0, 1, false, NoClamp},
		{"stride 2x1", ConvSpec{In: 16, Out: 32, H: 13, W: 15, KH: 3, KW: 3, SH: 2, SW: 1, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"stride 1x2", ConvSpec{In: 16, Out: 32, H: 8, W: 29, KH: 3, KW: 3, SH: 1, SW: 2, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"stride 3x4", ConvSpec{In: 16, Out: 32, H: 14, W: 40, KH: 3, KW: 5, SH: 3, SW: 4}, 0, 0, 1, false, ReLU},
		{"stride 4, one column", ConvSpec{In: 16, Out: 32, H: 9, W: 5, KH: 3, KW: 3, SH: 4, SW: 4}, 0, 0, 1, false, ReLU},
		{"stride 9, one column", ConvSpec{In: 16, Out: 32, H: 12, W: 3, KH: 3, KW: 3, SH: 9, SW: 9}, 0, 0, 1, false, ReLU},
		{"dilation 2x3", ConvSpec{In: 16, Out: 32, H: 15, W: 16, KH: 3, KW: 3, DH: 2, DW: 3, PadT: 2, PadL: 3}, 2, 3, 1, true, ReLU},
		{"dilation, 20 channels", ConvSpec{In: 20, Out: 16, H: 10, W: 13, KH: 3, KW: 2, DH: 3, DW: 4, PadT: 1, PadL: 2}, 0, 1, 1, false, ReLU},
		{"asymmetric", ConvSpec{In: 16, Out: 16, H: 8, W: 9, KH: 3, KW: 3, SH: 2, SW: 2}, 1, 1, 1, false, ReLU},
		{"left only", ConvSpec{In: 16, Out: 16, H: 8, W: 9, KH: 4, KW: 4, PadT: 3, PadL: 2}, 0, 0, 1, false, ReLU},
		{"groups of 48", ConvSpec{In: 96, Out: 96, H: 5, W: 13, KH: 3, KW: 3, PadT: 1, PadL: 1, Groups: 2}, 1, 1, 1, false, ReLU},
		{"groups of 16 to 32", ConvSpec{In: 48, Out: 96, H: 5, W: 4, KH: 3, KW: 3, PadT: 1, PadL: 1, Groups: 3}, 1, 1, 2, true, ReLU},
		{"groups of 4", ConvSpec{In: 64, Out: 64, H: 5, W: 6, KH: 3, KW: 3, PadT: 1, PadL: 1, Groups: 16}, 1, 1, 1, true, ReLU},
		{"groups of 6 to 9", ConvSpec{In: 18, Out: 27, H: 5, W: 6, KH: 3, KW: 1, Groups: 3}, 0, 0, 1, true, ReLU},
		{"1x1 on one place", ConvSpec{In: 100, Out: 70, H: 1, W: 1, KH: 1, KW: 1}, 0, 0, 2, false, ReLU},
		{"8 lanes, wide", ConvSpec{In: 24, Out: 24, H: 5, W: 33, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"8 lanes, narrow", ConvSpec{In: 24, Out: 5, H: 6, W: 2, KH: 3, KW: 3, SH: 2, SW: 2, PadT: 1, PadL: 1}, 1, 1, 1, true, ReLU},
		{"9 lanes", ConvSpec{In: 8, Out: 41, H: 5, W: 5, KH: 1, KW: 2}, 0, 0, 1, true, ReLU},
		{"1x1 flat", ConvSpec{In: 32, Out: 70, H: 9, W: 8, KH: 1, KW: 1}, 0, 0, 2, true, ReLU},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newConvCase(slide(c.s, c.padB, c.padR), c.n, c.residual, c.act)
			k.all(t, ConvOptions{NoWinograd: true})
			k.wide = 2
			k.all(t, ConvOptions{NoWinograd: true})
		})
	}
}

// TestConvDirectWidths takes every width, with all its tails.
func TestConvDirectWidths(t *testing.T) {
	t.Parallel()
	for w := 1; w <= 67; w++ {
		s := slide(ConvSpec{In: 16, Out: 48, H: 1 + w%3, W: w, KH: 1, KW: 3, PadL: 1}, 0, 1)
		newConvCase(s, 1, w%2 == 0, ReLU).all(t, ConvOptions{NoWinograd: true})
	}
}

// TestConvPlanar covers first layers.
func TestConvPlanar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		s          ConvSpec
		padB, padR int
		n          int
	}{
		{"7x7/2", ConvSpec{In: 3, Out: 64, H: 37, W: 41, KH: 7, KW: 7, SH: 2, SW: 2, PadT: 3, PadL: 3}, 3, 3, 2},
		{"LeNet", ConvSpec{In: 1, Out: 6, H: 28, W: 28, KH: 5, KW: 5}, 0, 0, 1},
		{"11x11/4", ConvSpec{In: 3, Out: 48, H: 51, W: 63, KH: 11, KW: 11, SH: 4, SW: 4, PadT: 2, PadL: 1}, 2, 0, 1},
		{"patches", ConvSpec{In: 3, Out: 40, H: 32, W: 48, KH: 16, KW: 16, SH: 16, SW: 16}, 0, 0, 1},
		{"dilation", ConvSpec{In: 2, Out: 33, H: 20, W: 23, KH: 3, KW: 3, DH: 2, DW: 3, PadT: 4, PadL: 5}, 3, 2, 1},
		{"kernel wider than the picture", ConvSpec{In: 4, Out: 16, H: 5, W: 2, KH: 3, KW: 9, PadT: 1, PadL: 4}, 1, 4, 1},
		{"padding wider than the kernel reads", ConvSpec{In: 4, Out: 16, H: 5, W: 3, KH: 1, KW: 1, PadT: 2, PadL: 9}, 3, 8, 1},
		{"columns left unread", ConvSpec{In: 3, Out: 16, H: 10, W: 11, KH: 2, KW: 2, SH: 3, SW: 3}, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			newConvCase(slide(c.s, c.padB, c.padR), c.n, true, ReLU).all(t, ConvOptions{})
		})
	}
	for w := 1; w <= 67; w++ {
		s := slide(ConvSpec{In: 3, Out: 32, H: 1 + w%4, W: w, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1)
		newConvCase(s, 1, false, NoClamp).all(t, ConvOptions{})
	}
}

// TestConvWinograd covers both transforms, whole tiles and tiles at edges.
func TestConvWinograd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, out, h, w, pad, n int
		residual              bool
	}{
		{32, 64, 28, 28, 1, 1, true},
		{16, 32, 27, 30, 1, 2, true},
		{20, 33, 29, 31, 0, 1, false},
		{48, 48, 30, 33, 2, 1, true},
		{24, 16, 57, 28, 0, 1, true},
		{32, 64, 14, 14, 1, 2, true},
		{17, 40, 13, 16, 1, 1, true},
		{64, 80, 15, 19, 0, 1, false},
		{512, 64, 18, 20, 1, 1, true},
		{40, 48, 19, 67, 1, 1, true},
	} {
		s := slide(ConvSpec{In: c.in, Out: c.out, H: c.h, W: c.w, KH: 3, KW: 3, PadT: c.pad, PadL: c.pad}, c.pad, c.pad)
		k := newConvCase(s, c.n, c.residual, ReLU)
		k.tolerance = 2e-5
		k.all(t, ConvOptions{})
		k.wide, k.tolerance = 1, 4e-6
		k.all(t, ConvOptions{NoWinograd4: true})
	}
}

// TestWinogradChoice holds the ways that were measured to be the fastest.
func TestWinogradChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		isa     isa
		side, m int
	}{
		{avx512, 56, 4},
		{avx512, 28, 4},
		{avx512, 20, 4},
		{avx512, 17, 4},
		{avx512, 14, 2},
		{avx512, 13, 2},
		{avx512, 10, 2},
		{avx512, 7, 0},
		{avx2, 28, 4},
		{avx2, 17, 4},
		{avx2, 13, 2},
		{avx2, 7, 2},
		{avx2, 5, 0},
		{portable, 14, 4},
		{portable, 7, 4},
	} {
		s := slide(ConvSpec{In: 64, Out: 64, H: c.side, W: c.side, KH: 3, KW: 3, PadT: 1, PadL: 1}, 1, 1)
		if m := s.winograd(c.isa, ConvOptions{}); m != c.m {
			t.Errorf("set %d, side %d: F(%d×%d), want %d", c.isa, c.side, m, m, c.m)
		}
		if m := s.winograd(c.isa, ConvOptions{NoWinograd4: true}); m == 4 {
			t.Errorf("set %d, side %d: F(4×4) in spite of the option", c.isa, c.side)
		}
	}
}
