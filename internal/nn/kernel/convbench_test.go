//go:build unix

package kernel

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// benchLayers are layers of known nets.
var benchLayers = []struct {
	in, side, out, k, stride int
}{
	{64, 56, 64, 3, 1},
	{128, 28, 128, 3, 1},
	{256, 14, 256, 3, 1},
	{512, 7, 512, 3, 1},
	{64, 56, 128, 3, 2},
	{256, 56, 64, 1, 1},
	{64, 56, 256, 1, 1},
	{512, 28, 128, 1, 1},
	{1024, 14, 256, 1, 1},
	{512, 7, 2048, 1, 1},
	{3, 224, 64, 7, 2},
	{3, 224, 64, 3, 1},
	{64, 224, 64, 3, 1},
	{128, 112, 128, 3, 1},
	{256, 56, 256, 3, 1},
	{512, 28, 512, 3, 1},
	{512, 14, 512, 3, 1},
	{16, 55, 64, 3, 1},
	{64, 13, 256, 3, 1},
	{144, 28, 24, 1, 1},
	{768, 17, 192, 1, 1},
}

// BenchmarkConv tells GFLOP/s of the products of the definition, and their share of the peak that
// was measured beside it; Winograd may exceed it. The time is that of the processor, not of the
// clock, since machines are shared.
func BenchmarkConv(b *testing.B) {
	ways := []struct {
		name string
		o    ConvOptions
	}{{"direct", ConvOptions{NoWinograd: true}}, {"F2", ConvOptions{NoWinograd4: true}}, {"best", ConvOptions{}}}
	for _, l := range benchLayers {
		pad := l.k / 2
		s := slide(ConvSpec{
			In: l.in, Out: l.out, H: l.side, W: l.side, KH: l.k, KW: l.k, SH: l.stride, SW: l.stride, PadT: pad, PadL: pad,
		}, pad, pad)
		for _, set := range Sets() {
			last := -1
			for _, way := range ways {
				if m := s.winograd(set.isa, way.o); l.in > maxPlanar && m != last || last < 0 {
					last = m
					b.Run(fmt.Sprintf("%dx%dx%d-%d,%dx%d,%d/%s/%s", l.in, l.side, l.side, l.out, l.k, l.k, l.stride, set.Name, way.name),
						func(b *testing.B) { benchConv(b, set, s, way.o) })
				}
			}
		}
	}
}

func benchConv(b *testing.B, set *Set, s ConvSpec, o ConvOptions) {
	w := make([]float32, s.Out*s.In*s.KH*s.KW)
	for i := range w {
		w[i] = float32(i%7) / 8
	}
	c := NewConv(set, s, w, nil, o)
	in, out := NewBlocked(1, s.In, s.H, s.W, c.Pad()), NewBlocked(1, s.Out, s.OutH, s.OutW, 1)
	for i := range in.Data {
		in.Data[i] = float32(i%5) / 4
	}
	scratch := Aligned(c.Scratch())
	peak := PeakGFLOPS(set)
	start := processorTime(b)
	for b.Loop() {
		for i := range c.Items(0, 1, 1) {
			c.Do(0, i, 1, scratch, in, out, nil, ReLU)
		}
	}
	speed := 2 * float64(s.OutH*s.OutW*s.Out*s.In*s.KH*s.KW) * float64(b.N) / float64((processorTime(b) - start).Nanoseconds())
	b.ReportMetric(speed, "GFLOP/s")
	b.ReportMetric(100*speed/peak, "%peak")
}

// processorTime is the time that this process was at work.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
