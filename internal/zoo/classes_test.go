package zoo

import (
	"testing"

	"vizserver/internal/nn"
)

// Every net of photos can be had with classes of one's own, and nothing else of it changes.
func TestForClasses(t *testing.T) {
	for _, e := range Table() {
		before, err := e.Graph()
		if err != nil {
			t.Fatal(err)
		}
		c := Classifier(before)
		if c == nil {
			if e.Task != Digits {
				t.Errorf("%s has no classifier", e.Name)
			}
			continue
		}
		after, err := e.ForClasses(7).Graph()
		if err != nil {
			t.Fatal(err)
		}
		if out := after.OutputValue().Shape; out != (nn.Shape{N: 1, C: 7, H: 1, W: 1}) {
			t.Errorf("%s: the output is %v", e.Name, out)
		}
		rows := c.NumParams(false) / before.OutputValue().Shape.C
		if want := before.NumParams(false) - (before.OutputValue().Shape.C-7)*rows; after.NumParams(false) != want {
			t.Errorf("%s: %d parameters, want %d", e.Name, after.NumParams(false), want)
		}
		if len(after.Layers) != len(before.Layers) || len(after.Nodes) != len(before.Nodes) {
			t.Errorf("%s: the nodes or layers are others", e.Name)
		}
		if labels, err := e.ForClasses(7).Labels(); labels != nil || err != nil {
			t.Errorf("%s: labels %v, %v", e.Name, labels, err)
		}
		if again, err := e.Graph(); err != nil || again.OutputValue().Shape != before.OutputValue().Shape {
			t.Errorf("%s itself was changed", e.Name)
		}
	}
}
