package trace

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"vizserver/internal/fault"
	"vizserver/internal/testutil"
)

const vectorDir = "../../testdata/frames"

type vectorBlock struct {
	Layer, Level, Channel0, Channels, Width, Height uint16
	Min, Scale                                      float32
	Bytes                                           string
}

type vector struct {
	File  string
	Error string
	Frame *struct {
		Kind      FrameKind
		Run, Unit uint32
		Flags     uint16
		Blocks    []vectorBlock
	}
}

// TestFrameVectors decodes the frames that testdata/frames/make.py wrote; the page's
// decoder is tested on the same ones (web/test/net_frame.test.js).
func TestFrameVectors(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(vectorDir, "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 25 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.File, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(vectorDir, v.File))
			if err != nil {
				t.Fatal(err)
			}
			f, err := DecodeFrame(b)
			if v.Error != "" {
				wantCode(t, err, v.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			compareFrame(t, f, v)
			if got := f.Append([]byte("before")); !bytes.Equal(got, append([]byte("before"), b...)) {
				t.Error("the frame changed on a round trip")
			}
		})
	}
}

func compareFrame(t *testing.T, f Frame, v vector) {
	t.Helper()
	w := v.Frame
	if f.Kind != w.Kind || f.Run != w.Run || f.Unit != w.Unit || f.Flags != w.Flags || len(f.Blocks) != len(w.Blocks) {
		t.Fatalf("header: got %+v, want %+v", f, *w)
	}
	for i, b := range f.Blocks {
		got := vectorBlock{b.Layer, b.Level, b.Channel, b.Channels, b.Width, b.Height, b.Min, b.Scale, hex.EncodeToString(b.Data)}
		if got != w.Blocks[i] {
			t.Errorf("block %d: got %+v, want %+v", i, got, w.Blocks[i])
		}
	}
}

// wantCode checks that err is a *Error with this code, and not our own fault.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *trace.Error with code %q", err, code)
	}
	if e.Code != code {
		t.Errorf("got code %q (%v), want %q", e.Code, e, code)
	}
	if e.Kind() == fault.Internal {
		t.Errorf("%v: a bad frame is not our fault", e)
	}
}

func TestFrameErrorsSayWhatToDo(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(vectorDir, "bad-version.bin"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = DecodeFrame(b)
	if k := fault.KindOf(err); k != fault.Unsupported {
		t.Errorf("kind of a wrong version: %v, want unsupported", k)
	}
	if fault.Hint(err) == "" {
		t.Error("a wrong version does not say that the page must be loaded again")
	}
}

// TestFrameRoundTrip: encode∘decode is the identity, for any legal frame.
func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawFrame(t)
		b := want.Append(nil)
		got, err := DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != want.EncodedBytes() || !bytes.Equal(got.Append(nil), b) {
			t.Fatal("the bytes changed on a round trip")
		}
		if got.Kind != want.Kind || got.Run != want.Run || got.Unit != want.Unit || got.Flags != want.Flags {
			t.Fatalf("header: got %+v, want %+v", got, want)
		}
		for i := range want.Blocks {
			g, w := got.Blocks[i], want.Blocks[i]
			if !bytes.Equal(g.Data, w.Data) || g.Layer != w.Layer || g.Min != w.Min || g.Scale != w.Scale || g.Width != w.Width {
				t.Fatalf("block %d: got %+v, want %+v", i, g, w)
			}
		}
	})
}

func drawFrame(t *rapid.T) Frame {
	u16 := rapid.Uint16()
	f := Frame{
		Kind: rapid.SampledFrom([]FrameKind{FrameInput, FrameActivations}).Draw(t, "kind"),
		Run:  rapid.Uint32().Draw(t, "run"), Unit: rapid.Uint32().Draw(t, "unit"),
		Flags: u16.Draw(t, "flags") & allFlags,
	}
	for range rapid.IntRange(0, 6).Draw(t, "blocks") {
		b := Block{
			Layer: u16.Draw(t, "layer"), Level: rapid.Uint16Range(0, maxLevel).Draw(t, "level"),
			Channel: rapid.Uint16Range(0, 60000).Draw(t, "channel"), Channels: rapid.Uint16Range(1, 5).Draw(t, "channels"),
			Width: rapid.Uint16Range(1, 9).Draw(t, "width"), Height: rapid.Uint16Range(1, 7).Draw(t, "height"),
			Min: rapid.Float32().Draw(t, "min"), Scale: rapid.Float32Min(0).Draw(t, "scale"),
		}
		if !finite(b.Min) || !finite(b.Scale) {
			b.Min, b.Scale = 0, 0
		}
		b.Data = rapid.SliceOfN(rapid.Byte(), b.size(), b.size()).Draw(t, "data")
		f.Blocks = append(f.Blocks, b)
	}
	return f
}

func TestAppendPanicsOnOwnMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a block whose data does not fit its shape was encoded")
		}
	}()
	f := Frame{Kind: FrameInput, Blocks: []Block{{Channels: 1, Width: 3, Height: 2, Data: make([]byte, 5)}}}
	f.Append(nil)
}

func FuzzDecodeFrame(f *testing.F) {
	for _, b := range testutil.Files(f, vectorDir+"/*.bin") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, err := DecodeFrame(b)
		switch {
		case err != nil && fault.KindOf(err) == fault.Internal:
			t.Errorf("a bad frame is not our fault: %v", err)
		case err == nil && !bytes.Equal(fr.Append(nil), b):
			t.Error("the frame changed on a round trip")
		}
	})
}
