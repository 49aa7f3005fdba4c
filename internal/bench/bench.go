// Package bench measures how fast and how large the engine is, alone or beside ONNX Runtime: both
// run the same net with the same weights on the same numbers, by turns, in quiet moments. It is for
// people who tune the engine or doubt its figures; nothing of the server needs it.
package bench

import (
	"context"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Mode says what a run leaves behind, and what it is compared with.
type Mode string

// The modes.
const (
	Logits    Mode = "logits"    // only the answer is kept; theirs: the answer is the one output
	All       Mode = "all"       // every value is kept, in the engine's layout; theirs: as for Logits
	Converted Mode = "converted" // every value is read as planar N×C×H×W as soon as it is there; theirs: all values are outputs
)

// Options say how to measure.
type Options struct {
	Kernels string        // "avx512", "avx2", "go", "reference"; "": the best
	Threads int           // of each engine
	Mode    Mode          // what is kept
	Rounds  int           // turns of each engine
	Repeat  int           // timed runs of a turn at least, behind one that warms the caches up
	Limit   time.Duration // no further turn begins after it; three turns are made anyway
	Quiet   time.Duration // how long a turn waits at most for an idle machine
	Layers  bool          // measure each step too
	Theirs  *Runtime      // nil: the engine alone
}

const (
	leastRounds = 3
	gap         = 20 * time.Millisecond // between the engines: ONNX Runtime's threads spin behind a run
	idleShare   = 0.93                  // of the processors, and the machine is quiet
	idleWindow  = 120 * time.Millisecond
	leastTurn   = 10 * time.Millisecond // a turn has more runs of a small net, at most mostRepeats
	mostRepeats = 200
)

// Result is one line of the report. Times are milliseconds of the middle run (p50) where nothing
// else is said; cpu is the time that the process had on all processors.
type Result struct {
	Model     string   `json:"model"`
	Threads   int      `json:"threads"`
	Mode      Mode     `json:"mode"`
	OursMS    float64  `json:"ours_ms"`
	TheirsMS  *float64 `json:"theirs_ms"`        // null: not compared
	Ratio     *float64 `json:"ratio"`            // ours / theirs
	RatioP10  *float64 `json:"ratio_p10"`        // of the tenth fastest in a hundred
	RatioCPU  *float64 `json:"ratio_cpu"`        // of the processor's time
	Ours      Times    `json:"ours"`             // milliseconds
	Theirs    *Times   `json:"theirs,omitempty"` // milliseconds
	Diff      *float64 `json:"diff,omitempty"`   // largest difference of any output over the largest number in it
	Kernels   string   `json:"kernels"`
	MACs      int64    `json:"macs"`
	GFLOPS    float64  `json:"gflops"`        // 2·MACs over the time
	Peak      float64  `json:"peak_gflops"`   // what these threads can do with these kernels, measured
	Share     float64  `json:"share_of_peak"` // above 1 where Winograd's products are fewer
	Bandwidth float64  `json:"bandwidth"`     // GB/s of these threads between memory and processor, measured
	Memory    Memory   `json:"memory"`
	CompileMS float64  `json:"compile_ms"`
	Rounds    int      `json:"rounds"`
	Quiet     int      `json:"quiet_rounds"` // rounds that began on an idle machine
	Layers    []Layer  `json:"layers,omitempty"`
}

// Times are percentiles of one engine's runs, milliseconds.
type Times struct {
	Runs int     `json:"runs"`
	P10  float64 `json:"p10_ms"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	CPU  float64 `json:"cpu_ms"` // p50 of user and system time
}

// Memory is in bytes.
type Memory struct {
	Weights     int64   `json:"weights"`     // of the model
	Activations int64   `json:"activations"` // all values together, by the graph
	Run         int64   `json:"run"`         // memory of one run
	Plan        int64   `json:"plan"`        // what the compiled plan holds beside the model's weights: packed ones
	Allocs      float64 `json:"allocs"`      // allocations of one run
	Theirs      int64   `json:"theirs_peak,omitempty"`
}

// Run measures one model.
func Run(ctx context.Context, m *nn.Model, o Options) (*Result, error) {
	if o.Threads < 1 || o.Rounds < 1 || o.Repeat < 1 {
		return nil, fault.New(fault.Invalid, "threads %d, rounds %d and repeat %d: each is at least 1", o.Threads, o.Rounds, o.Repeat)
	}
	ours, err := newEngine(m, o)
	if err != nil {
		return nil, err
	}
	defer ours.close()
	r := &Result{Model: m.Name, Threads: o.Threads, Mode: o.Mode, Kernels: ours.kernels, MACs: m.Graph.MACs(), CompileMS: ms(ours.compile)}
	if err := ours.warm(ctx, r); err != nil {
		return nil, err
	}
	var theirs *child
	if o.Theirs != nil {
		if theirs, err = o.Theirs.start(ctx, m, o.Threads, o.Mode == Converted); err != nil {
			return nil, err
		}
		defer theirs.close()
		if err := r.compare(ours, theirs); err != nil {
			return nil, err
		}
	}
	r.Peak, r.Bandwidth = machine(ours.set, o.Threads)
	if err := r.rounds(ctx, o, ours, theirs); err != nil {
		return nil, err
	}
	if theirs != nil {
		if r.Memory.Theirs, err = theirs.peak(); err != nil {
			return nil, err
		}
	}
	if o.Layers {
		r.Layers, err = ours.layers(ctx, r, o)
	}
	return r, err
}

// rounds lets the engines run by turns; each begins every other round.
func (r *Result) rounds(ctx context.Context, o Options, ours *engine, theirs *child) error {
	var own, other samples
	repeat := o.Repeat
	start := time.Now()
	if err := ours.once(ctx); err != nil {
		return err
	}
	if took := time.Since(start); took < leastTurn {
		repeat = max(repeat, min(int(leastTurn/took), mostRepeats))
	}
	begin := time.Now()
	for r.Rounds < o.Rounds && (r.Rounds < leastRounds || time.Since(begin) < o.Limit) {
		if quiet(ctx, o.Quiet) {
			r.Quiet++
		}
		for turn := range 2 {
			var err error
			switch {
			case turn == r.Rounds%2:
				err = ours.turn(ctx, repeat, &own)
			case theirs != nil:
				err = theirs.turn(repeat, &other)
			}
			if err != nil {
				return err
			}
			if theirs != nil && !sleep(ctx, gap) {
				return ctx.Err()
			}
		}
		r.Rounds++
	}
	r.Ours = own.times()
	r.OursMS = r.Ours.P50
	r.GFLOPS = 2 * float64(r.MACs) / (r.OursMS * 1e6)
	if r.Peak > 0 {
		r.Share = r.GFLOPS / r.Peak
	}
	if theirs != nil {
		t := other.times()
		r.Theirs, r.TheirsMS = &t, &t.P50
		r.Ratio, r.RatioP10, r.RatioCPU = over(r.Ours.P50, t.P50), over(r.Ours.P10, t.P10), over(r.Ours.CPU, t.CPU)
	}
	return nil
}

func over(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	q := a / b
	return &q
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// sleep waits, and says whether the time passed.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
