package imgio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
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

func TestReadNPY(t *testing.T) {
	bytes28 := make([]byte, 784)
	bytes28[28+2] = 200 // row 1, column 2
	var floats32 []byte
	for i := range 1024 {
		floats32 = binary.LittleEndian.AppendUint32(floats32, math.Float32bits(float32(i)/7))
	}
	for _, tc := range []struct {
		name string
		in   []byte
		side int
		at   int
		want float32
	}{
		{"bytes", npy(1, dict("|u1", "False", "(28, 28)"), bytes28), 28, 30, 200},
		{"bytes, version 2", npy(2, dict("|u1", "False", "(28, 28)"), bytes28), 28, 30, 200},
		{"column-major", npy(1, dict("|u1", "True", "(28, 28)"), bytes28), 28, 2*28 + 1, 200},
		{"batch of one", npy(1, dict("<f4", "False", "(1, 1, 32, 32)"), floats32), 32, 70, 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := ReadNPY(bytes.NewReader(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if a.Height != tc.side || a.Width != tc.side || a.Values[tc.at] != tc.want || a.Bytes != (tc.side == 28) {
				t.Errorf("%d×%d, value %v", a.Height, a.Width, a.Values[tc.at])
			}
		})
	}
	for _, tc := range []struct {
		name, text string
		in         []byte
	}{
		{"empty", "does not start", nil},
		{"PNG", "does not start", []byte("\x89PNG\r\n\x1a\n....")},
		{"version 9", "version is 9", append([]byte("\x93NUMPY\x09\x00"), make([]byte, 20)...)},
		{"cut header", "header ends early", []byte("\x93NUMPY\x01\x00\xff\xff{'descr'")},
		{"no shape", "lacks", npy(1, "{'descr': '|u1', 'fortran_order': False, }", bytes28)},
		{"objects", "type", npy(1, dict("|O", "False", "(28, 28)"), bytes28)},
		{"doubles", "type", npy(1, dict("<f8", "False", "(28, 28)"), bytes28)},
		{"other shape", "shape is (28, 27)", npy(1, dict("|u1", "False", "(28, 27)"), bytes28)},
		{"batch of two", "shape", npy(1, dict("|u1", "False", "(2, 28, 28)"), bytes28)},
		{"vector", "shape", npy(1, dict("|u1", "False", "(784,)"), bytes28)},
		{"cut data", "783 bytes of data, not 784", npy(1, dict("|u1", "False", "(28, 28)"), bytes28[1:])},
		{"overflowing shape", "shape", npy(1, dict("|u1", "False", "(99999999999999999999, 99999999999999999999)"), bytes28)},
		{"too long", "above the limit", make([]byte, maxNPY+1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ReadNPY(bytes.NewReader(tc.in))
			if err == nil || !strings.Contains(err.Error(), tc.text) || fault.KindOf(err) == fault.Internal {
				t.Errorf("got %v, want %q", err, tc.text)
			}
		})
	}
}
