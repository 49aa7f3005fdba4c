package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"vizserver/internal/mnist"
	"vizserver/internal/trace"
)

// model is the net that the load is drawn on: the page's first.
const model = "lenet5-harley"

// side of a drawing.
const side = 28

// drawing data: digits of the test set, each as eight stages of a stroke that grows.
const stages = 8

// strokes returns n drawings as INPUT frames whose run number is still to be set.
func strokes(seed uint64, n int) [][]byte {
	set := mnist.Test()
	rnd := rand.New(rand.NewPCG(seed, 1))
	list := make([][]byte, 0, n)
	for len(list) < n {
		digit := set.Image(rnd.IntN(set.Len()))
		for s := 1; s <= stages && len(list) < n; s++ {
			greys := make([]byte, side*side)
			copy(greys, digit[:len(digit)*s/stages])
			f := trace.Frame{Kind: trace.FrameInput, Blocks: []trace.Block{{
				Channels: 1, Width: side, Height: side, Scale: 1.0 / 255, Data: greys,
			}}}
			list = append(list, f.Append(nil))
		}
	}
	return list
}

// recording is what a real server was heard to say to one drawing.
type recording struct {
	manifest []byte
	answer   []byte // behind the run's number
	frame    []byte
}

// record asks a real server, for the null server to repeat.
func record(ctx context.Context, h *host, input []byte) (recording, error) {
	v, err := dial(ctx, h.url())
	if err != nil {
		return recording{}, err
	}
	defer v.ws.Close()
	if err := v.greet(); err != nil {
		return recording{}, err
	}
	if err := v.draw(1, input); err != nil {
		return recording{}, err
	}
	r := recording{manifest: v.manifest}
	for r.frame == nil {
		kind, b, err := v.ws.ReadMessage()
		if err != nil {
			return r, err
		}
		head := []byte(`{"type":"answer","run":1`)
		if kind == websocket.BinaryMessage {
			r.frame = b
		} else if bytes.HasPrefix(b, head) {
			r.answer = b[len(head):]
		}
	}
	return r, nil
}

// viewer is one loaded connection.
type viewer struct {
	ws       *websocket.Conn
	manifest []byte
	input    []byte

	writing sync.Mutex // drawing and acknowledging go on at once
	mu      sync.Mutex
	sentAt  time.Time // of the newest drawing
	sent    uint32    // its number
	seen    uint32    // number of the last whole run that came back
	frames  int
	waits   []time.Duration // from a drawing to its frame, where it was not superseded
	err     error
}

func dial(ctx context.Context, url string) (*viewer, error) {
	d := websocket.Dialer{ReadBufferSize: 4 << 10, WriteBufferSize: 1 << 10, HandshakeTimeout: 10 * time.Second}
	ws, resp, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	_ = resp.Body.Close()
	return &viewer{ws: ws}, nil
}

// greet says hello and waits for the manifest.
func (v *viewer) greet() error {
	if err := v.say(`{"type":"hello","version":1,"model":"` + model + `"}`); err != nil {
		return err
	}
	var err error
	_, v.manifest, err = v.ws.ReadMessage()
	return err
}

func (v *viewer) say(text string) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	return v.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

// draw sends a drawing under a number.
func (v *viewer) draw(run uint32, frame []byte) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.input = append(v.input[:0], frame...)
	binary.LittleEndian.PutUint32(v.input[4:], run)
	v.mu.Lock()
	v.sent, v.sentAt = run, time.Now()
	v.mu.Unlock()
	return v.ws.WriteMessage(websocket.BinaryMessage, v.input)
}

// follow reads and acknowledges until the socket ends.
func (v *viewer) follow() {
	var text []byte
	for {
		kind, r, err := v.ws.NextReader()
		if err != nil {
			v.mu.Lock()
			v.err = err
			v.mu.Unlock()
			return
		}
		if kind != websocket.BinaryMessage {
			continue // the next NextReader skips what is left
		}
		var head [24]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			continue
		}
		run := binary.LittleEndian.Uint32(head[4:])
		v.note(run)
		text = append(text[:0], `{"type":"ack","run":`...)
		text = append(strconv.AppendUint(text, uint64(run), 10), '}')
		v.writing.Lock()
		_ = v.ws.WriteMessage(websocket.TextMessage, text)
		v.writing.Unlock()
	}
}

func (v *viewer) note(run uint32) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen = run
	v.frames++
	if run == v.sent {
		v.waits = append(v.waits, now.Sub(v.sentAt))
	}
}

// counts returns the frames and waits since the last call.
func (v *viewer) counts() (int, []time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n, w := v.frames, v.waits
	v.frames, v.waits = 0, nil
	return n, w
}

// answered says whether the newest drawing came back.
func (v *viewer) answered() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen == v.sent
}

// refusal reads on to the end of the session and returns the code of the error message
// and the close code.
func (v *viewer) refusal(wait time.Duration) (code string, closed int, err error) {
	_ = v.ws.SetReadDeadline(time.Now().Add(wait))
	for {
		kind, b, err := v.ws.ReadMessage()
		if c, ok := errors.AsType[*websocket.CloseError](err); ok {
			return code, c.Code, nil
		}
		if err != nil {
			return code, 0, err
		}
		var m struct{ Type, Code string }
		if kind == websocket.TextMessage && json.Unmarshal(b, &m) == nil && m.Type == "error" {
			code = m.Code
		}
	}
}
