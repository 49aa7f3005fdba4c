package trace

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The wire format of tensors, version 1. This file is its specification; the page's
// decoder is web/static/js/net/frame.js and both are tested on testdata/frames.
//
// All numbers are little-endian. A frame is a header of 24 bytes, blockCount block
// headers of 32 bytes each, then one payload for each block, in the same order. A payload
// starts at the next multiple of 8 after what precedes it; the gap is zero, and so is the
// gap that brings the end of the frame to a multiple of 8. There is nothing else in a
// frame: a reader refuses holes, overlaps, trailing bytes and reserved bits that are set,
// so every frame has exactly one encoding.
//
//	frame header                           block header
//	 0  u16 magic 0x5643                    0  u16 layer
//	 2  u8  version 1                       2  u16 level: 0 full, k reduced by 2^k
//	 3  u8  kind: 1 INPUT, 2 ACTIVATIONS    4  u16 first channel
//	 4  u32 run: the drawing's number       6  u16 channels
//	 8  u32 unit: the model's generation    8  u16 width
//	12  u16 blockCount                     10  u16 height
//	14  u16 flags                          12  f32 min
//	16  u32 bytes of the whole frame       16  f32 scale
//	20  u32 reserved, 0                    20  u32 payload offset from the frame's start
//	                                       24  u32 payload bytes
//	                                       28  u32 reserved, 0
//
// A payload holds channels × height × width bytes in that order (planar), and
// value = min + byte·scale in float32. min and scale are finite and scale ≥ 0.
const (
	frameMagic   = 0x5643 // "CV" as bytes 0x43 0x56
	FrameVersion = 1      // of this file; also the version that hello must name

	frameHeaderBytes = 24
	blockHeaderBytes = 32
	payloadAlign     = 8

	// MaxFrameBytes limits one frame in either direction, so that a message never holds
	// up the next drawing for long; larger traces are sent as several frames.
	MaxFrameBytes = 256 << 10

	maxLevel = 15
)

// FrameKind says what a frame carries.
type FrameKind uint8

// The kinds of frames.
const (
	FrameInput       FrameKind = 1 // viewer → server: one drawing of 28×28 greys
	FrameActivations FrameKind = 2 // server → viewer: layers of one run
)

// Flags of a frame.
const (
	FlagLast   uint16 = 1 // no further frame of this run follows
	FlagBlank  uint16 = 2 // nothing is drawn: the input is paper all over
	FlagEdited uint16 = 4 // the run was made with edits (ablated maps)

	allFlags = FlagLast | FlagBlank | FlagEdited
)

// Frame is one binary message.
type Frame struct {
	Kind   FrameKind
	Run    uint32 // number of the drawing, given by the viewer
	Unit   uint32 // generation of the model: grows by one with each change of the model
	Flags  uint16
	Blocks []Block
}

// Block is a range of channels of one layer, as bytes.
type Block struct {
	Layer    uint16
	Level    uint16 // sides are divided by 2^Level, rounded up
	Channel  uint16 // first channel
	Channels uint16
	Width    uint16
	Height   uint16
	Min      float32 // value of byte 0
	Scale    float32 // step of value between neighbouring bytes, ≥ 0
	Data     []byte  // Channels × Height × Width, planar
}

func (b *Block) size() int { return int(b.Channels) * int(b.Height) * int(b.Width) }

func align(n int) int { return (n + payloadAlign - 1) &^ (payloadAlign - 1) }

// EncodedBytes returns the number of bytes that Append adds.
func (f *Frame) EncodedBytes() int {
	n := frameHeaderBytes + blockHeaderBytes*len(f.Blocks)
	for i := range f.Blocks {
		n += align(f.Blocks[i].size())
	}
	return n
}

// Append appends the encoded frame to dst and returns the longer slice. It allocates only
// if dst lacks room. The frame must be valid: len(Data) = Channels × Height × Width,
// at most 65,535 blocks; anything else is a broken invariant and panics.
func (f *Frame) Append(dst []byte) []byte {
	total := f.EncodedBytes()
	if len(f.Blocks) > math.MaxUint16 || total > math.MaxUint32 {
		panic("trace: frame too large to encode")
	}
	base := len(dst)
	dst = append(dst, make([]byte, total)...)
	out := dst[base:]
	f.putHeader(out, total)
	at := frameHeaderBytes + blockHeaderBytes*len(f.Blocks)
	for i := range f.Blocks {
		b := &f.Blocks[i]
		if len(b.Data) != b.size() {
			panic(fmt.Sprintf("trace: block of layer %d has %d bytes, its shape needs %d", b.Layer, len(b.Data), b.size()))
		}
		b.putHeader(out[frameHeaderBytes+blockHeaderBytes*i:], at)
		copy(out[at:], b.Data)
		at += align(len(b.Data))
	}
	return dst
}

func (f *Frame) putHeader(out []byte, total int) {
	le := binary.LittleEndian
	le.PutUint16(out[0:], frameMagic)
	out[2] = FrameVersion
	out[3] = byte(f.Kind)
	le.PutUint32(out[4:], f.Run)
	le.PutUint32(out[8:], f.Unit)
	le.PutUint16(out[12:], uint16(len(f.Blocks)))
	le.PutUint16(out[14:], f.Flags)
	le.PutUint32(out[16:], uint32(total))
	le.PutUint32(out[20:], 0)
}

func (b *Block) putHeader(out []byte, offset int) {
	le := binary.LittleEndian
	le.PutUint16(out[0:], b.Layer)
	le.PutUint16(out[2:], b.Level)
	le.PutUint16(out[4:], b.Channel)
	le.PutUint16(out[6:], b.Channels)
	le.PutUint16(out[8:], b.Width)
	le.PutUint16(out[10:], b.Height)
	b.putAffine(out)
	le.PutUint32(out[20:], uint32(offset))
	le.PutUint32(out[24:], uint32(b.size()))
	le.PutUint32(out[28:], 0)
}

func (b *Block) putAffine(out []byte) {
	binary.LittleEndian.PutUint32(out[12:], math.Float32bits(b.Min))
	binary.LittleEndian.PutUint32(out[16:], math.Float32bits(b.Scale))
}

// DecodeFrame reads one whole frame. The blocks' Data are parts of b, which must stay
// unchanged while they are used. Errors are *[Error] and never of kind Internal: whatever
// is wrong was wrong with the bytes.
func DecodeFrame(b []byte) (Frame, error) {
	var f Frame
	err := f.decode(b)
	return f, err
}

// decode is DecodeFrame into an existing frame, whose Blocks are reused.
func (f *Frame) decode(b []byte) error {
	count, err := f.decodeHeader(b)
	if err != nil {
		return err
	}
	at := frameHeaderBytes + blockHeaderBytes*count
	if at > len(b) {
		return badFrame("block_count", "the frame announces %d blocks, but ends after %d bytes", count, len(b))
	}
	f.Blocks = f.Blocks[:0]
	for i := range count {
		head := b[frameHeaderBytes+blockHeaderBytes*i:][:blockHeaderBytes]
		blk, err := decodeBlock(head, at, len(b))
		if err != nil {
			return err
		}
		end := at + blk.size()
		blk.Data = b[at:end:end]
		f.Blocks = append(f.Blocks, blk)
		at = align(end)
		if at > len(b) {
			return badFrame("payload", "the last payload is not filled up to a multiple of %d bytes", payloadAlign)
		}
		for _, p := range b[end:at] {
			if p != 0 {
				return badFrame("padding", "the gap after block %d is not zero", i)
			}
		}
	}
	if at != len(b) {
		return badFrame("trailing", "%d bytes follow the last block", len(b)-at)
	}
	return nil
}

// decodeHeader checks the 24 bytes and returns the number of blocks.
func (f *Frame) decodeHeader(b []byte) (int, error) {
	le := binary.LittleEndian
	switch {
	case len(b) > MaxFrameBytes:
		return 0, tooLarge("frame_size", "the frame has %d bytes; the limit is %d", len(b), MaxFrameBytes)
	case len(b) < frameHeaderBytes:
		return 0, badFrame("short", "the frame has %d bytes, its header alone has %d", len(b), frameHeaderBytes)
	case le.Uint16(b) != frameMagic:
		return 0, badFrame("magic", "the message is no frame: it starts with %#04x, not %#04x", le.Uint16(b), frameMagic)
	case b[2] != FrameVersion:
		return 0, wrongVersion("frame_version", "the frame has version %d, this server speaks %d", b[2], FrameVersion)
	case FrameKind(b[3]) != FrameInput && FrameKind(b[3]) != FrameActivations:
		return 0, badFrame("kind", "unknown frame kind %d", b[3])
	case le.Uint16(b[14:])&^allFlags != 0:
		return 0, badFrame("flags", "unknown flags %#04x", le.Uint16(b[14:])&^allFlags)
	case le.Uint32(b[16:]) != uint32(len(b)):
		return 0, badFrame("length", "the frame says that it has %d bytes, but %d came", le.Uint32(b[16:]), len(b))
	case le.Uint32(b[20:]) != 0:
		return 0, badFrame("reserved", "the reserved field of the frame is not zero")
	}
	f.Kind = FrameKind(b[3])
	f.Run = le.Uint32(b[4:])
	f.Unit = le.Uint32(b[8:])
	f.Flags = le.Uint16(b[14:])
	return int(le.Uint16(b[12:])), nil
}

// decodeBlock checks a block header whose payload must start at offset in a frame of
// total bytes. Data is left to the caller.
func decodeBlock(h []byte, offset, total int) (Block, error) {
	le := binary.LittleEndian
	b := Block{
		Layer: le.Uint16(h[0:]), Level: le.Uint16(h[2:]),
		Channel: le.Uint16(h[4:]), Channels: le.Uint16(h[6:]),
		Width: le.Uint16(h[8:]), Height: le.Uint16(h[10:]),
		Min: math.Float32frombits(le.Uint32(h[12:])), Scale: math.Float32frombits(le.Uint32(h[16:])),
	}
	at, n := le.Uint32(h[20:]), le.Uint32(h[24:])
	switch {
	case b.Level > maxLevel:
		return b, badFrame("level", "level %d is above the limit of %d", b.Level, maxLevel)
	case b.Channels == 0 || b.Width == 0 || b.Height == 0:
		return b, badFrame("shape", "layer %d: a block of %d channels of %d×%d is empty", b.Layer, b.Channels, b.Height, b.Width)
	case int(b.Channel)+int(b.Channels) > math.MaxUint16+1:
		return b, badFrame("shape", "layer %d: channels %d and %d more are too many", b.Layer, b.Channel, b.Channels)
	case !finite(b.Min) || !finite(b.Scale) || b.Scale < 0:
		return b, badFrame("affine", "layer %d: min %g and scale %g must be finite and scale not negative", b.Layer, b.Min, b.Scale)
	case le.Uint32(h[28:]) != 0:
		return b, badFrame("reserved", "layer %d: the reserved field of the block is not zero", b.Layer)
	case uint64(n) != uint64(b.Channels)*uint64(b.Height)*uint64(b.Width):
		return b, badFrame("block_size", "layer %d: %d bytes for %d channels of %d×%d", b.Layer, n, b.Channels, b.Height, b.Width)
	case uint64(at) != uint64(offset):
		return b, badFrame("offset", "layer %d: the payload starts at %d, not at %d", b.Layer, at, offset)
	case uint64(offset)+uint64(n) > uint64(total):
		return b, badFrame("payload", "layer %d: the payload ends after the frame", b.Layer)
	}
	return b, nil
}

func finite(v float32) bool { return v-v == 0 }
