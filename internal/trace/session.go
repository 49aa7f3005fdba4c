package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"vizserver/internal/fault"
)

// session is one viewer: a socket with one reader and one writer. The reader checks what
// comes and leaves it in the inbox; the writer runs the net and sends. Neither waits for
// the other, so a viewer that does not read cannot stop its own drawing from being
// replaced by a newer one, and never makes a queue.
type session struct {
	hub    *Hub
	limits *Limits
	log    *slog.Logger
	ws     *websocket.Conn
	inbox  *inbox
	writer
	reader
}

// reader is the state that only the reading goroutine touches.
type reader struct {
	greeted  bool
	limiter  *rate.Limiter
	hotSince time.Time // since when the viewer has been over its rate; zero if it is not
	buf      []byte
	frame    Frame
}

// Serve owns ws until it returns: it starts one reader and one writer and waits for both.
// The end of ctx closes the socket with 1001, so that the page connects again elsewhere.
// The error says why the session ended; nil and a peer that closed are normal ends.
func (h *Hub) Serve(ctx context.Context, ws *websocket.Conn) error {
	s := &session{hub: h, limits: &h.limits, log: h.log, ws: ws, inbox: newInbox(&h.limits)}
	s.limiter = rate.NewLimiter(rate.Limit(h.limits.Rate), h.limits.Burst)
	start := time.Now()
	h.metrics.sessions.Inc()
	defer h.metrics.sessions.Dec()
	defer s.release()

	g, group := errgroup.WithContext(ctx)
	stop := context.AfterFunc(group, func() { // frees a blocked read or write
		if ctx.Err() != nil {
			s.sayClose(websocket.CloseGoingAway, "The server is going down; connect again.", closeWait)
		}
		_ = ws.Close() // nothing can be done about a socket that does not close
	})
	defer stop()
	g.Go(func() error { return s.guard(group, func() error { return s.read(group) }) })
	g.Go(func() error { return s.guard(group, func() error { return s.write(group) }) })
	err := g.Wait()
	_ = ws.Close()
	h.log.LogAttrs(ctx, slog.LevelInfo, "viewer left",
		slog.Duration("after", time.Since(start)), slog.Uint64("runs", s.runs),
		slog.Uint64("superseded", s.inbox.superseded), slog.String("why", reason(ctx, err)))
	return err
}

// closeWait is how long a close message may wait for a socket that is busy.
const closeWait = 250 * time.Millisecond

// reason names the end of a session for the log.
func reason(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "server stopped"
	case err == nil, errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
		return "closed"
	case isTimeout(err):
		return "timeout"
	}
	if c, ok := errors.AsType[*websocket.CloseError](err); ok {
		return fmt.Sprintf("closed with %d", c.Code)
	}
	return err.Error()
}

// guard turns a panic into an error of kind Internal and logs its stack. It is one of the
// three places that may: a panic in a bare goroutine would end the process.
func (s *session) guard(ctx context.Context, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.hub.metrics.panics.Inc()
			s.log.LogAttrs(ctx, slog.LevelError, "session panicked",
				slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	return do()
}

var errPanic = errors.New("trace: a session panicked")

// read takes messages until the socket ends or the viewer breaks a rule. A broken rule is
// left in the inbox, so that the writer, which alone may write, can tell the viewer.
func (s *session) read(ctx context.Context) error {
	s.ws.SetPongHandler(func(string) error { return s.extend() })
	if err := s.ws.SetReadDeadline(time.Now().Add(s.limits.HelloWait)); err != nil {
		return onSocket(err)
	}
	for {
		kind, b, err := s.next()
		if err == nil {
			err = s.guard(ctx, func() error { return s.take(ctx, kind, b) })
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case isTimeout(err) && !s.greeted:
			err = newError(fault.Slow, "no_hello", "no hello came within %v", s.limits.HelloWait)
			fallthrough
		case !isSocket(err):
			s.hub.metrics.rejected.WithLabelValues(fault.KindOf(err).String()).Inc()
			s.inbox.putFatal(err)
			return nil
		default:
			return err
		}
	}
}

// socketError is an error of the socket: nobody is left to be told about it.
type socketError struct{ err error }

func (e *socketError) Error() string { return e.err.Error() }

func (e *socketError) Unwrap() error { return e.err }

// onSocket marks an error of the socket; nil stays nil.
func onSocket(err error) error {
	if err == nil {
		return nil
	}
	return &socketError{err}
}

func isSocket(err error) bool {
	_, ok := errors.AsType[*socketError](err)
	return ok
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// extend gives the peer until the next ping is due and its answer overdue.
func (s *session) extend() error {
	return onSocket(s.ws.SetReadDeadline(time.Now().Add(s.limits.PingEvery + s.limits.PongWait)))
}

// next reads one message into the session's buffer. The limit is our own rather than
// SetReadLimit's, which closes the socket without a word of what was wrong.
func (s *session) next() (kind int, b []byte, err error) {
	kind, r, err := s.ws.NextReader()
	if err != nil {
		return 0, nil, onSocket(err)
	}
	if cap(s.buf) == 0 || cap(s.buf) > keepBuffer {
		s.buf = make([]byte, 0, keepBuffer)
	}
	s.buf = s.buf[:0]
	for {
		if int64(len(s.buf)) > s.limits.MessageBytes {
			return 0, nil, tooLarge("message_size", "a message may have %d bytes; this one has more", s.limits.MessageBytes)
		}
		if len(s.buf) == cap(s.buf) {
			s.buf = append(s.buf, 0)[:len(s.buf)]
		}
		n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if errors.Is(err, io.EOF) {
			return kind, s.buf, nil
		}
		if err != nil {
			return 0, nil, onSocket(err)
		}
	}
}

// keepBuffer is the largest read buffer that a session keeps: a drawing has 840 bytes,
// longer messages are rare.
const keepBuffer = 2 << 10

// take handles one message. Its errors are fatal.
func (s *session) take(ctx context.Context, kind int, b []byte) error {
	if kind == websocket.BinaryMessage {
		if err := s.pace(ctx); err != nil {
			return err
		}
		return s.takeFrame(b)
	}
	m, err := decodeMessage(b, s.limits.TextBytes)
	if err != nil {
		return err
	}
	if a, ok := m.(ack); ok && s.greeted && s.inbox.ack(a.Run) {
		return nil // due and therefore free: the server paces these itself
	}
	if err := s.pace(ctx); err != nil {
		return err
	}
	return s.takeMessage(m)
}

// pace slows a viewer that sends too much by not reading on, and gives it up if that goes
// on: in the meantime it costs no more than any other. The viewer counts as too fast until
// half of its burst has come back; a moment without waiting says nothing, since on a busy
// machine every wait lasts a little too long.
func (s *session) pace(ctx context.Context) error {
	now := time.Now()
	if s.limiter.TokensAt(now) >= float64(s.limits.Burst)/2 {
		s.hotSince = time.Time{}
	}
	wait := s.limiter.ReserveN(now, 1).DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	if s.hotSince.IsZero() {
		s.hotSince = now
	}
	if now.Sub(s.hotSince) >= s.limits.RateBreach {
		return errTooFast(s.limits)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errTooFast(l *Limits) error {
	e := newError(fault.Busy, "too_fast", "more than %g messages a second for %v", l.Rate, l.RateBreach)
	e.Close = websocket.ClosePolicyViolation
	return e.withHint("Send the newest drawing only.")
}

func (s *session) takeFrame(b []byte) error {
	if !s.greeted {
		return badMessage("no_hello", "the first message must be a hello")
	}
	if err := s.frame.decode(b); err != nil {
		return err
	}
	if err := checkDrawing(&s.frame); err != nil {
		return err
	}
	if s.inbox.putDrawing(s.frame.Run, s.frame.Blocks[0].Data) {
		s.hub.metrics.superseded.Inc()
	}
	return nil
}

// checkDrawing says whether a frame is an INPUT of 28×28 greys.
func checkDrawing(f *Frame) error {
	if f.Kind != FrameInput {
		return badFrame("kind", "a viewer sends frames of kind %d only, not %d", FrameInput, f.Kind)
	}
	if len(f.Blocks) != 1 {
		return badFrame("input", "an input has one block, not %d", len(f.Blocks))
	}
	b := f.Blocks[0]
	if b.Layer != 0 || b.Level != 0 || b.Channel != 0 || b.Channels != 1 || b.Width != drawingSide || b.Height != drawingSide {
		return badFrame("input", "an input is channel 0 of layer 0 with %d×%d greys", drawingSide, drawingSide)
	}
	if b.Min != 0 || b.Scale != greyScale {
		return badFrame("input", "the greys of an input mean byte/255: min 0 and scale %v", greyScale)
	}
	return nil
}

// greyScale is the step of an input's greys.
const greyScale float32 = 1.0 / 255

func (s *session) takeMessage(m message) error {
	if _, ok := m.(hello); ok == s.greeted {
		if ok {
			return badMessage("hello_twice", "a second hello; use \"model\" to change the model")
		}
		return badMessage("no_hello", "the first message must be a hello")
	}
	switch m := m.(type) {
	case hello:
		if _, err := s.hub.network(m.Model); err != nil {
			return err
		}
		s.greeted = true
		s.inbox.putModel(m.Model)
		return s.extend()
	case selectModel:
		s.inbox.putModel(m.Model)
	case subscribe:
		s.inbox.putSubscription(m)
	case setEdits:
		s.inbox.putEdits(m)
	case askUnit:
		s.inbox.putRequest(m, m.ID)
	case askExpand:
		s.inbox.putRequest(m, m.ID)
	}
	return nil // an ack that was not due says nothing
}
