package kernel

// What goes over whole maps works on a range of blocks, counted over all samples: block b of sample
// n is n·⌈C/16⌉ + b. Callers split the range; the bits do not depend on how.

// AllBlocks returns how many blocks a value has, over all samples.
func (b *Blocked) AllBlocks() int { return b.N * blocksOf(b.C) }

// patch is the pixels of one block: 16 floats each, rows apart from each other.
type patch struct {
	data []float32 // from the first pixel of the first row to the last of the last
	row  int       // floats from a row to the next
}

// patch returns the map of a block, without its border. c is the block's first channel.
func (b *Blocked) patch(n, c int) patch {
	at := b.Index(n, c, 0, 0)
	row := b.PW * Lanes
	return patch{data: b.Data[at : at+(b.H-1)*row+b.W*Lanes], row: row}
}

// params are the numbers of a kernel for the 16 channels of a block.
type params struct {
	a, b   [Lanes]float32 // what they mean is the kernel's: scale and shift, a slope …
	lo, hi [Lanes]float32 // the clamp; 0 … 0 for lanes beyond the last channel, which thus stay zero
}

// clamp sets the bounds of the block that begins at channel c of channels.
func (p *params) clamp(act Clamp, c, channels int) {
	for l := range Lanes {
		if c+l < channels {
			p.lo[l], p.hi[l] = act.Lo, act.Hi
		} else {
			p.lo[l], p.hi[l] = 0, 0
		}
	}
}

// channels copies the numbers of the block that begins at channel c; those of lanes beyond stay.
func channels(dst *[Lanes]float32, src []float32, c int) {
	copy(dst[:], src[c:min(c+Lanes, len(src))])
}

func fill(dst *[Lanes]float32, v float32) {
	for l := range dst {
		dst[l] = v
	}
}

// Affine computes out = clamp(scale[c]·in + shift[c]); scale and shift may be nil for 1 and 0, and
// out may be in.
func Affine(set *Set, out, in *Blocked, scale, shift []float32, act Clamp, first, last int) {
	var p params
	fill(&p.a, 1)
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		if scale != nil {
			channels(&p.a, scale, c)
			channels(&p.b, shift, c)
		}
		p.clamp(act, c, out.C)
		i := in.patch(n, c)
		mapRows(set, mapAffine, out.H, out.W, out.patch(n, c), i, i, &p)
	}
}

// Gate computes out = clamp(in·gates[n,c]), with gates of N×C×1×1; out may be in.
func Gate(set *Set, out, in, gates *Blocked, act Clamp, first, last int) {
	var p params
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		copy(p.a[:], gates.Data[gates.Index(n, c, 0, 0):][:Lanes])
		p.clamp(act, c, out.C)
		i := in.patch(n, c)
		mapRows(set, mapAffine, out.H, out.W, out.patch(n, c), i, i, &p)
	}
}

// Sum computes out = clamp(a + b); out may be a or b.
func Sum(set *Set, out, a, b *Blocked, act Clamp, first, last int) {
	pairs(set, mapAdd, out, a, b, act, first, last)
}

// Mul computes out = clamp(a · b); out may be a or b.
func Mul(set *Set, out, a, b *Blocked, act Clamp, first, last int) {
	pairs(set, mapMul, out, a, b, act, first, last)
}

func pairs(set *Set, op mapOp, out, x, y *Blocked, act Clamp, first, last int) {
	var p params
	per := blocksOf(out.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		p.clamp(act, c, out.C)
		mapRows(set, op, out.H, out.W, out.patch(n, c), x.patch(n, c), y.patch(n, c), &p)
	}
}

// Copy writes a value into channels of another, from channel at on. The range is of blocks of in.
func Copy(set *Set, out *Blocked, at int, in *Blocked, first, last int) {
	per := blocksOf(in.C)
	for b := first; b < last; b++ {
		n, c := b/per, b%per*Lanes
		lanes := min(Lanes, in.C-c)
		head := min(lanes, Lanes-at%Lanes) // what goes into the first of at most two blocks
		copyLanes(set, out, in, n, at+c, c, head)
		if head < lanes {
			copyLanes(set, out, in, n, at+c+head, c+head, lanes-head)
		}
	}
}

// copyLanes copies channels that stand in one block on both sides.
func copyLanes(set *Set, out, in *Blocked, n, to, from, lanes int) {
	dst, src := out.patch(n, to/Lanes*Lanes), in.patch(n, from/Lanes*Lanes)
	if lanes == Lanes {
		for y := range in.H {
			copy(dst.data[y*dst.row:][:in.W*Lanes], src.data[y*src.row:])
		}
		return
	}
	moveLanes(set, in.H, in.W, dst, src, lanes, to%Lanes, from%Lanes)
}

// ZeroBorder puts the zeros back around the maps of these blocks: into the border, and behind it.
func ZeroBorder(b *Blocked, first, last int) {
	per := blocksOf(b.C)
	for i := first; i < last; i++ {
		start := b.Index(i/per, i%per*Lanes, -b.Pad, -b.Pad)
		plane := b.Data[start : start+b.PH*b.PW*Lanes]
		row := b.PW * Lanes
		clear(plane[:b.Pad*row])
		for y := b.Pad; y < b.Pad+b.H; y++ {
			r := plane[y*row:][:row]
			clear(r[:b.Pad*Lanes])
			clear(r[(b.Pad+b.W)*Lanes:])
		}
		clear(plane[(b.Pad+b.H)*row:])
	}
}
