package trace

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// TestQuantise: every finite value comes back within half a step, the ends exactly enough
// to name them, and a constant exactly.
func TestQuantise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SliceOfN(rapid.Float32(), 1, 40).Draw(t, "src")
		dst := make([]byte, len(src))
		lo, scale := kernel.Quantise(kernel.Sets()[0], dst, src)
		if !finite(lo) || !finite(scale) || scale < 0 {
			t.Fatalf("min %g, scale %g", lo, scale)
		}
		for i, v := range src {
			got := float64(lo) + float64(dst[i])*float64(scale)
			size := math.Max(math.Abs(float64(lo)), 255*float64(scale))
			if finite(v) && math.Abs(got-float64(v)) > 0.5*float64(scale)+1e-6*size {
				t.Fatalf("value %d: %g became %g (scale %g)", i, v, got, scale)
			}
		}
	})
}

func TestQuantiseEdges(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, c := range map[string]struct {
		src       []float32
		lo, scale float32
		want      []byte
	}{
		"ends":      {[]float32{-1, 254, 126.4}, -1, 1, []byte{0, 255, 127}},
		"constant":  {[]float32{0.3, 0.3}, 0.3, 0, []byte{0, 0}},
		"infinite":  {[]float32{-inf, 0, 255, inf, nan}, 0, 1, []byte{0, 0, 255, 255, 0}},
		"nothing":   {[]float32{nan, inf}, 0, 0, []byte{0, 0}},
		"huge":      {[]float32{-3e38, 3e38}, -3e38, 6e38 / 255, []byte{0, 255}},
		"subnormal": {[]float32{0, 1e-45}, 0, 0, []byte{0, 0}},
	} {
		dst := []byte{9, 9, 9, 9, 9}[:len(c.src)]
		lo, scale := kernel.Quantise(kernel.Sets()[0], dst, c.src)
		if lo != c.lo || math.Abs(float64(scale-c.scale)) > 1e-6*float64(c.scale) || string(dst) != string(c.want) {
			t.Errorf("%s: min %g scale %g %v, want %g %g %v", name, lo, scale, dst, c.lo, c.scale, c.want)
		}
	}
}

// TestLayoutSplits: a trace above the limit of a frame goes as several; together they hold
// every block once, in order, and only the last says that it is the last.
func TestLayoutSplits(t *testing.T) {
	n := testNet(t, "big", nn.Preprocess{Width: 301, Height: 300, Scale: 1}, nn.Head{}, func(g *nn.Graph) {
		x := g.Input("input", nn.Shape{N: 1, C: 1, H: 300, W: 301})
		g.Layer("C1", "conv", func() { g.Add("c1", op.Conv{Out: 5, Kernel: op.Square(1)}, x) })
	})
	run := runOf(t, n, make([]byte, 300*301))
	l := newLayout(n.Model.Graph, []int{0, 1}, 0)
	var e encoder
	var channels []uint16
	for i := range l.frames {
		b, err := e.encode(l, i, run, 3, 1, FlagLast|FlagBlank)
		if err != nil {
			t.Fatal(err)
		}
		f, err := DecodeFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if last := f.Flags&FlagLast != 0; last != (i == len(l.frames)-1) || f.Flags&FlagBlank == 0 {
			t.Errorf("frame %d of %d has flags %d", i, len(l.frames), f.Flags)
		}
		for _, b := range f.Blocks {
			channels = append(channels, 10*b.Layer+b.Channel)
		}
	}
	if len(l.frames) != 3 || len(channels) != 6 || channels[0] != 0 || channels[1] != 10 || channels[5] != 14 {
		t.Errorf("%d frames with the blocks (10·layer + channel) %v", len(l.frames), channels)
	}
}

// TestStrokeAllocatesNothing: pass, answer and frame of a stroke reuse their memory.
func TestStrokeAllocatesNothing(t *testing.T) {
	s := newStroke(t, "maps")
	s.event()
	if n := testing.AllocsPerRun(50, s.event); n != 0 {
		t.Errorf("a stroke allocates %g times", n)
	}
}

// stroke is what the server does for one drawing, without the socket.
type stroke struct {
	tb    testing.TB
	ctx   context.Context
	in    []byte
	frame Frame
	s     session
}

func newStroke(tb testing.TB, model string) *stroke {
	tb.Helper()
	return newStrokeOn(tb, newHub(tb, Limits{}), model)
}

func newStrokeOn(tb testing.TB, h *Hub, model string) *stroke {
	tb.Helper()
	n, err := h.network(model)
	if err != nil {
		tb.Fatal(err)
	}
	k := &stroke{tb: tb, ctx: tb.Context(), in: inputFrame(1, testDrawing(3)), s: session{hub: h, limits: &h.limits, inbox: newInbox(&h.limits)}}
	k.s.net, k.s.run, k.s.layout = n, n.plan.NewRun(), n.whole
	k.s.input = make([]float32, len(k.s.run.Input()))
	tb.Cleanup(k.s.release)
	return k
}

func (k *stroke) event() {
	s := &k.s
	must := func(err error) {
		if err != nil {
			k.tb.Fatal(err)
		}
	}
	must(k.frame.decode(k.in))
	must(checkDrawing(&k.frame))
	s.inbox.putDrawing(1, k.frame.Blocks[0].Data)
	s.fetch()
	must(s.execute(k.ctx))
	must(s.answer.read(s.run, s.net.net.Model))
	s.text = s.answer.appendJSON(s.text[:0])
	for i := range s.layout.frames {
		_, err := s.encoder.encode(s.layout, i, s.run, 1, 1, FlagLast)
		must(err)
	}
}
