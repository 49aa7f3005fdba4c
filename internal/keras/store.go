package keras

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"vizserver/internal/weights"
)

// place says where the weights of a layer lie.
type place struct {
	container string   // formatZip: "layers/functional/layers/conv2d"
	names     []string // of the models around it and the layer itself, the outermost model left out
}

// place gives every layer below l its place. Keras 3 calls the containers of a model after the
// classes of its layers, and counts those of one class; a layer that stands in several models
// has its weights where it stands first: shared, by its number.
func (l *layer) place(container string, names []string, shared map[int64]string) {
	if l.model == nil {
		return
	}
	used := map[string]int{}
	for i := range l.model.layers {
		inner := &l.model.layers[i]
		if l.model.sequential && i == 0 && inner.class == "InputLayer" {
			continue
		}
		word := snake(inner.class)
		if k := used[word]; k > 0 {
			word = fmt.Sprintf("%s_%d", word, k)
		}
		used[snake(inner.class)]++
		inner.where = place{container: container + "layers/" + word, names: append(slices.Clip(names), inner.name)}
		if first, ok := shared[inner.shared]; ok && inner.shared != 0 {
			inner.where.container = first
		} else {
			shared[inner.shared] = inner.where.container
		}
		inner.place(inner.where.container+"/", inner.where.names, shared)
	}
}

var (
	camelWord = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	camelEnd  = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snake is keras.src.utils.naming.to_snake_case: "Conv2DTranspose" → "conv2d_transpose".
func snake(class string) string {
	return strings.ToLower(camelEnd.ReplaceAllString(camelWord.ReplaceAllString(class, "${1}_${2}"), "${1}_${2}"))
}

// store finds the weights of layers.
type store struct {
	file   *weights.File
	zip    bool
	names  map[string]string   // formatZip: container → name of its layer
	groups map[string][]string // formatH5: layer of the outermost model → paths of its weights
	order  []string            // formatOrder: layers with weights
}

// maxSlashes bounds the slashes in the name of a layer.
const maxSlashes = 8

func newStore(f *weights.File, a *App) (*store, error) {
	s := &store{file: f, zip: f.Metadata[metaFormat] == formatZip}
	if f.Metadata[metaFormat] == formatOrder {
		s.order = a.Layers // planOf has seen to it
		return s, nil
	}
	if s.zip {
		if err := json.Unmarshal([]byte(f.Metadata[metaNames]), &s.names); err != nil {
			return nil, badJSON(err)
		}
		return s, nil
	}
	s.groups = map[string][]string{}
	for i := range f.Tensors {
		path := f.Tensors[i].Name
		// A name of Keras 2 may hold some slashes: every start of the path may be a layer.
		for at, slashes := 0, 0; at < len(path) && slashes < maxSlashes; at++ {
			if path[at] == '/' {
				slashes++
				s.groups[path[:at]] = append(s.groups[path[:at]], path)
			}
		}
	}
	return s, nil
}

// role is what a weight is to its layer: "kernel" of "block1/conv1/kernel:0", or of "…/kernel_1:0".
var role = regexp.MustCompile(`^(.*)/([a-z_]+?)(?:_\d+)?(?::\d+)?$`)

// find returns the weights of a layer with these roles, in the order in which Keras makes them:
// number k of a .keras file's container is the k-th of them. A role that Keras renamed is
// written "kernel|depthwise_kernel".
func (s *store) find(l *layer, roles ...string) ([]*weights.Tensor, error) {
	list := make([]*weights.Tensor, 0, len(roles))
	for k, r := range roles {
		var t *weights.Tensor
		var err error
		switch {
		case s.order != nil:
			t = s.ordered(l, k)
		case s.zip:
			t, err = s.numbered(l, k)
		default:
			for alias := range strings.SplitSeq(r, "|") {
				if t, err = s.named(l, alias); t != nil || err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
		if t == nil {
			return nil, l.fail("the file has no weight %q for it", r).
				WithHint("Links to other files are not followed. Save the model in one piece: model.save(\"name.keras\").")
		}
		list = append(list, t)
	}
	return list, nil
}

// numbered finds weight number k of a .keras file.
func (s *store) numbered(l *layer, k int) (*weights.Tensor, error) {
	c := l.where.container
	if name := s.names[c]; name != "" && name != l.name {
		return nil, l.fail("its weights are those of a layer %s: config and weights do not belong together", show(name))
	}
	if t := s.file.Tensor(fmt.Sprintf("%s/vars/%d", c, k)); t != nil {
		return t, nil
	}
	c = strings.ReplaceAll("/"+c, "/layers/", "/_layer_checkpoint_dependencies/")[1:] // Keras 2.12
	return s.file.Tensor(fmt.Sprintf("%s/vars/%d", c, k)), nil
}

// named finds a weight of a .h5 file by its role: in the group of the outermost model's layer, and
// there, for a layer inside of a model, behind its own name.
func (s *store) named(l *layer, want string) (*weights.Tensor, error) {
	names := l.where.names
	var found []string
	for _, path := range s.groups[names[0]] {
		m := role.FindStringSubmatch(path[len(names[0]):])
		if m == nil || m[2] != want {
			continue
		}
		if len(names) == 1 || ends(m[1], l.name) {
			found = append(found, path)
		}
	}
	if len(found) > 1 { // layers of one name in several models: by more of the way
		found = slices.DeleteFunc(found, func(path string) bool {
			m := role.FindStringSubmatch(path)
			return !ends(m[1], strings.Join(names[max(0, len(names)-2):], "/"))
		})
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return s.file.Tensor(found[0]), nil
	}
	return nil, l.fail("the file has %d weights %q that may be its own: %s and %s", len(found), want, show(found[0]), show(found[1]))
}

// ends says whether a path is a name, or ends with it.
func ends(path, name string) bool { return path == name || strings.HasSuffix(path, "/"+name) }
