package onnx

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
)

// TestTensorTypes reads two values of each type, from raw_data and from the field that the format
// names for it. The bytes are written out by hand.
func TestTensorTypes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		elem   string
		number int32
		raw    []byte
		field  func(t *onnxpb.TensorProto)
		floats []float32
		ints   []int64
	}{
		{elem: "float32", number: 1, raw: []byte{0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0}, field: func(t *onnxpb.TensorProto) { t.FloatData = []float32{1.5, -2} }, floats: []float32{1.5, -2}},
		{elem: "uint8", number: 2, raw: []byte{1, 255}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{1, 255} }, ints: []int64{1, 255}},
		{elem: "int8", number: 3, raw: []byte{1, 255}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{1, -1} }, ints: []int64{1, -1}},
		{elem: "uint16", number: 4, raw: []byte{1, 2, 255, 255}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{513, 65535} }, ints: []int64{513, 65535}},
		{elem: "int16", number: 5, raw: []byte{1, 2, 255, 255}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{513, -1} }, ints: []int64{513, -1}},
		{elem: "int32", number: 6, raw: []byte{1, 2, 0, 0, 254, 255, 255, 255}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{513, -2} }, ints: []int64{513, -2}},
		{elem: "int64", number: 7, raw: []byte{1, 0, 0, 0, 1, 0, 0, 0, 253, 255, 255, 255, 255, 255, 255, 255}, field: func(t *onnxpb.TensorProto) { t.Int64Data = []int64{1<<32 + 1, -3} }, ints: []int64{1<<32 + 1, -3}},
		{elem: "bool", number: 9, raw: []byte{0, 1}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{0, 1} }, ints: []int64{0, 1}},
		{elem: "float16", number: 10, raw: []byte{0, 0x3e, 0, 0xc0}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{0x3e00, 0xc000} }, floats: []float32{1.5, -2}},
		{elem: "float64", number: 11, raw: []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, field: func(t *onnxpb.TensorProto) { t.DoubleData = []float64{1.5, -2} }, floats: []float32{1.5, -2}},
		{elem: "uint32", number: 12, raw: []byte{1, 2, 0, 0, 255, 255, 255, 255}, field: func(t *onnxpb.TensorProto) { t.Uint64Data = []uint64{513, math.MaxUint32} }, ints: []int64{513, math.MaxUint32}},
		{elem: "uint64", number: 13, raw: []byte{1, 2, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127}, field: func(t *onnxpb.TensorProto) { t.Uint64Data = []uint64{513, math.MaxInt64} }, ints: []int64{513, math.MaxInt64}},
		{elem: "bfloat16", number: 16, raw: []byte{0xc0, 0x3f, 0, 0xc0}, field: func(t *onnxpb.TensorProto) { t.Int32Data = []int32{0x3fc0, 0xc000} }, floats: []float32{1.5, -2}},
	} {
		raw := &onnxpb.TensorProto{Dims: []int64{2, 1}, DataType: &tc.number, RawData: tc.raw}
		typed := &onnxpb.TensorProto{Dims: []int64{2, 1}, DataType: &tc.number}
		tc.field(typed)
		for from, tp := range map[string]*onnxpb.TensorProto{"raw_data": raw, "its field": typed} {
			c, err := (&parser{}).tensor(tp, "t")
			if err != nil {
				t.Errorf("%s from %s: %v", tc.elem, from, err)
				continue
			}
			if c.elem != tc.elem || !slices.Equal(c.dims, []int{2, 1}) || !slices.Equal(c.floats, tc.floats) || !slices.Equal(c.ints, tc.ints) {
				t.Errorf("%s from %s: %+v", tc.elem, from, c)
			}
		}
	}
}

// TestTensorShapes: no dimension is one number, a dimension of 0 is none.
func TestTensorShapes(t *testing.T) {
	t.Parallel()
	c, err := (&parser{}).tensor(floatsProto("x", nil, 7), "x")
	if err != nil || len(c.dims) != 0 || !slices.Equal(c.floats, []float32{7}) {
		t.Errorf("rank 0: %+v, %v", c, err)
	}
	c, err = (&parser{}).tensor(floatsProto("x", []int64{1 << 20, 0, 5}), "x")
	if err != nil || c.len() != 0 || len(c.dims) != 3 {
		t.Errorf("empty: %+v, %v", c, err)
	}
}

// TestTensorRange: an integer in a wider field that is not of the type.
func TestTensorRange(t *testing.T) {
	t.Parallel()
	for elem, tp := range map[string]*onnxpb.TensorProto{
		"int8":    {Dims: []int64{1}, DataType: new(int32(3)), Int32Data: []int32{128}},
		"uint8":   {Dims: []int64{1}, DataType: new(int32(2)), Int32Data: []int32{-1}},
		"bool":    {Dims: []int64{1}, DataType: new(int32(9)), Int32Data: []int32{2}},
		"float16": {Dims: []int64{1}, DataType: new(int32(10)), Int32Data: []int32{1 << 16}},
		"uint32":  {Dims: []int64{1}, DataType: new(int32(12)), Uint64Data: []uint64{1 << 32}},
		"uint64":  {Dims: []int64{1}, DataType: new(int32(13)), Uint64Data: []uint64{1 << 63}},
	} {
		_, err := (&parser{}).tensor(tp, "t")
		refused(t, elem, err, fault.Unprocessable, "which is no "+elem)
	}
}

// TestManyIntegers: small integers grow to 8 bytes each, and all of a file together are bounded.
func TestManyIntegers(t *testing.T) {
	t.Parallel()
	p := &parser{ints: maxInts - 1}
	tp := &onnxpb.TensorProto{Dims: []int64{2}, DataType: new(int32(2)), RawData: []byte{1, 2}}
	_, err := p.tensor(tp, "t")
	refused(t, "two more", err, fault.TooLarge, "integers")
}

// TestLargeTensor: decoding copies the bytes of a tensor once, and its floats are a view of the copy.
// Not parallel: it counts what is allocated.
func TestLargeTensor(t *testing.T) {
	const size = 8 << 20
	b := encode(t, func(m *onnxpb.ModelProto) {
		m.Graph.Initializer[0] = &onnxpb.TensorProto{Name: new("w"), Dims: []int64{size / 4}, DataType: new(int32(1)), RawData: make([]byte, size)}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := parse(b, nil)
	runtime.ReadMemStats(&after)
	if err != nil || m.init["w"].len() != size/4 {
		t.Fatalf("%v", err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size*21/20 {
		t.Errorf("%d bytes are allocated for %d", allocated, size)
	}
}

func BenchmarkParse(b *testing.B) {
	file := encode(b, func(m *onnxpb.ModelProto) {
		m.Graph.Initializer[0] = &onnxpb.TensorProto{Name: new("w"), Dims: []int64{1 << 20}, DataType: new(int32(1)), RawData: make([]byte, 4<<20)}
	})
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(file, nil); err != nil {
			b.Fatal(err)
		}
	}
}
