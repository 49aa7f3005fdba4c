package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"vizserver/internal/fault"
	"vizserver/internal/trace"
	"vizserver/internal/zoo"
	"vizserver/models"
	"vizserver/web/templates"
)

// nets gives package trace the nets of the zoo with what is known of their weights.
type nets struct{}

// Load implements trace.Nets.
func (nets) Load(name string) (*trace.Net, error) {
	m, err := zoo.Load(name)
	if err != nil {
		return nil, err
	}
	info, err := models.Find(name)
	if err != nil {
		return nil, err
	}
	return &trace.Net{
		Model: m, WeightsURL: weightsURL(info), WeightsSHA256: info.SHA256,
		Accuracy: info.TestAccuracy, Confusion: info.Confusion,
	}, nil
}

func weightsURL(info models.Info) string {
	return "/api/models/" + info.Name + "/weights/" + info.SHA256 + ".safetensors"
}

// modelInfo is one net in GET /api/models.
type modelInfo struct {
	Name       string  `json:"name"`
	Title      string  `json:"title"`
	Year       int     `json:"year"`
	Paper      string  `json:"paper"`
	Units      int     `json:"units"`
	Params     int     `json:"params"`
	Accuracy   float64 `json:"accuracy"`
	Summary    string  `json:"summary"`
	Manifest   string  `json:"manifest"`
	WeightsURL string  `json:"weights"`
	Licence    string  `json:"licence"`
}

// modelList is what every page says of the nets; only their summaries depend
// on the language.
type modelList struct{ infos []modelInfo }

func listModels() (*modelList, error) {
	list := &modelList{}
	for _, e := range zoo.Of(zoo.Digits) {
		g, err := e.Graph()
		if err != nil {
			return nil, err
		}
		info, err := models.Find(e.Name)
		if err != nil {
			return nil, err
		}
		list.infos = append(list.infos, modelInfo{
			Name: e.Name, Title: e.Title, Year: e.Year, Paper: e.Paper,
			Units: g.Units(), Params: g.NumParams(false), Accuracy: info.TestAccuracy,
			Manifest: "/api/models/" + e.Name, WeightsURL: weightsURL(info), Licence: info.Licence,
		})
	}
	return list, nil
}

func summaryKey(name string) string { return "model." + name + ".summary" }

func (s *Server) modelItems(lang string) []templates.ModelItem {
	word := s.words.T(lang)
	items := make([]templates.ModelItem, len(s.models.infos))
	for i, m := range s.models.infos {
		items[i] = templates.ModelItem{
			Name: m.Name, Title: m.Title, Units: m.Units, Params: m.Params, Accuracy: m.Accuracy,
			Summary: word(summaryKey(m.Name)),
		}
	}
	return items
}

func (s *Server) defaultModel() string { return s.models.infos[0].Name }

func (s *Server) hasModel(name string) bool {
	return slices.ContainsFunc(s.models.infos, func(m modelInfo) bool { return m.Name == name })
}

// listedModels is GET /api/models.
func (s *Server) listedModels(w http.ResponseWriter, r *http.Request) error {
	word := s.words.T(langOf(r))
	list := slices.Clone(s.models.infos)
	for i := range list {
		list[i].Summary = word(summaryKey(list[i].Name))
	}
	return sendJSON(w, "no-cache", list)
}

// modelManifest is GET /api/models/{name}: what a socket gets after hello.
func (s *Server) modelManifest(w http.ResponseWriter, r *http.Request) error {
	b, err := s.hub.ManifestJSON(chi.URLParam(r, "name"))
	if err != nil {
		return s.nearModel(err, chi.URLParam(r, "name"))
	}
	return send(w, "application/json", "no-cache", b)
}

// modelWeights is GET /api/models/{name}/weights/{sha}.safetensors. The hash is
// in the address, so the answer never changes.
func (s *Server) modelWeights(w http.ResponseWriter, r *http.Request) error {
	name := chi.URLParam(r, "name")
	info, err := models.Find(name)
	if err != nil {
		return s.nearModel(err, name)
	}
	if chi.URLParam(r, "file") != info.SHA256+".safetensors" {
		return say(fault.NotFound, "fault.weights")
	}
	b, err := models.File(name)
	if err != nil {
		return err
	}
	return send(w, "application/octet-stream", "public, max-age=31536000, immutable", b)
}

// nearModel names the nearest net where there is none of this name. A net that
// exists, but whose weights are not here, keeps its own error.
func (s *Server) nearModel(err error, name string) error {
	if _, unknown := zoo.Find(name); unknown == nil {
		return err
	}
	return say(fault.NotFound, "fault.model", "name", cut(name, 60), "near", zoo.Nearest(name)).because(err)
}

// sendJSON answers with a value.
func sendJSON(w http.ResponseWriter, cache string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return send(w, "application/json", cache, append(b, '\n'))
}

// send answers with bytes. A text has its length set by the compressor.
func send(w http.ResponseWriter, kind, cache string, b []byte) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", cache)
	if len(b) < minGzip {
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	}
	_, err := w.Write(b)
	return err
}
