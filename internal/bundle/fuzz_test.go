package bundle

import (
	"testing"

	"github.com/go-json-experiment/json"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// FuzzRead reads anything as the description of a model: the result is a model that is written
// and read again the same, or an error that is not our own fault.
func FuzzRead(f *testing.F) {
	for _, e := range zoo.Table()[:2] {
		g, err := e.Graph()
		if err != nil {
			f.Fatal(err)
		}
		h, err := describe(&nn.Model{Name: e.Name, Graph: g, Pre: e.Pre, Image: e.Image, Head: e.Head}, Info{})
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(h, encoding)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	m := small(f)
	good, err := weights.Read(bundled(f, m, Info{Source: "s"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(good.Metadata[Key]))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, info, err := restore(text, good.Tensors)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("not our fault: %v", err)
			}
			return
		}
		again, _, err := opened(bundled(t, got, info))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if drawing(again.Graph) != drawing(got.Graph) {
			t.Error("the graph changed on a round trip")
		}
	})
}
