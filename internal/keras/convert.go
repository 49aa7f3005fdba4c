package keras

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/hdf5"
	"vizserver/internal/weights"
)

// Metadata that Convert writes and Read reads.
const (
	metaFormat  = "keras.format"  // formatH5 or formatZip
	metaConfig  = "keras.config"  // JSON of the model
	metaVersion = "keras.version" // "2.15.0"
	metaNames   = "keras.names"   // formatZip: JSON, container path → name of the layer

	formatH5  = "h5"
	formatZip = "keras"
)

// Limits on the container; those on numbers are hdf5's.
const (
	maxConfig  = 8 << 20
	maxMembers = 10_000
	maxUnfold  = 4        // a zip may unfold to so many times its size …
	minUnfold  = 15 << 20 // … and this; a confined child may write 16 MiB more than four times the file
)

// Members of a .keras file.
const (
	memberConfig   = "config.json"
	memberMetadata = "metadata.json"
	memberWeights  = "model.weights.h5"
)

var magicHDF5 = []byte("\x89HDF\r\n\x1a\n")

// Convert reads a .keras or .h5 file and writes safetensors: every weight under its path, the
// config in the metadata. It is the job of a confined child (package confine): a copy of the
// HDF5 part goes for a while into the working directory, the child's own, for the library opens
// files by name. Errors have kinds and words for the user.
func Convert(in *os.File, out io.Writer) error {
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("size of the file: %w", err)
	}
	head := make([]byte, len(magicHDF5))
	if _, err := in.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the file: %w", err)
	}
	switch {
	case bytes.Equal(head, magicHDF5):
		return convertH5(io.NewSectionReader(in, 0, info.Size()), info.Size(), out)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return convertZip(in, info.Size(), out)
	}
	return fault.New(fault.Unprocessable, "this is neither a .keras file (a zip) nor a .h5 file (HDF5)")
}

// openHDF5 copies r to a file of the working directory, which dies with the child, and opens it.
func openHDF5(r io.Reader, most int64) (*hdf5.File, func(), error) {
	dir, err := os.MkdirTemp(".", "h5-")
	if err != nil {
		return nil, nil, fmt.Errorf("directory for the weights: %w", err)
	}
	drop := func() { _ = os.RemoveAll(dir) }
	file, err := os.Create(dir + "/model.h5")
	if err != nil {
		drop()
		return nil, nil, fmt.Errorf("copy of the weights: %w", err)
	}
	n, err := io.Copy(file, io.LimitReader(r, most+1))
	if err = errors.Join(err, file.Close()); err != nil {
		drop()
		return nil, nil, fault.New(fault.Unprocessable, "the weights cannot be unpacked: the zip is damaged").WithCause(err)
	}
	if n > most {
		drop()
		return nil, nil, fault.New(fault.TooLarge, "the zip unfolds to more than %d times its size", maxUnfold)
	}
	f, err := hdf5.Open(file.Name(), n)
	if err != nil {
		drop()
		return nil, nil, err
	}
	return f, func() { _ = f.Close(); drop() }, nil
}

// convertH5 converts a whole model in one HDF5 file: Keras 2, and "legacy" HDF5 of Keras 3.
func convertH5(r io.Reader, size int64, out io.Writer) error {
	f, done, err := openHDF5(r, size)
	if err != nil {
		return err
	}
	defer done()
	config, err := f.Strings("", "model_config")
	if err != nil {
		return err
	}
	if len(config) != 1 {
		layers, err := f.Strings("", "layer_names")
		if err != nil || len(layers) == 0 {
			return noConfig(f)
		}
		return convertOrder(f, layers, out)
	}
	meta := map[string]string{metaFormat: formatH5, metaConfig: config[0]}
	if version, err := f.Strings("", "keras_version"); err == nil && len(version) == 1 {
		meta[metaVersion] = version[0]
	}
	return write(f, "model_weights/", meta, out)
}

// noConfig says what a file without the plan of the net is.
func noConfig(f *hdf5.File) error {
	names, err := f.Strings("", "layer_names")
	if err == nil && len(names) > 0 || f.Has("layers") || f.Has("_layer_checkpoint_dependencies") {
		return fault.New(fault.Unprocessable, "this file holds the weights of a Keras model, but not the model itself").
			WithHint("load the weights into the model in Keras, and save both: model.save(\"name.keras\")")
	}
	return fault.New(fault.Unprocessable, "this HDF5 file holds no Keras model: it has no attribute model_config").
		WithHint("save the model with model.save(\"name.keras\")")
}

// convertZip converts a .keras file.
func convertZip(in io.ReaderAt, size int64, out io.Writer) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return fault.New(fault.Unprocessable, "the zip is damaged: its list of members cannot be read").WithCause(err)
	}
	if len(z.File) > maxMembers {
		return fault.New(fault.TooLarge, "the zip has %d members, at most %d are read", len(z.File), maxMembers)
	}
	config, err := readMember(z, memberConfig)
	if err != nil {
		return err
	}
	var about struct {
		Version string `json:"keras_version"`
	}
	if b, err := readMember(z, memberMetadata); err == nil {
		_ = json.Unmarshal(b, &about) // only to tell old from new where the config does not
	}
	member, err := find(z, memberWeights)
	if err != nil {
		return err
	}
	r, err := member.Open()
	if err != nil {
		return damagedMember(memberWeights, err)
	}
	f, done, err := openHDF5(r, minUnfold+maxUnfold*size)
	_ = r.Close() // read-only: nothing to lose
	if err != nil {
		return err
	}
	defer done()
	names, err := layerNames(f)
	if err != nil {
		return err
	}
	return write(f, "", map[string]string{
		metaFormat: formatZip, metaConfig: string(config), metaVersion: about.Version, metaNames: names,
	}, out)
}

// find returns the member of that name; the second of two is what a reader by name would miss.
func find(z *zip.Reader, name string) (*zip.File, error) {
	var found *zip.File
	for _, m := range z.File {
		if m.Name != name {
			continue
		}
		if found != nil {
			return nil, fault.New(fault.Unprocessable, "the zip has two members %q", name)
		}
		found = m
	}
	switch {
	case found == nil:
		return nil, fault.New(fault.Unprocessable, "the zip has no member %q, so it is no .keras file", name).
			WithHint("save the model with model.save(\"name.keras\"), in one piece")
	case found.Flags&1 != 0:
		return nil, fault.New(fault.Unprocessable, "member %q of the zip is encrypted", name)
	case found.Method != zip.Store && found.Method != zip.Deflate:
		return nil, fault.New(fault.Unprocessable, "member %q of the zip is packed by method %d; only stored and deflated ones are read", name, found.Method)
	}
	return found, nil
}

// readMember returns the bytes of a small member.
func readMember(z *zip.Reader, name string) ([]byte, error) {
	m, err := find(z, name)
	if err != nil {
		return nil, err
	}
	r, err := m.Open()
	if err != nil {
		return nil, damagedMember(name, err)
	}
	defer func() { _ = r.Close() }() // read-only
	b, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return nil, damagedMember(name, err)
	}
	if len(b) > maxConfig {
		return nil, fault.New(fault.TooLarge, "member %q of the zip has more than %d bytes", name, maxConfig)
	}
	return b, nil
}

func damagedMember(name string, err error) error {
	return fault.New(fault.Unprocessable, "member %q of the zip is damaged", name).WithCause(err)
}

// layerNames returns, as JSON, the names of the layers by the path of their container: Keras 3
// writes them beside the variables, and calls the containers after the classes.
func layerNames(f *hdf5.File) (string, error) {
	names := map[string]string{}
	for path := range f.Groups() {
		container, ok := strings.CutSuffix(path, "/vars")
		if !ok {
			continue
		}
		name, err := f.Strings(path, "name")
		if err != nil {
			return "", err
		}
		if len(name) == 1 {
			names[container] = name[0]
		}
	}
	b, err := json.Marshal(names)
	return string(b), err
}

// write writes the numbers below a path, the state of the optimizer left out.
func write(f *hdf5.File, below string, meta map[string]string, out io.Writer) error {
	if len(meta[metaConfig]) > maxConfig {
		return fault.New(fault.TooLarge, "the config of the model has more than %d bytes", maxConfig)
	}
	var tensors []weights.Tensor
	for i := range f.Datasets {
		d := &f.Datasets[i]
		path, ok := strings.CutPrefix(d.Path, below)
		if !ok || strings.HasPrefix(path, "optimizer/") || strings.HasPrefix(path, "_optimizer/") {
			continue
		}
		values, err := f.Read(d)
		if err != nil {
			return err
		}
		tensors = append(tensors, weights.NewFloat32(path, d.Dims, values))
	}
	if err := weights.Write(out, tensors, meta); err != nil {
		return fault.New(fault.Unprocessable, "the weights cannot be listed: a path stands twice, is too long, or is no text").WithCause(err)
	}
	return nil
}
