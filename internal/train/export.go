package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/google/renameio/v2/maybe"

	"vizserver/internal/nn"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// licence of the weights that this project trains.
const licence = "Apache-2.0"

// Export writes NAME.safetensors and NAME.md (the model card) to dir and puts the
// net's entry into dir/manifest.json.
func Export(dir string, m *nn.Model, c Config, test *Result) error {
	command := c.Command()
	var b bytes.Buffer
	if err := WriteModel(&b, m); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	info := models.Info{
		Name: m.Name, File: m.Name + ".safetensors", SHA256: hex.EncodeToString(sum[:]),
		Card: m.Name + ".md", Source: "trained by this project: " + command, Licence: licence,
		TrainingData:  "MNIST, 60,000 training digits (LeCun, Cortes, Burges), augmented",
		Preprocessing: preprocessing(m.Pre),
		Labels:        "digits 0…9", Command: command, Seed: c.Seed,
		TestAccuracy: test.Accuracy(), Confusion: test.Confusion,
	}
	card, err := modelCard(m, c, info, test)
	if err != nil {
		return err
	}
	if err := maybe.WriteFile(filepath.Join(dir, info.File), b.Bytes(), 0o644); err != nil {
		return err
	}
	if err := maybe.WriteFile(filepath.Join(dir, info.Card), card, 0o644); err != nil {
		return err
	}
	return updateManifest(filepath.Join(dir, "manifest.json"), info)
}

// preprocessing says in words how a digit becomes the input.
func preprocessing(p nn.Preprocess) string {
	text := fmt.Sprintf("%d×%d greys, %d px border, x = grey/255", p.Height, p.Width, p.Pad)
	if p.Scale != 1 {
		text += fmt.Sprintf("·%g", p.Scale)
	}
	if p.Offset != 0 {
		text += fmt.Sprintf(" %+g", p.Offset)
	}
	return text
}

// WriteModel writes the model's parameters as safetensors, in the order of the graph.
func WriteModel(b *bytes.Buffer, m *nn.Model) error {
	var list []weights.Tensor
	for _, n := range m.Graph.Nodes {
		for _, p := range n.Params {
			list = append(list, weights.NewFloat32(p.Name, p.Dims, m.Weights[p.Name].Data))
		}
	}
	return weights.Write(b, list, map[string]string{"model": m.Name, "format": "vizserver"})
}

// updateManifest replaces or adds one entry, in the order of the zoo's table.
func updateManifest(path string, info models.Info) error {
	var list []models.Info
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(b, &list); err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
	}
	list = slices.DeleteFunc(list, func(i models.Info) bool { return i.Name == info.Name })
	list = append(list, info)
	order := zoo.Names(zoo.Table())
	slices.SortStableFunc(list, func(a, b models.Info) int {
		return slices.Index(order, a.Name) - slices.Index(order, b.Name)
	})
	out, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return maybe.WriteFile(path, append(flattenRows(out), '\n'), 0o644)
}

// flattenRows puts each row of numbers of the confusion matrix on one line.
func flattenRows(b []byte) []byte {
	var out []string
	for line := range strings.SplitSeq(string(b), "\n") {
		t := strings.TrimSpace(line)
		isNumber := t != "" && strings.Trim(t, "0123456789,") == ""
		closes := t == "]" || t == "],"
		last := len(out) - 1
		if (isNumber || closes) && last >= 0 && rowOpen(out[last]) {
			if isNumber && !strings.HasSuffix(out[last], "[") {
				t = " " + t
			}
			out[last] += t
			continue
		}
		out = append(out, line)
	}
	return []byte(strings.Join(out, "\n"))
}

// rowOpen says that a line is a row of numbers which is not closed yet.
func rowOpen(line string) bool {
	t := strings.TrimSpace(line)
	return strings.HasPrefix(t, "[") && !strings.Contains(t, "]")
}

var card = template.Must(template.New("card").Parse(`# {{.Model.Title}} (` + "`{{.Info.Name}}`" + `)

{{.Entry.Paper}}.

| | |
| --- | --- |
| file | ` + "`{{.Info.File}}`" + `, SHA-256 ` + "`{{.Info.SHA256}}`" + ` |
| parameters | {{.Trained}} trained{{if .Fixed}}, {{.Fixed}} fixed{{end}} |
| connections | {{.Connections}} |
| units on screen | {{.Units}} |
| data | {{.Info.TrainingData}} |
| preprocessing | {{.Info.Preprocessing}} |
| labels | {{.Info.Labels}} |
| command | ` + "`{{.Info.Command}}`" + ` |
| seed | {{.Info.Seed}} |
| loss | {{.Config.Loss}} |
| optimizer | {{.Config.Optimizer}}, learning rate {{.Config.LR}} ({{.Config.Schedule}}), batch {{.Config.Batch}}, {{.Config.Epochs}} epochs |
| augmentation | shift ±{{.Config.Augment.Shift}} px, rotation ±{{.Config.Augment.Rotate}}°, scale ±{{.Config.Augment.Scale}}, skew ±{{.Config.Augment.Skew}}, elastic {{.Config.Augment.Elastic}} px, pen {{.Config.Augment.Pen}} |
| test accuracy | {{printf "%.2f" .Percent}} % of the 10,000 MNIST test digits ({{.Test.Correct}} right) |
| licence | {{.Info.Licence}} |

Confusion on the test digits (row: true digit, column: answer):

| | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{{range $digit, $row := .Test.Confusion}}| **{{$digit}}** |{{range $row}} {{.}} |{{end}}
{{end}}
Meant for teaching: it tells digits drawn on white paper apart and answers with a digit
whatever it is shown. The weights were chosen by the schedule's end, not by the test digits.
`))

// modelCard writes the card of a trained net.
func modelCard(m *nn.Model, c Config, info models.Info, test *Result) ([]byte, error) {
	e, err := zoo.Find(m.Name)
	if err != nil {
		return nil, err
	}
	trained := m.Graph.NumParams(false)
	var b bytes.Buffer
	err = card.Execute(&b, map[string]any{
		"Model": m, "Entry": e, "Info": info, "Config": c, "Test": test,
		"Trained": trained, "Fixed": m.Graph.NumParams(true) - trained,
		"Connections": m.Graph.Connections(), "Units": m.Graph.Units(), "Percent": 100 * test.Accuracy(),
	})
	return b.Bytes(), err
}
