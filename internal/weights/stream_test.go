package weights

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestStream: the same bytes as Write, and a writer that gives too few or too many is found.
func TestStream(t *testing.T) {
	t.Parallel()
	full := []Tensor{
		NewFloat32("b", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}),
		NewFloat16("c", []int{1}, []float32{7}),
		NewFloat32("a", nil, []float32{8}),
	}
	bare := map[string][]byte{}
	var list []Tensor
	for _, f := range full {
		bare[f.Name] = f.Data
		f.Data = nil
		list = append(list, f)
	}
	var want, got bytes.Buffer
	if err := Write(&want, full, map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	err := Stream(&got, list, map[string]string{"k": "v"}, func(w io.Writer, x *Tensor) error {
		for _, b := range bare[x.Name] { // in pieces
			if _, err := w.Write([]byte{b}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%v, %d bytes, want %d", err, got.Len(), want.Len())
	}
	for _, more := range []string{"", "123"} {
		err := Stream(io.Discard, list[:1], nil, func(w io.Writer, _ *Tensor) error {
			_, err := io.WriteString(w, strings.Repeat("x", 23)+more)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "needs 24 bytes") {
			t.Errorf("%q: %v", more, err)
		}
	}
}
