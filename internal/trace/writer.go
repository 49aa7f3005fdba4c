package trace

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// writer is the state that only the writing goroutine touches: the net, the last run and
// what is to be sent.
type writer struct {
	net        *network
	generation uint32
	run        *nn.Run // the last finished run of net; its memory is reused for the next
	layout     *layout
	edits      []nn.Edit
	edited     []edit // the same, as the viewer gave them

	greys    [drawingSide * drawingSide]byte
	number   uint32 // the viewer's number of greys
	drawn    bool   // greys hold a drawing
	finished bool   // run holds greys with edits
	due      bool   // the viewer has not seen what greys, edits, model and layout give
	runs     uint64

	input   []float32
	encoder encoder
	answer  answer
	text    []byte
}

// write sends until the socket ends: what the inbox asks for, and pings.
func (s *session) write(ctx context.Context) error {
	ping := time.NewTicker(s.limits.PingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ping.C:
			if err := s.ping(); err != nil {
				return err
			}
		default:
		}
		var busy bool
		err := s.guard(ctx, func() (err error) { busy, err = s.step(ctx); return err })
		if err != nil {
			return s.part(ctx, err)
		}
		if busy {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.inbox.wake:
		case <-ping.C:
			if err := s.ping(); err != nil {
				return err
			}
		}
	}
}

func (s *session) ping() error {
	return onSocket(s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.limits.WriteWait)))
}

// part tells the viewer why the session ends, where that is not the socket itself.
func (s *session) part(ctx context.Context, err error) error {
	if ctx.Err() != nil || isSocket(err) {
		return err
	}
	if fault.KindOf(err) == fault.Internal && !errors.Is(err, errPanic) {
		s.log.LogAttrs(ctx, slog.LevelError, "session broke", slog.Any("error", err))
	}
	reply := replyTo(err, 0)
	code := fault.KindOf(err).WS()
	if e, ok := errors.AsType[*Error](err); ok && e.Close != 0 {
		code = e.Close
	}
	if send := s.sendJSON(reply); send != nil {
		return errors.Join(err, send)
	}
	s.sayClose(code, reply.Message, s.limits.WriteWait)
	return err
}

// sayClose sends a close message; a socket that cannot take it is closed anyway.
func (s *session) sayClose(code int, text string, wait time.Duration) {
	const maxReason = 123 // RFC 6455 §5.5: 125 bytes less the code
	if len(text) > maxReason {
		text = cut(text, maxReason-len("…"))
	}
	_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(wait))
}

// step does one thing of what is to be done, in the order in which it matters, and says
// whether there was any.
func (s *session) step(ctx context.Context) (bool, error) {
	b := s.inbox
	b.mu.Lock()
	fatal, name, hasModel, sub, edits := b.fatal, b.model, b.hasModel, b.sub, b.edits
	b.mu.Unlock()
	switch {
	case fatal != nil:
		return true, fatal
	case hasModel:
		b.mu.Lock()
		b.hasModel = b.model != name // a newer one may have come meanwhile
		b.mu.Unlock()
		return true, s.change(name)
	case sub != nil:
		b.mu.Lock()
		if b.sub == sub {
			b.sub = nil
		}
		b.mu.Unlock()
		return true, s.subscribe(*sub)
	case edits != nil:
		b.mu.Lock()
		if b.edits == edits {
			b.edits = nil
		}
		b.mu.Unlock()
		return true, s.setEdits(*edits)
	}
	if done, err := s.reply(ctx); done || err != nil {
		return true, err
	}
	return s.draw(ctx)
}

// change switches to another model, keeps the drawing and lets it run again.
func (s *session) change(name string) error {
	n, err := s.hub.network(name)
	if err != nil {
		return s.refuse(err, 0)
	}
	s.release()
	s.net, s.run, s.layout = n, n.plan.NewRun(), n.whole
	s.generation++
	s.edits, s.edited = nil, nil
	s.finished, s.due = false, s.drawn
	s.input = slices.Grow(s.input[:0], len(s.run.Input()))[:len(s.run.Input())]
	return s.sendText(n.json)
}

// release gives the run back.
func (s *session) release() {
	if s.run != nil {
		s.run.Release()
		s.run = nil
	}
}

// subscribe changes what is shown; the last run is sent again in the new form.
func (s *session) subscribe(m subscribe) error {
	g := s.net.net.Model.Graph
	if m.Layers == nil && m.Level == 0 {
		s.layout = s.net.whole
		s.due = s.drawn
		return nil
	}
	var layers []int
	if m.Layers == nil {
		for i := range g.Layers {
			layers = append(layers, i)
		}
	} else {
		layers = slices.Clone(*m.Layers)
	}
	slices.Sort(layers)
	layers = slices.Compact(layers)
	if n := len(layers); n > 0 && (layers[0] < 0 || layers[n-1] >= len(g.Layers)) {
		bad := layers[0]
		if bad >= 0 {
			bad = layers[n-1]
		}
		return s.refuse(badMessage("unknown_layer", "%s has %d layers, there is no layer %d", s.net.manifest.Title, len(g.Layers), bad), 0)
	}
	s.layout = newLayout(g, layers, m.Level)
	s.due = s.drawn
	return nil
}

// setEdits replaces the edits and lets the drawing run with them.
func (s *session) setEdits(m setEdits) error {
	if len(m.Edits) > s.limits.Edits {
		return s.refuse(tooLarge("too_many_edits", "%d edits; the limit is %d", len(m.Edits), s.limits.Edits), 0)
	}
	g := s.net.net.Model.Graph
	list := make([]nn.Edit, 0, len(m.Edits))
	for _, e := range m.Edits {
		if err := g.CheckUnit(nn.Unit{Layer: e.Layer, Channel: e.Channel}); err != nil {
			return s.refuse(badMessage("unknown_map", "%s has no map %d in layer %d", s.net.manifest.Title, e.Channel, e.Layer), 0)
		}
		list = append(list, nn.Edit{Value: g.Layers[e.Layer].Out.Name, Channel: e.Channel, Scale: e.Scale})
	}
	s.edits, s.edited = list, m.Edits
	s.finished, s.due = false, s.drawn
	return nil
}

// draw runs the newest drawing and sends answer and activations, if there is something
// that the viewer has not seen and it has a credit left.
func (s *session) draw(ctx context.Context) (bool, error) {
	if s.net == nil || !s.inbox.hasCredit() {
		return false, nil
	}
	s.fetch()
	if !s.due {
		return false, nil
	}
	s.due = false
	if err := s.execute(ctx); err != nil {
		return true, err
	}
	return true, s.sendRun()
}

// fetch takes the newest drawing out of the inbox; false if there is none.
func (s *session) fetch() bool {
	b := s.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.hasInput {
		return false
	}
	s.greys, s.number = b.drawing, b.run
	b.hasInput = false
	s.drawn, s.finished, s.due = true, false, true
	return true
}

// execute runs the net on the drawing, unless it did already.
func (s *session) execute(ctx context.Context) error {
	if s.finished {
		return nil
	}
	start := time.Now()
	s.net.net.Model.Pre.Apply(s.input, s.greys[:])
	if err := s.run.Execute(ctx, s.input, s.edits...); err != nil {
		return err
	}
	s.finished = true
	s.runs++
	s.hub.metrics.runs.WithLabelValues(s.net.manifest.Model).Observe(time.Since(start).Seconds())
	return nil
}

// sendRun sends the answer and the frames of the finished run. The answer stands before
// the last frame, so that who has the whole run has the answer too.
func (s *session) sendRun() error {
	flags := FlagLast
	if isBlank(s.greys[:]) {
		flags |= FlagBlank
	}
	if len(s.edits) > 0 {
		flags |= FlagEdited
	}
	s.inbox.sent(s.number)
	s.answer.run, s.answer.blank = s.number, flags&FlagBlank != 0
	if err := s.answer.read(s.run, s.net.net.Model); err != nil {
		return err
	}
	s.text = s.answer.appendJSON(s.text[:0])
	if err := s.sendText(s.text); err != nil {
		return err
	}
	frames := s.hub.metrics.frames.WithLabelValues(s.net.manifest.Model)
	for i := range s.layout.frames {
		b, err := s.encoder.encode(s.layout, i, s.run, s.number, s.generation, flags)
		if err != nil {
			return err
		}
		if err := s.send(websocket.BinaryMessage, b); err != nil {
			return err
		}
		frames.Inc()
		s.hub.metrics.frameBytes.Add(float64(len(b)))
	}
	return nil
}

func isBlank(greys []byte) bool {
	return !slices.ContainsFunc(greys, func(g byte) bool { return g != 0 })
}

// reply answers one queued request.
func (s *session) reply(ctx context.Context) (bool, error) {
	b := s.inbox
	b.mu.Lock()
	if len(b.queue) == 0 {
		b.mu.Unlock()
		return false, nil
	}
	r := b.queue[0]
	b.queue = slices.Delete(b.queue, 0, 1)
	b.mu.Unlock()
	if r.err != nil {
		return true, s.refuse(r.err, r.id)
	}
	answer, err := s.answerTo(ctx, r.ask)
	if err != nil {
		if ctx.Err() != nil || fault.KindOf(err) == fault.Internal {
			return true, err
		}
		return true, s.refuse(err, r.id)
	}
	return true, s.sendJSON(answer)
}

// answerTo works out the reply to a request from the last finished run. Where the model
// has just changed and nothing has run yet, the drawing runs now.
func (s *session) answerTo(ctx context.Context, m message) (any, error) {
	if s.net == nil || (!s.drawn && !s.fetch()) {
		return nil, newError(fault.NotFound, "no_run", "nothing has run yet").withHint("Draw something first.")
	}
	if err := s.execute(ctx); err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case askUnit:
		return s.explain(m)
	case askExpand:
		return s.expand(m)
	}
	return nil, newError(fault.Unsupported, "message_type", "this message has no answer")
}

// refuse tells the viewer about an error that does not end the session.
func (s *session) refuse(err error, id uint32) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	s.hub.metrics.rejected.WithLabelValues(fault.KindOf(err).String()).Inc()
	return s.sendJSON(replyTo(err, id))
}

func (s *session) sendJSON(v any) error {
	b, err := json.Marshal(v, json.FormatNilSliceAsNull(true))
	if err != nil {
		return err
	}
	return s.sendText(b)
}

func (s *session) sendText(b []byte) error { return s.send(websocket.TextMessage, b) }

// send writes one message before its deadline; a viewer that does not read is cut.
func (s *session) send(kind int, b []byte) error {
	if err := s.ws.SetWriteDeadline(time.Now().Add(s.limits.WriteWait)); err != nil {
		return onSocket(err)
	}
	return onSocket(s.ws.WriteMessage(kind, b))
}
