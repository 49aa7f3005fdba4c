package imgio

import (
	"encoding/binary"
	"io"
	"math"
	"regexp"
	"strconv"

	"vizserver/internal/fault"
)

// Array is a NumPy array of one picture of greys.
type Array struct {
	Height, Width int
	// Values, row by row: greys 0 … 255 where Bytes is set, else what the file holds.
	Values []float32
	// Bytes says that the file holds unsigned bytes.
	Bytes bool
}

// maxNPY bounds a .npy file; 32×32 float32 need 4,224 bytes.
const maxNPY = 64 << 10

// The dictionary of a .npy header is a Python literal; these find its three keys in the form in
// which NumPy writes them. Anything else is refused, nothing is evaluated.
var (
	npyDescr = regexp.MustCompile(`'descr': *'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order': *(True|False)`)
	npyShape = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
	npyInt   = regexp.MustCompile(`[0-9]+`)
)

// ReadNPY reads an array of 28×28 or 32×32 greys, unsigned bytes or float32, in a .npy file of
// version 1 to 3. Sizes of one in front (1×28×28, 1×1×28×28) are allowed.
//
// Format: numpy.lib.format.
func ReadNPY(r io.Reader) (*Array, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxNPY+1))
	if err != nil {
		return nil, badNPY("it cannot be read").WithCause(err)
	}
	if len(b) > maxNPY {
		return nil, fault.New(fault.TooLarge, "the array is above the limit of %d bytes", maxNPY)
	}
	header, data, err := splitNPY(b)
	if err != nil {
		return nil, err
	}
	descr, order, shape := npyDescr.FindSubmatch(header), npyOrder.FindSubmatch(header), npyShape.FindSubmatch(header)
	if descr == nil || order == nil || shape == nil {
		return nil, badNPY("its header lacks descr, fortran_order or shape")
	}
	side, err := npySide(shape[1])
	if err != nil {
		return nil, err
	}
	a := &Array{Height: side, Width: side, Values: make([]float32, side*side)}
	if err := a.fill(string(descr[1]), data); err != nil {
		return nil, err
	}
	if string(order[1]) == "True" {
		a.transpose()
	}
	return a, nil
}

func badNPY(format string, args ...any) *fault.Error {
	return fault.New(fault.Unprocessable, "the NumPy file is not usable: "+format, args...).
		WithHint("save 28×28 or 32×32 greys as uint8 or float32 with numpy.save")
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

// npySide returns 28 or 32 for a square of that side, with any sizes of one before it.
func npySide(shape []byte) (int, error) {
	dims := npyInt.FindAll(shape, -1)
	lead := max(0, len(dims)-2)
	for _, d := range dims[:lead] {
		if string(d) != "1" {
			return 0, badNPY("its shape is (%.40s)", shape)
		}
	}
	if len(dims) >= 2 && string(dims[lead]) == string(dims[lead+1]) {
		if side, err := strconv.Atoi(string(dims[lead])); err == nil && (side == FieldSide || side == FieldSide+4) {
			return side, nil
		}
	}
	return 0, badNPY("its shape is (%.40s)", shape)
}

func (a *Array) fill(descr string, data []byte) error {
	var order binary.ByteOrder = binary.LittleEndian
	size := 4
	switch descr {
	case "|u1", "<u1", ">u1":
		a.Bytes, size = true, 1
	case "<f4":
	case ">f4":
		order = binary.BigEndian
	default:
		return badNPY("its type is %.20q", descr)
	}
	if len(data) != size*len(a.Values) {
		return badNPY("it has %d bytes of data, not %d", len(data), size*len(a.Values))
	}
	for i := range a.Values {
		if a.Bytes {
			a.Values[i] = float32(data[i])
		} else {
			a.Values[i] = math.Float32frombits(order.Uint32(data[4*i:]))
		}
	}
	return nil
}

func (a *Array) transpose() {
	for y := range a.Height {
		for x := range y {
			i, j := y*a.Width+x, x*a.Width+y
			a.Values[i], a.Values[j] = a.Values[j], a.Values[i]
		}
	}
}
