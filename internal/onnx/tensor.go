package onnx

import (
	"encoding/binary"
	"math"

	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/weights"
)

// elemType is one line of the table of TensorProto.DataType. Types with size 0 are known and not read.
type elemType struct {
	name string
	size int           // bytes of one element in raw_data
	raw  weights.Dtype // the same type in package weights
	// least and most bound an integer that stands in a wider field (int32_data, uint64_data).
	least, most int64
}

var elemTypes = map[int32]elemType{
	1:  {name: "float32", size: 4, raw: weights.F32},
	2:  {name: "uint8", size: 1, raw: weights.U8, most: math.MaxUint8},
	3:  {name: "int8", size: 1, raw: weights.I8, least: math.MinInt8, most: math.MaxInt8},
	4:  {name: "uint16", size: 2, raw: weights.U16, most: math.MaxUint16},
	5:  {name: "int16", size: 2, raw: weights.I16, least: math.MinInt16, most: math.MaxInt16},
	6:  {name: "int32", size: 4, raw: weights.I32, least: math.MinInt32, most: math.MaxInt32},
	7:  {name: "int64", size: 8, raw: weights.I64, least: math.MinInt64, most: math.MaxInt64},
	8:  {name: "string"},
	9:  {name: "bool", size: 1, raw: weights.Bool, most: 1},
	10: {name: "float16", size: 2, raw: weights.F16},
	11: {name: "float64", size: 8, raw: weights.F64},
	12: {name: "uint32", size: 4, raw: weights.U32, most: math.MaxUint32},
	13: {name: "uint64", size: 8, raw: weights.U64, most: math.MaxInt64},
	14: {name: "complex64"},
	15: {name: "complex128"},
	16: {name: "bfloat16", size: 2, raw: weights.BF16},
	17: {name: "float8e4m3fn"},
	18: {name: "float8e4m3fnuz"},
	19: {name: "float8e5m2"},
	20: {name: "float8e5m2fnuz"},
	21: {name: "uint4"},
	22: {name: "int4"},
	23: {name: "float4e2m1"},
}

// elemNamed finds the line of a type by its name.
func elemNamed(name string) (elemType, bool) {
	for _, e := range elemTypes {
		if e.name == name {
			return e, true
		}
	}
	return elemType{}, false
}

// tensor checks a TensorProto and reads its values; where says whose it is, for the error.
func (p *parser) tensor(t *onnxpb.TensorProto, where string) (*constant, error) {
	e, known := elemTypes[t.GetDataType()]
	switch {
	case !known:
		return nil, damaged("%s has data type %d, which ONNX does not know", where, t.GetDataType())
	case e.size == 0:
		return nil, unsupported("%s is of type %s, which is not supported", where, e.name)
	}
	dims, n, err := tensorDims(t.GetDims(), where)
	if err != nil {
		return nil, err
	}
	c := &constant{dims: dims, elem: e.name}
	if !c.isFloat() {
		if p.ints += n; p.ints > maxInts {
			return nil, tooLarge("%s: the file holds more than %d integers", where, maxInts)
		}
	}
	if t.GetDataLocation() != 0 {
		raw, err := p.external(t, where, int64(n)*int64(e.size))
		if err != nil {
			return nil, err
		}
		return c.fill(raw, e), nil
	}
	return c, c.read(t, e, n, where)
}

// tensorDims checks the sizes and multiplies them.
func tensorDims(sizes []int64, where string) (dims []int, n int, err error) {
	if len(sizes) > maxRank {
		return nil, 0, tooLarge("%s has %d dimensions, at most %d are read", where, len(sizes), maxRank)
	}
	dims = make([]int, len(sizes))
	for i, d := range sizes {
		if d < 0 || d > maxDim {
			return nil, 0, damaged("%s has the size %d in dimension %d", where, d, i)
		}
		dims[i] = int(d)
	}
	n, ok := elements(dims, maxElems)
	if !ok {
		return nil, 0, tooLarge("%s has the sizes %v: more than %d elements", where, dims, maxElems)
	}
	return dims, n, nil
}

// elements multiplies sizes ≥ 0; false where the product of those that are not 0 is above most.
func elements(dims []int, most int) (int, bool) {
	n, empty := 1, false
	for _, d := range dims {
		switch {
		case d == 0:
			empty = true
		case d > most/n:
			return 0, false
		default:
			n *= d
		}
	}
	if empty {
		return 0, true
	}
	return n, true
}

// read takes the n values from the one field that holds them.
func (c *constant) read(t *onnxpb.TensorProto, e elemType, n int, where string) error {
	held := 0
	for _, l := range [...]int{len(t.GetRawData()), len(t.GetFloatData()), len(t.GetInt32Data()), len(t.GetInt64Data()), len(t.GetDoubleData()), len(t.GetUint64Data())} {
		if l > 0 {
			held++
		}
	}
	if held > 1 {
		return damaged("%s has its values twice: in more than one of raw_data, float_data, int32_data and so on", where)
	}
	if raw := t.GetRawData(); len(raw) > 0 || held == 0 {
		if int64(len(raw)) != int64(n)*int64(e.size) {
			return damaged("%s has the sizes %v of %s: that takes %d bytes, and it has %d", where, c.dims, e.name, int64(n)*int64(e.size), len(raw))
		}
		c.fill(raw, e)
		return nil
	}
	got, err := c.readField(t, e, where)
	if err == nil && got != n {
		err = damaged("%s has the sizes %v: that takes %d values, and it has %d", where, c.dims, n, got)
	}
	return err
}

// fill makes the values of little-endian bytes, of which there are the right number.
func (c *constant) fill(raw []byte, e elemType) *constant {
	if c.isFloat() {
		c.floats = (&weights.Tensor{Dtype: e.raw, Data: raw}).View()
		return c
	}
	c.ints = make([]int64, len(raw)/e.size)
	for i := range c.ints {
		c.ints[i] = e.intAt(raw[i*e.size:])
	}
	return c
}

// intAt reads one integer; of uint64 those above the largest int64 become that.
func (e elemType) intAt(b []byte) int64 {
	var v uint64
	switch e.size {
	case 1:
		v = uint64(b[0])
	case 2:
		v = uint64(binary.LittleEndian.Uint16(b))
	case 4:
		v = uint64(binary.LittleEndian.Uint32(b))
	default:
		v = binary.LittleEndian.Uint64(b)
	}
	switch {
	case e.name == "bool":
		return int64(min(v, 1))
	case e.least < 0: // extend the sign
		shift := 64 - 8*e.size
		return int64(v<<shift) >> shift
	}
	return int64(min(v, math.MaxInt64))
}

// readField takes the values from the typed field that belongs to e, and returns how many there are.
func (c *constant) readField(t *onnxpb.TensorProto, e elemType, where string) (int, error) {
	var err error
	switch e.name {
	case "float32":
		c.floats = t.GetFloatData()
		return len(c.floats), nil
	case "float64":
		c.floats = make([]float32, len(t.GetDoubleData()))
		for i, v := range t.GetDoubleData() {
			c.floats[i] = float32(v)
		}
		return len(c.floats), nil
	case "float16", "bfloat16": // their bits
		raw := make([]byte, 0, 2*len(t.GetInt32Data()))
		for _, v := range t.GetInt32Data() {
			if v < 0 || v > math.MaxUint16 {
				return 0, damaged("%s holds %d, which is no %s", where, v, e.name)
			}
			raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		}
		c.fill(raw, e)
		return len(c.floats), nil
	case "int64":
		c.ints = t.GetInt64Data()
	case "uint32", "uint64":
		c.ints, err = widen(t.GetUint64Data(), e, where)
	default:
		c.ints, err = widen(t.GetInt32Data(), e, where)
	}
	return len(c.ints), err
}

// widen copies integers and checks that they are of type e.
func widen[T int32 | uint64](from []T, e elemType, where string) ([]int64, error) {
	out := make([]int64, len(from))
	for i, v := range from {
		out[i] = int64(v)
		if out[i] < e.least || out[i] > e.most {
			return nil, damaged("%s holds %d, which is no %s", where, v, e.name)
		}
	}
	return out, nil
}
