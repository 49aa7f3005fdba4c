package pull

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strings"
	"sync"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

//go:embed registry.json
var registryJSON []byte

// File is one file of official weights, as its publisher describes it. What the publisher
// does not say is empty.
type File struct {
	Net     string      `json:"net"`  // of the zoo
	Tag     string      `json:"tag"`  // which of its files: "imagenet1k_v1"
	Name    string      `json:"file"` // the publisher's, and that on a mirror
	URL     string      `json:"url"`
	SizeMiB float64     `json:"size_mib"`      // with three decimals, in 2²⁰ bytes
	Prefix  string      `json:"sha256_prefix"` // first hexadecimal digits of the SHA-256
	MD5     string      `json:"md5"`
	Licence string      `json:"licence"`
	Source  string      `json:"source"`
	Layout  string      `json:"layout"` // "keras": names and axes of Keras; else those of the net
	Pre     nn.ImagePre `json:"preprocess"`
	Metrics struct {
		Top1 float64 `json:"top1"` // per cent of ImageNet's validation photos, as published
		Top5 float64 `json:"top5"`
	} `json:"metrics"`
}

// ID is the name of the file for the user and in the cache: NET@TAG.
func (f *File) ID() string { return f.Net + "@" + f.Tag }

// ext is the end of the file's name: ".pth".
func (f *File) ext() string { return path.Ext(f.Name) }

// sizeSlack is what rounding to three decimals of 2²⁰ bytes may hide, and a byte.
const sizeSlack = 0.0005*(1<<20) + 1

// fits says whether a file may have this many bytes.
func (f *File) fits(size int64) bool {
	return f.SizeMiB == 0 || math.Abs(float64(size)-f.SizeMiB*(1<<20)) <= sizeSlack
}

// UnknownError says that there are no official weights of this name.
type UnknownError struct{ Name, Near string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("no official weights are known for %.80q; did you mean %s?", e.Name, e.Near)
}

// Kind says that the thing does not exist.
func (e *UnknownError) Kind() fault.Kind { return fault.NotFound }

// UserHint implements fault.Hinter.
func (e *UnknownError) UserHint() string { return "vizserver pull --list names all" }

var registry = sync.OnceValues(func() ([]File, error) {
	var r struct {
		Files []File `json:"files"`
	}
	if err := json.Unmarshal(registryJSON, &r); err != nil {
		return nil, fmt.Errorf("read internal/pull/registry.json: %w", err)
	}
	return r.Files, nil
})

// Registry returns all files, those of one net together; the first is the one that the net's
// name alone means. The list is shared and must not be changed.
func Registry() ([]File, error) { return registry() }

// Find returns the file that a name means: NET, or NET@TAG.
func Find(name string) (*File, error) {
	list, err := registry()
	if err != nil {
		return nil, err
	}
	net, tag, tagged := strings.Cut(name, "@")
	var names, same []string
	for i := range list {
		f := &list[i]
		if f.Net == net && (!tagged || f.Tag == tag) {
			return f, nil
		}
		names = append(names, f.Net)
		if f.Net == net {
			same = append(same, f.ID())
		}
	}
	if same != nil {
		names = same
	}
	return nil, &UnknownError{Name: name, Near: fault.Nearest(name, names)}
}
