package main

import (
	"encoding/json"
	"fmt"

	"github.com/dustin/go-humanize"

	"vizserver/internal/pull"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// modelsCmd lists the networks.
type modelsCmd struct {
	cacheFlag `embed:""`

	JSON bool `name:"json" help:"As a JSON array of objects with name, title, year, paper, task, input, units, parameters, connections, macs, weights, pulled, pull, imported, accuracy, sha256 and licence."`
}

// Help implements kong's HelpProvider.
func (modelsCmd) Help() string {
	return `WEIGHTS says whether trained weights of the network are in this binary, were pulled, or can be pulled ('vizserver pull NAME'); where there is a dash, they come from a file. Imported models stand at the end.`
}

// modelLine is one network of the list.
type modelLine struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Year        int      `json:"year"`
	Paper       string   `json:"paper"`
	Task        zoo.Task `json:"task"`
	Input       [3]int   `json:"input"` // C, H, W
	Units       int      `json:"units"`
	Parameters  int      `json:"parameters"`
	Connections int64    `json:"connections"`
	MACs        int64    `json:"macs"`
	Weights     bool     `json:"weights"`            // they are in this binary
	Pulled      bool     `json:"pulled"`             // they are in the cache
	Pull        bool     `json:"pull"`               // they can be pulled
	Imported    bool     `json:"imported"`           // a model of the user's own
	Accuracy    float64  `json:"accuracy,omitempty"` // 0…1, on the 10,000 MNIST test digits; of no other net measured here
	SHA256      string   `json:"sha256,omitempty"`   // of the weights in this binary
	Licence     string   `json:"licence,omitempty"`  // of the weights in this binary
}

// Run implements the command.
func (c *modelsCmd) Run(e *env) error {
	cache, err := c.cache()
	if err != nil {
		return err
	}
	lines := []modelLine{}
	for _, entry := range zoo.Table() {
		line, err := listModel(&entry, cache)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	own, err := listImported(cache)
	if err != nil {
		return err
	}
	for _, m := range own {
		lines = append(lines, modelLine{
			Name: m.Name, Title: m.From, Year: m.At.Year(), Task: "imported", Input: m.Input, Units: m.Units,
			Parameters: m.Parameters, Connections: m.Connections, MACs: m.MACs, Imported: true,
		})
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(lines)
	}
	rows := [][]string{{"NAME", "TITLE", "YEAR", "TASK", "INPUT", "WEIGHTS", "TEST ACCURACY", "PARAMETERS", "MULTIPLY-ADDS"}}
	for _, m := range lines {
		weights, accuracy := "–", "–"
		switch {
		case m.Weights:
			weights = "in the binary"
		case m.Imported:
			weights = "imported"
		case m.Pulled:
			weights = "pulled"
		case m.Pull:
			weights = "to pull"
		}
		if m.Accuracy > 0 {
			accuracy = fmt.Sprintf("%.2f %%", 100*m.Accuracy)
		}
		rows = append(rows, []string{
			m.Name, m.Title, fmt.Sprint(m.Year), string(m.Task), fmt.Sprintf("%d×%d×%d", m.Input[0], m.Input[1], m.Input[2]),
			weights, accuracy, humanize.Comma(int64(m.Parameters)), humanize.Comma(m.MACs),
		})
	}
	return writeTable(e.stdout, rows, 6)
}

func listModel(entry *zoo.Entry, cache *pull.Cache) (modelLine, error) {
	g, err := entry.Graph()
	if err != nil {
		return modelLine{}, err
	}
	in := g.InputValue().Shape
	line := modelLine{
		Name: entry.Name, Title: entry.Title, Year: entry.Year, Paper: entry.Paper, Task: entry.Task,
		Input: [3]int{in.C, in.H, in.W}, Units: g.Units(), Parameters: g.NumParams(false),
		Connections: g.Connections(), MACs: g.MACs(),
	}
	if f, err := pull.Find(entry.Name); err == nil {
		line.Pull = true
		_, _, err := cache.Path(f)
		line.Pulled = err == nil
	}
	list, err := models.Manifest()
	for _, info := range list {
		if info.Name == entry.Name {
			line.Weights, line.Accuracy, line.SHA256, line.Licence = true, info.TestAccuracy, info.SHA256, info.Licence
		}
	}
	return line, err
}
