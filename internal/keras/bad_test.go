package keras_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/confine"
	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/weights"
)

// open reads a file the whole way: child, safetensors, draft, graph.
func open(t testing.TB, path string, o keras.Options) error {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v; make it: python scripts/golden/keras_bad.py", err)
	}
	defer func() { _ = f.Close() }()
	b, err := confine.Run(context.WithoutCancel(t.Context()), "keras", f, confine.Options{})
	if err != nil {
		return err
	}
	w, err := weights.Read(b)
	if err != nil {
		t.Fatalf("the child wrote what cannot be read: %v", err)
	}
	net, err := keras.Read(w, o)
	if err != nil {
		return err
	}
	_, _, err = net.Build()
	return err
}

// TestBadFiles: HDF5 and zip files that h5py and zipfile make, and that must not be followed.
func TestBadFiles(t *testing.T) {
	for _, c := range []struct {
		file  string
		words []string
	}{
		{file: "external_link.h5", words: []string{`"c3"`, "kernel", "Links to other files are not followed"}},
		{file: "external_storage.h5", words: []string{"c3/kernel:0", "external storage", "no other file is opened"}},
		{file: "half.h5", words: []string{"c3/kernel:0", "2 bytes", "float32"}},
		{file: "no_config.h5", words: []string{"no attribute model_config"}},
		{file: "weights-2.h5", words: []string{"weights", "not the model itself", "model.save"}},
		{file: "plain.weights.h5", words: []string{"weights", "not the model itself", "model.save"}},
		{file: "lambda.keras", words: []string{`"double" (Lambda, which is Python code)`, `"mine" (the custom class "Mine")`, "ever run"}},
		{file: "lambda-2.h5", words: []string{`"double" (Lambda, which is Python code)`, `"mine" ("Mine2")`, "ever run"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			fails(t, open(t, filepath.Join("testdata", c.file), keras.Options{}), fault.Unprocessable, c.words...)
		})
	}
	t.Run("bomb.h5", func(t *testing.T) { // 30 kB that unfold to 4 GiB
		fails(t, open(t, "testdata/bomb.h5", keras.Options{}), fault.TooLarge, "c3/kernel:0", "unfolds")
	})
}

// TestForms reads what h5py can also write: chunks, gzip, shuffled bytes, checksums, float64, big
// ends first, names of fixed length; and groups of more members than one node lists, as those of
// every net of some 130 layers.
func TestForms(t *testing.T) {
	for _, file := range []string{"packed.h5", "many.h5"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			net, err := keras.Read(convert(t, filepath.Join("testdata", file)), keras.Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkValues(t, net, readGolden(t, "plain"))
		})
	}
}

// patched returns a good file with one change.
func patched(t testing.TB, change func([]byte) []byte) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldenDir(t), "plain-2.h5"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.h5")
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// every puts a number at an offset behind every mark.
func every(mark string, at int, number func(mark int) uint64) func([]byte) []byte {
	return func(b []byte) []byte {
		found := 0
		for i := 0; ; i++ {
			k := bytes.Index(b[i:], []byte(mark))
			if k < 0 {
				break
			}
			i += k
			binary.LittleEndian.PutUint64(b[i+at:], number(i))
			found++
		}
		if found == 0 {
			panic("no " + mark)
		}
		return b
	}
}

// TestKillers: files that bring the library down, or send it in circles. The child dies or
// refuses; this process goes on.
func TestKillers(t *testing.T) {
	same := func(n uint64) func(int) uint64 { return func(int) uint64 { return n } }
	for name, change := range map[string]func([]byte) []byte{
		"heap of 16 TiB":           every("HEAP", 8, same(1<<44)),
		"heap of 2^63":             every("HEAP", 8, same(1<<63)),
		"heap elsewhere":           every("HEAP", 24, same(1<<40)),
		"B-tree that is its child": every("TREE", 32, func(at int) uint64 { return uint64(at) }),
		"groups in a circle":       every("SNOD", 16, same(96)), // the root's object header
		"global heap of 2^50":      every("GCOL", 8, same(1<<50)),
		"cut in half":              func(b []byte) []byte { return b[:len(b)/2] },
		"only the signature":       func(b []byte) []byte { return b[:8] },
		"only the superblock":      func(b []byte) []byte { return b[:96] },
		"no superblock version":    func(b []byte) []byte { b[8] = 77; return b },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails(t, open(t, patched(t, change), keras.Options{}), fault.Unprocessable)
		})
	}
}

// zipped writes members as a .keras file.
func zipped(t testing.TB, members ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.keras")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadZips(t *testing.T) {
	many := make([]string, 0, 20_004)
	for range 10_001 {
		many = append(many, "a", "")
	}
	for _, c := range []struct {
		name    string
		members []string
		kind    fault.Kind
		words   []string
	}{
		{name: "empty", kind: fault.Unprocessable, words: []string{"neither"}},
		{name: "other zip", members: []string{"word/document.xml", "x"}, kind: fault.Unprocessable, words: []string{`no member "config.json"`}},
		{name: "no weights", members: []string{"config.json", "{}"}, kind: fault.Unprocessable, words: []string{`no member "model.weights.h5"`}},
		{name: "slip", members: []string{"../config.json", "{}", "../model.weights.h5", "x"}, kind: fault.Unprocessable, words: []string{`no member "config.json"`}},
		{name: "twice", members: []string{"config.json", "{}", "config.json", "{}"}, kind: fault.Unprocessable, words: []string{"two members"}},
		{name: "no HDF5", members: []string{"config.json", "{}", "model.weights.h5", "x"}, kind: fault.Unprocessable, words: []string{"HDF5"}},
		{name: "long config", members: []string{"config.json", strings.Repeat(" ", 9<<20)}, kind: fault.TooLarge, words: []string{"config.json"}},
		{name: "bomb", members: []string{"config.json", "{}", "model.weights.h5", strings.Repeat("\x00", 70<<20)}, kind: fault.TooLarge, words: []string{"unfolds"}},
		{name: "members", members: many, kind: fault.TooLarge, words: []string{"10001 members"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fails(t, open(t, zipped(t, c.members...), keras.Options{}), c.kind, c.words...)
		})
	}
	t.Run("damaged", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.keras")
		b, err := os.ReadFile(filepath.Join(goldenDir(t), "plain.keras"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b[:len(b)-100], 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, open(t, path, keras.Options{}), fault.Unprocessable, "zip is damaged")
	})
}
