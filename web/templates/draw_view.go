package templates

// ModelItem is one net in a menu.
type ModelItem struct {
	Name     string  // "lenet5-harley", as in the address
	Title    string  // "LeNet-5 (Harley)"
	Units    int     // drawn units, input included
	Params   int     // trainable parameters
	Accuracy float64 // 0…1, on the 10,000 MNIST test digits
	Summary  string  // one sentence in Lang
}

// DrawView is the page /draw.
type DrawView struct {
	Page
	Models []ModelItem
	Model  string // the net that the address asks for, or the default
}
