package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// modelsCmd lists the networks.
type modelsCmd struct {
	JSON bool `name:"json" help:"As a JSON array of objects with name, title, year, paper, input, units, parameters, connections, accuracy, sha256 and licence."`
}

// modelLine is one network of the list.
type modelLine struct {
	Name        string  `json:"name"`
	Title       string  `json:"title"`
	Year        int     `json:"year"`
	Paper       string  `json:"paper"`
	Input       [3]int  `json:"input"` // C, H, W
	Units       int     `json:"units"`
	Parameters  int     `json:"parameters"`
	Connections int64   `json:"connections"`
	Accuracy    float64 `json:"accuracy"` // 0…1, on the 10,000 MNIST test digits
	SHA256      string  `json:"sha256"`
	Licence     string  `json:"licence"`
}

// Run implements the command.
func (c *modelsCmd) Run(e *env) error {
	lines := []modelLine{}
	for _, entry := range zoo.Of(zoo.Digits) {
		g, err := entry.Graph()
		if err != nil {
			return err
		}
		info, err := models.Find(entry.Name)
		if err != nil {
			return err
		}
		in := g.InputValue().Shape
		lines = append(lines, modelLine{
			Name: entry.Name, Title: entry.Title, Year: entry.Year, Paper: entry.Paper, Input: [3]int{in.C, in.H, in.W},
			Units: g.Units(), Parameters: g.NumParams(false), Connections: g.Connections(),
			Accuracy: info.TestAccuracy, SHA256: info.SHA256, Licence: info.Licence,
		})
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(lines)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tTITLE\tUNITS\tPARAMETERS\tTEST ACCURACY\tPAPER")
	for _, m := range lines {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.2f %%\t%s\n", m.Name, m.Title, m.Units, m.Parameters, 100*m.Accuracy, m.Paper)
	}
	return w.Flush()
}

// loadModel loads a network, or says which one was probably meant.
func loadModel(name string) (*nn.Model, error) {
	m, err := zoo.Load(name)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, fault.New(fault.NotFound, "there is no network %q; did you mean %s?", name, zoo.Nearest(name)).
			WithHint("see: vizserver models").WithCause(err)
	}
	return m, err
}
