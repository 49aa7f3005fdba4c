package confine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"vizserver/internal/fault"
)

const hintHeavy = "a file of weights needs about as much memory as it is long; this one is damaged or made to do harm"

// The exit codes of a child. The Go runtime ends a process with 2.
const (
	exitRefused = 3 // the last line of standard error is a report
	exitMemory  = 4 // the watchman found too much memory in use
	exitTime    = 5 // the child outlived its parent's patience
)

// report is the line of JSON in which a child says why it refuses a file.
type report struct {
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
	Cause string `json:"cause,omitempty"` // for the log
}

// Longest texts taken from a child, in runes.
const (
	maxText  = 2000
	maxCause = 8000
)

// newReport says what a job's error means. What says no kind is no word for users.
func newReport(err error) report {
	k := fault.KindOf(err)
	if k == fault.Internal {
		return report{Kind: k.String(), Text: "the reader of this file failed", Cause: cut(err.Error(), maxCause)}
	}
	r := report{Kind: k.String(), Text: cut(err.Error(), maxText), Hint: cut(fault.Hint(err), maxText)}
	return r
}

// line is the report as JSON, with a line break before it, which ends whatever the job had written.
func (r report) line() []byte {
	b, err := json.Marshal(r)
	if err != nil { // strings alone do not fail
		panic(err)
	}
	return append(append([]byte{'\n'}, b...), '\n')
}

// cut shortens a text to n runes, and replaces what a terminal would obey.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n-1]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return utf8.RuneError
		}
		return r
	}, s)
}

// readReport finds the report in the last line; false where there is none that makes sense.
func readReport(stderr []byte) (r report, ok bool) {
	lines := bytes.Split(bytes.TrimSpace(stderr), []byte{'\n'})
	err := json.Unmarshal(lines[len(lines)-1], &r)
	return r, err == nil && r.Text != ""
}

// fault is the report as the error that it was in the child. A child may lie, or be broken: its
// words are cut here too, and an unknown kind is Internal.
func (r report) fault() *fault.Error {
	e := fault.New(fault.Internal, "%s", cut(r.Text, maxText)).WithHint("%s", cut(r.Hint, maxText))
	for _, k := range fault.Kinds() {
		if k.String() == r.Kind {
			e.K = k
		}
	}
	if r.Cause != "" {
		e.Err = fmt.Errorf("in the child process: %s", cut(r.Cause, maxCause))
	}
	return e
}

// diagnose turns the end of a child into an error for the user.
func diagnose(state *os.ProcessState, err error, stderr []byte, o Options) error {
	if state == nil { // it never started
		return internal(err, "the child process that reads this format could not be started")
	}
	cause := errChild(err, stderr)
	code := state.ExitCode() // -1: a signal
	memory := fault.New(fault.Unprocessable, "this file needs more memory than %s to be read", humanize.IBytes(uint64(o.Memory))).
		WithHint(hintHeavy).WithCause(cause)
	switch {
	case code == exitRefused:
		if r, ok := readReport(stderr); ok {
			return r.fault()
		}
	case code == exitMemory, outOfMemory(stderr):
		return memory
	case code == exitTime, code == -1 && state.UserTime()+state.SystemTime() >= o.CPU-o.CPU/10:
		return fault.New(fault.Unprocessable, "this file needs more time than %v of the processor to be read", o.CPU.Round(time.Second)).
			WithHint(hintHeavy).WithCause(cause)
	case code == -1 && len(stderr) == 0: // the system's own killer leaves no word
		return memory
	}
	return fault.New(fault.Unprocessable, "this file is damaged in a way that broke its reader").
		WithHint("Only a child process died of it. Save the file again, or export the model as ONNX or safetensors.").WithCause(cause)
}

// outOfMemory knows the ways in which the Go runtime says that there is none.
func outOfMemory(stderr []byte) bool {
	for _, s := range []string{"out of memory", "cannot allocate memory", "cannot map pages"} {
		if bytes.Contains(stderr, []byte(s)) {
			return true
		}
	}
	return false
}
