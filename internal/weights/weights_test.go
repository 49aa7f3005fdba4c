package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"vizserver/internal/fault"
)

// file puts a header before some data.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

const attention = `{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}`

// The names are those of the tests of the reference implementation (safetensors/src/tensor.rs),
// in Go's spelling, so that both lists can be laid side by side; the rest are the rules that its
// tests do not touch, and our own limits.
func TestReadRules(t *testing.T) {
	zeros := make([]byte, 16)
	for _, tc := range []struct {
		name string
		in   []byte
		rule Rule
		text string
	}{
		{name: "json_attack", in: jsonAttack(), rule: RuleNoHole},
		{name: "metadata_incomplete_buffer", in: file(attention, zeros[:15]...), rule: RuleNoTrailer, text: "data have 15"},
		{name: "metadata_incomplete_buffer, extra bytes", in: file(attention, make([]byte, 27)...), rule: RuleNoTrailer, text: "11 bytes follow"},
		{name: "header_too_large", in: append([]byte("<\x00\x00\x00\x00\xff\xff\xff"), attention...), rule: RuleHeaderSize},
		{name: "header_too_large by one", in: file(`{` + strings.Repeat(" ", maxHeader) + "}"), rule: RuleHeaderSize},
		{name: "header_too_small", in: nil, rule: RuleFileSize, text: "0 bytes"},
		{name: "header_too_small, 7 bytes", in: make([]byte, 7), rule: RuleFileSize},
		{name: "header_too_small, length 2^63", in: []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, rule: RuleHeaderSize},
		{name: "invalid_header_length", in: []byte("<\x00\x00\x00\x00\x00\x00\x00"), rule: RuleHeaderFits, text: "60 bytes and has 0"},
		{name: "invalid_header_non_utf8", in: []byte("\x01\x00\x00\x00\x00\x00\x00\x00\xff"), rule: RuleUTF8},
		{name: "invalid_header_not_json", in: file("{"), rule: RuleJSON, text: "ends within"},
		{name: "invalid_header_not_json, no object", in: file("[]"), rule: RuleBrace},
		{name: "whitespace_start_padded_header", in: file(" {}"), rule: RuleBrace},
		{name: "empty header", in: file(""), rule: RuleBrace},
		{name: "line break after the object", in: file("{}\n"), rule: RuleBrace},
		{name: "second object", in: file("{}{}"), rule: RuleBrace},
		{name: "invalid_info", in: file(`{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}}`, zeros[:4]...), rule: RuleLength, text: "needs 16 bytes and has 4"},
		{name: "validation_overflow, elements", in: file(`{"t":{"dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]}}`, zeros...), rule: RuleShape, text: "overflows"},
		{name: "validation_overflow, bytes", in: file(`{"t":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]}}`, zeros...), rule: RuleShape, text: "overflows"},
		{name: "validation_overflow, 2^32·2^32", in: file(`{"t":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`), rule: RuleShape},

		{name: "duplicate tensor", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), rule: RuleUniqueKeys},
		{name: "duplicate by escape", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), rule: RuleUniqueKeys},
		{name: "duplicate field", in: file(`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), rule: RuleUniqueKeys},
		{name: "duplicate metadata", in: file(`{"__metadata__":{"a":"1","a":"2"}}`), rule: RuleUniqueKeys},
		{name: "two metadata", in: file(`{"__metadata__":{},"__metadata__":{}}`), rule: RuleUniqueKeys},
		{name: "metadata number", in: file(`{"__metadata__":{"epoch":12}}`), rule: RuleMetadata},
		{name: "metadata object", in: file(`{"__metadata__":{"a":{"b":"c"}}}`), rule: RuleMetadata},
		{name: "metadata list", in: file(`{"__metadata__":[]}`), rule: RuleMetadata},
		{name: "unknown dtype", in: file(`{"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}}`, 1), rule: RuleDtype, text: `"F8"`},
		{name: "dtype in lower case", in: file(`{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, zeros[:4]...), rule: RuleDtype},
		{name: "field in upper case", in: file(`{"a":{"Dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, zeros[:4]...), rule: RuleJSON, text: `"Dtype"`},
		{name: "dtype is a number", in: file(`{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}`, 1), rule: RuleJSON},
		{name: "negative size", in: file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), rule: RuleShape, text: "-1"},
		{name: "fractional size", in: file(`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1), rule: RuleShape, text: "1.0"},
		{name: "huge size", in: file(`{"a":{"dtype":"U8","shape":[1e400],"data_offsets":[0,1]}}`, 1), rule: RuleShape, text: "1e400"},
		{name: "size as a string", in: file(`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 1), rule: RuleShape},
		{name: "size above an int", in: file(`{"a":{"dtype":"U8","shape":[0,9223372036854775808],"data_offsets":[0,0]}}`), rule: RuleShape, text: "does not fit"},
		{name: "shape is no list", in: file(`{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}`, 1), rule: RuleJSON},
		{name: "one offset", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1), rule: RuleJSON},
		{name: "three offsets", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1), rule: RuleLimits},
		{name: "no offsets", in: file(`{"a":{"dtype":"U8","shape":[1]}}`, 1), rule: RuleJSON},
		{name: "no entry", in: file(`{"a":null}`), rule: RuleJSON},
		{name: "overlap", in: file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 1, 2, 3), rule: RuleNoHole},
		{name: "same bytes twice", in: file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1, 2), rule: RuleNoHole},
		{name: "hole", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 1, 2, 3), rule: RuleNoHole},
		{name: "hole at the start", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 1, 2), rule: RuleNoHole},
		{name: "reversed offsets", in: file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}}`, 1), rule: RuleLength},
		{name: "end before begin", in: file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"c":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1), rule: RuleNoHole},
		{name: "data without tensors", in: file("{}", 1), rule: RuleNoTrailer},
		{name: "rank 9", in: file(`{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}`, 1), rule: RuleLimits},
		{name: "long name", in: file(`{"` + strings.Repeat("n", 513) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), rule: RuleLimits},
		{name: "100,000 tensors", in: manyTensors(100000), rule: RuleLimits},
		{name: "deep JSON", in: file(strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)), rule: RuleJSON},
		{name: "lone surrogate", in: file(`{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), rule: RuleJSON},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := Read(tc.in)
			bad, ok := err.(*FormatError) //nolint:errorlint // the exact type is the promise of Read
			if !ok || f != nil {
				t.Fatalf("got %v, %v; want a *FormatError", f, err)
			}
			if bad.Rule != tc.rule || !strings.Contains(bad.Error(), tc.text) {
				t.Errorf("rule %d (%v), want %d with %q", bad.Rule, bad, tc.rule, tc.text)
			}
			if k := fault.KindOf(err); k != fault.Unprocessable && k != fault.TooLarge {
				t.Errorf("kind %v", k)
			}
			if fault.Hint(err) == "" {
				t.Errorf("no hint with: %v", err)
			}
		})
	}
}

// jsonAttack has 10 tensors that all claim the same bytes.
func jsonAttack() []byte {
	var h strings.Builder
	for i := range 10 {
		fmt.Fprintf(&h, `,"weight_%d":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}`, i)
	}
	return file("{"+h.String()[1:]+"}", make([]byte, 16)...)
}

func manyTensors(n int) []byte {
	var h strings.Builder
	for i := range n {
		fmt.Fprintf(&h, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	return file("{" + h.String()[1:] + "}")
}

func TestReadLegal(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []byte
		want []Tensor
	}{
		{name: "empty", in: file("{}")},
		{name: "whitespace_padded_header", in: file("{}      ")},
		{name: "zero_sized_tensor", in: file(`{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0,0]}}`), want: []Tensor{{Name: "test", Dtype: I32, Shape: []int{2, 0}}}},
		{name: "rank 0", in: file(`{"s":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 7), want: []Tensor{{Name: "s", Dtype: U8, Data: []byte{7}}}},
		{name: "metadata", in: file(`{"__metadata__":{"framework":"pt"}}`)},
		{name: "empty name", in: file(`{"":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 7), want: []Tensor{{Dtype: U8, Data: []byte{7}}}},
		{
			name: "order of the bytes, not of the header, with spaces in it",
			in:   file(`{ "b":{"data_offsets":[1,3],"shape" : [2],"dtype":"U8"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]} }`, 1, 2, 3),
			want: []Tensor{{Name: "a", Dtype: U8, Shape: []int{1}, Data: []byte{1}}, {Name: "b", Dtype: U8, Shape: []int{2}, Data: []byte{2, 3}}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := Read(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			sameTensors(t, f.Tensors, tc.want)
		})
	}
	if _, err := Read(manyTensors(maxTensors)); err != nil {
		t.Errorf("the largest number of tensors: %v", err)
	}
}

func sameTensors(t *testing.T, got, want []Tensor) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d tensors, want %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.Name != w.Name || g.Dtype != w.Dtype || fmt.Sprint(g.Shape) != fmt.Sprint(w.Shape) || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("tensor %d is %+v, want %+v", i, g, w)
		}
	}
}

// The file comes from the reference implementation: scripts/golden/weights.py.
func TestReference(t *testing.T) {
	b, err := os.ReadFile("testdata/reference.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	inf := float32(math.Inf(1))
	for name, want := range map[string][]float32{
		"bool": {1, 0, 1}, "u8": {0, 127, 255}, "i8": {-128, -1, 127}, "i16": {-32768, 5}, "u16": {65535, 5},
		"f16": {1, -2.5, 65504, 1.0 / (1 << 24), inf}, "bf16": {1, -2.5, math.Float32frombits(0x7f62 << 16)},
		"i32": {-7, 1 << 31}, "u32": {7, 1 << 32}, "f64": {0.5, -inf}, "i64": {-9, 1 << 53}, "u64": {9}, "empty": {}, "scalar": {2.5},
	} {
		got := f.Tensor(name)
		if got == nil {
			t.Fatalf("no tensor %q", name)
		}
		if fmt.Sprint(got.Float32()) != fmt.Sprint(want) || got.Len() != len(want) {
			t.Errorf("%s is %v, want %v", name, got.Float32(), want)
		}
	}
	if special := f.Tensor("f32.nan").Float32(); !math.IsNaN(float64(special[0])) || special[1] != -inf || !math.Signbit(float64(special[2])) {
		t.Errorf("NaN, -Inf and -0 became %v", special)
	}
	x := f.Tensor("f32")
	if v := x.Float32(); fmt.Sprint(x.Shape) != "[2 3 5 7]" || v[len(v)-1] != 209.0/8 {
		t.Errorf("shape %v, last %v", x.Shape, v[len(v)-1])
	}
	if f.Metadata["made by"] != "scripts/golden/weights.py" || f.Tensor("nothing") != nil {
		t.Errorf("metadata %v, tensor %v", f.Metadata, f.Tensor("nothing"))
	}
	var again bytes.Buffer
	if err := Write(&again, f.Tensors, f.Metadata); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), b) {
		t.Errorf("written again it differs:\n%.600q\n%.600q", again.Bytes(), b)
	}
}

func TestWriteIsDeterministic(t *testing.T) {
	a, b := NewFloat32("a", []int{2}, []float32{1, 2}), NewFloat32("b", []int{1, 1}, []float32{3})
	h := NewFloat16("0", []int{1}, []float32{4})
	meta := map[string]string{"z": "1", "a": "2", "m": "<\u2028\">"}
	var one, two bytes.Buffer
	if err := Write(&one, []Tensor{a, b, h}, meta); err != nil {
		t.Fatal(err)
	}
	if err := Write(&two, []Tensor{h, b, a}, meta); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the order of the slice changed the file")
	}
	f, err := Read(one.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	sameTensors(t, f.Tensors, []Tensor{a, b, h})
	if fmt.Sprint(f.Metadata) != fmt.Sprint(meta) {
		t.Errorf("metadata %q", f.Metadata)
	}
	if n := binary.LittleEndian.Uint64(one.Bytes()); (n+8)%8 != 0 {
		t.Errorf("the data start at %d, not at a multiple of 8", n+8)
	}
}

func TestWriteErrors(t *testing.T) {
	one := []float32{1}
	for _, tc := range []struct {
		name, text string
		tensors    []Tensor
		meta       map[string]string
	}{
		{name: "wrong length", tensors: []Tensor{NewFloat32("a", []int{2}, one)}, text: "needs 8 bytes and has 4"},
		{name: "negative size", tensors: []Tensor{NewFloat32("a", []int{-1, -1}, one)}, text: "negative"},
		{name: "overflow", tensors: []Tensor{NewFloat32("a", []int{1 << 40, 1 << 40}, one)}, text: "overflows"},
		{name: "twice", tensors: []Tensor{NewFloat32("a", nil, one), NewFloat32("a", nil, one)}, text: "duplicate"},
		{name: "metadata as a name", tensors: []Tensor{NewFloat32(metadataKey, nil, one)}, text: "not allowed"},
		{name: "dtype", tensors: []Tensor{{Name: "a", Dtype: "F8"}}, text: "unknown dtype"},
		{name: "name not UTF-8", tensors: []Tensor{NewFloat32("\xff", nil, one)}, text: "UTF-8"},
		{name: "rank", tensors: []Tensor{NewFloat32("a", make([]int, 9), nil)}, text: "9 dimensions"},
		{name: "metadata too large", meta: map[string]string{"a": strings.Repeat("x", maxHeader)}, text: "at most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := Write(io.Discard, tc.tensors, tc.meta); err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v, want %q", err, tc.text)
			}
		})
	}
	if err := Write(brokenWriter{}, nil, nil); err == nil {
		t.Error("the error of the writer is lost")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Every F16 survives the way through float32, and a float32 goes to the nearest of its neighbours.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		f := halfToFloat(uint16(h))
		if f != f {
			if back := floatToHalf(f); back&0x7c00 != 0x7c00 || back&0x3ff == 0 {
				t.Fatalf("NaN %#04x became %#04x", h, back)
			}
			continue
		}
		if back := floatToHalf(f); back != uint16(h) {
			t.Fatalf("%#04x = %v became %#04x", h, f, back)
		}
	}
	for _, tc := range []struct {
		f    float32
		want uint16
	}{
		{1 + 0x1p-11, 0x3c00}, // a tie goes to the even neighbour
		{1 + 3*0x1p-11, 0x3c02},
		{1 + 0x1p-11 + 0x1p-20, 0x3c01},
		{65519, 0x7bff},
		{65520, 0x7c00},
		{-65520, 0xfc00},
		{1e9, 0x7c00},
		{0x1p-25, 0},
		{0x1.8p-25, 1},
		{0x1p-24, 1},
		{3 * 0x1p-25, 2},
		{-0x1p-24, 0x8001},
		{0x1.ffep-15, 0x0400}, // the largest subnormal and a half rounds up to the smallest normal
	} {
		if got := floatToHalf(tc.f); got != tc.want {
			t.Errorf("%v became %#04x, want %#04x", tc.f, got, tc.want)
		}
	}
}

// FuzzRead: what is read can be written, and what is written is read as the same and written as the same bytes.
func FuzzRead(f *testing.F) {
	if b, err := os.ReadFile("testdata/reference.safetensors"); err == nil {
		f.Add(b)
	}
	f.Add(file(attention, make([]byte, 16)...))
	f.Add(file(`{"__metadata__":{"a":"b"}}  `))
	f.Add(jsonAttack())
	f.Add(file(`{"a":{"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := Read(b)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad file is not our fault: %v", err)
			}
			return
		}
		var once, twice bytes.Buffer
		if err := Write(&once, first.Tensors, first.Metadata); err != nil {
			t.Fatalf("a file that was read cannot be written: %v", err)
		}
		second, err := Read(once.Bytes())
		if err != nil {
			t.Fatalf("a written file cannot be read: %v", err)
		}
		for i := range first.Tensors {
			a := &first.Tensors[i]
			if b := second.Tensor(a.Name); b == nil || !bytes.Equal(a.Data, b.Data) || fmt.Sprint(a.Shape) != fmt.Sprint(b.Shape) {
				t.Fatalf("tensor %q changed", a.Name)
			}
			_ = a.Float32()
		}
		if err := Write(&twice, second.Tensors, second.Metadata); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("the bytes changed on a round trip: %v", err)
		}
	})
}

// BenchmarkRefuse is the worst header that burns time: 100,000 tensors. It should stay under 50 ms.
func BenchmarkRefuse(b *testing.B) {
	bad := manyTensors(100000)
	for b.Loop() {
		if _, err := Read(bad); err == nil {
			b.Fatal("no error")
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var w bytes.Buffer
	if err := Write(&w, []Tensor{NewFloat32("a", []int{1 << 20}, make([]float32, 1<<20))}, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(w.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
