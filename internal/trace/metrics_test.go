package trace

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestMetrics: what is sent, refused and open is counted.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := New(Options{Nets: newTestNets(t), Registry: registry})
	v := connect(t, h)
	v.hello("flat")
	v.draw(1, testDrawing(1))
	v.frame()
	v.send(unitAt(9, 0, 0, 0)) // no such layer: refused, the socket stays
	v.reply("error")
	want := func(name string, n float64) {
		t.Helper()
		if got := counter(t, registry, "vizserver_trace_"+name); got != n {
			t.Errorf("%s is %g, want %g", name, got, n)
		}
	}
	want("sessions", 1)
	want("frames_sent_total", 1)
	want("rejected_total", 1)
	v.send("no JSON")
	v.closed(4400)
	_ = v.wait()
	want("rejected_total", 2)
	want("sessions", 0)
	want("panics_total", 0)
}
