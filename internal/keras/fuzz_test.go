package keras_test

import (
	"path/filepath"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/keras"
	"vizserver/internal/weights"
)

// FuzzRead feeds configs to the parent's side, beside the weights of a good file. A config is
// either refused in words for the user, or makes a graph or an error of one.
func FuzzRead(f *testing.F) {
	files := map[bool]*weights.File{}
	for _, name := range []string{"merge.keras", "plain-2.h5", "nested-2.h5", "shape.keras", "conv-2.h5", "act3.keras", "shared.keras", "first.keras"} {
		w := convert(f, filepath.Join(goldenDir(f), name))
		zip := w.Metadata["keras.format"] == "keras"
		if files[zip] == nil {
			files[zip] = w
		}
		f.Add(w.Metadata["keras.config"], zip, w.Metadata["keras.version"])
	}
	f.Add(functional(layerJSON("InputLayer", "image", image), layerJSON("Flatten", "out", "", "image")), false, "2.2.4")
	f.Fuzz(func(t *testing.T, config string, zip bool, version string) {
		w := *files[zip] // the tensors are shared, the metadata are not
		w.Metadata = map[string]string{"keras.config": config, "keras.version": version, "keras.names": "{}", "keras.format": "h5"}
		if zip {
			w.Metadata["keras.format"] = "keras"
		}
		net, err := keras.Read(&w, keras.Options{})
		if err == nil {
			_, _, err = net.Build()
		}
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("a bad config is not our fault: %v", err)
		}
	})
}
