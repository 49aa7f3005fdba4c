package trace

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// viewer is the page's end of a session, over a pipe in memory: no port, and timers that
// testing/synctest can drive.
type viewer struct {
	tb    testing.TB
	ws    *websocket.Conn
	mu    sync.Mutex // of writing: a test may read and acknowledge on the side
	ended chan error // what Serve returned
	stop  context.CancelFunc
}

// newHub returns a hub over the test nets.
func newHub(tb testing.TB, l Limits) *Hub {
	tb.Helper()
	return New(Options{Nets: newTestNets(tb), Limits: l, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
}

// counter reads a metric of the hub's registry.
func counter(tb testing.TB, r *prometheus.Registry, name string) float64 {
	tb.Helper()
	families, err := r.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// connect opens a session with the hub. The test must not end before it is closed, which
// its cleanup does.
func connect(tb testing.TB, h *Hub) *viewer {
	tb.Helper()
	here, there := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	v := &viewer{tb: tb, ended: make(chan error, 1), stop: cancel}
	go func() {
		ws, err := accept(there)
		if err != nil {
			v.ended <- err
			return
		}
		v.ended <- h.Serve(ctx, ws)
	}()
	dialer := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return here, nil }}
	ws, resp, err := dialer.Dial("ws://viewer/ws", nil)
	if err != nil {
		tb.Fatal(err)
	}
	_ = resp.Body.Close()
	v.ws = ws
	tb.Cleanup(func() { v.close() })
	return v
}

// accept does the server's half of the handshake on a bare connection.
func accept(c net.Conn) (*websocket.Conn, error) {
	rw := bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	r, err := http.ReadRequest(rw.Reader)
	if err != nil {
		return nil, err
	}
	return Upgrader(nil).Upgrade(&hijacked{conn: c, rw: rw, header: http.Header{}}, r, nil)
}

type hijacked struct {
	conn   net.Conn
	rw     *bufio.ReadWriter
	header http.Header
}

func (h *hijacked) Header() http.Header         { return h.header }
func (h *hijacked) Write(b []byte) (int, error) { return h.conn.Write(b) }
func (h *hijacked) WriteHeader(int)             {}
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, h.rw, nil
}

// close ends the session and waits for it; it may be called again.
func (v *viewer) close() error {
	_ = v.ws.Close()
	v.stop()
	err := <-v.ended
	v.ended <- err
	return err
}

// wait returns how the session ended, without ending it.
func (v *viewer) wait() error {
	err := <-v.ended
	v.ended <- err
	return err
}

func (v *viewer) send(text string) {
	v.tb.Helper()
	if err := v.say(text); err != nil {
		v.tb.Fatalf("send %s: %v", text, err)
	}
}

func (v *viewer) say(text string) error { return v.write(websocket.TextMessage, []byte(text)) }

func (v *viewer) write(kind int, b []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ws.WriteMessage(kind, b)
}

func inputFrame(run uint32, greys []byte) []byte {
	f := Frame{Kind: FrameInput, Run: run, Blocks: []Block{{
		Channels: 1, Width: drawingSide, Height: drawingSide, Scale: greyScale, Data: greys,
	}}}
	return f.Append(nil)
}

func (v *viewer) draw(run uint32, greys []byte) {
	v.tb.Helper()
	if err := v.write(websocket.BinaryMessage, inputFrame(run, greys)); err != nil {
		v.tb.Fatalf("draw %d: %v", run, err)
	}
}

// reply is any JSON message of the server.
type reply struct {
	Type          string
	Run           uint32
	ID            uint32
	Code          string
	Message       string
	Hint          string
	Model         string
	Scores        []float32
	Probabilities []float32
	Order         []int
	Blank         bool
	Values        []float32
}

// next reads one message: either a reply or a frame.
func (v *viewer) next() (*reply, *Frame, error) {
	kind, b, err := v.ws.ReadMessage()
	if err != nil {
		return nil, nil, err
	}
	if kind == websocket.BinaryMessage {
		f, err := DecodeFrame(b)
		return nil, &f, err
	}
	r := &reply{}
	return r, nil, json.Unmarshal(b, r, json.MatchCaseInsensitiveNames(true))
}

// reply reads on to the next JSON message of this type and skips the others.
func (v *viewer) reply(kind string) *reply {
	v.tb.Helper()
	for {
		r, _, err := v.next()
		if err != nil {
			v.tb.Fatalf("waiting for %q: %v", kind, err)
		}
		if r != nil && r.Type == kind {
			return r
		}
	}
}

// frame reads on to the next frame and skips JSON.
func (v *viewer) frame() *Frame {
	v.tb.Helper()
	for {
		_, f, err := v.next()
		if err != nil {
			v.tb.Fatalf("waiting for a frame: %v", err)
		}
		if f != nil {
			return f
		}
	}
}

// hello greets and reads the manifest.
func (v *viewer) hello(model string) {
	v.tb.Helper()
	v.send(`{"type":"hello","version":1,"model":"` + model + `"}`)
	if r := v.reply("manifest"); r.Model != model {
		v.tb.Fatalf("manifest of %q, want %q", r.Model, model)
	}
}

// refused reads the error message and the close message that must follow.
func (v *viewer) refused(code string, closeCode int) {
	v.tb.Helper()
	r := v.reply("error")
	if r.Code != code || r.Message == "" {
		v.tb.Errorf("error %q (%s), want code %q", r.Code, r.Message, code)
	}
	v.closed(closeCode)
}

// closed reads on to the close message.
func (v *viewer) closed(code int) {
	v.tb.Helper()
	for {
		_, _, err := v.next()
		if err == nil {
			continue
		}
		c, ok := errors.AsType[*websocket.CloseError](err)
		if !ok || c.Code != code {
			v.tb.Errorf("the session ended with %v, want close code %d", err, code)
		} else if c.Text == "" {
			v.tb.Errorf("close %d says nothing", code)
		}
		return
	}
}
