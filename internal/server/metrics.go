package server

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the server's own numbers, on a registry of its own. Labels come
// from closed sets: routes and kinds of our tables, never a user's text.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	rejected *prometheus.CounterVec
	panics   prometheus.Counter
	reports  prometheus.Counter
	sockets  prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vizserver_http_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vizserver_http_request_duration_seconds", Help: "Time to answer, by route; sockets are not counted.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"route"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "viz_rejected_total", Help: "Requests refused, by the kind of error.",
		}, []string{"kind"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vizserver_http_panics_total", Help: "Handlers that broke.",
		}),
		reports: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vizserver_csp_reports_total", Help: "Reports of the Content-Security-Policy by browsers.",
		}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vizserver_sockets", Help: "Open WebSockets.",
		}),
	}
	m.registry.MustRegister(m.requests, m.took, m.rejected, m.panics, m.reports, m.sockets,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(route string, status int, seconds float64) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(seconds)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
