package templates

import "strings"

// modelTitle is the title of the net that the page opens with.
func (v DrawView) modelTitle() string {
	for _, m := range v.Models {
		if m.Name == v.Model {
			return m.Title
		}
	}
	return ""
}

// facts fills the net's counts into a text with {units}, {params} and {accuracy}.
func (m ModelItem) facts(text string) string {
	return strings.NewReplacer(
		"{units}", Count(m.Units),
		"{params}", Count(m.Params),
		"{accuracy}", Percent(m.Accuracy),
	).Replace(text)
}
