package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"vizserver/internal/fault"
	"vizserver/internal/i18n"
	"vizserver/web/templates"
)

const (
	langCookie  = "viz_lang"
	themeCookie = "viz_theme"
	wishAge     = 365 * 24 * time.Hour
)

var themes = []string{"dark", "light"}

// langOf returns the language for a request: the address, then the cookie,
// then what the browser asks for.
func langOf(r *http.Request) string {
	return i18n.Match(r.URL.Query().Get("lang"), cookie(r, langCookie), r.Header.Get("Accept-Language"))
}

// themeOf returns "dark", "light", or "" when the browser decides.
func themeOf(r *http.Request) string {
	for _, wish := range []string{r.URL.Query().Get("theme"), cookie(r, themeCookie)} {
		if slices.Contains(themes, wish) {
			return wish
		}
	}
	return ""
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// page makes what every page needs, and remembers what the address asked for.
func (s *Server) page(w http.ResponseWriter, r *http.Request) templates.Page {
	lang, theme := langOf(r), themeOf(r)
	if r.URL.Query().Get("lang") != "" {
		remember(w, r, langCookie, lang)
	}
	if r.URL.Query().Get("theme") != "" && theme != "" {
		remember(w, r, themeCookie, theme)
	}
	return templates.Page{
		Lang: lang, Theme: theme, T: s.words.T(lang), Static: s.assets.url,
		Entry: "js/main.js", Preload: s.assets.modules("js/main.js"),
	}
}

func remember(w http.ResponseWriter, r *http.Request, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(wishAge / time.Second),
		SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

// render writes a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	if head.Get("Cache-Control") == "" {
		head.Set("Cache-Control", "no-cache")
	}
	head.Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	if err := c.Render(r.Context(), w); err != nil {
		s.log.DebugContext(r.Context(), "page not sent") // the reader went away
	}
}

// home is the page /.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r)
	p.Entry, p.Preload, p.Words = "js/home.js", s.assets.modules("js/home.js"), true
	p.Styles = s.assets.existing("css/views/home.css")
	s.render(w, r, http.StatusOK, templates.Home(templates.HomeView{Page: p, Models: s.modelItems(p.Lang)}))
	return nil
}

// drawSheets are the styles of the views on /draw, in the order of the page.
var drawSheets = []string{
	"css/views/pad.css", "css/views/answer.css", "css/views/stage.css", "css/views/twin.css",
	"css/views/inspector.css", "css/views/thread.css", "css/views/modelmenu.css",
	"css/views/keys.css", "css/views/connection.css",
}

// draw is the page /draw. An address that asks for a net that does not exist
// still opens: the page says so and shows the default net.
func (s *Server) draw(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r)
	p.Title, p.Active, p.Keys = p.T("nav.draw"), "draw", true
	p.Entry, p.Preload, p.Words = "js/draw.js", s.assets.modules("js/draw.js"), true
	p.Styles = s.assets.existing(drawSheets...)
	v := templates.DrawView{Page: p, Models: s.modelItems(p.Lang), Model: s.defaultModel()}
	if wish := r.URL.Query().Get("net"); s.hasModel(wish) {
		v.Model = wish
	}
	s.render(w, r, http.StatusOK, templates.Draw(v))
	return nil
}

// missing answers every address that is not in the table.
func (s *Server) missing(http.ResponseWriter, *http.Request) error {
	return say(fault.NotFound, "fault.address")
}

// wrongMethod answers a known address that was asked in another way.
func (s *Server) wrongMethod(http.ResponseWriter, *http.Request) error {
	return say(fault.Method, "fault.method_how")
}
