package trace

import (
	"encoding/binary"
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// layout is the fixed part of the frames that show some layers of a net: all but run,
// flags, ranges and payloads is the same in every run, so it is worked out once. It is
// immutable and shared.
type layout struct {
	frames  []frameLayout
	scratch int // floats that encoding needs
}

// together is how many maps are read at once: the engine keeps as many channels side by side, and would
// go over the memory of all for each of them.
const together = kernel.Lanes

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
		regions := regionsOf(l.Shape())
		for _, r := range regions {
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
			out.scratch = max(out.scratch, r.Len()*min(together, len(regions)))
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
	set     *kernel.Set
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
	if e.set == nil {
		e.set = kernel.Sets()[0]
	}
	for k := 0; k < len(f.blocks); {
		n := group(f.blocks[k:])
		if err := e.blocks(f.blocks[k:k+n], run); err != nil {
			return nil, err
		}
		k += n
	}
	return e.frame, nil
}

// group returns how many of the first blocks are maps of one value that are read together.
func group(blocks []blockLayout) int {
	n := 1
	for first := &blocks[0]; n < len(blocks); n++ {
		b := &blocks[n]
		if b.value != first.value || b.region.C0 != first.region.C0+n || b.region.C0%together == 0 {
			break
		}
	}
	return n
}

// blocks reads neighbouring blocks and writes each.
func (e *encoder) blocks(list []blockLayout, run *nn.Run) error {
	r := list[0].region
	r.C1 = list[len(list)-1].region.C1
	all := e.scratch[:r.Len()]
	if err := run.ViewOf(list[0].value).Read(all, r); err != nil {
		return err
	}
	for i := range list {
		b := &list[i]
		src := all[:b.region.Len()]
		all = all[len(src):]
		if b.level > 0 {
			src = reduce(src, b.region, b.level)
		}
		affine := Block{}
		affine.Min, affine.Scale = kernel.Quantise(e.set, e.frame[b.start:b.start+b.size], src)
		affine.putAffine(e.frame[b.header:])
	}
	return nil
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
