package imgio

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"vizserver/internal/fault"
)

// ours is the memory of our own copy: NRGBA.
const ours = 4

var pngCodec = codec{
	config: pngConfig,
	decode: png.Decode,
	perPixel: func(m color.Model) int64 {
		switch m {
		case color.RGBA64Model, color.NRGBA64Model:
			return 8 + ours
		case color.Gray16Model:
			return 2 + ours
		}
		return 4 + ours
	},
	frames: apngFrames,
}

// pngConfig names an empty picture before the decoder calls it a format error.
func pngConfig(r io.Reader) (image.Config, error) {
	var head [24]byte
	n, err := io.ReadFull(r, head[:])
	if err != nil {
		return image.Config{}, err
	}
	w, h := binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])
	if string(head[12:16]) == "IHDR" && (w == 0 || h == 0) {
		return image.Config{Width: int(w), Height: int(h)}, nil
	}
	return png.DecodeConfig(io.MultiReader(bytes.NewReader(head[:n]), r))
}

var jpegCodec = codec{
	config: jpeg.DecodeConfig,
	check:  checkScans,
	decode: decodeJPEG,
	// A progressive JPEG keeps its coefficients, 4 bytes for each sample, beside the samples.
	perPixel: func(m color.Model) int64 {
		switch m {
		case color.GrayModel:
			return 4 + 1 + ours
		case color.CMYKModel:
			return 16 + 4 + ours
		}
		return 12 + 3 + 2 + ours // 2: chroma of full size
	},
	orientation: jpegOrientation,
}

var gifCodec = codec{
	config:   gif.DecodeConfig,
	decode:   gif.Decode, // the first frame only
	perPixel: func(color.Model) int64 { return 1 + ours },
	frames:   gifFrames,
}

var webpCodec = codec{
	config: webp.DecodeConfig,
	check: func(b []byte, _ int64) error {
		const animation = 1 << 1 // of the flags in a VP8X chunk
		if len(b) > 20 && string(b[12:16]) == "VP8X" && b[20]&animation != 0 {
			return fault.New(fault.Unsupported, "animated WebP pictures are not read").WithHint("export a still")
		}
		return nil
	},
	decode: webp.Decode,
	// Lossless WebP holds 4 bytes a pixel and as much again while transforms are undone.
	perPixel: func(color.Model) int64 { return 8 + ours },
}

// gifFrames counts the frames of a GIF by its blocks, without decoding any; where the blocks end
// early it returns those that it saw.
func gifFrames(b []byte) int {
	at := 13
	if len(b) < at {
		return 0
	}
	at += colorTable(b[10])
	frames := 0
	for at < len(b) {
		switch b[at] {
		case 0x21: // extension: label, then sub-blocks
			at += 2
		case 0x2c: // image: descriptor, colour table, code size, then sub-blocks
			frames++
			if at+9 >= len(b) {
				return frames
			}
			at += 10 + colorTable(b[at+9]) + 1
		default: // trailer, or damage
			return frames
		}
		for at < len(b) && b[at] != 0 {
			at += 1 + int(b[at])
		}
		at++
	}
	return frames
}

// colorTable is the size in bytes of the colour table that a GIF's packed field announces.
func colorTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// apngFrames reads the number of frames from an animated PNG's acTL chunk, which stands before the
// pixels; the decoder shows the still picture that every APNG carries.
func apngFrames(b []byte) int {
	for at := 8; at+12 <= len(b); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		switch string(b[at+4 : at+8]) {
		case "IDAT":
			return 1
		case "acTL":
			if n == 8 && at+12 <= len(b) {
				return int(min(binary.BigEndian.Uint32(b[at+8:]), 1<<20))
			}
		}
		if n > int64(len(b)) {
			return 1
		}
		at += 12 + int(n)
	}
	return 1
}
