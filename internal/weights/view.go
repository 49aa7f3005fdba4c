package weights

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Float32View returns b as float32 without copying: b holds little-endian IEEE 754 numbers. It is
// false where that cannot be: b does not start at a multiple of 4 bytes, is not a whole number of
// elements, or the processor is big-endian. Who changes one changes the other.
func Float32View(b []byte) ([]float32, bool) {
	if len(b)%4 != 0 || binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, false
	}
	if len(b) == 0 {
		return []float32{}, true
	}
	p := unsafe.Pointer(&b[0])
	if uintptr(p)%unsafe.Alignof(float32(0)) != 0 {
		return nil, false
	}
	// The len(b)/4 elements of 4 bytes are exactly the bytes of b: the length is a multiple of 4 and
	// not 0, the address is aligned (both seen above), float32 holds no pointer and takes every bit
	// pattern, and the slice keeps b's memory alive.
	return unsafe.Slice((*float32)(p), len(b)/4), true
}

// Float32s returns b, little-endian float32, as a view where that can be and else as a copy. The
// caller must not change it.
func Float32s(b []byte) []float32 {
	if v, ok := Float32View(b); ok {
		return v
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// View returns the elements as float32 that nobody may change: of an F32 tensor a view into Data
// where its bytes are aligned (Write and the reference writer align them), else what Float32
// returns. It saves the copy of a net's weights, which is their whole size.
func (t *Tensor) View() []float32 {
	if t.Dtype == F32 {
		return Float32s(t.Data)
	}
	return t.Float32()
}
