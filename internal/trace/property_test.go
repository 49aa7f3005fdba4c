package trace

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func ackText(run uint32) string { return fmt.Sprintf(`{"type":"ack","run":%d}`, run) }

// act is one thing that a viewer does.
type act struct {
	What string // "draw", "wait", "model", "edit", "unit"
	Wait time.Duration
	Name string // of the model
	On   bool   // edits
}

// script is what a viewer does before its last stroke, and how slowly it reads.
type script struct {
	Slow time.Duration
	Acts []act
}

func drawScript(t *rapid.T) script {
	s := script{Slow: time.Duration(rapid.SampledFrom([]int{0, 1, 40, 900}).Draw(t, "slow")) * time.Millisecond}
	for range rapid.IntRange(0, 60).Draw(t, "acts") {
		s.Acts = append(s.Acts, act{
			What: rapid.SampledFrom([]string{"draw", "draw", "draw", "draw", "wait", "model", "edit", "unit"}).Draw(t, "what"),
			Wait: time.Duration(rapid.IntRange(1, 300).Draw(t, "wait")) * time.Millisecond,
			Name: rapid.SampledFrom([]string{"flat", "maps"}).Draw(t, "model"),
			On:   rapid.Bool().Draw(t, "on"),
		})
	}
	return s
}

// TestLastStrokeIsAnswered: whatever a viewer does and however slowly it reads and
// acknowledges, the answer to the last drawing comes, for the last model and the last
// edits.
func TestLastStrokeIsAnswered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScript(rt)
		var err error
		synctest.Test(t, func(t *testing.T) { err = s.play(t) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// got is the last run that the viewer has seen whole.
type got struct {
	run, unit uint32
	flags     uint16
	scores    []float32
}

// play does what the script says in a bubble and checks what comes back.
func (s script) play(t *testing.T) error {
	h := newHub(t, Limits{})
	v := connect(t, h)
	v.hello("flat")
	seen := make(chan got, 1)
	go v.follow(s.Slow, seen)

	model, generation, edited, run := "flat", uint32(1), false, uint32(0)
	for _, a := range s.Acts {
		switch a.What {
		case "wait":
			time.Sleep(a.Wait)
		case "model":
			model, edited = a.Name, false
			generation++
			v.send(`{"type":"model","model":"` + model + `"}`)
		case "edit":
			edited = a.On
			list := ""
			if edited {
				list = `{"layer":0,"channel":0,"scale":0}`
			}
			v.send(`{"type":"edit","edits":[` + list + `]}`)
		case "unit":
			v.send(unitAt(0, 0, 3, 4))
		case "draw":
			run++
			v.draw(run, testDrawing(uint64(run)))
		}
	}
	run++
	v.draw(run, testDrawing(uint64(run)))
	time.Sleep(time.Minute) // of the bubble: more than the slowest reader needs
	synctest.Wait()
	_ = v.close()
	return checkLast(t, h, <-seen, got{run: run, unit: generation}, model, edited)
}

// checkLast compares the last run seen with what the last acts demand. Two changes of the
// model in a row may become one, so the generation may be lower than their number.
func checkLast(t *testing.T, h *Hub, last, want got, model string, edited bool) error {
	flags := FlagLast
	if edited {
		flags |= FlagEdited
	}
	if last.run != want.run || last.flags != flags || last.unit > want.unit {
		return fmt.Errorf("the last that came is %+v, want run %d with flags %d", last, want.run, flags)
	}
	if edited {
		return nil // the scores of an ablated net are TestEdits' matter
	}
	net, err := h.nets.Load(model)
	if err != nil {
		return err
	}
	var a answer
	if err := a.read(runOf(t, net, testDrawing(uint64(want.run))), net.Model); err != nil {
		return err
	}
	if !slices.Equal(a.scores, last.scores) {
		return fmt.Errorf("scores %v, want those of %s on drawing %d: %v", last.scores, model, want.run, a.scores)
	}
	return nil
}

// follow reads until the socket ends, slowly, and acknowledges. It leaves the last whole run
// in seen.
func (v *viewer) follow(slow time.Duration, seen chan<- got) {
	var last got
	var scores []float32
	defer func() { seen <- last }()
	for {
		r, f, err := v.next()
		if err != nil {
			return // the end of the session; what came last is what counts
		}
		if r != nil && r.Type == "answer" {
			scores = r.Scores
		}
		if f == nil {
			continue
		}
		last = got{run: f.Run, unit: f.Unit, flags: f.Flags, scores: scores}
		time.Sleep(slow)
		if v.say(ackText(f.Run)) != nil {
			return
		}
	}
}
