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

// merged returns how many groups make one whose channels fill whole blocks, or 0 where that would
// multiply the work by more than 16.
func (s *ConvSpec) merged() int {
	if s.Groups == 1 {
		return 1
	}
	in, out := s.In/s.Groups, s.Out/s.Groups
	for m := 1; m <= min(s.Groups, Lanes); m++ {
		if s.Groups%m == 0 && (in*m%Lanes == 0 && out*m%Lanes == 0 || m == s.Groups) {
			return m
		}
	}
	return 0
}

// Fast says whether there is a fast way to compute it: groups that are not whole blocks of channels
// are computed several at once, with zeros for the weights between them, so that an infinite
// number in one makes the others NaN.
func (s *ConvSpec) Fast() bool { return s.merged() > 0 }

// halfPanel is the outputs of a panel that fills half a block.
const halfPanel = Lanes / 2

// panel is outputs whose weights lie together: 32 of them for AVX-512, else 16; the last are 16, or
// 8 where that is enough, so that fewer zeros are multiplied.
type panel struct {
	block int // the first
	lanes int
	group int
	w     int // where its weights begin
}

// Conv is a convolution with its weights packed for one set. It is immutable and serves any number
// of goroutines.
type Conv struct {
	spec   ConvSpec
	isa    isa
	bias   []float32 // by output, up to whole panels
	w      []float32
	panels []panel
	unroll int  // inputs that the innermost loop takes at once: 8, or 2 where 8 would mostly add zeros
	planar bool // direct, from a planar input
	wino   int  // m of Winograd's F(m×m, 3×3), or 0: direct
}

// maxPlanar is the most input channels for which the convolution reads planar memory.
const maxPlanar = 4

// NewConv packs the weights, [Out, In/Groups, KH, KW], once; a nil bias is zero. The
// convolution is one that Fast accepts.
func NewConv(set *Set, s ConvSpec, weight, bias []float32, o ConvOptions) *Conv {
	if m := s.merged(); m > 1 {
		weight = mergeGroups(&s, weight, m)
		s.Groups /= m
	}
	c := &Conv{spec: s, isa: set.isa, unroll: 8, bias: Aligned((blocksOf(s.Out) + 1) * Lanes)}
	copy(c.bias, bias)
	if per := s.In / s.Groups; roundUp(per, 8)*5 > roundUp(per, 2)*6 {
		c.unroll = 2
	}
	c.planar = s.Groups == 1 && s.In <= maxPlanar
	if !c.planar {
		c.wino = s.winograd(c.isa, o)
	}
	if !c.planar && c.wino == 0 && c.overrun()*s.SW*Lanes > tail {
		c.isa = portable // a tile would read too far behind the last row
	}
	c.panels = c.split()
	switch {
	case c.wino > 0:
		c.packWinograd(weight)
	default:
		c.packDirect(weight)
	}
	return c
}

// overrun is how many pixels behind a short row tiles read, those of panels of 8 too.
func (c *Conv) overrun() int {
	over := c.isa.overrun(c.spec.OutW)
	if c.isa == avx2 {
		over = max(over, avx512.overrun(c.spec.OutW))
	}
	return over
}

// mergeGroups writes zeros between the weights of m groups that become one.
func mergeGroups(s *ConvSpec, weight []float32, m int) []float32 {
	in, out, taps := s.In/s.Groups, s.Out/s.Groups, s.KH*s.KW
	w := make([]float32, s.Out*in*m*taps)
	for o := range s.Out {
		at := (o*m + o/out%m) * in * taps
		copy(w[at:at+in*taps], weight[o*in*taps:])
	}
	return w
}

// split cuts the outputs of each group into panels. Only the last group may end within a block.
func (c *Conv) split() []panel {
	var list []panel
	s := &c.spec
	per := blocksOf(s.Out / s.Groups)
	at := 0
	for g := range s.Groups {
		for b := 0; b < per; {
			p := panel{block: g*per + b, lanes: Lanes, group: g, w: at}
			left := s.Out - p.block*Lanes
			switch {
			case c.isa == portable:
			case left <= halfPanel:
				p.lanes = halfPanel
			case c.isa == avx512 && b+1 < per && left > Lanes+halfPanel:
				p.lanes = 2 * Lanes
			}
			list = append(list, p)
			at += p.lanes * c.depth()
			b += blocksOf(p.lanes)
		}
	}
	return list
}

// depth is the products that one output place needs, with those by zeros that fill runs of inputs.
func (c *Conv) depth() int {
	s := &c.spec
	switch {
	case c.planar:
		return s.In * s.KH * s.KW
	case c.wino > 0:
		return c.inputs()
	}
	return c.inputs() * s.KH * s.KW
}

// inputs is the input channels of a group, up to a multiple of unroll.
func (c *Conv) inputs() int { return roundUp(c.spec.In/c.spec.Groups, c.unroll) }

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// lastLanes is the lanes of the last block of inputs that are read.
func (c *Conv) lastLanes() int { return (c.inputs()-1)%Lanes + 1 }

// Pad returns the border that the input must have.
func (c *Conv) Pad() int {
	if c.planar {
		return 0
	}
	return c.spec.border()
}

// PlanarInput says whether the convolution reads a planar input, which suits a first layer: Data is
// N×C×H×W, and the fields behind W are not looked at.
func (c *Conv) PlanarInput() bool { return c.planar }

// Scratch returns the floats of scratch memory that one worker needs.
func (c *Conv) Scratch() int {
	switch {
	case c.planar:
		return c.planarScratch()
	case c.wino > 0:
		return c.winoScratch()
	}
	return 0
}

// Phases returns how many phases a run has; the items of one are independent of each other.
func (c *Conv) Phases(_ int) int { return 1 }

// Items returns into how many items a phase is split for so many threads and n samples. The result
// is the same, bit for bit, for any number of threads.
func (c *Conv) Items(_, threads, n int) int {
	switch {
	case c.planar:
		return n * c.planarGroups(threads, n)
	case c.wino > 0:
		return n * c.cut(threads, n).items()
	}
	return n * len(c.panels) * c.rowGroups(threads, n)
}

// wanted is how many items there should be: enough that threads that are late leave little undone.
func wanted(threads int) int {
	if threads <= 1 {
		return 1
	}
	return 4 * threads
}

// Do computes one item: out = clamp(conv(in) + residual). The residual may be nil, or out itself.
// The scratch memory is Scratch floats, aligned to 64 bytes.
func (c *Conv) Do(_, item, threads int, scratch []float32, in, out, residual *Blocked, act Clamp) {
	switch {
	case c.planar:
		c.doPlanar(item, threads, scratch, in, out, residual, act)
	case c.wino > 0:
		c.doWinograd(item, threads, scratch, in, out, residual, act)
	default:
		c.doDirect(item, threads, in, out, residual, act)
	}
}
