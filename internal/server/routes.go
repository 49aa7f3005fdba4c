package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"
)

// front says what stands in front of a route.
type front uint8

const (
	pageRoute   front = iota // a page for a person: compressed, bounded in time
	apiRoute                 // JSON: the same, and counted for each address
	uploadRoute              // JSON for a body that may take its time
	plainRoute               // as it is
)

// route is one line of the table.
type route struct {
	method, path string
	front        front
	handle       handler
}

// table is every address of this server.
func (s *Server) table() []route {
	return []route{
		{"GET", "/", pageRoute, s.home},
		{"GET", "/draw", pageRoute, s.draw},
		{"GET", "/favicon.ico", plainRoute, s.favicon},
		{"GET", "/static/*", plainRoute, s.assets.serve},

		{"GET", "/ws", plainRoute, s.socket},
		{"GET", "/api/models", apiRoute, s.listedModels},
		{"GET", "/api/models/{name}", apiRoute, s.modelManifest},
		{"GET", "/api/models/{name}/weights/{file}", apiRoute, s.modelWeights},
		{"GET", "/api/digits/random", apiRoute, s.randomDigit},
		{"GET", "/api/digits/{index}", apiRoute, s.digit},
		{"POST", "/api/images", uploadRoute, s.picture},
		{"POST", reportPath, apiRoute, s.cspReport},

		{"GET", "/healthz", plainRoute, s.healthz},
		{"GET", "/readyz", plainRoute, s.readyz},
		{"GET", "/metrics", plainRoute, s.onlyLoopback(s.scrape)},
	}
}

// routes builds the handler: the guards in their order, then the table.
func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(secured, identified, s.logged, s.recovered, s.checkHost, s.checkToken, s.checkCrossOrigin, middleware.GetHead)
	compressed, err := gzhttp.NewWrapper(gzhttp.MinSize(minGzip))
	if err != nil {
		panic(err) // the options are constants
	}
	for _, line := range s.table() {
		var h http.Handler = s.wrap(line.handle)
		switch line.front {
		case pageRoute:
			h = compressed(s.bounded(h))
		case apiRoute:
			h = s.callers.limit(s, compressed(s.bounded(h)))
		case uploadRoute:
			h = s.callers.limit(s, h)
		case plainRoute:
		}
		r.Method(line.method, line.path, h)
	}
	r.NotFound(s.wrap(s.missing))
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Allow", allowedMethods(r, req.URL.Path))
		s.wrap(s.wrongMethod)(w, req)
	})
	return r
}

// allowedMethods lists the methods that a path answers to.
func allowedMethods(r chi.Routes, path string) string {
	var found []string
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		if r.Match(chi.NewRouteContext(), m, path) {
			found = append(found, m)
			if m == http.MethodGet {
				found = append(found, http.MethodHead)
			}
		}
	}
	return strings.Join(found, ", ")
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, http.StatusOK, "ok\n")
}

// readyz says whether new work is welcome: a balancer asks.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) error {
	if s.draining.Load() {
		return plain(w, http.StatusServiceUnavailable, "draining\n")
	}
	return plain(w, http.StatusOK, "ready\n")
}

func (s *Server) scrape(w http.ResponseWriter, r *http.Request) error {
	s.metrics.handler().ServeHTTP(w, r)
	return nil
}

func (s *Server) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, s.assets.url("icon.svg"), http.StatusFound)
	return nil
}

func plain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write([]byte(text))
	return err
}
