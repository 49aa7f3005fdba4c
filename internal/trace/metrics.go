package trace

import "github.com/prometheus/client_golang/prometheus"

// metrics are the counters of all sessions. Labels come from closed sets: names of nets
// that loaded, and kinds of package fault.
type metrics struct {
	sessions   prometheus.Gauge
	runs       *prometheus.HistogramVec // by model
	frames     *prometheus.CounterVec   // by model
	frameBytes prometheus.Counter
	superseded prometheus.Counter
	rejected   *prometheus.CounterVec // by kind
	panics     prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "vizserver", Subsystem: "trace", Name: name, Help: help}
	}
	m := &metrics{
		sessions: prometheus.NewGauge(prometheus.GaugeOpts(opts("sessions", "Viewers connected now."))),
		runs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "vizserver", Subsystem: "trace", Name: "run_duration_seconds",
			Help:    "Time of one forward pass with all activations kept.",
			Buckets: prometheus.ExponentialBuckets(1e-4, 2, 12), // 0.1 ms … 0.2 s
		}, []string{"model"}),
		frames:     prometheus.NewCounterVec(opts("frames_sent_total", "Frames of activations sent."), []string{"model"}),
		frameBytes: prometheus.NewCounter(opts("frame_bytes_total", "Bytes of the frames sent.")),
		superseded: prometheus.NewCounter(opts("inputs_superseded_total", "Drawings replaced by a newer one before they ran.")),
		rejected:   prometheus.NewCounterVec(opts("rejected_total", "Messages refused, by kind of error."), []string{"kind"}),
		panics:     prometheus.NewCounter(opts("panics_total", "Sessions ended by a bug of ours.")),
	}
	if r != nil {
		r.MustRegister(m.sessions, m.runs, m.frames, m.frameBytes, m.superseded, m.rejected, m.panics)
	}
	return m
}
