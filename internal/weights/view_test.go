package weights_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"vizserver/internal/weights"
)

// TestFloat32View takes a view at every offset of a buffer: it is one exactly at every fourth, and
// holds the numbers that are there.
func TestFloat32View(t *testing.T) {
	t.Parallel()
	want := []float32{1.5, float32(math.Inf(-1)), -0.25}
	var raw []byte
	for _, v := range want {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	buf := make([]byte, 64)
	views := 0
	for at := range 8 {
		b := buf[at : at+len(raw)]
		copy(b, raw)
		got, ok := weights.Float32View(b)
		if ok {
			views++
			if !slices.Equal(got, want) || cap(got) != len(want) {
				t.Errorf("offset %d: %v of capacity %d, want %v", at, got, cap(got), want)
			}
			b[0]++
			if got[0] == want[0] {
				t.Errorf("offset %d: the view is a copy", at)
			}
			b[0]--
		}
		if s := weights.Float32s(b); !slices.Equal(s, want) {
			t.Errorf("offset %d: Float32s gives %v, want %v", at, s, want)
		}
		if _, ok := weights.Float32View(b[:len(b)-1]); ok {
			t.Errorf("offset %d: a view of 11 bytes", at)
		}
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && views != 2 {
		t.Errorf("%d views at 8 offsets, want 2", views)
	}
	if v, ok := weights.Float32View(nil); !ok || len(v) != 0 {
		t.Errorf("nothing gives %v, %v", v, ok)
	}
}

// TestViewOfTensor: an F32 tensor of a written file is a view, an F16 tensor is converted. Not
// parallel: it counts allocations.
func TestViewOfTensor(t *testing.T) {
	values := []float32{0.5, -2, 1024}
	var file bytes.Buffer
	err := weights.Write(&file, []weights.Tensor{
		weights.NewFloat32("single", []int{3}, values), weights.NewFloat16("half", []int{3}, values),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := append(make([]byte, 0, 4096), file.Bytes()...) // of a size that the allocator aligns
	f, err := weights.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"single", "half"} {
		if got := f.Tensor(name).View(); !slices.Equal(got, values) {
			t.Errorf("%s: %v, want %v", name, got, values)
		}
	}
	if allocs := testing.AllocsPerRun(10, func() { f.Tensor("single").View() }); allocs != 0 {
		t.Errorf("the view of an F32 tensor makes %v allocations", allocs)
	}
}
