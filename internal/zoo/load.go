package zoo

import (
	"fmt"
	"strings"
	"sync"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
	"vizserver/models"
)

// NotFoundError says that no network has this name.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no network is called %q; there are %s", e.Name, strings.Join(Names(table), ", "))
}

// Kind says that the thing does not exist.
func (e *NotFoundError) Kind() fault.Kind { return fault.NotFound }

// Find returns the network of this name.
func Find(name string) (*Entry, error) {
	for i := range table {
		if table[i].Name == name {
			return &table[i], nil
		}
	}
	return nil, &NotFoundError{Name: name}
}

// Graph builds the network's graph, without weights.
func (e *Entry) Graph() (*nn.Graph, error) {
	g := nn.NewGraph(e.Name)
	e.Build(g)
	return g.Build()
}

// Bind makes a model of the network with these weights.
func (e *Entry) Bind(w nn.Weights) (*nn.Model, error) {
	g, err := e.Graph()
	if err != nil {
		return nil, err
	}
	labels, err := e.Labels()
	if err != nil {
		return nil, err
	}
	m := &nn.Model{
		Name: e.Name, Title: e.Title, Graph: g, Weights: w,
		Pre: e.Pre, Image: e.Image, Labels: labels, Head: e.Head,
	}
	return m, m.CheckWeights()
}

// Labels returns the names of the classes in the order of the outputs; nil where the
// table has none. A name of ImageNet that another class has too, but for capitals
// (Cardigan the dog, cardigan the garment), is followed by its synset.
func (e *Entry) Labels() ([]string, error) {
	switch e.Task {
	case Digits:
		return digitLabels, nil
	case ImageNet:
		return imageNetLabels()
	case CIFAR10, Own:
	}
	return nil, nil
}

var imageNetLabels = sync.OnceValues(func() ([]string, error) {
	classes, err := models.ImageNet()
	if err != nil {
		return nil, err
	}
	times := map[string]int{}
	for _, c := range classes {
		times[strings.ToLower(c.English)]++
	}
	labels := make([]string, len(classes))
	for i, c := range classes {
		labels[i] = c.English
		if times[strings.ToLower(c.English)] > 1 {
			labels[i] += " (" + c.Synset + ")"
		}
	}
	return labels, nil
})

// loaded keeps each model once; runs share its weights.
var loaded sync.Map // name → func() (*nn.Model, error)

// Load returns the network with the weights in the binary. The model is shared and
// must not be changed.
func Load(name string) (*nn.Model, error) {
	e, err := Find(name)
	if err != nil {
		return nil, err
	}
	once, _ := loaded.LoadOrStore(name, sync.OnceValues(func() (*nn.Model, error) {
		b, err := models.File(name)
		if err != nil {
			return nil, err
		}
		w, err := ReadWeights(b)
		if err != nil {
			return nil, fmt.Errorf("weights of %s: %w", name, err)
		}
		return e.Bind(w)
	}))
	return once.(func() (*nn.Model, error))()
}

// ReadWeights reads a safetensors file into named float32 parameters, which are views into b where
// they can be: nobody may change b afterwards.
func ReadWeights(b []byte) (nn.Weights, error) {
	f, err := weights.Read(b)
	if err != nil {
		return nil, err
	}
	w := nn.Weights{}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		w[t.Name] = nn.Param{Dims: t.Shape, Data: t.View()}
	}
	return w, nil
}

// RBFCodes returns the fixed codes of LeNet-5's output layer: 10×84, +1 where the
// bitmap has ink, −1 where it has paper.
func RBFCodes() []float32 {
	codes := make([]float32, 0, 840)
	for _, digit := range rbfBitmaps {
		for _, row := range digit {
			for _, c := range row {
				v := float32(-1)
				if c == '#' {
					v = 1
				}
				codes = append(codes, v)
			}
		}
	}
	return codes
}
