package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/google/renameio/v2/maybe"

	"vizserver/internal/fault"
	"vizserver/internal/mnist"
	"vizserver/internal/weights"
)

// CheckpointError says why a file cannot be resumed from.
type CheckpointError struct{ Text string }

func (e *CheckpointError) Error() string { return "checkpoint: " + e.Text }

// Kind marks the error as the file's fault.
func (e *CheckpointError) Kind() fault.Kind { return fault.Unprocessable }

// Save writes everything that Resume needs; the file is replaced as a whole, so that
// a kill at any moment leaves the old one or the new one.
func (t *Trainer) Save(path string) error {
	config, err := json.Marshal(t.c)
	if err != nil {
		return err
	}
	meta := map[string]string{
		"vizserver.checkpoint": "1", "config": string(config),
		"epoch": strconv.Itoa(t.epoch), "batch": strconv.Itoa(t.batch), "step": strconv.Itoa(t.opt.step),
		"loss_sum": strconv.FormatFloat(t.lossSum, 'g', -1, 64),
	}
	var list []weights.Tensor
	for kind, set := range t.state() {
		for i, data := range set {
			list = append(list, weights.NewFloat32(stateName(kind, t.names[i]), []int{len(data)}, data))
		}
	}
	var b bytes.Buffer
	if err := weights.Write(&b, list, meta); err != nil {
		return err
	}
	return maybe.WriteFile(path, b.Bytes(), 0o644)
}

// state returns the slices that a checkpoint holds, by kind: they are written to in place.
func (t *Trainer) state() [][][]float32 {
	return [][][]float32{t.params, t.average, t.opt.m, t.opt.v}
}

func stateName(kind int, name string) string {
	return [...]string{"param/", "average/", "m/", "v/"}[kind] + name
}

// Resume prepares to go on where a checkpoint stopped. The settings are the checkpoint's.
func Resume(b []byte, data *mnist.Dataset) (*Trainer, error) {
	f, err := weights.Read(b)
	if err != nil {
		return nil, err
	}
	if f.Metadata["vizserver.checkpoint"] != "1" {
		return nil, &CheckpointError{Text: "this file is not a checkpoint of vizserver train"}
	}
	var c Config
	if err := json.Unmarshal([]byte(f.Metadata["config"]), &c); err != nil {
		return nil, &CheckpointError{Text: "its settings cannot be read"}
	}
	t, err := New(c, data)
	if err != nil {
		return nil, err
	}
	for kind, set := range t.state() {
		for i, data := range set {
			src := f.Tensor(stateName(kind, t.names[i]))
			if src == nil || src.Len() != len(data) {
				return nil, &CheckpointError{Text: fmt.Sprintf("it has no %s of %d values", stateName(kind, t.names[i]), len(data))}
			}
			copy(data, src.Float32())
		}
	}
	return t, t.place(f.Metadata)
}

// place sets epoch, batch and step from the checkpoint's metadata.
func (t *Trainer) place(meta map[string]string) error {
	for name, dst := range map[string]*int{"epoch": &t.epoch, "batch": &t.batch, "step": &t.opt.step} {
		n, err := strconv.Atoi(meta[name])
		if err != nil || n < 0 {
			return &CheckpointError{Text: "its " + name + " cannot be read"}
		}
		*dst = n
	}
	if t.epoch > t.c.Epochs || t.batch >= t.perEpoch() {
		return &CheckpointError{Text: "it stands behind the end of its own training"}
	}
	sum, err := strconv.ParseFloat(meta["loss_sum"], 64)
	if err != nil {
		return &CheckpointError{Text: "its loss cannot be read"}
	}
	t.lossSum = sum
	return nil
}

// ResumeFile is Resume for a file.
func ResumeFile(path string, data *mnist.Dataset) (*Trainer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Resume(b, data)
}
