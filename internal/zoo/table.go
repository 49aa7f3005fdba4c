// Package zoo holds the networks: one builder for each, as short as the paper's
// table, with what is needed to feed it and to read its answer, and the weights that
// this project trained.
package zoo

import "vizserver/internal/nn"

// Entry is one network of the table.
type Entry struct {
	Name  string // as the user writes it
	Title string // as the page shows it
	Year  int
	Paper string
	Build func(*nn.Graph)
	Pre   nn.Preprocess
	Head  nn.Head
}

// lecunInput is the scaling of LeCun et al. 1998, §II.B: paper −0.1, ink 1.175, so
// that the mean of the inputs is about 0 and their variance about 1.
var lecunInput = nn.Preprocess{Width: 28, Height: 28, Pad: 2, Scale: 1.275, Offset: -0.1}

// table lists the networks in the order of the screen.
var table = []Entry{
	{
		Name: "lenet5-modern", Title: "LeNet-5 modern", Year: 1998, Build: lenetModern,
		Paper: "LeCun et al. 1998, with ReLU, max pooling and softmax",
		Pre:   nn.Preprocess{Width: 28, Height: 28, Pad: 2, Scale: 1}, Head: nn.Head{Kind: "softmax"},
	},
	{
		Name: "lenet5-1998", Title: "LeNet-5 1998", Year: 1998, Build: lenet1998,
		Paper: "LeCun et al., Proc. IEEE 86(11), 1998",
		Pre:   lecunInput, Head: nn.Head{Kind: "rbf", LowerIsBetter: true},
	},
	{
		Name: "lenet5-harley", Title: "LeNet-5 Harley", Year: 2015, Build: lenetHarley,
		Paper: "Harley, ISVC 2015",
		Pre:   lecunInput, Head: nn.Head{Kind: "tanh"},
	},
	{
		Name: "mlp-harley", Title: "MLP Harley", Year: 2015, Build: mlpHarley,
		Paper: "Harley, ISVC 2015",
		Pre:   nn.Preprocess{Width: 28, Height: 28, Scale: 1.275, Offset: -0.1}, Head: nn.Head{Kind: "tanh"},
	},
}

// Table returns the networks in the order of the screen.
func Table() []Entry { return table }

// Names returns the names of the networks in the order of the screen.
func Names() []string {
	names := make([]string, len(table))
	for i, e := range table {
		names[i] = e.Name
	}
	return names
}

// digits are the labels of every net of this table.
var digits = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
