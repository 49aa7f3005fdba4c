// Package web holds the files of the front end: it embeds static/ and says
// under which address each file is served.
package web

import (
	"embed"
	"io/fs"
)

//go:generate go tool templ generate

//go:embed all:static
var files embed.FS

// Static returns the tree of static/, rooted there: "js/draw.js".
func Static() fs.FS {
	sub, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // static is a constant and is embedded
	}
	return sub
}
