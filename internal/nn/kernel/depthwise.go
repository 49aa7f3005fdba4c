package kernel

// Depthwise is a convolution of each channel by itself (Groups = In = Out), with its weights packed.
// It is immutable and serves any number of goroutines.
type Depthwise struct {
	spec ConvSpec
	set  *Set
	w    []float32 // [block][kh][kw][16]
	bias []float32 // up to a whole block
}

// NewDepthwise packs the weights, [Out, 1, KH, KW]; a nil bias is zero.
func NewDepthwise(set *Set, s ConvSpec, weight, bias []float32) *Depthwise {
	d := &Depthwise{spec: s, set: set, bias: Aligned(blocksOf(s.Out) * Lanes)}
	copy(d.bias, bias)
	taps := s.KH * s.KW
	d.w = Aligned(blocksOf(s.Out) * taps * Lanes)
	for c := range s.Out {
		for k := range taps {
			d.w[(c/Lanes*taps+k)*Lanes+c%Lanes] = weight[c*taps+k]
		}
	}
	return d
}

// Pad returns the border that the input must have.
func (d *Depthwise) Pad() int { return d.spec.border() }

// bandRows is the rows of one item.
const bandRows = 16

func (d *Depthwise) bands() int { return (d.spec.OutH + bandRows - 1) / bandRows }

// Items returns into how many items a run over n samples is split; they are independent.
func (d *Depthwise) Items(n int) int { return n * blocksOf(d.spec.Out) * d.bands() }

// Do computes one item: out = clamp(conv(in) + residual). The residual may be nil, or out itself;
// out is not in.
func (d *Depthwise) Do(item int, in, out, residual *Blocked, act Clamp) {
	s := &d.spec
	block, band := item/d.bands(), item%d.bands()
	n, b := block/blocksOf(s.Out), block%blocksOf(s.Out)
	c := b * Lanes
	var p params
	copy(p.a[:], d.bias[c:])
	p.clamp(act, c, s.Out)
	taps := s.KH * s.KW * Lanes
	y := band * bandRows
	w := window{
		weight: d.w[b*taps : (b+1)*taps], h: min(bandRows, s.OutH-y), n: s.OutW, kh: s.KH, kw: s.KW,
		pix: s.SW * Lanes, col: s.DW * Lanes, line: s.DH * in.PW * Lanes,
		dstRow: out.PW * Lanes, srcRow: s.SH * in.PW * Lanes,
		dst: out.Data[out.Index(n, c, y, 0):], src: in.Data[in.Index(n, c, y*s.SH-s.PadT, -s.PadL):],
	}
	if residual != nil {
		w.residual, w.resRow = residual.Data[residual.Index(n, c, y, 0):], residual.PW*Lanes
	}
	windows(d.set, windowDot, w.checked(), &p)
}
