// Package zoo holds the networks: one builder for each, as short as the paper's
// table, with what is needed to feed it and to read its answer, and the weights that
// this project trained.
package zoo

import (
	"slices"

	"vizserver/internal/nn"
)

// Task is what a network was made to tell apart.
type Task string

// The tasks of the table.
const (
	Digits   Task = "digits"   // MNIST, 10 classes, 1×28×28 greys
	ImageNet Task = "imagenet" // ILSVRC 2012, 1,000 classes, RGB photos
	CIFAR10  Task = "cifar10"  // 10 classes, 3×32×32
	Own      Task = "own"      // classes of the user's: see Entry.ForClasses
)

// Entry is one network of the table.
type Entry struct {
	Name  string // as the user writes it
	Title string // as the page shows it
	Year  int
	Paper string
	Task  Task
	Build func(*nn.Graph)
	Pre   nn.Preprocess // of the digit nets
	Image nn.ImagePre   // of the others
	Head  nn.Head
	GAP   bool // the head is global average pooling and one linear layer (or a 1×1 convolution): plain CAM holds
}

// table lists the networks in the order of the screen: one line for each family.
var table = slices.Concat(
	digitNets,
	alexNets,
	zfNets,
	ninNets,
	googLeNets,
	bnInceptionNets,
	inceptionNets,
	inceptionV4Nets,
	vggNets(),
	resNets(),
	resNetsV2(),
	cifarNets(),
	stochasticNets,
	denseNets(),
	inceptionResNets,
	seNets,
	squeezeNets,
	fractalNets,
	mobileNets,
	efficientNets,
)

// Table returns all networks in the order of the screen.
func Table() []Entry { return table }

// Of returns the networks of a task in the order of the screen.
func Of(t Task) []Entry {
	var list []Entry
	for _, e := range table {
		if e.Task == t {
			list = append(list, e)
		}
	}
	return list
}

// Names returns the names of these networks.
func Names(list []Entry) []string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name
	}
	return names
}
