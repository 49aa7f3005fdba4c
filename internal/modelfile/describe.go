package modelfile

import (
	"fmt"
	"slices"

	"vizserver/internal/draft"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/zoo"
)

// endsWithLogits says whether a net is a classifier without its last step: its output is one number
// for each class, and no softmax or sigmoid made it.
func endsWithLogits(g *nn.Graph) bool {
	last := g.Nodes[len(g.Nodes)-1]
	switch last.Op.Kind() {
	case "Softmax", "SoftmaxAxis", "Sigmoid":
		return false
	case "Flatten", "Reshape":
		if src := last.Inputs[0].Node; src != nil && src.Op.Kind() == "Softmax" {
			return false
		}
	}
	s := last.Output.Shape
	return s.Plane() == 1 && s.C >= 2 && g.Value("softmax") == nil
}

// withSoftmax returns the net with a softmax behind its output.
func withSoftmax(n *draft.Net) *draft.Net {
	whole := *n
	whole.Nodes = append(slices.Clip(n.Nodes), draft.Node{Name: "softmax", Op: op.Softmax{}, Inputs: []string{n.Output}})
	whole.Output = "softmax"
	return &whole
}

// imageNetClasses is the size of ILSVRC's set; TensorFlow's nets put a class for the
// background before it.
const imageNetClasses = 1000

// describe adds what a net of the zoo knows and a file does not say: the classes' names and
// how pictures are prepared.
func (f *File) describe(o Options) error {
	m := f.Model
	if o.Labels != nil {
		m.Labels = o.Labels
	}
	out := m.Graph.OutputValue().Shape
	if m.Labels == nil && out.Plane() == 1 {
		f.nameClasses(out.C)
	}
	switch {
	case o.Image != nil:
		m.Image = *o.Image
		return f.prepare()
	case o.Preset != "":
		return Prepare(m, o.Preset)
	case m.Image.Size > 0 || m.Pre.Width > 0:
		return nil
	}
	in := m.Graph.InputValue().Shape
	way := "torchvision"
	if f.Format == Caffe {
		way = "caffe"
	}
	switch {
	case in.C == 3 && in.H == in.W && Prepare(m, way) == nil:
		f.Likely = way
		f.note("the file does not say how photos are prepared: taken is the way of %s, resized to %d and cut to %d; choose with --preprocess", way, m.Image.Resize, in.H)
	case in.C == 1 && Prepare(m, "digits") == nil:
		f.Likely = "digits"
		f.note("the file does not say how pictures are prepared: taken are 28×28 greys of a digit, 0…1, ink is 1; choose with --preprocess")
	}
	return nil
}

// prepare checks the caller's own way against the input.
func (f *File) prepare() error {
	in, pre := f.Model.Graph.InputValue().Shape, &f.Model.Image
	if pre.Size == 0 {
		pre.Size = in.H
	}
	if in.C != 3 || in.H != pre.Size || in.W != pre.Size {
		return fault.New(fault.Invalid, "photos of %d×%d are no input of %s, which is %d×%d×%d", pre.Size, pre.Size, f.Model.Name, in.C, in.H, in.W)
	}
	return nil
}

func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// nameClasses takes ImageNet's names for 1,000 classes, or 1,001; else numbers.
func (f *File) nameClasses(n int) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("class %d", i)
	}
	f.Model.Labels = names
	if n != imageNetClasses && n != imageNetClasses+1 {
		f.note("the file does not name its %d classes: they have numbers; give names with --labels", n)
		return
	}
	e := zoo.Entry{Task: zoo.ImageNet}
	labels, err := e.Labels()
	if err != nil { // the embedded list is broken: a test sees to that
		return
	}
	if n > len(labels) {
		names[0] = "background"
	}
	copy(names[n-len(labels):], labels)
	f.note("the file does not name its %d classes: those of ImageNet are taken", n)
}

// checkLabels demands a name for every class.
func (f *File) checkLabels(o Options) error {
	if n := f.Model.Graph.OutputValue().Shape; o.Labels != nil && len(o.Labels) != n.C {
		return fault.New(fault.Invalid, "there are %d labels for %d classes", len(o.Labels), n.C)
	}
	return nil
}
