package trace

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"vizserver/internal/nn"
)

// TestStroke: an input is answered by the answer and all activations of the net, equal to
// what the engine gives when it is asked directly.
func TestStroke(t *testing.T) {
	h := newHub(t, Limits{})
	v := connect(t, h)
	v.hello("maps")
	greys := testDrawing(3)
	v.draw(41, greys)

	a := v.reply("answer")
	f := v.frame()
	if f.Kind != FrameActivations || f.Run != 41 || f.Unit != 1 || f.Flags != FlagLast {
		t.Errorf("frame header: %+v", *f)
	}
	net, _ := h.nets.Load("maps")
	want := runOf(t, net, greys)
	checkAnswer(t, a, want, net.Model)
	checkFrame(t, f, want, net.Model.Graph)
}

func checkAnswer(t *testing.T, a *reply, want *nn.Run, m *nn.Model) {
	t.Helper()
	last := m.Graph.Layers[len(m.Graph.Layers)-1]
	scores := make([]float32, last.Shape().C)
	_ = want.ViewOf(last.Pre).Read(scores, nn.Whole(last.Shape()))
	if !slices.Equal(a.Scores, scores) {
		t.Errorf("scores %v, want the exact logits %v", a.Scores, scores)
	}
	probs := make([]float32, last.Shape().C)
	_ = want.ViewOf(last.Out).Read(probs, nn.Whole(last.Shape()))
	if !slices.Equal(a.Probabilities, probs) {
		t.Errorf("probabilities %v, want %v", a.Probabilities, probs)
	}
	for i := 1; i < len(a.Order); i++ {
		if scores[a.Order[i-1]] < scores[a.Order[i]] {
			t.Errorf("order %v is not by score %v", a.Order, scores)
		}
	}
	if len(a.Order) != len(scores) {
		t.Errorf("order %v does not name all classes", a.Order)
	}
}

// checkFrame compares every byte of a whole frame with the values of the run.
func checkFrame(t *testing.T, f *Frame, want *nn.Run, g *nn.Graph) {
	t.Helper()
	seen := map[int]int{}
	for _, b := range f.Blocks {
		l := g.Layers[b.Layer]
		s := l.Shape()
		if int(b.Width) != s.W || int(b.Height) != s.H {
			t.Fatalf("layer %s: block of %d×%d (height × width), want %d×%d", l.Name, b.Height, b.Width, s.H, s.W)
		}
		values := make([]float32, int(b.Channels)*s.Plane())
		r := nn.Region{C0: int(b.Channel), C1: int(b.Channel) + int(b.Channels), Y1: s.H, X1: s.W}
		if err := want.ViewOf(l.Out).Read(values, r); err != nil {
			t.Fatal(err)
		}
		for i, q := range b.Data {
			got := float64(b.Min) + float64(q)*float64(b.Scale)
			if math.Abs(got-float64(values[i])) > float64(b.Scale)*0.501+1e-6 {
				t.Fatalf("layer %s, channel %d, value %d: %g for %g (scale %g)", l.Name, b.Channel, i, got, values[i], b.Scale)
			}
		}
		seen[l.Index] += int(b.Channels)
	}
	for _, l := range g.Layers {
		if seen[l.Index] != l.Shape().C {
			t.Errorf("layer %s: %d channels in the frame, want %d", l.Name, seen[l.Index], l.Shape().C)
		}
	}
}

func TestBlankDrawing(t *testing.T) {
	v := connect(t, newHub(t, Limits{}))
	v.hello("maps")
	v.draw(1, testDrawing(0))
	if a := v.reply("answer"); !a.Blank {
		t.Error("the answer to a blank drawing does not say that it is blank")
	}
	if f := v.frame(); f.Flags != FlagLast|FlagBlank {
		t.Errorf("flags %d, want last and blank", f.Flags)
	}
}

// TestLateAck: acknowledging a later run frees the earlier one too.
func TestLateAck(t *testing.T) {
	v := connect(t, newHub(t, Limits{}))
	v.hello("flat")
	for run := uint32(1); run <= 2; run++ {
		v.draw(run, testDrawing(1))
		v.frame()
	}
	v.send(`{"type":"ack","run":2}`)
	for run := uint32(3); run <= 4; run++ {
		v.draw(run, testDrawing(1))
		if f := v.frame(); f.Run != run {
			t.Errorf("got run %d, want %d", f.Run, run)
		}
	}
}

// TestModelKeepsDrawing: after a change of the model the same drawing runs on the new one.
func TestModelKeepsDrawing(t *testing.T) {
	h := newHub(t, Limits{})
	v := connect(t, h)
	v.hello("flat")
	greys := testDrawing(4)
	v.draw(7, greys)
	v.frame()
	v.send(`{"type":"ack","run":7}`)
	v.send(`{"type":"model","model":"maps"}`)
	if r := v.reply("manifest"); r.Model != "maps" {
		t.Fatalf("manifest of %q", r.Model)
	}
	a, f := v.reply("answer"), v.frame()
	if f.Run != 7 || f.Unit != 2 {
		t.Errorf("run %d of generation %d, want 7 of 2", f.Run, f.Unit)
	}
	net, _ := h.nets.Load("maps")
	checkAnswer(t, a, runOf(t, net, greys), net.Model)
	checkFrame(t, f, runOf(t, net, greys), net.Model.Graph)
}

// TestEdits: an edit runs the same drawing again, with the map scaled and the flag set;
// an empty list clears it.
func TestEdits(t *testing.T) {
	h := newHub(t, Limits{})
	v := connect(t, h)
	v.hello("maps")
	greys := testDrawing(5)
	v.draw(1, greys)
	before := v.reply("answer")
	v.frame()
	v.send(`{"type":"ack","run":1}`)
	v.send(`{"type":"edit","edits":[{"layer":1,"channel":2,"scale":0}]}`)
	after, f := v.reply("answer"), v.frame()
	if f.Flags != FlagLast|FlagEdited || f.Run != 1 {
		t.Errorf("frame header: %+v", *f)
	}
	net, _ := h.nets.Load("maps")
	g := net.Model.Graph
	want := runOf(t, net, greys, nn.Edit{Value: g.Layers[1].Out.Name, Channel: 2})
	checkFrame(t, f, want, g)
	checkAnswer(t, after, want, net.Model)
	if slices.Equal(before.Scores, after.Scores) {
		t.Error("switching a map off changed nothing")
	}
	v.send(`{"type":"ack","run":1}`)
	v.send(`{"type":"edit","edits":[]}`)
	again, f := v.reply("answer"), v.frame()
	if !slices.Equal(before.Scores, again.Scores) || f.Flags != FlagLast {
		t.Errorf("clearing the edits gave %v (flags %d), want %v", again.Scores, f.Flags, before.Scores)
	}
}

// TestSubscription: only the layers in view are sent, reduced to the level asked for.
func TestSubscription(t *testing.T) {
	v := connect(t, newHub(t, Limits{}))
	v.hello("maps")
	v.draw(1, testDrawing(6))
	whole := v.frame()
	v.send(`{"type":"ack","run":1}`)
	v.send(`{"type":"sub","layers":[4,1,1],"level":2}`)
	f := v.frame()
	var got []string
	for _, b := range f.Blocks {
		got = append(got, fmt.Sprint(b.Layer, b.Level, b.Channel, b.Channels, b.Height, b.Width))
	}
	want := []string{"1 2 0 1 7 7", "1 2 1 1 7 7", "1 2 2 1 7 7", "4 2 0 7 1 1"}
	if !slices.Equal(got, want) {
		t.Errorf("blocks (layer level channel channels height width) %q, want %q", got, want)
	}
	var full Block
	for _, b := range whole.Blocks {
		if b.Layer == 1 && b.Channel == 1 {
			full = b
		}
	}
	checkMeans(t, full, f.Blocks[1])
	v.send(`{"type":"ack","run":1}`)
	v.send(`{"type":"sub","layers":[]}`)
	if f := v.frame(); len(f.Blocks) != 0 || f.Flags != FlagLast {
		t.Errorf("nothing is in view, but the frame has %d blocks and flags %d", len(f.Blocks), f.Flags)
	}
}

// checkMeans compares a block of level 2 with the means over 4×4 cells of the full one.
func checkMeans(t *testing.T, full, small Block) {
	t.Helper()
	for i, q := range small.Data {
		cy, cx := i/int(small.Width), i%int(small.Width)
		sum, n := 0.0, 0.0
		for y := cy * 4; y < min(cy*4+4, int(full.Height)); y++ {
			for x := cx * 4; x < min(cx*4+4, int(full.Width)); x++ {
				sum += float64(full.Min) + float64(full.Scale)*float64(full.Data[y*int(full.Width)+x])
				n++
			}
		}
		got := float64(small.Min) + float64(small.Scale)*float64(q)
		if math.Abs(got-sum/n) > float64(full.Scale)+float64(small.Scale) {
			t.Fatalf("cell (%d, %d): %g, want the mean %g", cy, cx, got, sum/n)
		}
	}
}

// TestRefusalsKeepTheSocket: a request that makes no sense for this net is answered by an
// error with its id; the session goes on.
func TestRefusalsKeepTheSocket(t *testing.T) {
	v := connect(t, newHub(t, Limits{Edits: 3, Values: 20}))
	v.hello("maps")
	v.send(`{"type":"unit","id":1,"layer":0,"channel":0,"y":0,"x":0}`)
	if r := v.reply("error"); r.Code != "no_run" || r.ID != 1 || r.Hint == "" {
		t.Errorf("before the first drawing: %+v", *r)
	}
	v.draw(1, testDrawing(7))
	v.frame()
	for _, c := range []struct {
		send, code string
		id         uint32
	}{
		{`{"type":"sub","layers":[0,-1]}`, "unknown_layer", 0},
		{`{"type":"sub","layers":[5]}`, "unknown_layer", 0},
		{`{"type":"unit","id":2,"layer":-1,"channel":0,"y":0,"x":0}`, "unknown_layer", 2},
		{`{"type":"unit","id":3,"layer":9,"channel":0,"y":0,"x":0}`, "unknown_layer", 3},
		{`{"type":"unit","id":4,"layer":1,"channel":3,"y":0,"x":0}`, "unknown_unit", 4},
		{`{"type":"unit","id":5,"layer":1,"channel":2,"y":26,"x":0}`, "unknown_unit", 5},
		{`{"type":"unit","id":6,"layer":1,"channel":2,"y":25,"x":27}`, "unknown_unit", 6},
		{`{"type":"expand","id":7,"layer":1,"channel":2,"y":25,"x":26,"h":2,"w":1}`, "unknown_patch", 7},
		{`{"type":"expand","id":8,"layer":1,"channel":2,"y":0,"x":0,"h":9223372036854775807,"w":9223372036854775807}`, "unknown_patch", 8},
		{`{"type":"expand","id":9,"layer":1,"channel":2,"y":0,"x":0,"h":3,"w":7}`, "too_many_values", 9},
		{`{"type":"edit","edits":[{"layer":1,"channel":3,"scale":0}]}`, "unknown_map", 0},
		{`{"type":"edit","edits":[{"layer":1,"channel":0,"scale":0},{"layer":1,"channel":0,"scale":0},{"layer":1,"channel":0,"scale":0},{"layer":1,"channel":0,"scale":0}]}`, "too_many_edits", 0},
		{`{"type":"model","model":"alexnet"}`, "not_found", 0},
	} {
		v.send(c.send)
		if r := v.reply("error"); r.Code != c.code || r.ID != c.id || r.Message == "" {
			t.Errorf("%s: %+v, want code %q and id %d", c.send, *r, c.code, c.id)
		}
	}
	v.send(`{"type":"ack","run":1}`)
	v.draw(2, testDrawing(8))
	if f := v.frame(); f.Run != 2 {
		t.Errorf("run %d after the refusals, want 2", f.Run)
	}
}

// TestBrokenMessages: what breaks the protocol is told in one sentence, then the socket
// closes with the code of its kind.
func TestBrokenMessages(t *testing.T) {
	badInput := inputFrame(1, testDrawing(1))
	badInput[24+8] = 27 // width
	wrongScale := Frame{Kind: FrameInput, Blocks: []Block{{Channels: 1, Width: 28, Height: 28, Scale: 1, Data: testDrawing(1)}}}
	noBlock := Frame{Kind: FrameInput}
	fromServer := Frame{Kind: FrameActivations}
	wrongSize := Frame{Kind: FrameInput, Blocks: []Block{{Channels: 1, Width: 2, Height: 392, Scale: greyScale, Data: testDrawing(1)}}}
	for name, c := range map[string]struct {
		kind  int
		b     []byte
		code  string
		close int
	}{
		"not JSON":          {websocket.TextMessage, []byte("draw!"), "message_json", 4400},
		"unknown type":      {websocket.TextMessage, []byte(`{"type":"exec"}`), "message_type", 1003},
		"member twice":      {websocket.TextMessage, []byte(`{"type":"ack","run":1,"run":1}`), "message_member", 4400},
		"second hello":      {websocket.TextMessage, []byte(`{"type":"hello","version":1,"model":"maps"}`), "hello_twice", 4400},
		"text for binary":   {websocket.TextMessage, []byte("CV\x01\x01"), "message_json", 4400},
		"JSON as binary":    {websocket.BinaryMessage, []byte(`{"type":"ack","run":1}`), "frame_short", 4400},
		"cut frame":         {websocket.BinaryMessage, inputFrame(1, testDrawing(1))[:800], "frame_length", 4400},
		"bad block":         {websocket.BinaryMessage, badInput, "frame_block_size", 4400},
		"wrong scale":       {websocket.BinaryMessage, wrongScale.Append(nil), "frame_input", 4400},
		"no block":          {websocket.BinaryMessage, noBlock.Append(nil), "frame_input", 4400},
		"wrong size":        {websocket.BinaryMessage, wrongSize.Append(nil), "frame_input", 4400},
		"activations":       {websocket.BinaryMessage, fromServer.Append(nil), "frame_kind", 4400},
		"long text":         {websocket.TextMessage, []byte(`{"type":"ack","run":1` + strings.Repeat(" ", 40_000) + `}`), "message_size", 1009},
		"oversize":          {websocket.TextMessage, bytes.Repeat([]byte("x"), 64<<10+1), "message_size", 1009},
		"oversize binary":   {websocket.BinaryMessage, make([]byte, 1<<20), "message_size", 1009},
		"null edits":        {websocket.TextMessage, []byte(`{"type":"edit","edits":null}`), "message_value", 4400},
		"number out of run": {websocket.TextMessage, []byte(`{"type":"ack","run":-1}`), "message_value", 4400},
	} {
		t.Run(name, func(t *testing.T) {
			v := connect(t, newHub(t, Limits{}))
			v.hello("maps")
			go func() { _ = v.ws.WriteMessage(c.kind, c.b) }() // the server stops reading an oversize one half-way
			v.refused(c.code, c.close)
			if err := v.close(); err == nil {
				t.Error("the session ended without an error")
			}
		})
	}
}

func TestBrokenHello(t *testing.T) {
	for name, c := range map[string]struct {
		send, code string
		close      int
	}{
		"wrong version": {`{"type":"hello","version":2,"model":"maps"}`, "version", 1003},
		"unknown model": {`{"type":"hello","version":1,"model":"alexnet"}`, "not_found", 4404},
		"no hello":      {`{"type":"sub","layers":null}`, "no_hello", 4400},
		"ack first":     {`{"type":"ack","run":1}`, "no_hello", 4400},
	} {
		t.Run(name, func(t *testing.T) {
			v := connect(t, newHub(t, Limits{}))
			v.send(c.send)
			v.refused(c.code, c.close)
		})
	}
	t.Run("drawing first", func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.draw(1, testDrawing(1))
		v.refused("no_hello", 4400)
	})
}

// TestServerStops: the end of the context closes with 1001 and leaves no goroutine.
func TestServerStops(t *testing.T) {
	v := connect(t, newHub(t, Limits{}))
	v.hello("maps")
	v.stop()
	v.closed(websocket.CloseGoingAway)
	_ = v.wait()
}

// panicNets hand out a net that breaks when it runs: a bug of ours.
type panicNets struct{ testNets }

func (n panicNets) Load(name string) (*Net, error) {
	net, err := n.testNets.Load(name)
	if err != nil {
		return nil, err
	}
	broken := *net
	m := *net.Model
	m.Head.Kind = "tanh"
	m.Pre.Pad = -40 // Apply writes before its slice
	broken.Model = &m
	return &broken, nil
}

// TestPanicEndsOneSession: a panic closes with 1011, tells nothing of its inside, and the
// hub serves others.
func TestPanicEndsOneSession(t *testing.T) {
	h := New(Options{Nets: panicNets{newTestNets(t)}})
	v := connect(t, h)
	v.hello("maps")
	v.draw(1, testDrawing(1))
	r := v.reply("error")
	if r.Code != "internal" || strings.Contains(r.Message, "index") {
		t.Errorf("after a panic: %+v", *r)
	}
	v.closed(websocket.CloseInternalServerErr)
	other := connect(t, h)
	other.hello("flat")
}
