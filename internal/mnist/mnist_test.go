package mnist

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

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

// digits are n blank digits as an IDX file.
func digits(n int) []byte { return idx([]int{n, Side, Side}, make([]byte, n*Pixels)) }

func TestTrainErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Train(t.Context(), dir); !errors.Is(err, ErrNoData) || fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "--data DIR") {
		t.Errorf("empty directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte"), digits(2), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Train(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "[2 28 28], not the [60000 28 28]") {
		t.Errorf("two digits: %v", err)
	}
}

func TestLoad(t *testing.T) {
	const images, labels, n = "half-images-idx3-ubyte", "half-labels-idx1-ubyte", 5
	ten := idx([]int{n}, []byte{0, 1, 2, 10, 9})
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		text  string
	}{
		{name: "plain", files: map[string][]byte{images: digits(n), labels: idx([]int{n}, []byte{0, 1, 2, 3, 9})}},
		{name: "gzip", files: map[string][]byte{images + ".gz": gz(t, digits(n)), labels + ".gz": gz(t, idx([]int{n}, make([]byte, n)))}},
		{name: "no labels", files: map[string][]byte{images: digits(n)}, text: "open " + labels},
		{name: "too few", files: map[string][]byte{images: digits(2)}, text: "[2 28 28], not the [5 28 28]"},
		{name: "other side", files: map[string][]byte{images: idx([]int{n, 28, 27}, make([]byte, n*28*27))}, text: "[5 28 27]"},
		{name: "labels as images", files: map[string][]byte{images: ten}, text: "[5], not the [5 28 28]"},
		{name: "not gzip", files: map[string][]byte{images + ".gz": []byte("no")}, text: "not a gzip file"},
		{name: "cut gzip", files: map[string][]byte{images + ".gz": gz(t, digits(n))[:20]}, text: "unexpected EOF"},
		{name: "gzip bomb", files: map[string][]byte{images + ".gz": gz(t, make([]byte, maxIDX+100))}, text: "longer than"},
		{name: "label 10", files: map[string][]byte{images: digits(n), labels: ten}, text: "label 10 of digit 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && tc.name == "gzip bomb" {
				t.Skip("inflates 64 MiB")
			}
			dir := fstest.MapFS{}
			for name, b := range tc.files {
				dir[name] = &fstest.MapFile{Data: b}
			}
			d, err := load(dir, "half", n)
			switch {
			case tc.text == "" && (err != nil || d.Len() != n):
				t.Errorf("%v, %v", d, err)
			case tc.text != "" && (err == nil || !strings.Contains(err.Error(), tc.text)):
				t.Errorf("got %v, want %q", err, tc.text)
			case err != nil && fault.KindOf(err) != fault.Unprocessable && !errors.Is(err, fs.ErrNotExist):
				t.Errorf("%v is %v", err, fault.KindOf(err))
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
