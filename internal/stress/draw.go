package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gonum.org/v1/gonum/stat"

	"vizserver/internal/trace"
)

// Limits of the scenario draw.
const (
	minRatio      = 0.95      // of the null server's frames a second
	maxPerViewer  = 256 << 10 // bytes, of both halves of a connection together
	maxCPU        = 0.6       // milliseconds a frame, of both halves
	lastStrokeDue = 10 * time.Second
)

// crowd is the viewers of one server.
type crowd struct {
	viewers []*viewer
	reading sync.WaitGroup
	run     uint32
}

// join connects n viewers that have greeted.
func join(ctx context.Context, h *host, n int) (*crowd, error) {
	c := &crowd{}
	for range n {
		v, err := dial(ctx, h.url())
		if err != nil {
			c.leave()
			return nil, err
		}
		c.viewers = append(c.viewers, v)
		if err := v.greet(); err != nil {
			c.leave()
			return nil, err
		}
		c.reading.Go(v.follow)
	}
	return c, nil
}

// leave closes all connections and waits for their readers.
func (c *crowd) leave() {
	for _, v := range c.viewers {
		_ = v.ws.Close()
	}
	c.reading.Wait()
}

// turn is what one slice of time gave.
type turn struct {
	drawn, frames, lost int
	took, cpu           time.Duration
	waits               []time.Duration
}

// draw lets every viewer draw at its rate for a while, then waits for each one's last
// stroke. Lost counts the viewers whose last stroke was not answered.
func (c *crowd) draw(ctx context.Context, cfg config, inputs [][]byte, d time.Duration) (turn, error) {
	for _, v := range c.viewers {
		v.counts()
	}
	start, cpu := time.Now(), cpuTime()
	step := time.Duration(float64(time.Second) / cfg.rate)
	g, drawing := errgroup.WithContext(ctx) // not for what follows: it ends with Wait
	first := c.run
	n := int(d / step)
	for i, v := range c.viewers {
		rnd := rand.New(rand.NewPCG(cfg.seed, uint64(i)))
		phase := time.Duration(rnd.Int64N(int64(step)))
		g.Go(func() error {
			next := start.Add(phase)
			for k := range n {
				if err := sleepUntil(drawing, next); err != nil {
					return err
				}
				if err := v.draw(first+uint32(k)+1, inputs[rnd.IntN(len(inputs))]); err != nil {
					return err
				}
				next = next.Add(step)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return turn{}, err
	}
	c.run += uint32(n)
	t := turn{drawn: n * len(c.viewers), lost: c.awaitLast(ctx)}
	t.took, t.cpu = time.Since(start), cpuTime()-cpu
	for _, v := range c.viewers {
		frames, waits := v.counts()
		t.frames += frames
		t.waits = append(t.waits, waits...)
	}
	return t, nil
}

func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
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

// awaitLast waits for each viewer's last stroke and counts those that never came.
func (c *crowd) awaitLast(ctx context.Context) int {
	deadline := time.Now().Add(lastStrokeDue)
	for {
		lost := 0
		for _, v := range c.viewers {
			if !v.answered() {
				lost++
			}
		}
		if lost == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return lost
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// drawing is the scenario draw: the same viewers on the real server and on the null
// server, in turns, so that both meet the same moods of the machine.
func drawing(ctx context.Context, c config, r *report) error {
	inputs := strokes(c.seed, 64)
	ours, err := startReal(trace.Limits{})
	if err != nil {
		return err
	}
	defer ours.stop() //nolint:errcheck // the end is checked by the goroutines that are left
	heard, err := record(ctx, ours, inputs[stages-1])
	if err != nil {
		return err
	}
	null, err := startNull(heard)
	if err != nil {
		return err
	}
	defer null.stop() //nolint:errcheck // as above

	settle(ctx, usage{})
	before := usageNow()
	crowds, err := joinBoth(ctx, ours, null, c.clients)
	if err != nil {
		return err
	}
	defer crowds[0].leave()
	defer crowds[1].leave()
	var turns [2][]turn
	var loaded usage
	var cores []float64
	for done := time.Duration(0); done < c.time; done += c.slice {
		cores = append(cores, spinProbe())
		for i, crowd := range crowds {
			t, err := crowd.draw(ctx, c, inputs, c.slice)
			if err != nil {
				return err
			}
			turns[i] = append(turns[i], t)
		}
		loaded = usageNow()
	}
	crowds[0].leave()
	crowds[1].leave()
	checkSettled(ctx, r, "draw", before)
	// Half of the connections are the null server's: counted with the others, they make
	// the mean smaller, so all the growth is put on the real ones.
	slices.Sort(cores)
	r.note("draw", "cores that the machine gave", fmt.Sprintf("%.2f … %.2f of %d", cores[0], cores[len(cores)-1], runtime.GOMAXPROCS(0)))
	judge(c, r, turns, loaded.perViewer(before, c.clients))
	return nil
}

// joinBoth connects the same number of viewers to both servers.
func joinBoth(ctx context.Context, ours, null *host, n int) ([2]*crowd, error) {
	a, err := join(ctx, ours, n)
	if err != nil {
		return [2]*crowd{}, err
	}
	b, err := join(ctx, null, n)
	if err != nil {
		a.leave()
		return [2]*crowd{}, err
	}
	return [2]*crowd{a, b}, nil
}

func judge(c config, r *report, turns [2][]turn, perViewer float64) {
	var rate, cpu [2]float64
	var lost, drawn, frames int
	var ratios []float64
	for i := range turns[0] {
		a, b := turns[0][i], turns[1][i]
		ratios = append(ratios, a.perSecond()/b.perSecond())
	}
	for i, list := range turns {
		var n int
		var took, used time.Duration
		for _, t := range list {
			n += t.frames
			took += t.took
			used += t.cpu
		}
		rate[i] = float64(n) / took.Seconds()
		cpu[i] = used.Seconds() * 1000 / float64(n)
	}
	var waits [2][]time.Duration
	for i, list := range turns {
		for _, t := range list {
			waits[i] = append(waits[i], t.waits...)
		}
		slices.Sort(waits[i])
	}
	for _, t := range turns[0] {
		lost += t.lost
		drawn += t.drawn
		frames += t.frames
	}
	// The median of the interleaved turns: on a shared machine a turn that the host cut
	// short says nothing of the server. Worst, best and the sum over all turns are told too.
	slices.Sort(ratios)
	ratio := stat.Quantile(0.5, stat.Empirical, ratios, nil)
	r.note("draw", "viewers, drawings", fmt.Sprintf("%d, %d at %g/s each", c.clients, drawn, c.rate))
	r.note("draw", "frames a second: real, null", fmt.Sprintf("%.0f, %.0f", rate[0], rate[1]))
	r.check("draw", "real ÷ null, median turn", ratio >= minRatio || !c.strict,
		fmt.Sprintf("%.3f (turns: %.3f … %.3f; all: %.3f)", ratio, ratios[0], ratios[len(ratios)-1], rate[0]/rate[1]),
		fmt.Sprintf("≥ %g", minRatio))
	r.check("draw", "CPU a frame, both ends: real, null", cpu[0] <= maxCPU || !c.strict,
		fmt.Sprintf("%.3f, %.3f ms", cpu[0], cpu[1]), fmt.Sprintf("≤ %g ms", maxCPU))
	r.note("draw", "superseded", fmt.Sprintf("%d", drawn-frames))
	r.note("draw", "stroke → frame, real: p50, p95, p99", quantiles(waits[0]))
	r.note("draw", "stroke → frame, null: p50, p95, p99", quantiles(waits[1]))
	r.check("draw", "last strokes unanswered", lost == 0, fmt.Sprintf("%d of %d", lost, len(turns[0])*c.clients), "0")
	checkMemory(r, "draw", "memory a viewer, both ends", perViewer)
}

// checkMemory notes the bytes of one viewer.
func checkMemory(r *report, name, what string, bytes float64) {
	ok := bytes <= maxPerViewer || raceDetector
	r.check(name, what, ok, fmt.Sprintf("%.0f KiB", bytes/1024), fmt.Sprintf("≤ %d KiB", maxPerViewer>>10))
}

func (t turn) perSecond() float64 { return float64(t.frames) / t.took.Seconds() }

// quantiles writes the quantiles of a sorted list.
func quantiles(w []time.Duration) string {
	if len(w) == 0 {
		return "none"
	}
	at := func(q float64) time.Duration { return w[int(q*float64(len(w)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("%v, %v, %v", at(0.5), at(0.95), at(0.99))
}
