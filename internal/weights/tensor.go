package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Dtype names the type of a tensor's elements, as safetensors spells it.
type Dtype string

// The types that can be read; weights and goldens are F32 or F16.
const (
	F64  Dtype = "F64"
	I64  Dtype = "I64"
	U64  Dtype = "U64"
	F32  Dtype = "F32"
	I32  Dtype = "I32"
	U32  Dtype = "U32"
	F16  Dtype = "F16"
	BF16 Dtype = "BF16"
	I16  Dtype = "I16"
	U16  Dtype = "U16"
	I8   Dtype = "I8"
	U8   Dtype = "U8"
	Bool Dtype = "BOOL"
)

// dtype is one line of the table of types: size in bytes, rank in the order of the reference
// writer (its enum, wide types last), and how one element becomes a float32 (rounded to nearest).
type dtype struct {
	size, order int
	float       func(b []byte) float32
}

// dtypes holds every type of the reference implementation but the 8-bit floats and the complex
// numbers, which no net here uses. The order is that of `enum Dtype` in safetensors/src/tensor.rs.
var dtypes = map[Dtype]dtype{
	Bool: {1, 0, func(b []byte) float32 { return float32(b[0]) }},
	U8:   {1, 1, func(b []byte) float32 { return float32(b[0]) }},
	I8:   {1, 2, func(b []byte) float32 { return float32(int8(b[0])) }},
	I16:  {2, 3, func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) }},
	U16:  {2, 4, func(b []byte) float32 { return float32(binary.LittleEndian.Uint16(b)) }},
	F16:  {2, 5, func(b []byte) float32 { return halfToFloat(binary.LittleEndian.Uint16(b)) }},
	BF16: {2, 6, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }},
	I32:  {4, 7, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) }},
	U32:  {4, 8, func(b []byte) float32 { return float32(binary.LittleEndian.Uint32(b)) }},
	F32:  {4, 9, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	F64:  {8, 10, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	I64:  {8, 11, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) }},
	U64:  {8, 12, func(b []byte) float32 { return float32(binary.LittleEndian.Uint64(b)) }},
}

// Tensor is one named tensor of a file.
type Tensor struct {
	Name  string
	Dtype Dtype
	// Shape holds the sizes, outermost first; empty for a single number.
	Shape []int
	// Data holds the elements, little-endian, row-major. Of a tensor that Read returned it is a
	// view into the bytes that were read: nobody may change them.
	Data []byte
}

// Len is the number of elements.
func (t *Tensor) Len() int { return len(t.Data) / dtypes[t.Dtype].size }

// Float32 returns the elements as float32 in new memory that belongs to the caller. F16 and BF16
// convert exactly; F64 and wide integers are rounded to nearest.
func (t *Tensor) Float32() []float32 {
	d := dtypes[t.Dtype]
	out := make([]float32, len(t.Data)/d.size)
	for i := range out {
		out[i] = d.float(t.Data[i*d.size:])
	}
	return out
}

// NewFloat32 makes an F32 tensor of a copy of the values. The product of the shape must be their
// number; Write checks it.
func NewFloat32(name string, shape []int, values []float32) Tensor {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return Tensor{Name: name, Dtype: F32, Shape: shape, Data: b}
}

// NewFloat16 makes an F16 tensor of the values, rounded to nearest even; what is above the range
// of F16 (65,504) becomes infinite.
func NewFloat16(name string, shape []int, values []float32) Tensor {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, floatToHalf(v))
	}
	return Tensor{Name: name, Dtype: F16, Shape: shape, Data: b}
}

// byteSize is the number of bytes of a tensor, or an error where a product overflows. As in the
// reference, the product is taken from the first size on: [0, 2⁶³, 2] is empty, [2⁶³, 2, 0] overflows.
func byteSize(name string, dt Dtype, shape []uint64) (uint64, error) {
	n := uint64(1)
	for _, d := range append(slices.Clone(shape), uint64(dtypes[dt].size)) {
		hi, lo := bits.Mul64(n, d)
		if hi != 0 {
			return 0, broken(RuleShape, name, "shape %v overflows", shape)
		}
		n = lo
	}
	return n, nil
}

// halfToFloat converts an IEEE 754 binary16; every value has an exact float32.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0x1f: // Inf, NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case 0: // zero or subnormal: frac · 2⁻²⁴
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(f) | sign)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// floatToHalf rounds a float32 to the nearest binary16, ties to even.
func floatToHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	abs := b & 0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7e00 // NaN
	case abs >= 0x477ff000: // 65,520 and above round to infinity
		return sign | 0x7c00
	case abs < 0x38800000: // below 2⁻¹⁴: subnormal; adding 0.5 leaves the rounded fraction in the low bits
		return sign | uint16(math.Float32bits(math.Float32frombits(abs)+0.5)-math.Float32bits(0.5))
	}
	rounded := abs + 0xfff + (abs >> 13 & 1)
	return sign | uint16((rounded-(127-15)<<23)>>13)
}

// badTensor is the error of Write for a tensor that its caller made wrong.
func badTensor(name, format string, args ...any) error {
	return fmt.Errorf("write tensor %q: %s", name, fmt.Sprintf(format, args...))
}
