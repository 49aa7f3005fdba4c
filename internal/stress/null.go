package main

import (
	"context"
	"encoding/binary"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"vizserver/internal/trace"
)

// nullServer answers every drawing as the real one does, with an answer and a frame of the
// same sizes, but computes nothing: the cost of the line alone. It keeps the same rules: a
// one-slot mailbox, two runs on their way, one reader and one writer for each socket.
type nullServer struct {
	manifest []byte
	answer   []byte // without the run's number: what stands before and behind it
	frame    []byte
	upgrader *websocket.Upgrader
	sockets  sync.WaitGroup
	ctx      context.Context // of the sockets; ends with the server
}

// startNull serves what a real server was heard to say.
func startNull(heard recording) (*host, error) {
	ctx, cancel := context.WithCancel(context.Background())
	n := &nullServer{
		manifest: heard.manifest, answer: heard.answer, frame: heard.frame, ctx: ctx,
		upgrader: trace.Upgrader(func(*http.Request) bool { return true }),
	}
	return startPlain(n, func() {
		cancel()
		n.sockets.Wait()
	})
}

// ServeHTTP upgrades every request.
func (n *nullServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := n.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	n.sockets.Add(1)
	defer n.sockets.Done()
	g, ctx := errgroup.WithContext(n.ctx)
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	s := &nullSession{n: n, ws: ws, wake: make(chan struct{}, 1)}
	g.Go(s.read)
	g.Go(func() error { return s.write(ctx) })
	_ = g.Wait()
	_ = ws.Close()
}

type nullSession struct {
	n    *nullServer
	ws   *websocket.Conn
	wake chan struct{}

	mu       sync.Mutex
	run      uint32
	hasInput bool
	unacked  int
}

func (s *nullSession) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *nullSession) read() error {
	for {
		kind, b, err := s.ws.ReadMessage()
		if err != nil {
			return err
		}
		s.mu.Lock()
		switch {
		case kind == websocket.BinaryMessage && len(b) >= 24:
			s.run, s.hasInput = binary.LittleEndian.Uint32(b[4:]), true
		case len(b) > 12 && string(b[:12]) == `{"type":"ack`:
			s.unacked--
		}
		s.mu.Unlock()
		s.signal()
	}
}

func (s *nullSession) write(ctx context.Context) error {
	if err := s.ws.WriteMessage(websocket.TextMessage, s.n.manifest); err != nil {
		return err
	}
	frame := append([]byte(nil), s.n.frame...)
	var text []byte
	for {
		s.mu.Lock()
		run, due := s.run, s.hasInput && s.unacked < 2
		if due {
			s.hasInput = false
			s.unacked++
		}
		s.mu.Unlock()
		if !due {
			select {
			case <-s.wake:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		text = append(text[:0], `{"type":"answer","run":`...)
		text = strconv.AppendUint(text, uint64(run), 10)
		text = append(text, s.n.answer...)
		binary.LittleEndian.PutUint32(frame[4:], run)
		_ = s.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if err := s.ws.WriteMessage(websocket.TextMessage, text); err != nil {
			return err
		}
		if err := s.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			return err
		}
	}
}
