package templates

// Page is what every page needs from the server.
type Page struct {
	Lang   string                   // "en" or "zh"
	Theme  string                   // "dark", "light", or "" when the browser decides
	T      func(key string) string  // words of Lang; an unknown key shows itself
	Static func(path string) string // "js/draw.js" → "/static/{hash}/js/draw.js"
	Title  string                   // of the document, without the product's name
	Active string                   // entry of the navigation: "draw", or ""
	Entry  string                   // the page's module: "js/draw.js"
	Styles []string                 // sheets of the page's views: "css/views/pad.css"
}

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
