package kernel

import "unsafe"

// Lanes is the number of channels that stand together in a Blocked value: one AVX-512
// register, or two of AVX2.
const Lanes = 16

// Blocked is a value whose channels lie in blocks of 16 (NCHWc). Element (n, c, y, x) stands at
//
//	(((n·Blocks + First + c/16)·PH + y + Pad)·PW + x + Pad)·16 + c%16
//
// of Data. Lanes beyond C in the last block are zero, and so is the border, which convolutions
// read as their padding; who overruns it puts the zeros back.
type Blocked struct {
	Data          []float32 // 64-byte aligned
	N, C, H, W    int
	Blocks, First int // blocks of a sample of the whole buffer, and the first of this value: a part of a concatenation is a view
	Pad           int // border on every side
	PH, PW        int // rows and columns of a plane, border and slack included
}

// slack is how many rows and columns a plane has behind its border, so that tiles of Winograd's
// F(4×4, 3×3) that overrun the map stay inside: the sides are rounded up to a multiple of 4.
func slack(size int) int { return (size+3)/4*4 - size }

// NewBlocked returns a value of zeros with a border.
func NewBlocked(n, c, h, w, pad int) *Blocked {
	b := ShapeBlocked(n, c, h, w, pad)
	b.Data = Aligned(b.Len())
	return &b
}

// ShapeBlocked returns the layout of a value, without memory.
func ShapeBlocked(n, c, h, w, pad int) Blocked {
	b := Blocked{N: n, C: c, H: h, W: w, Blocks: blocksOf(c), Pad: pad, PH: h, PW: w}
	if h*w > 1 || pad > 0 {
		b.PH, b.PW = h+2*pad+slack(h), w+2*pad+slack(w)
	}
	return b
}

// blocksOf returns how many blocks hold so many channels.
func blocksOf(channels int) int { return (channels + Lanes - 1) / Lanes }

// Len returns the floats of the buffer. Tiles may read, never write, a little behind the last plane.
func (b *Blocked) Len() int { return b.N*b.Blocks*b.PH*b.PW*Lanes + tail }

// tail is what a tile of 14 pixels may read behind the last plane.
const tail = 16 * Lanes

// View returns channels first…first+c−1 of b as a value of their own; first is a multiple of 16.
func (b *Blocked) View(first, c int) Blocked {
	v := *b
	v.First += first / Lanes
	v.C = c
	return v
}

// Index returns where element (n, c, y, x) stands; y and x may lie in the border.
func (b *Blocked) Index(n, c, y, x int) int {
	return (((n*b.Blocks+b.First+c/Lanes)*b.PH+y+b.Pad)*b.PW+x+b.Pad)*Lanes + c%Lanes
}

// At returns one element.
func (b *Blocked) At(n, c, y, x int) float32 { return b.Data[b.Index(n, c, y, x)] }

// Set writes one element.
func (b *Blocked) Set(n, c, y, x int, v float32) { b.Data[b.Index(n, c, y, x)] = v }

// Aligned returns n zeros that start at a multiple of 64 bytes.
func Aligned(n int) []float32 {
	b := make([]float32, n+Lanes)
	// The address is only looked at: the slice below keeps the memory alive and in bounds.
	o := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b)))&63) / 4
	return b[o : o+n : o+n]
}

// Clamp is the activation that a kernel ends with: y = min(max(y, Lo), Hi).
type Clamp struct{ Lo, Hi float32 }
