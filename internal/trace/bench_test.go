package trace

import (
	"slices"
	"testing"
	"time"

	"vizserver/internal/mnist"
	"vizserver/internal/zoo"
)

// zooNets hand out the nets of the product; only benchmarks and tests know them here.
type zooNets struct{}

func (zooNets) Load(name string) (*Net, error) {
	m, err := zoo.Load(name)
	if err != nil {
		return nil, err
	}
	return &Net{Model: m}, nil
}

// BenchmarkStroke is everything that the server does for one drawing but the socket: decode
// the frame, prepare the input, run the net with all activations kept, rank the answer and
// encode all activations. The issue demands at most 1 ms at p50 for LeNet.
func BenchmarkStroke(b *testing.B) {
	for _, name := range zoo.Names(zoo.Of(zoo.Digits)) {
		b.Run(name, func(b *testing.B) {
			k := newStrokeOn(b, New(Options{Nets: zooNets{}}), name)
			k.in = inputFrame(1, mnist.Test().Image(7))
			took := make([]time.Duration, 0, 1<<16)
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				k.event()
				if len(took) < cap(took) {
					took = append(took, time.Since(start))
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
		})
	}
}

// BenchmarkEncode quantises all activations of LeNet: 9,134 units.
func BenchmarkEncode(b *testing.B) {
	k := newStrokeOn(b, New(Options{Nets: zooNets{}}), "lenet5-harley")
	k.event()
	s := &k.s
	b.ReportAllocs()
	b.SetBytes(int64(s.layout.frames[0].total))
	for b.Loop() {
		if _, err := s.encoder.encode(s.layout, 0, s.run, 1, 1, FlagLast); err != nil {
			b.Fatal(err)
		}
	}
}

// TestZooUnitsAreExact: for units all over every net of the product the repeated sum is
// the stored value, bit for bit, and the manifest counts what the papers count.
func TestZooUnitsAreExact(t *testing.T) {
	h := New(Options{Nets: zooNets{}})
	for _, name := range zoo.Names(zoo.Of(zoo.Digits)) {
		t.Run(name, func(t *testing.T) {
			k := newStrokeOn(t, h, name)
			k.in = inputFrame(1, mnist.Test().Image(7))
			k.event()
			for _, l := range k.s.net.net.Model.Graph.Layers {
				s := l.Shape()
				for i := 0; i < s.Sample(); i += 1 + s.Sample()/97 {
					m := askUnit{Layer: l.Index, Channel: i / s.Plane(), Y: i % s.Plane() / s.W, X: i % s.W}
					r, err := k.s.explain(m)
					if err != nil {
						t.Fatal(err)
					}
					if u := r.(*unitReply); !u.Exact || u.Difference != 0 {
						t.Fatalf("%s %+v: off by %g", l.Name, m, u.Difference)
					}
				}
			}
		})
	}
}
