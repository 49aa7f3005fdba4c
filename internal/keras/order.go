package keras

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"vizserver/internal/fault"
	"vizserver/internal/hdf5"
	"vizserver/internal/weights"
)

// Weights alone: the official files of Keras Applications, and Keras 2's save_weights. They name
// layers and weights as Keras did when they were made, so Keras itself gives them to the model
// by their order alone: keras.src.legacy.saving.legacy_h5_format.load_weights_from_hdf5_group.
// Convert writes weight k of layer number i as "i/k".

const (
	formatOrder = "order"       // of metaFormat
	metaLayers  = "keras.count" // formatOrder: layers that have weights
)

//go:embed apps/*.json.gz
var apps embed.FS

// App is the plan of a net whose file holds weights alone.
type App struct {
	Config  string   `json:"config"` // JSON of the model
	Version string   `json:"version"`
	Layers  []string `json:"layers"` // those with weights, in the order in which Keras loads them
}

// FindApp returns the plan of Keras's own net for a name of the zoo; nil where Keras Applications
// have none.
func FindApp(net string) (*App, error) {
	f, err := apps.Open("apps/" + net + ".json.gz")
	if err != nil {
		return nil, nil // there is none
	}
	defer func() { _ = f.Close() }() // it was only read
	a, err := readPlan(f)
	if err != nil {
		return nil, fmt.Errorf("read internal/keras/apps/%s.json.gz: %w", net, err)
	}
	return a, nil
}

func readPlan(r io.Reader) (*App, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	a := &App{}
	return a, json.NewDecoder(io.LimitReader(z, maxConfig)).Decode(a)
}

// convertOrder converts weights alone, by the order of the layers and of the weights in each.
func convertOrder(f *hdf5.File, layers []string, out io.Writer) error {
	places := map[string]*hdf5.Dataset{}
	for i := range f.Datasets {
		places[f.Datasets[i].Path] = &f.Datasets[i]
	}
	var tensors []weights.Tensor
	count := 0
	for _, layer := range layers {
		names, err := f.Strings(layer, "weight_names")
		if err != nil {
			return err
		}
		for k, name := range names {
			d := places[layer+"/"+name]
			if d == nil {
				return fault.New(fault.Unprocessable, "the file has no weight %s of layer %s, which it lists", show(name), show(layer))
			}
			values, err := f.Read(d)
			if err != nil {
				return err
			}
			tensors = append(tensors, weights.NewFloat32(fmt.Sprintf("%d/%d", count, k), d.Dims, values))
		}
		if len(names) > 0 {
			count++
		}
	}
	return weights.Write(out, tensors, map[string]string{metaFormat: formatOrder, metaLayers: strconv.Itoa(count)})
}

// planOf returns the config and the version of the model whose weights these are.
func planOf(f *weights.File, a *App) (config, version string, err error) {
	if f.Metadata[metaFormat] != formatOrder {
		return f.Metadata[metaConfig], f.Metadata[metaVersion], nil
	}
	if a == nil {
		return "", "", fault.New(fault.Unprocessable, "this file holds the weights of a Keras model, but not the model itself").
			WithHint("Load the weights into the model in Keras, and save both: model.save(\"name.keras\"). Of official weights, say which net they are for.")
	}
	if n := f.Metadata[metaLayers]; n != strconv.Itoa(len(a.Layers)) {
		return "", "", fault.New(fault.Unprocessable, "the file has weights for %.20s layers, and the net has %d: they do not belong together", n, len(a.Layers))
	}
	return a.Config, a.Version, nil
}

// ordered finds weight number k of a layer by the layer's place.
func (s *store) ordered(l *layer, k int) *weights.Tensor {
	return s.file.Tensor(fmt.Sprintf("%d/%d", slices.Index(s.order, l.name), k))
}
