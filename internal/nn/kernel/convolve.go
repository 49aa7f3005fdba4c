package kernel

// ConvSpec is a convolution: sizes of the input and output, and how the kernel slides. Padding at
// the bottom and right follows from the output's size.
type ConvSpec struct {
	In, Out    int // channels
	H, W       int // of the input
	OutH, OutW int
	KH, KW     int
	SH, SW     int // stride
	DH, DW     int // dilation
	PadT, PadL int
	Groups     int
}

// border is the zeros that the kernel reads around the input, on the widest side.
func (s *ConvSpec) border() int {
	bottom := (s.OutH-1)*s.SH - s.PadT + (s.KH-1)*s.DH + 1 - s.H
	right := (s.OutW-1)*s.SW - s.PadL + (s.KW-1)*s.DW + 1 - s.W
	return max(s.PadT, s.PadL, bottom, right, 0)
}

// ConvOptions choose among the ways to compute a convolution. The zero value takes the fastest.
type ConvOptions struct {
	NoWinograd4 bool // F(4×4, 3×3) errs by 1e-5 of the largest value; F(2×2, 3×3) stays
	NoWinograd  bool
}

// Conv is a convolution with its weights packed for one set. It is immutable and serves any number
// of goroutines.
type Conv struct {
	spec ConvSpec
	set  *Set
	w    []float32 // [block of outputs][block of inputs][kh][kw][input lane][output lane]
	bias []float32 // by output, up to a whole block
}

// Fast says whether there is a fast way to compute it: groups must be whole blocks of channels.
func (s *ConvSpec) Fast() bool {
	return s.Groups == 1 || s.In/s.Groups%Lanes == 0 && s.Out/s.Groups%Lanes == 0
}

// NewConv packs the weights, [Out, In/Groups, KH, KW], once; a nil bias is zero. The
// convolution is one that Fast accepts.
func NewConv(set *Set, s ConvSpec, weight, bias []float32, _ ConvOptions) *Conv {
	c := &Conv{spec: s, set: set, bias: Aligned(blocksOf(s.Out) * Lanes)}
	copy(c.bias, bias)
	per := s.In / s.Groups
	ib := blocksOf(per)
	taps := s.KH * s.KW
	c.w = Aligned(blocksOf(s.Out) * ib * taps * Lanes * Lanes)
	for o := range s.Out {
		for i := range per {
			for k := range taps {
				at := ((o/Lanes*ib+i/Lanes)*taps+k)*Lanes*Lanes + i%Lanes*Lanes + o%Lanes
				c.w[at] = weight[(o*per+i)*taps+k]
			}
		}
	}
	return c
}

// Pad returns the border that the input must have.
func (c *Conv) Pad() int { return c.spec.border() }

// PlanarInput says whether the convolution reads a planar input, which suits a first layer.
func (c *Conv) PlanarInput() bool { return false }

// Scratch returns the floats of scratch memory that one worker needs.
func (c *Conv) Scratch() int { return 0 }

// Phases returns how many phases a run has; the items of one are independent of each other.
func (c *Conv) Phases(_ int) int { return 1 }

// Items returns into how many items a phase is split for so many threads.
func (c *Conv) Items(_, _, n int) int { return n * blocksOf(c.spec.Out) }

// Do computes one item: out = clamp(conv(in) + residual). The residual may be nil, or out itself.
func (c *Conv) Do(_, item, _ int, _ []float32, in, out, residual *Blocked, act Clamp) {
	ob := blocksOf(c.spec.Out)
	n, o := item/ob, item%ob
	s := &c.spec
	var acc [Lanes]float32
	for y := range s.OutH {
		for x := range s.OutW {
			copy(acc[:], c.bias[o*Lanes:])
			c.place(&acc, in, n, o, y*s.SH-s.PadT, x*s.SW-s.PadL)
			at := out.Index(n, o*Lanes, y, x)
			if residual != nil {
				r := residual.Data[residual.Index(n, o*Lanes, y, x):]
				for l := range acc {
					acc[l] += r[l]
				}
			}
			for l, v := range acc {
				out.Data[at+l] = min(max(v, act.Lo), act.Hi)
			}
		}
	}
}

// place adds the products of one output place to 16 sums.
func (c *Conv) place(acc *[Lanes]float32, in *Blocked, n, o, y0, x0 int) {
	s := &c.spec
	per := s.In / s.Groups
	ib, taps := blocksOf(per), s.KH*s.KW
	group := o * Lanes / (s.Out / s.Groups)
	for i := range ib {
		for ky := range s.KH {
			for kx := range s.KW {
				px := in.Data[in.Index(n, group*per+i*Lanes, y0+ky*s.DH, x0+kx*s.DW):]
				w := c.w[((o*ib+i)*taps+ky*s.KW+kx)*Lanes*Lanes:]
				for l := range min(Lanes, per-i*Lanes) {
					v, row := px[l], w[l*Lanes:(l+1)*Lanes]
					for j := range acc {
						acc[j] += float32(v * row[j])
					}
				}
			}
		}
	}
}
