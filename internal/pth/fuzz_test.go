package pth

import (
	"bytes"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
	"vizserver/internal/weights"
)

// FuzzUnpickle: any bytes are an error with a kind, or a value without a hostile depth.
func FuzzUnpickle(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		for _, b := range testutil.Files(f, golden(f, folder)+"/*.pth") {
			a, err := openArchive(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			src, err := a.pickle()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		root, err := unpickle(src, func(g *global, key string, elements int64) (*storage, error) {
			return &storage{key: key, dtype: *g.storage, bytes: 64}, nil
		})
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad pickle is not our fault: %v", err)
			}
			return
		}
		if d := depth(root); d > maxDepth {
			t.Errorf("a depth of %d", d)
		}
		if state, _, err := findState(root); err == nil {
			_, _, err = tensorsOf(state)
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("a bad state dict is not our fault: %v", err)
			}
		}
	})
}

// FuzzConvert: any bytes are an error with a kind, or a safetensors file that can be read, of at
// most the length that the archive's budget allows.
func FuzzConvert(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		for _, b := range testutil.Files(f, golden(f, folder)+"/*.pth") {
			f.Add(b)
		}
	}
	f.Add(zipped(checkpoint()...))
	f.Add(zipped(checkpoint(member{name: "m/data/1", data: []byte("abcd"), zip64: true})...))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := converted(b)
		switch {
		case err != nil && fault.KindOf(err) == fault.Internal:
			t.Errorf("a bad checkpoint is not our fault: %v", err)
		case err != nil && len(out) != 0:
			t.Errorf("%d bytes were written before: %v", len(out), err)
		case err == nil:
			if _, err := weights.Read(out); err != nil {
				t.Errorf("the result cannot be read: %v", err)
			}
			if len(out) > 4*len(b)+2*outputSlack {
				t.Errorf("%d bytes became %d", len(b), len(out))
			}
		}
	})
}
