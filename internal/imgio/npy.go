package imgio

import (
	"encoding/binary"
	"io"
	"math"
	"regexp"
	"strconv"

	"vizserver/internal/fault"
)

// Tensor is what a .npy file holds, of any rank.
type Tensor struct {
	Dims   []int     // outermost first; empty for a single number
	Values []float32 // row-major; wide types are rounded to nearest
	Bytes  bool      // the file holds unsigned bytes
}

// elements are the types of numbers that a .npy file may hold, without the sign of the byte
// order: size in bytes, and how one becomes a float32.
var elements = map[string]struct {
	size  int
	float func(o binary.ByteOrder, b []byte) float32
}{
	"u1": {1, func(_ binary.ByteOrder, b []byte) float32 { return float32(b[0]) }},
	"i1": {1, func(_ binary.ByteOrder, b []byte) float32 { return float32(int8(b[0])) }}, //nolint:gosec // two's complement
	"b1": {1, func(_ binary.ByteOrder, b []byte) float32 { return float32(b[0]) }},
	"u2": {2, func(o binary.ByteOrder, b []byte) float32 { return float32(o.Uint16(b)) }},
	"i2": {2, func(o binary.ByteOrder, b []byte) float32 { return float32(int16(o.Uint16(b))) }}, //nolint:gosec // two's complement
	"u4": {4, func(o binary.ByteOrder, b []byte) float32 { return float32(o.Uint32(b)) }},
	"i4": {4, func(o binary.ByteOrder, b []byte) float32 { return float32(int32(o.Uint32(b))) }}, //nolint:gosec // two's complement
	"i8": {8, func(o binary.ByteOrder, b []byte) float32 { return float32(int64(o.Uint64(b))) }}, //nolint:gosec // two's complement
	"f4": {4, func(o binary.ByteOrder, b []byte) float32 { return math.Float32frombits(o.Uint32(b)) }},
	"f8": {8, func(o binary.ByteOrder, b []byte) float32 { return float32(math.Float64frombits(o.Uint64(b))) }},
}

// The dictionary of a .npy header is a Python literal; these find its three keys in the form in
// which NumPy writes them. Anything else is refused, nothing is evaluated.
var (
	npyDescr = regexp.MustCompile(`'descr': *'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order': *(True|False)`)
	npyShape = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
	npyInt   = regexp.MustCompile(`[0-9]+`)
)

// maxHeader bounds the header of a .npy file, and maxDims its rank, which is NumPy's own limit.
const (
	maxHeader = 64 << 10
	maxDims   = 64
)

// ReadTensor reads a .npy file of version 1 to 3 of at most this many numbers.
//
// Format: numpy.lib.format. The error is of kind fault.TooLarge or fault.Unprocessable.
func ReadTensor(r io.Reader, most int) (*Tensor, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeader+8*int64(most)+1))
	if err != nil {
		return nil, badNPY("it cannot be read").WithCause(err)
	}
	header, data, err := splitNPY(b)
	if err != nil {
		return nil, err
	}
	descr, order, shape := npyDescr.FindSubmatch(header), npyOrder.FindSubmatch(header), npyShape.FindSubmatch(header)
	if descr == nil || order == nil || shape == nil {
		return nil, badNPY("its header lacks descr, fortran_order or shape")
	}
	t := &Tensor{}
	n := 1
	for _, text := range npyInt.FindAll(shape[1], maxDims+1) {
		d, err := strconv.Atoi(string(text))
		if err != nil || d > most || n*d > most { // n and d are both small: no overflow
			return nil, fault.New(fault.TooLarge, "the array of shape (%.80s) has more than the %d numbers of the input", shape[1], most)
		}
		t.Dims, n = append(t.Dims, d), n*d
	}
	if len(t.Dims) > maxDims {
		return nil, badNPY("it has more than %d dimensions", maxDims)
	}
	if err := t.fill(string(descr[1]), data, n); err != nil {
		return nil, err
	}
	if string(order[1]) == "True" {
		t.byRows()
	}
	return t, nil
}

// fill reads n numbers of the type that the header names.
func (t *Tensor) fill(descr string, data []byte, n int) error {
	e := elements["f4"]
	var o binary.ByteOrder = binary.LittleEndian
	ok := len(descr) == 3
	if ok {
		e, ok = elements[descr[1:]]
	}
	if !ok {
		return fault.New(fault.Unsupported, "the NumPy file holds numbers of the type %.20q", descr).WithHint("save x.astype(numpy.float32)")
	}
	if descr[0] == '>' {
		o = binary.BigEndian
	}
	if len(data) != n*e.size {
		return badNPY("it has %d bytes of data, and its shape needs %d", len(data), n*e.size)
	}
	t.Bytes = descr[1:] == "u1"
	t.Values = make([]float32, n)
	for i := range t.Values {
		t.Values[i] = e.float(o, data[i*e.size:])
	}
	return nil
}

// byRows turns an array that lies by columns.
func (t *Tensor) byRows() {
	from, at := t.Values, make([]int, len(t.Dims))
	t.Values = make([]float32, len(from))
	for i := range t.Values {
		place, step := 0, 1
		for d, n := range t.Dims {
			place += at[d] * step
			step *= n
		}
		t.Values[i] = from[place]
		for d := len(at) - 1; d >= 0; d-- { // the next place, the last dimension first
			if at[d]++; at[d] < t.Dims[d] {
				break
			}
			at[d] = 0
		}
	}
}

func badNPY(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, "the NumPy file is not usable: "+format, args...)
}

func splitNPY(b []byte) (header, data []byte, err error) {
	if len(b) < 12 || string(b[:6]) != "\x93NUMPY" {
		return nil, nil, badNPY("it does not start as one")
	}
	var n uint64
	rest := b[8:]
	switch b[6] {
	case 1:
		n, rest = uint64(binary.LittleEndian.Uint16(rest)), rest[2:]
	case 2, 3:
		n, rest = uint64(binary.LittleEndian.Uint32(rest)), rest[4:]
	default:
		return nil, nil, badNPY("its version is %d", b[6])
	}
	if n > uint64(len(rest)) {
		return nil, nil, badNPY("its header ends early")
	}
	return rest[:n], rest[n:], nil
}
