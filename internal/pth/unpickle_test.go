package pth

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// picked is a checkpoint whose pickle is src.
func picked(src string) []byte {
	return zipped(member{name: "m/data.pkl", data: []byte(src)}, member{name: "m/data/0", data: make([]byte, 16)})
}

// TestFloods is row 38's large part: pickles that are small for what they ask. Not parallel: memory.
func TestFloods(t *testing.T) {
	many := func(n int, part string) string { return "\x80\x04" + strings.Repeat(part, n) + "." }
	for _, tc := range []struct{ name, src, text string }{
		{name: "5 MB of marks", src: many(5<<20, "("), text: "65 levels open"},
		{name: "lists", src: many(5<<20, "]"), text: "100001 values"},
		{name: "dicts, remembered", src: many(500_000, "}\x940"), text: "more than 1000000 opcodes"},
		{name: "numbers, dropped", src: many(600_000, "N0"), text: "more than 1000000 opcodes"},
		{name: "tuples within tuples", src: "\x80\x04)" + strings.Repeat("\x85", 1000) + ".", text: "64 levels within one another"},
		{name: "lists within lists", src: "\x80\x04" + strings.Repeat("]", 100) + strings.Repeat("a", 99) + ".", text: "64 levels within one another"},
		{name: "dicts within dicts", src: "\x80\x04" + strings.Repeat("}N", 100) + "}" + strings.Repeat("s", 100) + ".", text: "64 levels within one another"},
		{name: "list in itself", src: "\x80\x04]\x94" + strings.Repeat("h\x00a", 100) + ".", text: "64 levels within one another"},
		{name: "doubling tuples", src: "\x80\x04)" + strings.Repeat("\x94h\x00\x86", 63) + ".", text: "no dict of weights"},
		{name: "an archive of 64 MiB of pickle", src: "\x80\x02" + strings.Repeat("X\xff\xff\x0f\x00"+strings.Repeat("s", 0x0fffff), 64), text: "at most 67108864 are read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := refuse(t, picked(tc.src)); !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%q, want %q", err, tc.text)
			}
		})
	}
}

func noStorage(*global, string, int64) (*storage, error) { return nil, damaged("no storage") }

// TestValues holds what each opcode makes; the bytes are those of Python's pickletools.
func TestValues(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]value{
		"N": nil, "\x88": true, "\x89": false,
		"K\xff": int64(255), "M\x01\xff": int64(0xff01), "J\xfe\xff\xff\xff": int64(-2), "J\xff\xff\xff\x7f": int64(math.MaxInt32),
		"\x8a\x00": int64(0), "\x8a\x01\xff": int64(-1), "\x8a\x02\xff\x00": int64(255), "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80": int64(math.MinInt64),
		"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01": inert{}, "\x8b\x02\x00\x00\x00\x00\x80": int64(-32768),
		"G\xbf\xf8\x00\x00\x00\x00\x00\x00": -1.5,
		"X\x03\x00\x00\x00\xe5\x85\xa8":     "全", "\x8c\x01a": "a", "\x8d\x01\x00\x00\x00\x00\x00\x00\x00b": "b",
		"C\x01a": inert{}, "B\x01\x00\x00\x00a": inert{}, "U\x01a": inert{}, "T\x01\x00\x00\x00a": inert{},
		")": tuple{[]value{}, 1}, "K\x01\x85": tuple{[]value{int64(1)}, 1}, "(K\x01K\x02K\x03t": tuple{[]value{int64(1), int64(2), int64(3)}, 1},
		"K\x01K\x02K\x03\x87":                   tuple{[]value{int64(1), int64(2), int64(3)}, 1},
		"](K\x01)e":                             &list{[]value{int64(1), tuple{[]value{}, 1}}, 2},
		"]K\x01a":                               &list{[]value{int64(1)}, 1},
		"}(K\x01K\x02K\x03Nu":                   &dict{[]pair{{int64(1), int64(2)}, {int64(3), nil}}, 1},
		"}K\x01K\x02s":                          &dict{[]pair{{int64(1), int64(2)}}, 1},
		"K\x05q\x07K\x060h\x07\x86":             tuple{[]value{int64(5), int64(5)}, 1},
		"(K\x01K\x021N":                         nil,
		"\x8f(K\x01\x90":                        &list{[]value{int64(1)}, 1},
		"(K\x01\x91":                            inert{},
		"ctorch\nSize\n(K\x02K\x03t\x85R":       tuple{[]value{int64(2), int64(3)}, 1},
		"c__builtin__\nset\n](K\x01e\x85R":      inert{},
		"ccollections\nOrderedDict\n)R}b":       &dict{},
		"\x95\x00\x00\x00\x00\x00\x00\x00\x00N": nil,
	} {
		got, err := unpickle("\x80\x04"+src+".", noStorage)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q made %#v, want %#v, %v", src, got, want, err)
		}
	}
}

// TestAllowList is the whole of the list: a name more is a decision that this test asks for.
func TestAllowList(t *testing.T) {
	t.Parallel()
	called := 0
	for q, g := range globals {
		if g.call != nil {
			called++
		}
		if q.module == "builtins" && strings.Contains("eval exec getattr open compile __import__ map apply", q.name) {
			t.Errorf("%v is on the list", q)
		}
		if g.qualified != q {
			t.Errorf("%v is called %v", q, g.qualified)
		}
	}
	if called != 19 || len(globals) != 19+14+len(elementTypes) {
		t.Errorf("%d names that may be called, %d in all", called, len(globals))
	}
}

func TestNewTensorBounds(t *testing.T) {
	t.Parallel()
	f32 := dtype{"F32", 4}
	s := &storage{key: "0", dtype: f32, bytes: 24} // six floats
	for _, tc := range []struct {
		offset       int64
		size, stride []int64
		ok           bool
	}{
		{0, nil, nil, true},
		{5, nil, nil, true},
		{6, nil, nil, false},
		{0, []int64{6}, []int64{1}, true},
		{1, []int64{6}, []int64{1}, false},
		{0, []int64{2, 3}, []int64{3, 1}, true},
		{0, []int64{3, 2}, []int64{1, 3}, true},
		{0, []int64{2, 2}, []int64{4, 1}, true},
		{0, []int64{2, 2}, []int64{5, 1}, false},
		{0, []int64{0, 5}, []int64{1 << 40, 1}, true},
		{math.MaxInt64, []int64{0}, []int64{1}, true},
		{math.MaxInt64, []int64{2}, []int64{math.MaxInt64 / 2}, false},
		{0, []int64{math.MaxInt32, math.MaxInt32}, []int64{math.MaxInt64 / 2, math.MaxInt64 / 2}, false},
		{0, []int64{math.MaxInt32}, []int64{0}, true},
		{0, []int64{1 << 31}, []int64{0}, false},
		{-1, []int64{1}, []int64{1}, false},
		{-1, []int64{0}, []int64{1}, false},
		{0, []int64{0, math.MaxInt32, math.MaxInt32, math.MaxInt32}, []int64{1, 1, 1, 1}, true},
		{0, make([]int64, 9), make([]int64, 9), false},
	} {
		if _, err := newTensor(s, f32, tc.offset, tc.size, tc.stride); (err == nil) != tc.ok {
			t.Errorf("offset %d, sizes %v, strides %v: %v", tc.offset, tc.size, tc.stride, err)
		}
	}
}

// TestSharedStorageIsReadOnce counts the users of a storage, and lets its bytes go after the last.
func TestSharedStorageIsReadOnce(t *testing.T) {
	t.Parallel()
	in := zipped(checkpoint()...)
	a, err := openArchive(strings.NewReader(string(in)), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	s := &storage{key: "0", member: a.members["m/data/0"], dtype: dtype{"F32", 4}, bytes: 16, users: 2}
	first, err := s.load()
	if err != nil || s.data == nil {
		t.Fatal(err)
	}
	second, err := s.load()
	if err != nil || &first[0] != &second[0] || s.data != nil {
		t.Errorf("%v; kept: %v", err, s.data != nil)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	if got := show("a\x1b[2J\u202eb\x00"); got != "a�[2J�b�" {
		t.Errorf("%q", got)
	}
	if got := show(strings.Repeat("名", 500)); len([]rune(got)) != 120 {
		t.Errorf("%d runes", len([]rune(got)))
	}
}
