package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var page string

// Report is the page of a whole measurement.
type Report struct {
	Title   string
	Command string // that made it
	Machine string // processor, system, release
	When    string
	Results []*Result
}

// WriteHTML writes one file that needs no other.
func (p *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"roofline": Roofline,
		"bytes":    megabytes,
		"optional": optional,
		"percent":  func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
		"times":    func(v float64) string { return fmt.Sprintf("%.3f", v) },
		"bar":      bar,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// bar is the length of a ratio's bar in percent of the longest, which stands for 2.
func bar(ratio *float64) float64 {
	if ratio == nil {
		return 0
	}
	return min(*ratio, 2) * 50
}

func optional(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", *v)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// Rows is the table of the results as text, the first row the heads.
func Rows(list []*Result) [][]string {
	rows := [][]string{{
		"MODEL", "MODE", "KERNELS", "THREADS", "OURS MS", "P95", "CPU", "THEIRS MS", "RATIO", "RATIO P10", "RATIO CPU", "GFLOP/S", "OF PEAK", "RUN", "WEIGHTS", "DIFFERENCE", "QUIET",
	}}
	for _, r := range list {
		theirs, diff := "–", "–"
		if r.TheirsMS != nil {
			theirs = fmt.Sprintf("%.3f", *r.TheirsMS)
		}
		if r.Diff != nil {
			diff = fmt.Sprintf("%.1e", *r.Diff)
		}
		rows = append(rows, []string{
			r.Model, string(r.Mode), r.Kernels, fmt.Sprint(r.Threads),
			fmt.Sprintf("%.3f", r.OursMS), fmt.Sprintf("%.3f", r.Ours.P95), fmt.Sprintf("%.3f", r.Ours.CPU), theirs,
			optional(r.Ratio), optional(r.RatioP10), optional(r.RatioCPU),
			fmt.Sprintf("%.1f", r.GFLOPS), fmt.Sprintf("%.0f %%", 100*r.Share),
			megabytes(r.Memory.Run), megabytes(r.Memory.Weights), diff, fmt.Sprintf("%d/%d", r.Quiet, r.Rounds),
		})
	}
	return rows
}

// LayerRows is the table of a result's steps as text, the first row the heads.
func LayerRows(r *Result) [][]string {
	rows := [][]string{{"STEP", "OPERATORS", "OUTPUT", "MS", "SHARE", "MMACS", "GFLOP/S", "OF PEAK"}}
	total := r.total()
	for _, l := range r.Layers {
		rows = append(rows, []string{
			l.Name, l.Kinds, l.Shape, fmt.Sprintf("%.3f", l.MS), fmt.Sprintf("%.1f %%", 100*l.MS/total),
			fmt.Sprintf("%.1f", float64(l.MACs)/1e6), fmt.Sprintf("%.1f", l.GFLOPS), fmt.Sprintf("%.0f %%", 100*l.Share),
		})
	}
	return rows
}
