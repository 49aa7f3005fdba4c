// Command stress loads a server with WebSocket viewers and checks what comes back. Every
// scenario is seeded, bounded in time and says itself whether it held:
//
//	go run ./internal/stress -all              all scenarios, about four minutes
//	go run ./internal/stress -run draw         one scenario
//	go run ./internal/stress -run draw -clients 50 -time 20s
//
// It prints a table of what was measured beside its limit and ends with exit code 1 if a
// limit was broken. The short form of the same scenarios is the package's test.
//
// Server and viewers share one process, so figures of memory hold both halves of a
// connection, and figures of speed are told as a ratio to a null server that sends the
// same frames without a net, in turns with the real one.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// config is the size of a scenario.
type config struct {
	seed    uint64
	clients int           // viewers at once
	rate    float64       // drawings a second of each
	time    time.Duration // of drawing on each server
	slice   time.Duration // of one turn before the other server's
	rounds  int           // connections of the churn, messages of the malformed
	strict  bool          // also judge figures that depend on how busy the machine is
}

// longRun is what the command does unless told otherwise: the numbers of the issue.
func longRun() config {
	return config{seed: 1998, clients: 100, rate: 30, time: 60 * time.Second, slice: 5 * time.Second, rounds: 5000, strict: true}
}

// shortRun is for the test: the same checks in seconds.
func shortRun() config {
	return config{seed: 1998, clients: 12, rate: 30, time: 2 * time.Second, slice: time.Second, rounds: 200}
}

// scenario is one line of the table below.
type scenario struct {
	name string
	what string
	run  func(ctx context.Context, c config, r *report) error
}

// scenarios lists what there is, in the order in which -all runs it.
var scenarios = []scenario{
	{"draw", "viewers that draw, beside a null server", drawing},
	{"malformed", "messages that break the protocol", malformed},
	{"version", "pages of another version, unknown nets, other sites", strangers},
	{"silent", "sockets that say nothing", silent},
	{"slow", "viewers that do not read", slow},
	{"flood", "a viewer that sends all it can", flood},
	{"churn", "viewers that come and go at once", churn},
	{"drain", "a server that stops while all draw", drain},
}

// report collects what a scenario measured.
type report struct {
	lines  []line
	failed int
}

type line struct {
	scenario, what, got, limit string
	ok                         bool
}

// check notes a figure, its limit, and whether it holds.
func (r *report) check(name, what string, ok bool, got, limit string) {
	r.lines = append(r.lines, line{name, what, got, limit, ok})
	if !ok {
		r.failed++
	}
}

// note adds a figure that has no limit.
func (r *report) note(name, what, got string) {
	r.lines = append(r.lines, line{name, what, got, "", true})
}

func (r *report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tmeasured\tvalue\tlimit\t")
	for _, l := range r.lines {
		verdict := "ok"
		switch {
		case !l.ok:
			verdict = "BROKEN"
		case l.limit == "":
			verdict = ""
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.scenario, l.what, l.got, l.limit, verdict)
	}
	return t.Flush()
}

func main() {
	c := longRun()
	all := flag.Bool("all", false, "run every scenario")
	names := flag.String("run", "", "run these scenarios, separated by commas: "+strings.Join(scenarioNames(), ", "))
	flag.Uint64Var(&c.seed, "seed", c.seed, "seed of everything that is random")
	flag.IntVar(&c.clients, "clients", c.clients, "viewers at once")
	flag.DurationVar(&c.time, "time", c.time, "time of drawing on each server")
	flag.Parse()
	if !*all && *names == "" {
		flag.Usage()
		os.Exit(80)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(runAll(ctx, c, *names, os.Stdout, os.Stderr))
}

func scenarioNames() []string {
	list := make([]string, len(scenarios))
	for i, s := range scenarios {
		list[i] = s.name
	}
	return list
}

// runAll runs the named scenarios (all if names is empty) and returns the exit code.
func runAll(ctx context.Context, c config, names string, out, progress io.Writer) int {
	wanted := strings.Split(names, ",")
	for _, n := range wanted {
		if n != "" && !slices.Contains(scenarioNames(), n) {
			fmt.Fprintf(progress, "there is no scenario %q; there are %s\n", n, strings.Join(scenarioNames(), ", "))
			return 80
		}
	}
	r := &report{}
	for _, s := range scenarios {
		if names != "" && !slices.Contains(wanted, s.name) {
			continue
		}
		fmt.Fprintf(progress, "%s: %s\n", s.name, s.what)
		if err := s.run(ctx, c, r); err != nil {
			r.check(s.name, "ran to its end", false, err.Error(), "")
		}
	}
	if err := r.print(out); err != nil || r.failed > 0 {
		return 1
	}
	return 0
}
