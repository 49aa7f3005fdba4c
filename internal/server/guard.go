package server

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"vizserver/internal/fault"
)

// hosts decides which Host headers are ours. Names are the danger: a name of a
// stranger may point at this machine (DNS rebinding), and then Origin and Host
// agree. An address literal cannot be rebound.
type hosts struct {
	names    []string // lower case, beside localhost
	loopback bool     // bound to loopback: no other address is ours
}

// allows reports whether a Host header, with or without a port, is ours.
func (h hosts) allows(header string) bool {
	name := hostname(header)
	if name == "localhost" || slices.Contains(h.names, name) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	return addr.Unmap().IsLoopback() || !h.loopback
}

// hostname cuts the port, the brackets and a final dot off a Host header.
func hostname(header string) string {
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// checkHost answers 421 to a name that is not ours.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hosts.allows(r.Host) {
			s.fail(w, r, say(fault.Misdirected, "fault.host", "host", cut(hostname(r.Host), 100)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkCrossOrigin refuses what another site's page sends.
func (s *Server) checkCrossOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, say(fault.Forbidden, "fault.origin"))
	}))
	return guard.Handler(next)
}

// checkOrigin is for a WebSocket's upgrade: a GET, which the guard above lets
// pass. A browser always sends Origin there; what sends none is no browser and
// holds no cookie of ours that another site could use.
func (s *Server) checkOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		if r.Header.Get("Cookie") != "" {
			return say(fault.Forbidden, "fault.origin")
		}
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !strings.EqualFold(u.Host, r.Host) {
		return say(fault.Forbidden, "fault.origin")
	}
	return nil
}

const tokenCookie = "viz_token"

// checkToken lets in who knows the token: by the printed address once, then by
// a cookie. Health checks and the files of the front end hold no secrets.
func (s *Server) checkToken(next http.Handler) http.Handler {
	if s.token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || strings.HasPrefix(r.URL.Path, "/static/")
		if open || s.hasToken(r) {
			next.ServeHTTP(w, r)
			return
		}
		query := r.URL.Query()
		if !s.isToken(query.Get("token")) {
			s.fail(w, r, say(fault.Forbidden, "fault.token"))
			return
		}
		http.SetCookie(w, &http.Cookie{
			Name: tokenCookie, Value: s.token, Path: "/", HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
		})
		if r.Method == http.MethodGet && wantsPage(r) {
			query.Del("token")
			// one slash in front: "//name" would lead to another host
			clean := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/"), RawQuery: query.Encode()}
			http.Redirect(w, r, clean.String(), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) hasToken(r *http.Request) bool {
	c, err := r.Cookie(tokenCookie)
	return err == nil && s.isToken(c.Value)
}

func (s *Server) isToken(given string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(s.token)) == 1
}

// onlyLoopback hides what is meant for this machine alone.
func (s *Server) onlyLoopback(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !fromLoopback(r) {
			return say(fault.Forbidden, "fault.loopback")
		}
		return h(w, r)
	}
}

// remoteIP returns the address of the peer. Headers of proxies are not
// believed: anyone can write them.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func fromLoopback(r *http.Request) bool {
	addr, err := netip.ParseAddr(remoteIP(r))
	return err == nil && addr.Unmap().IsLoopback()
}

// cut bounds a text of a stranger before it is shown, in runes.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "")
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
