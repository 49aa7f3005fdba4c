package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"vizserver/internal/trace"
)

// witness draws at ten a second beside a scenario: what happens to one viewer must not
// reach another.
type witness struct {
	crowd *crowd
	drawn atomic.Int64
	stop  context.CancelFunc
	ended chan error
}

func startWitness(ctx context.Context, c config, h *host) (*witness, error) {
	crowd, err := join(ctx, h, 1)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &witness{crowd: crowd, stop: cancel, ended: make(chan error, 1)}
	inputs := strokes(c.seed, stages)
	v := crowd.viewers[0]
	if err := v.draw(1, inputs[0]); err != nil { // what is made once is made now, not counted later
		cancel()
		crowd.leave()
		return nil, err
	}
	crowd.awaitLast(ctx)
	go func() {
		for run := uint32(2); ; run++ {
			if err := v.draw(run, inputs[int(run)%len(inputs)]); err != nil {
				w.ended <- err
				return
			}
			w.drawn.Add(1)
			if sleepUntil(ctx, time.Now().Add(100*time.Millisecond)) != nil {
				w.ended <- nil
				return
			}
		}
	}()
	return w, nil
}

// finish ends the drawing and checks that all went well for the witness.
func (w *witness) finish(ctx context.Context, r *report, name string) {
	w.stop()
	err := <-w.ended
	lost := w.crowd.awaitLast(ctx)
	w.crowd.leave()
	got := fmt.Sprintf("answered after %d drawings", w.drawn.Load())
	if err != nil {
		got = err.Error()
	}
	r.check(name, "a viewer beside it", err == nil && lost == 0, got, "last stroke answered")
}

// beside runs a scenario against a real server with a witness, and checks afterwards that
// nothing is left.
func beside(ctx context.Context, c config, r *report, name string, l trace.Limits, do func(h *host) error) error {
	before := usageNow()
	h, err := startReal(l)
	if err != nil {
		return err
	}
	w, err := startWitness(ctx, c, h)
	if err != nil {
		_ = h.stop()
		return err
	}
	err = do(h)
	w.finish(ctx, r, name)
	if stopErr := h.stop(); err == nil {
		err = stopErr
	}
	checkSettled(ctx, r, name, before)
	return err
}

// wrong is a message that ends a session.
type wrong struct {
	name  string
	kind  int
	b     []byte
	code  string
	close int
}

func wrongs() []wrong {
	input := strokes(1, 1)[0]
	cut := input[:len(input)-8]
	badWidth := append([]byte(nil), input...)
	badWidth[32] = 27
	return []wrong{
		{"no JSON", websocket.TextMessage, []byte("draw!"), "message_json", 4400},
		{"unknown type", websocket.TextMessage, []byte(`{"type":"exec"}`), "message_type", 1003},
		{"member twice", websocket.TextMessage, []byte(`{"type":"ack","run":1,"run":2}`), "message_member", 4400},
		{"huge number", websocket.TextMessage, []byte(`{"type":"ack","run":1e999}`), "message_value", 4400},
		{"deep", websocket.TextMessage, []byte(`{"type":` + strings.Repeat("[", 20000) + `}`), "message_json", 4400},
		{"text too long", websocket.TextMessage, []byte(`{"type":"ack","run":1` + strings.Repeat(" ", 40000) + `}`), "message_size", 1009},
		{"message too long", websocket.BinaryMessage, make([]byte, 64<<10+1), "message_size", 1009},
		{"no frame", websocket.BinaryMessage, []byte("no frame at all, but 24 bytes long"), "frame_magic", 4400},
		{"cut frame", websocket.BinaryMessage, cut, "frame_length", 4400},
		{"wrong width", websocket.BinaryMessage, badWidth, "frame_block_size", 4400},
		{"second hello", websocket.TextMessage, []byte(`{"type":"hello","version":1,"model":"lenet5-harley"}`), "hello_twice", 4400},
	}
}

// malformed sends each broken message many times over.
func malformed(ctx context.Context, c config, r *report) error {
	return beside(ctx, c, r, "malformed", trace.Limits{}, func(h *host) error {
		list := wrongs()
		right := 0
		rounds := max(c.rounds/50, 1)
		for range rounds {
			for _, w := range list {
				v, err := dial(ctx, h.url())
				if err != nil {
					return err
				}
				if err := v.greet(); err != nil {
					return err
				}
				_ = v.ws.WriteMessage(w.kind, w.b) // the server may close before it has read all
				code, closed, err := v.refusal(5 * time.Second)
				_ = v.ws.Close()
				if code == w.code && closed == w.close {
					right++
				} else if right >= 0 {
					r.check("malformed", w.name, false, fmt.Sprintf("%q, close %d (%v)", code, closed, err), fmt.Sprintf("%q, close %d", w.code, w.close))
					right = -1 << 30
				}
			}
		}
		r.check("malformed", "refused with their code", right == rounds*len(list), fmt.Sprintf("%d of %d", max(right, 0), rounds*len(list)), "all")
		return nil
	})
}

// strangers are pages of another version, of another site, or that ask for what is not there.
func strangers(ctx context.Context, c config, r *report) error {
	return beside(ctx, c, r, "version", trace.Limits{}, func(h *host) error {
		for _, s := range []struct {
			name, hello, code string
			close             int
		}{
			{"wrong version", `{"type":"hello","version":2,"model":"lenet5-harley"}`, "version", 1003},
			{"unknown net", `{"type":"hello","version":1,"model":"lenet6"}`, "not_found", 4404},
			{"no hello", `{"type":"sub","layers":null}`, "no_hello", 4400},
		} {
			v, err := dial(ctx, h.url())
			if err != nil {
				return err
			}
			if err := v.say(s.hello); err != nil {
				return err
			}
			code, closed, err := v.refusal(5 * time.Second)
			_ = v.ws.Close()
			r.check("version", s.name, code == s.code && closed == s.close, fmt.Sprintf("%q, close %d", code, closed), fmt.Sprintf("%q, close %d", s.code, s.close))
			if err != nil {
				return err
			}
		}
		for name, head := range map[string]http.Header{
			"page of another site": {"Origin": {"http://evil.example"}},
			"page without a site":  {"Origin": {"null"}},
		} {
			_, resp, err := websocket.DefaultDialer.DialContext(ctx, h.url(), head)
			status := 0
			if resp != nil {
				status = resp.StatusCode
				_ = resp.Body.Close()
			}
			r.check("version", name, err != nil && status == http.StatusForbidden, fmt.Sprintf("status %d", status), "status 403")
		}
		return nil
	})
}

// silent opens sockets and says nothing.
func silent(ctx context.Context, c config, r *report) error {
	wait := 5 * time.Second
	if !c.strict {
		wait = 300 * time.Millisecond
	}
	return beside(ctx, c, r, "silent", trace.Limits{HelloWait: wait}, func(h *host) error {
		start := time.Now()
		var list []*viewer
		for range c.clients {
			v, err := dial(ctx, h.url())
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		right := 0
		for _, v := range list {
			code, closed, _ := v.refusal(wait + 5*time.Second)
			_ = v.ws.Close()
			if code == "no_hello" && closed == 4408 {
				right++
			}
		}
		r.check("silent", "told and closed with 4408", right == len(list), fmt.Sprintf("%d of %d", right, len(list)), "all")
		took := time.Since(start)
		r.check("silent", "closed after", took >= wait && took < wait+3*time.Second, took.Round(time.Millisecond).String(), fmt.Sprintf("%v + 3s", wait))
		return nil
	})
}

// slow viewers ask for much, read nothing and acknowledge nothing.
func slow(ctx context.Context, c config, r *report) error {
	wait := 5 * time.Second
	if !c.strict {
		wait = 500 * time.Millisecond
	}
	return beside(ctx, c, r, "slow", trace.Limits{WriteWait: wait}, func(h *host) error {
		inputs := strokes(c.seed, stages)
		before := usageNow()
		d := websocket.Dialer{NetDialContext: smallBuffers}
		n := max(c.clients/5, 10)
		var list []*websocket.Conn
		for range n {
			ws, resp, err := d.DialContext(ctx, h.url(), nil)
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			list = append(list, ws)
		}
		start := time.Now()
		var pests sync.WaitGroup
		defer pests.Wait()
		for _, ws := range list {
			defer ws.Close()
			pests.Go(func() { pester(ws, inputs[stages-1]) })
		}
		time.Sleep(wait * 3 / 4)
		mid := usageNow()
		left, err := sessionsDownTo(ctx, h, 1, wait+15*time.Second) // the witness stays
		if err != nil {
			return err
		}
		took := time.Since(start)
		r.check("slow", "cut by the write deadline", left == 1 && took >= wait,
			fmt.Sprintf("%d of %d after %v", n+1-left, n, took.Round(10*time.Millisecond)), fmt.Sprintf("all, after %v", wait))
		checkMemory(r, "slow", "memory a viewer while stuck", mid.perViewer(before, n))
		return nil
	})
}

func smallBuffers(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	return conn, err
}

// pester sends questions with long answers until the socket ends, and reads none.
func pester(ws *websocket.Conn, input []byte) {
	if ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","version":1,"model":"`+model+`"}`)) != nil {
		return
	}
	if ws.WriteMessage(websocket.BinaryMessage, input) != nil {
		return
	}
	for id := 1; ; id++ {
		text := fmt.Sprintf(`{"type":"unit","id":%d,"layer":5,"channel":%d,"y":0,"x":0}`, id, id%120)
		if ws.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
			return
		}
		time.Sleep(time.Second / 50) // under the rate: it is not that which must end it
	}
}

// sessionsDownTo waits until the server counts no more sessions than want, and returns how
// many it does. The viewer's end cannot tell: while its window is shut, it does not even
// hear that the connection was reset.
func sessionsDownTo(ctx context.Context, h *host, want int, wait time.Duration) (int, error) {
	deadline := time.Now().Add(wait)
	for {
		n, err := h.metric(ctx, "vizserver_trace_sessions")
		if err != nil || n <= want || time.Now().After(deadline) {
			return n, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// flood sends drawings as fast as the line takes them.
func flood(ctx context.Context, c config, r *report) error {
	breach := 5 * time.Second
	if !c.strict {
		breach = 700 * time.Millisecond
	}
	return beside(ctx, c, r, "flood", trace.Limits{RateBreach: breach}, func(h *host) error {
		v, err := dial(ctx, h.url())
		if err != nil {
			return err
		}
		if err := v.greet(); err != nil {
			return err
		}
		input := strokes(c.seed, 1)[0]
		start := time.Now()
		sent := make(chan int, 1)
		go func() {
			n := 0
			for v.ws.WriteMessage(websocket.BinaryMessage, input) == nil {
				n++
			}
			sent <- n
		}()
		code, closed, err := v.refusal(breach + 20*time.Second)
		took := time.Since(start)
		_ = v.ws.Close()
		n := <-sent
		r.check("flood", "told and closed", code == "too_fast" && closed == websocket.ClosePolicyViolation, fmt.Sprintf("%q, close %d (%v)", code, closed, err), `"too_fast", close 1008`)
		r.check("flood", "closed after", took >= breach && took < breach+5*time.Second, took.Round(10*time.Millisecond).String(), fmt.Sprintf("%v + 5s", breach))
		r.note("flood", "messages taken by the line", fmt.Sprint(n))
		return nil
	})
}

// churn connects, draws and goes, some politely and some in the middle.
func churn(ctx context.Context, c config, r *report) error {
	return beside(ctx, c, r, "churn", trace.Limits{}, func(h *host) error {
		inputs := strokes(c.seed, stages)
		visit := func(i int) error {
			v, err := dial(ctx, h.url())
			if err != nil {
				return err
			}
			defer v.ws.Close()
			if i%4 == 0 {
				return nil // gone before hello
			}
			if err := v.greet(); err != nil {
				return err
			}
			if err := v.draw(1, inputs[i%len(inputs)]); err != nil {
				return err
			}
			if i%4 == 1 {
				return nil // gone before the answer
			}
			if _, _, err := v.ws.ReadMessage(); err != nil {
				return err
			}
			if i%4 == 2 {
				return nil
			}
			return v.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
		}
		if err := visit(3); err != nil { // warm: pools and caches are filled
			return err
		}
		before := usageNow()
		start := time.Now()
		for i := range c.rounds {
			if err := visit(i); err != nil {
				return fmt.Errorf("visit %d: %w", i, err)
			}
		}
		took := time.Since(start)
		left := settle(ctx, before)
		after := usageNow()
		growth := (float64(after.heap) - float64(before.heap)) / 1024
		r.note("churn", "visits", fmt.Sprintf("%d, %.0f a second", c.rounds, float64(c.rounds)/took.Seconds()))
		r.check("churn", "sessions left", left <= 0, fmt.Sprint(max(left, 0)), "0")
		r.check("churn", "growth of the heap", growth <= 2048, fmt.Sprintf("%.0f KiB", growth), "≤ 2048 KiB")
		return nil
	})
}

// drain stops the server while all draw: every viewer is told to connect elsewhere.
func drain(ctx context.Context, c config, r *report) error {
	before := usageNow()
	h, err := startReal(trace.Limits{})
	if err != nil {
		return err
	}
	crowd, err := join(ctx, h, c.clients)
	if err != nil {
		_ = h.stop()
		return err
	}
	inputs := strokes(c.seed, 64)
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		_, _ = crowd.draw(ctx, c, inputs, c.slice*2) // ends with an error when the sockets close
	}()
	time.Sleep(c.slice / 2)
	start := time.Now()
	err = h.stop()
	took := time.Since(start)
	crowd.reading.Wait()
	<-drawn
	told := 0
	for _, v := range crowd.viewers {
		if websocket.IsCloseError(v.err, websocket.CloseGoingAway) {
			told++
		}
	}
	crowd.leave()
	r.check("drain", "told to come again (1001)", told == len(crowd.viewers), fmt.Sprintf("%d of %d", told, len(crowd.viewers)), "all")
	r.check("drain", "time to stop", err == nil && took < 20*time.Second, took.Round(time.Millisecond).String(), "< 20s")
	checkSettled(ctx, r, "drain", before)
	return nil
}
