package trace

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// These tests run in a bubble of testing/synctest: the waits of minutes take no time, and
// the sockets are pipes in memory.

func TestSilentViewerIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		start := time.Now()
		v.refused("no_hello", 4408)
		if took := time.Since(start); took != limits.HelloWait {
			t.Errorf("closed after %v, want %v", took, limits.HelloWait)
		}
	})
}

// TestQuietViewerStays: who answers pings may be quiet for a day.
func TestQuietViewerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		pings := 0
		answer := v.ws.PingHandler()
		v.ws.SetPingHandler(func(s string) error { pings++; return answer(s) })
		frames := make(chan *Frame)
		go func() { // reading is what answers pings
			defer close(frames)
			for {
				_, f, err := v.next()
				if err != nil {
					return
				}
				if f != nil {
					frames <- f
				}
			}
		}()
		time.Sleep(24 * time.Hour)
		v.draw(1, testDrawing(1))
		if f := <-frames; f == nil || f.Run != 1 {
			t.Errorf("after a day: %+v", f)
		}
		if want := int(24 * time.Hour / limits.PingEvery); pings != want {
			t.Errorf("%d pings in a day, want %d", pings, want)
		}
	})
}

// TestDeadPeerIsDropped: a peer that reads but answers no ping is gone after ping and wait.
func TestDeadPeerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		v.ws.SetPingHandler(func(string) error { return nil })
		go func() {
			for {
				if _, _, err := v.next(); err != nil {
					return
				}
			}
		}()
		start := time.Now()
		err := v.wait()
		if !isTimeout(err) {
			t.Errorf("the session ended with %v, want a timeout", err)
		}
		if took, want := time.Since(start), limits.PingEvery+limits.PongWait; took != want {
			t.Errorf("dropped after %v, want %v", took, want)
		}
	})
}

// TestSlowReaderIsCut: who does not read is cut at the write deadline; until then nothing
// is queued for it but the newest drawing.
func TestSlowReaderIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		h := New(Options{Nets: newTestNets(t), Registry: registry})
		v := connect(t, h)
		v.hello("flat")
		start := time.Now()
		for run := uint32(1); run <= 100; run++ {
			v.draw(run, testDrawing(uint64(run)))
			synctest.Wait()
		}
		if n := counter(t, registry, "vizserver_trace_inputs_superseded_total"); n != 98 {
			t.Errorf("%v drawings were superseded, want 98: one runs, one waits", n)
		}
		err := v.wait()
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("the session ended with %v, want a timeout", err)
		}
		if took := time.Since(start); took != limits.WriteWait {
			t.Errorf("cut after %v, want %v", took, limits.WriteWait)
		}
	})
}

// TestFloodIsSlowedThenClosed: above the rate the server reads more slowly; above it for
// too long it closes with 1008.
func TestFloodIsSlowedThenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		start := time.Now()
		sent := 0
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				b := inputFrame(1, testDrawing(1))
				if v.ws.WriteMessage(websocket.BinaryMessage, b) != nil {
					return
				}
				sent++
			}
		}()
		v.refused("too_fast", websocket.ClosePolicyViolation)
		if took := time.Since(start); took < limits.RateBreach || took > limits.RateBreach+time.Second {
			t.Errorf("closed after %v, want %v", took, limits.RateBreach)
		}
		_ = v.close()
		<-stopped
		if most := limits.Burst + int(limits.RateBreach.Seconds()*limits.Rate) + 3; sent > most {
			t.Errorf("%d messages were read, want at most %d", sent, most)
		}
	})
}

// TestCredits: without acknowledgements only two runs are sent; the newest drawing waits
// and is sent at once when a credit comes back.
func TestCredits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		v.draw(1, testDrawing(1))
		v.frame()
		v.draw(2, testDrawing(2))
		v.frame()
		for run := uint32(3); run <= 9; run++ {
			v.draw(run, testDrawing(uint64(run)))
		}
		v.send(`{"type":"expand","id":5,"layer":0,"channel":0,"y":0,"x":0,"h":1,"w":1}`)
		r, f, err := v.next()
		if err != nil || f != nil || r.Type != "values" || r.Run != 2 {
			t.Fatalf("a third run came without a credit: %+v %+v %v", r, f, err)
		}
		synctest.Wait()
		start := time.Now()
		v.send(`{"type":"ack","run":1}`)
		if f := v.frame(); f.Run != 9 {
			t.Errorf("after the credit came run %d, want the newest, 9", f.Run)
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("it came %v after the credit", waited)
		}
	})
}

// TestBurstsAreFine: who is over the rate for moments only is slowed down and stays.
func TestBurstsAreFine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		for range 6 { // 24 s: before the first ping, which nobody would answer here
			for range limits.Burst + 60 { // the burst, and one second over the rate
				v.send(ackText(99)) // not due: it counts
			}
			time.Sleep(3 * time.Second)
		}
		v.draw(1, testDrawing(1))
		if f := v.frame(); f.Run != 1 {
			t.Errorf("run %d", f.Run)
		}
	})
}

// TestDrawingAt30IsNotTooFast: thirty drawings a second with their acknowledgements go on
// for ever.
func TestDrawingAt30IsNotTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		start := time.Now()
		for run := uint32(1); run <= 30*60; run++ {
			v.draw(run, testDrawing(uint64(run%7+1)))
			if f := v.frame(); f.Run != run {
				t.Fatalf("run %d, want %d", f.Run, run)
			}
			v.send(ackText(run))
			time.Sleep(time.Second / 30)
		}
		if took := time.Since(start); took > 61*time.Second {
			t.Errorf("a minute of drawing took %v: it was slowed down", took)
		}
	})
}

// TestServerStopsWhileWriting: the end of the context also ends a write that is stuck.
func TestServerStopsWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		v.draw(1, testDrawing(1))
		synctest.Wait() // the writer is stuck: nobody reads
		start := time.Now()
		v.stop()
		_ = v.wait()
		if took := time.Since(start); took > closeWait {
			t.Errorf("the session took %v to end", took)
		}
	})
}

// TestTooManyRequests: a queue of bounded length, and a word for what does not fit.
func TestTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{Requests: 3}))
		v.hello("flat")
		v.draw(1, testDrawing(1))
		synctest.Wait() // the writer is stuck with the answer to the drawing
		for id := 1; id <= 9; id++ {
			v.send(`{"type":"expand","id":` + string(rune('0'+id)) + `,"layer":0,"channel":0,"y":0,"x":0,"h":1,"w":1}`)
		}
		synctest.Wait()
		for id := uint32(1); id <= 3; id++ {
			if r := v.reply("values"); r.ID != id {
				t.Errorf("values for %d, want %d", r.ID, id)
			}
		}
		for id := uint32(4); id <= 6; id++ {
			if r := v.reply("error"); r.ID != id || r.Code != "busy" {
				t.Errorf("%+v, want busy for %d", *r, id)
			}
		}
	})
}

// TestStaleRequests: what was asked of the net that is being left is refused, not answered
// about another net.
func TestStaleRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := connect(t, newHub(t, Limits{}))
		v.hello("flat")
		v.draw(1, testDrawing(1))
		synctest.Wait()
		v.send(unitAt(0, 0, 1, 2))
		v.send(`{"type":"edit","edits":[{"layer":1,"channel":0,"scale":0}]}`)
		v.send(`{"type":"model","model":"maps"}`)
		synctest.Wait()
		if r := v.reply("manifest"); r.Model != "maps" {
			t.Errorf("manifest of %q", r.Model)
		}
		if r := v.reply("error"); r.Code != "stale" || r.ID != 1 {
			t.Errorf("%+v, want stale", *r)
		}
		if f := v.frame(); f.Unit != 2 || f.Flags != FlagLast {
			t.Errorf("frame %+v: the old net's edit is in force", *f)
		}
	})
}
