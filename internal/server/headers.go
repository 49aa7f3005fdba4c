package server

import (
	"net/http"
	"strings"
)

// reportPath is where browsers send what the policy forbade.
const reportPath = "/api/csp-reports"

// policy is the Content-Security-Policy of every page: everything comes from
// this server, nothing is inline, no string becomes code.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' blob: data:",
	"connect-src 'self'",
	"font-src 'self'",
	"worker-src 'self' blob:",
	"base-uri 'none'",
	"form-action 'self'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types viz",
	"report-uri " + reportPath,
}, "; ")

// securityHeaders go with every answer.
var securityHeaders = [...]struct{ name, value string }{
	{"Content-Security-Policy", policy},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=(), fullscreen=(self), clipboard-write=(self)"},
}

// secured sets the security headers before anything else can answer.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range securityHeaders {
			w.Header().Set(h.name, h.value)
		}
		next.ServeHTTP(w, r)
	})
}
