package templates

// HomeView is the page /.
type HomeView struct {
	Page
	Models []ModelItem
}
