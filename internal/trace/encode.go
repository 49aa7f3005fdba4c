package trace

import (
	"encoding/binary"
	"math"
	"slices"

	"vizserver/internal/nn"
)

// layout is the fixed part of the frames that show some layers of a net: all but run,
// flags, ranges and payloads is the same in every run, so it is worked out once. It is
// immutable and shared.
type layout struct {
	frames  []frameLayout
	scratch int // floats that encoding needs
}

type frameLayout struct {
	head   []byte // headers of the frame and its blocks, ranges left at zero
	total  int
	blocks []blockLayout
}

// blockLayout says what one block holds and where its parts go.
type blockLayout struct {
	value  *nn.Value
	region nn.Region // at full resolution
	level  int
	header int // of the block, from the frame's start
	start  int // of the payload
	size   int
}

// newLayout lays out the layers, in the given order, at a level of detail: 0 is full, k
// halves the sides k times. A layer of maps has a block for each channel, with its own
// range; a vector has one block. A frame ends where the next block would take it over
// MaxFrameBytes; a single block above the limit gets a frame of its own.
func newLayout(g *nn.Graph, layers []int, level int) *layout {
	out := &layout{}
	f := Frame{Kind: FrameActivations}
	var blocks []blockLayout
	bytes := frameHeaderBytes
	flush := func() {
		out.frames = append(out.frames, frameOf(&f, blocks))
		f.Blocks, blocks, bytes = nil, nil, frameHeaderBytes
	}
	for _, index := range layers {
		l := g.Layers[index]
		for _, r := range regionsOf(l.Shape()) {
			w, h := reduced(r.X1, level), reduced(r.Y1, level)
			b := Block{
				Layer: uint16(index), Level: uint16(level), Channel: uint16(r.C0), Channels: uint16(r.C1 - r.C0),
				Width: uint16(w), Height: uint16(h),
			}
			need := blockHeaderBytes + align(b.size())
			if bytes+need > MaxFrameBytes && len(blocks) > 0 {
				flush()
			}
			bytes += need
			f.Blocks = append(f.Blocks, b)
			blocks = append(blocks, blockLayout{value: l.Out, region: r, level: level, size: b.size()})
			out.scratch = max(out.scratch, r.Len())
		}
	}
	flush() // the last one; without layers a frame of no blocks, which still ends the run
	return out
}

// regionsOf cuts a layer into what the blocks hold.
func regionsOf(s nn.Shape) []nn.Region {
	if s.Plane() == 1 {
		return []nn.Region{nn.Whole(s)}
	}
	list := make([]nn.Region, s.C)
	for c := range list {
		list[c] = nn.Region{C0: c, C1: c + 1, Y1: s.H, X1: s.W}
	}
	return list
}

// reduced returns a side at a level of detail: divided by 2^level, rounded up.
func reduced(side, level int) int { return (side + 1<<level - 1) >> level }

// frameOf encodes the headers and places the payloads as frame.go prescribes.
func frameOf(f *Frame, blocks []blockLayout) frameLayout {
	total := f.EncodedBytes()
	at := frameHeaderBytes + blockHeaderBytes*len(blocks)
	head := make([]byte, at)
	f.putHeader(head, total)
	for i := range blocks {
		blocks[i].header = frameHeaderBytes + blockHeaderBytes*i
		blocks[i].start = at
		f.Blocks[i].putHeader(head[blocks[i].header:], at)
		at += align(blocks[i].size)
	}
	return frameLayout{head: head, total: total, blocks: blocks}
}

// encoder quantises runs. It owns its buffers and reuses them: after the first run of a
// layout it allocates nothing.
type encoder struct {
	frame   []byte
	scratch []float32
}

// encode returns frame i of the layout for a finished run. The bytes are the encoder's
// and valid until its next call.
func (e *encoder) encode(l *layout, i int, run *nn.Run, number, generation uint32, flags uint16) ([]byte, error) {
	f := &l.frames[i]
	e.scratch = slices.Grow(e.scratch[:0], l.scratch)[:l.scratch]
	e.frame = slices.Grow(e.frame[:0], f.total)[:f.total]
	clear(e.frame[copy(e.frame, f.head):])
	binary.LittleEndian.PutUint32(e.frame[4:], number)
	binary.LittleEndian.PutUint32(e.frame[8:], generation)
	if i < len(l.frames)-1 {
		flags &^= FlagLast
	}
	binary.LittleEndian.PutUint16(e.frame[14:], flags)
	for k := range f.blocks {
		b := &f.blocks[k]
		src := e.scratch[:b.region.Len()]
		if err := run.ViewOf(b.value).Read(src, b.region); err != nil {
			return nil, err
		}
		if b.level > 0 {
			src = reduce(src, b.region, b.level)
		}
		affine := Block{}
		affine.Min, affine.Scale = quantise(e.frame[b.start:b.start+b.size], src)
		affine.putAffine(e.frame[b.header:])
	}
	return e.frame, nil
}

// reduce replaces each cell of 2^level × 2^level values by its mean, in place, and
// returns the shorter slice. Cells at the right and lower edge may be smaller.
func reduce(v []float32, r nn.Region, level int) []float32 {
	c, h, w := r.C1-r.C0, r.Y1-r.Y0, r.X1-r.X0
	side := 1 << level
	at := 0
	for i := range c {
		plane := v[i*h*w : (i+1)*h*w]
		for y := 0; y < h; y += side {
			for x := 0; x < w; x += side {
				rows, cols := min(side, h-y), min(side, w-x)
				var sum float64
				for dy := range rows {
					for _, a := range plane[(y+dy)*w+x:][:cols] {
						sum += float64(a)
					}
				}
				v[at] = float32(sum / float64(rows*cols)) // at ≤ the cell's first index: never ahead of reading
				at++
			}
		}
	}
	return v[:at]
}

// quantise writes src as bytes and returns the range: value = min + byte·scale, off by at
// most half a scale. A constant block keeps its value exactly. Values that are not finite
// do not widen the range: +Inf becomes 255, −Inf and NaN become 0 (the exact value of a
// unit is told by "unit").
func quantise(dst []byte, src []float32) (lo, scale float32) {
	lo, hi := rangeOf(src)
	scale = hi/255 - lo/255 // not (hi−lo)/255, which overflows for huge ranges
	if scale <= 0 {
		clear(dst)
		return lo, 0
	}
	base, inverse := float64(lo), 1/float64(scale) // float64: neither overflows
	for i, v := range src {
		q := (float64(v)-base)*inverse + 0.5
		switch {
		case q >= 255:
			dst[i] = 255
		case q >= 0:
			dst[i] = byte(q)
		default: // NaN, −Inf
			dst[i] = 0
		}
	}
	return lo, scale
}

// rangeOf returns the smallest and the largest finite value; 0, 0 if there is none.
func rangeOf(v []float32) (lo, hi float32) {
	lo, hi = float32(math.Inf(1)), float32(math.Inf(-1))
	for _, a := range v {
		if a < lo && a >= -math.MaxFloat32 {
			lo = a
		}
		if a > hi && a <= math.MaxFloat32 {
			hi = a
		}
	}
	if lo > hi {
		return 0, 0
	}
	return lo, hi
}
