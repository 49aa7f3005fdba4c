// Package templates holds the pages: templ files and the view models that
// they are made from. It knows words and addresses, not nets or requests.
package templates

// Page is what every page needs from the server.
type Page struct {
	Lang    string                   // "en" or "zh"
	Theme   string                   // "dark", "light", or "" when the browser decides
	T       func(key string) string  // words of Lang; an unknown key shows itself
	Static  func(path string) string // "js/draw.js" → "/static/{hash}/js/draw.js"
	Title   string                   // of the document, without the product's name
	Active  string                   // entry of the navigation: "draw", or ""
	Entry   string                   // the page's module: "js/draw.js"
	Preload []string                 // modules that the entry imports
	Styles  []string                 // sheets of the page's views: "css/views/pad.css"
	Words   bool                     // the page's module reads the catalogue
	Keys    bool                     // the page has keyboard shortcuts to show
}

// PlainView is a page of one sentence.
type PlainView struct {
	Page
	Status    string // "404"
	Heading   string
	Text      string
	Hint      string
	RequestID string // to find the request in the log; empty if that helps nobody
}

// navigation is the list of pages that exist, in the order on screen.
var navigation = []struct{ name, path string }{
	{"draw", "/draw"},
}

// firstFonts are on every page above the fold: the interface and the brand.
var firstFonts = []string{"fonts/inter.woff2", "fonts/noto-serif-500.woff2"}

// commonSheets come before a page's own, in the order of the layers.
var commonSheets = []string{"css/fonts.css", "css/tokens.css", "css/reset.css", "css/base.css", "css/layout.css"}

// Sheets returns every style sheet of the page.
func (p Page) Sheets() []string {
	return append(append([]string{}, commonSheets...), p.Styles...)
}

// HTMLLang is the language tag of the document.
func (p Page) HTMLLang() string {
	if p.Lang == "zh" {
		return "zh-Hans"
	}
	return p.Lang
}

// OtherLang is the language that the switch leads to.
func (p Page) OtherLang() string {
	if p.Lang == "zh" {
		return "en"
	}
	return "zh"
}

// OtherLangURL is this page in the other language.
func (p Page) OtherLangURL() string { return "?lang=" + p.OtherLang() }

// DocumentTitle is what the browser's tab shows.
func (p Page) DocumentTitle() string {
	if p.Title == "" {
		return "vizserver"
	}
	return p.Title + " · vizserver"
}
