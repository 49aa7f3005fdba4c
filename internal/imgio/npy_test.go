package imgio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"vizserver/internal/fault"
)

// npy makes a file as numpy.save does, version 1 or 2.
func npy(version byte, dict string, data []byte) []byte {
	b := append([]byte("\x93NUMPY"), version, 0)
	dict += strings.Repeat(" ", 63-(len(dict)+10)%64) + "\n"
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), data...)
}

func dict(descr, order, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
}

func TestReadTensor(t *testing.T) {
	t.Parallel()
	little, big := binary.LittleEndian, binary.BigEndian
	for _, c := range []struct {
		descr string
		data  []byte // of the numbers 3, 200
		want  []float32
	}{
		{"<f4", little.AppendUint32(little.AppendUint32(nil, math.Float32bits(3)), math.Float32bits(200)), nil},
		{">f4", big.AppendUint32(big.AppendUint32(nil, math.Float32bits(3)), math.Float32bits(200)), nil},
		{"<f8", little.AppendUint64(little.AppendUint64(nil, math.Float64bits(3)), math.Float64bits(200)), nil},
		{"|u1", []byte{3, 200}, nil},
		{"|i1", []byte{3, 200}, []float32{3, -56}},
		{"|b1", []byte{1, 0}, []float32{1, 0}},
		{"<u2", []byte{3, 0, 200, 0}, nil},
		{">i2", []byte{0, 3, 255, 56}, []float32{3, -200}},
		{"<i4", []byte{3, 0, 0, 0, 200, 0, 0, 0}, nil},
		{"<u4", []byte{3, 0, 0, 0, 200, 0, 0, 0}, nil},
		{"<i8", []byte{3, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0}, nil},
	} {
		want := c.want
		if want == nil {
			want = []float32{3, 200}
		}
		got, err := ReadTensor(bytes.NewReader(npy(1, dict(c.descr, "False", "(1, 2, 1)"), c.data)), 2)
		if err != nil || !slices.Equal(got.Values, want) || !slices.Equal(got.Dims, []int{1, 2, 1}) || got.Bytes != (c.descr == "|u1") {
			t.Errorf("%s: %+v %v", c.descr, got, err)
		}
	}
}

// TestColumns: np.asfortranarray(np.arange(24).reshape(2, 3, 4)), whose bytes NumPy writes so.
func TestColumns(t *testing.T) {
	t.Parallel()
	data := []byte{0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23}
	got, err := ReadTensor(bytes.NewReader(npy(2, dict("|u1", "True", "(2, 3, 4)"), data)), 24)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Values {
		if v != float32(i) {
			t.Fatalf("%v", got.Values)
		}
	}
}

func TestReadTensorRefuses(t *testing.T) {
	t.Parallel()
	good := npy(1, dict("<f4", "False", "(2,)"), make([]byte, 8))
	for _, c := range []struct {
		name string
		in   []byte
		kind fault.Kind
		part string
	}{
		{"too many", npy(1, dict("|u1", "False", "(3,)"), make([]byte, 3)), fault.TooLarge, "more than the 2 numbers"},
		{"product too large", npy(1, dict("|u1", "False", "(2, 2)"), make([]byte, 4)), fault.TooLarge, "more than"},
		{"number too long", npy(1, dict("|u1", "False", "(99999999999999999999,)"), nil), fault.TooLarge, "more than"},
		{"text", npy(1, dict("<U8", "False", "(2,)"), make([]byte, 64)), fault.Unsupported, `"<U8"`},
		{"objects", npy(1, dict("|O", "False", "(2,)"), make([]byte, 64)), fault.Unsupported, `"|O"`},
		{"cut", good[:len(good)-1], fault.Unprocessable, "7 bytes of data, and its shape needs 8"},
		{"too long", append(slices.Clone(good), 0), fault.Unprocessable, "9 bytes"},
		{"no header", good[:20], fault.Unprocessable, "ends early"},
		{"no shape", npy(1, "{'descr': '<f4', 'fortran_order': False}", nil), fault.Unprocessable, "lacks"},
		{"rank 65", npy(1, dict("|u1", "False", "("+strings.Repeat("1, ", 65)+")"), []byte{1}), fault.Unprocessable, "64 dimensions"},
		{"empty", nil, fault.Unprocessable, "does not start"},
	} {
		_, err := ReadTensor(bytes.NewReader(c.in), 2)
		if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzReadTensor: as many numbers as the shape says, or an error that is not ours.
func FuzzReadTensor(f *testing.F) {
	for i, descr := range []string{"<f4", ">f8", "|u1", "<i8"} {
		f.Add(npy(byte(1+i%2), dict(descr, "False", "(1, 3, 2)"), make([]byte, 6*(1+3*(i%2)))))
	}
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ReadTensor(bytes.NewReader(b), 1000)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad array is not our fault: %v", err)
			}
			return
		}
		n := 1
		for _, d := range a.Dims {
			n *= d
		}
		if n != len(a.Values) || n > 1000 {
			t.Error(fmt.Sprint(a.Dims, len(a.Values)))
		}
	})
}
