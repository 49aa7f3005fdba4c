package onnx

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/onnx/onnxpb"
)

// externalModel moves w, three floats, into another file.
func externalModel(t *testing.T, entries ...string) []byte {
	t.Helper()
	return encode(t, func(m *onnxpb.ModelProto) {
		w := m.Graph.Initializer[0]
		w.FloatData, w.DataLocation = nil, new(int32(1))
		for i := 0; i < len(entries); i += 2 {
			w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: &entries[i], Value: &entries[i+1]})
		}
	})
}

// modelFolder makes a folder with w.bin (a number, then the values of w) and more, inside another one
// with a secret, and opens it.
func modelFolder(t *testing.T) *os.Root {
	t.Helper()
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, v := range []float32{99, 1, 2, 3} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	for _, name := range []string{"w.bin", "sub/w.bin", "../secret.bin", "twice.bin", "a:b"} {
		if runtime.GOOS == "windows" && name == "a:b" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), b[4:], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "w.bin"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func TestExternalData(t *testing.T) {
	t.Parallel()
	dir := modelFolder(t)
	for name, entries := range map[string][]string{
		"offset and length": {"location", "w.bin", "offset", "4", "length", "12"},
		"offset to the end": {"location", "w.bin", "offset", "4"},
		"a folder below":    {"location", "sub/w.bin"},
		"a point":           {"location", "./sub/./w.bin", "length", "12", "checksum", "0123"},
	} {
		m, err := parse(externalModel(t, entries...), dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(m.init["w"].floats, []float32{1, 2, 3}) {
			t.Errorf("%s: %v", name, m.init["w"].floats)
		}
	}
}

// TestExternalDataRefused is row 35 of the goals.
func TestExternalDataRefused(t *testing.T) {
	t.Parallel()
	dir := modelFolder(t)
	const outsideText = "outside the model's folder"
	cases := map[string]struct {
		entries []string
		text    string
	}{
		"parent":           {[]string{"location", "../secret.bin"}, outsideText},
		"parent within":    {[]string{"location", "sub/../../secret.bin"}, outsideText},
		"parent and back":  {[]string{"location", "sub/../w.bin", "offset", "4"}, outsideText},
		"absolute":         {[]string{"location", "/etc/passwd"}, outsideText},
		"environment":      {[]string{"location", "/proc/self/environ"}, outsideText},
		"drive":            {[]string{"location", `C:\w.bin`}, outsideText},
		"drive, relative":  {[]string{"location", "C:w.bin"}, outsideText},
		"stream":           {[]string{"location", "a:b"}, outsideText},
		"backslash":        {[]string{"location", `..\secret.bin`}, outsideText},
		"network path":     {[]string{"location", `\\host\share\w.bin`}, outsideText},
		"NUL":              {[]string{"location", "w.bin\x00.txt"}, outsideText},
		"long":             {[]string{"location", strings.Repeat("a", 600)}, outsideText},
		"empty":            {[]string{"location", ""}, outsideText},
		"none":             {nil, outsideText},
		"the folder":       {[]string{"location", "."}, outsideText},
		"a folder":         {[]string{"location", "sub"}, outsideText},
		"missing":          {[]string{"location", "gone.bin"}, "no such file"},
		"negative offset":  {[]string{"location", "w.bin", "offset", "-4"}, "want a whole number"},
		"offset in words":  {[]string{"location", "w.bin", "offset", "four"}, "want a whole number"},
		"offset of 2^64":   {[]string{"location", "w.bin", "offset", "18446744073709551616"}, "want a whole number"},
		"offset past end":  {[]string{"location", "w.bin", "offset", "400"}, "outside of the file"},
		"negative length":  {[]string{"location", "w.bin", "length", "-1"}, "want a whole number"},
		"length past end":  {[]string{"location", "w.bin", "offset", "8", "length", "12"}, "outside of the file"},
		"length of 2^63-1": {[]string{"location", "w.bin", "offset", "8", "length", strconv.Itoa(math.MaxInt64)}, "outside of the file"},
		"length of others": {[]string{"location", "w.bin", "length", "8"}, "takes 12 bytes, and 8 of"},
		"too long a rest":  {[]string{"location", "w.bin"}, "takes 12 bytes, and 16 of"},
		"unknown key":      {[]string{"location", "w.bin", "__class__", "x"}, "unknown key"},
		"location twice":   {[]string{"location", "w.bin", "location", "sub/w.bin"}, "twice"},
	}
	if runtime.GOOS != "windows" { // making links needs a privilege there
		for _, link := range [][2]string{{"../secret.bin", "out.bin"}, {"sub/w.bin", "in.bin"}, {"..", "up"}} {
			if err := dir.Symlink(link[0], link[1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := dir.Link("twice.bin", "again.bin"); err != nil {
			t.Fatal(err)
		}
		fifo(t, filepath.Join(dir.Name(), "fifo"))
		for _, name := range []string{"out.bin", "in.bin", "up/secret.bin", "again.bin", "twice.bin", "fifo"} {
			cases["link or FIFO "+name] = struct {
				entries []string
				text    string
			}{[]string{"location", name}, outsideText}
		}
	}
	for name, tc := range cases {
		_, err := parse(externalModel(t, tc.entries...), dir)
		refused(t, name, err, fault.Unprocessable, tc.text)
		if _, err := parse(externalModel(t, tc.entries...), nil); fault.KindOf(err) != fault.Unprocessable {
			t.Errorf("%s, as an upload: %v", name, err)
		}
	}
	_, err := parse(externalModel(t, "location", "sub/w.bin"), nil)
	refused(t, "as an upload", err, fault.Unprocessable, "only the model's own file is here")

	both := encode(t, func(m *onnxpb.ModelProto) {
		w := m.Graph.Initializer[0]
		w.FloatData, w.RawData, w.DataLocation = nil, make([]byte, 12), new(int32(1))
		w.ExternalData = []*onnxpb.StringStringEntryProto{{Key: new("location"), Value: new("sub/w.bin")}}
	})
	_, err = parse(both, dir)
	refused(t, "here and there", err, fault.Unprocessable, "twice")
}

// TestExternalBudget: one region that many tensors name is read for each, and they are bounded
// together.
func TestExternalBudget(t *testing.T) {
	t.Parallel()
	p := &parser{dir: modelFolder(t), externalBytes: maxExternal - 11}
	defer p.closeExternal()
	tp := floatsProto("w", []int64{3})
	tp.DataLocation = new(int32(1))
	tp.ExternalData = []*onnxpb.StringStringEntryProto{{Key: new("location"), Value: new("sub/w.bin")}}
	_, err := p.tensor(tp, "w")
	refused(t, "too much together", err, fault.TooLarge, "together")
}
