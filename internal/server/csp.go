package server

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"vizserver/internal/fault"
)

// maxReport is the size of a browser's report: one violation is a few hundred bytes.
const maxReport = 16 << 10

// cspReport counts and logs what a browser refused to do on a page of ours.
func (s *Server) cspReport(w http.ResponseWriter, r *http.Request) error {
	kind := r.Header.Get("Content-Type")
	if !strings.HasPrefix(kind, "application/csp-report") && !strings.HasPrefix(kind, "application/json") {
		return say(fault.Unsupported, "fault.report")
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		return err
	}
	var body struct {
		Report struct {
			Directive string `json:"effective-directive"`
			Blocked   string `json:"blocked-uri"`
			Source    string `json:"source-file"`
			Line      int    `json:"line-number"`
			Sample    string `json:"script-sample"`
		} `json:"csp-report"`
	}
	if err := json.Unmarshal(b, &body); err != nil || body.Report.Directive == "" {
		return say(fault.Invalid, "fault.report")
	}
	s.metrics.reports.Inc()
	s.reports.Add(1)
	s.log.LogAttrs(r.Context(), slog.LevelWarn, "page policy violated",
		slog.String("directive", cut(body.Report.Directive, 60)), slog.String("blocked", cut(body.Report.Blocked, 200)),
		slog.String("source", cut(body.Report.Source, 200)), slog.Int("line", body.Report.Line),
		slog.String("sample", cut(body.Report.Sample, 80)))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// CSPReports returns how many reports browsers have sent: a test of pages
// asserts that there are none.
func (s *Server) CSPReports() int64 { return s.reports.Load() }
