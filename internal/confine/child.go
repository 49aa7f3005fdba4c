package confine

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"

	"vizserver/internal/fault"
)

// Job is what a child does: it reads the file, with ReadAt, and writes its result. An error with a
// kind is shown to the user; it may panic, and it may use up its limits.
type Job func(in *os.File, out io.Writer) error

// Main returns at once in an ordinary process. In a child it does the job that Run asked for, and
// ends the process. It is the first line of main, before flags are read.
func Main(jobs map[string]Job) {
	name, confined := os.LookupEnv(envJob) //nolint:forbidigo // a child has no flags: its parent speaks by the environment
	if !confined {
		return
	}
	os.Exit(child(jobs[name])) //nolint:forbidigo // main must not go on in a child
}

// child limits the process and does the job.
func child(job Job) int {
	memory, file := number(envMemory), number(envFile)
	wall, err := time.ParseDuration(os.Getenv(envWall)) //nolint:forbidigo // as above
	if job == nil || memory <= 0 || err != nil {
		return refuse(fault.New(fault.Internal, "this child process does not know its job"))
	}
	debug.SetMemoryLimit(memory / 2) // the collector works harder from here on
	debug.SetMaxStack(64 << 20)
	if err := setLimits(memory, file, number(envCPU)); err != nil {
		return refuse(fmt.Errorf("limit the child process: %w", err))
	}
	time.AfterFunc(wall+graceful, func() { os.Exit(exitTime) }) //nolint:forbidigo // its parent is gone
	go watch(uint64(memory))                                    // ends with the process
	if err := do(job); err != nil {
		return refuse(err)
	}
	return 0
}

// number reads a variable that Run has set; 0 where it is none.
func number(name string) int64 {
	n, err := strconv.ParseInt(os.Getenv(name), 10, 64) //nolint:forbidigo // as above
	if err != nil {
		return 0
	}
	return n
}

// do runs the job, and turns its panic into an error: the file was the only thing it looked at.
func do(job Job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fault.New(fault.Unprocessable, "this file is damaged in a way that broke its reader").
				WithHint("save the file again, or export the model as ONNX or safetensors").
				WithCause(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
	}()
	out := bufio.NewWriterSize(os.Stdout, 256<<10)
	if err := job(os.Stdin, out); err != nil {
		return err
	}
	return out.Flush()
}

func refuse(err error) int {
	_, _ = os.Stderr.Write(newReport(err).line()) // nobody is left to hear of a failure
	return exitRefused
}

// watch ends the process when Go's memory passes the limit: the only such limit on systems without
// one on address space, and under the race detector, which needs more of that than any limit gives.
func watch(limit uint64) {
	use := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(use)
		if use[0].Value.Uint64()-use[1].Value.Uint64() > limit {
			os.Exit(exitMemory) //nolint:forbidigo // that is its task
		}
	}
}
