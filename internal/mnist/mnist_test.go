package mnist

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
)

// The counts of each class among the test digits, as published with the set.
var testCounts = [Classes]int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}

func TestTestSet(t *testing.T) {
	d := Test()
	if d.Len() != 10000 || len(d.Images) != 10000*Pixels {
		t.Fatalf("%d labels, %d bytes of images", d.Len(), len(d.Images))
	}
	var got [Classes]int
	for i := range d.Len() {
		got[d.Label(i)]++
	}
	if got != testCounts {
		t.Errorf("classes %v, want %v", got, testCounts)
	}
	if d.Label(0) != 7 || d.Label(9999) != 6 {
		t.Errorf("the first and the last digit are %d and %d, want 7 and 6", d.Label(0), d.Label(9999))
	}
	// The first test digit's known row 7: the top bar of the seven starts with these greys.
	row := d.Image(0)[7*Side+6 : 7*Side+12]
	if want := []byte{84, 185, 159, 151, 60, 36}; !bytes.Equal(row, want) {
		t.Errorf("row 7 of digit 0 starts %v, want %v", row, want)
	}
	if Test() != d {
		t.Error("a second call made a second copy")
	}
}

func TestTrainFromModule(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses 60,000 digits")
	}
	d, err := Train(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 60000 || d.Label(0) != 5 || d.Label(1) != 0 {
		t.Errorf("%d digits, the first are %d and %d; want 60000, 5 and 0", d.Len(), d.Label(0), d.Label(1))
	}
}

func TestTrainErrors(t *testing.T) {
	digits := func(n int, extra ...byte) []byte {
		return append(idx([]int{n, Side, Side}, make([]byte, n*Pixels)), extra...)
	}
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		kind  fault.Kind
		text  string
	}{
		{name: "empty directory", kind: fault.NotFound, text: "--data DIR"},
		{
			name: "no labels", kind: fault.NotFound, text: "train-labels-idx1-ubyte",
			files: map[string][]byte{"train-images-idx3-ubyte": digits(trainCount)},
		},
		{
			name: "too few", kind: fault.Unprocessable, text: "[2 28 28], not the [60000 28 28]",
			files: map[string][]byte{"train-images-idx3-ubyte": digits(2)},
		},
		{
			name: "not gzip", kind: fault.Unprocessable, text: "not a gzip file",
			files: map[string][]byte{"train-images-idx3-ubyte.gz": []byte("no")},
		},
		{
			name: "cut gzip", kind: fault.Unprocessable, text: "unexpected EOF",
			files: map[string][]byte{"train-images-idx3-ubyte.gz": gz(t, digits(2))[:30]},
		},
		{
			name: "label 10", kind: fault.Unprocessable, text: "label 10 of digit 3",
			files: map[string][]byte{
				"train-images-idx3-ubyte.gz": gz(t, digits(trainCount)),
				"train-labels-idx1-ubyte":    idx([]int{trainCount}, append([]byte{0, 1, 2, 10}, make([]byte, trainCount-4)...)),
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, b := range tc.files {
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Train(t.Context(), dir)
			if err == nil || fault.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v (%v), want %v with %q", err, fault.KindOf(err), tc.kind, tc.text)
			}
			if tc.kind == fault.NotFound && !errors.Is(err, ErrNoData) {
				t.Errorf("%v is not ErrNoData", err)
			}
		})
	}
}

func TestReadIDX(t *testing.T) {
	good := idx([]int{2, 3, 5}, bytes.Repeat([]byte{9}, 30))
	for _, tc := range []struct {
		name, text string
		in         []byte
	}{
		{name: "good", in: good},
		{name: "no elements", in: idx([]int{2, 0, 5}, nil)},
		{name: "empty", in: nil, text: "within the first 4"},
		{name: "gzip", in: gz(t, good), text: "0x1f 0x8b"},
		{name: "floats", in: append([]byte{0, 0, 0x0d, 1}, good[4:]...), text: "type 0x0d"},
		{name: "rank 0", in: []byte{0, 0, 8, 0}, text: "0 dimensions"},
		{name: "rank 255", in: append([]byte{0, 0, 8, 255}, make([]byte, 2000)...), text: "255 dimensions"},
		{name: "cut dimension", in: good[:10], text: "within dimension 2 of 3"},
		{name: "cut data", in: good[:len(good)-1], text: "after 29 of 30"},
		{name: "trailing byte", in: append(bytes.Clone(good), 0), text: "follow its 30"},
		{name: "too large", in: idx([]int{1000, 1000}, nil), text: "more than 4096"},
		{name: "product overflows", in: idx([]int{1 << 31, 1 << 31, 1 << 31}, nil), text: "more than 4096"},
		{name: "zero hides a large one", in: idx([]int{0, 1 << 31}, nil), text: "more than 4096"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dims, data, err := ReadIDX(bytes.NewReader(tc.in), 4096)
			if tc.text == "" {
				if err != nil || !bytes.Equal(idx(dims, data), tc.in) {
					t.Errorf("%v %v, %v", dims, data, err)
				}
				return
			}
			var bad *FormatError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v, want a FormatError with %q", err, tc.text)
			}
		})
	}
}

// A header that promises 64 MiB and brings nothing must not allocate them.
func TestReadIDXAllocatesWhatArrives(t *testing.T) {
	lie := idx([]int{64 << 20}, nil)
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, _, err := ReadIDX(bytes.NewReader(lie), maxIDX); err == nil {
				b.Fatal("no error")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 64<<10 {
		t.Errorf("%d bytes allocated", allocated)
	}
}

// The version asked for outside the repository is that of go.mod.
func TestModuleVersion(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testutil.Root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(Module+" "+moduleVersion)) {
		t.Errorf("go.mod does not require %s %s", Module, moduleVersion)
	}
}

func FuzzReadIDX(f *testing.F) {
	f.Add(idx([]int{2, 3, 5}, bytes.Repeat([]byte{9}, 30)))
	f.Add(idx([]int{7}, []byte("1234567")))
	f.Add(idx([]int{1 << 31, 1 << 31}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		dims, data, err := ReadIDX(bytes.NewReader(b), 1<<16)
		switch {
		case err != nil && fault.KindOf(err) == fault.Internal:
			t.Errorf("a bad file is not our fault: %v", err)
		case err == nil && !bytes.Equal(idx(dims, data), b):
			t.Error("the file changed on a round trip")
		}
	})
}

func BenchmarkTestSet(b *testing.B) {
	for b.Loop() {
		if _, err := load(os.DirFS("data"), "t10k", testCount); err != nil {
			b.Fatal(err)
		}
	}
}

func idx(dims []int, data []byte) []byte {
	b := []byte{0, 0, typeU8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, data...)
}

func gz(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
