package confine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"vizserver/internal/fault"
)

// Options bounds one child. The zero value works.
type Options struct {
	MaxOutput int64         // bytes of the result; 0: four times the file and 16 MiB
	Memory    int64         // bytes of address space; 0: 2 GiB and four times the file. Go needs 1 GiB to start
	CPU       time.Duration // processor time, whole seconds; 0: 60 s
	Wall      time.Duration // 0: 60 s
}

const (
	defaultTime   = 60 * time.Second
	defaultMemory = 2 << 30
	outputSlack   = 16 << 20
	maxStderr     = 64 << 10
	graceful      = 5 * time.Second // for the pipes of a killed child to close
)

// The environment of a child is these and no more.
const (
	envJob    = "VIZ_CONFINED"
	envMemory = "VIZ_CONFINED_MEMORY"    // bytes
	envFile   = "VIZ_CONFINED_FILE_SIZE" // bytes that the job may write to a file of its own
	envCPU    = "VIZ_CONFINED_CPU"       // seconds
	envWall   = "VIZ_CONFINED_WALL"      // as time.Duration prints it
)

// Run starts a child that does the named job on the file, and returns what the job wrote, which the
// caller owns. It returns when the child has ended: at its end, at the end of ctx, or at a limit.
// The child reads in with ReadAt; its offset does not matter, and the caller closes it.
//
// The error is the job's own (kind, text and hint), or Unprocessable where the child died of the
// file or needed more than its limits, TooLarge where it wrote more than MaxOutput, and that of ctx
// where ctx ended.
func Run(ctx context.Context, job string, in *os.File, o Options) ([]byte, error) {
	size, err := regularSize(in)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults(size)
	dir, err := os.MkdirTemp("", "viz-confined-")
	if err != nil {
		return nil, internal(err, "no empty directory for the child process")
	}
	defer func() { _ = os.RemoveAll(dir) }() // empty, unless a job unpacked into it

	live, cancel := context.WithTimeout(ctx, o.Wall)
	defer cancel()
	stdout := &bounded{limit: o.MaxOutput, expect: size + outputSlack/256, full: cancel}
	stderr := &head{limit: maxStderr}
	cmd := exec.CommandContext(live, executable())
	cmd.Args = []string{"vizserver: " + job}
	cmd.Dir = dir
	cmd.Env = environment(job, size, o)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, stdout, stderr
	cmd.WaitDelay = graceful
	ownGroup(cmd)
	err = cmd.Run()
	switch {
	case err == nil:
		return stdout.buf.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("read a file in a child process: %w", context.Cause(ctx))
	case stdout.overflow:
		return nil, fault.New(fault.TooLarge, "this file unfolds to more than %s", humanize.IBytes(uint64(o.MaxOutput)))
	case live.Err() != nil:
		return nil, fault.New(fault.Unprocessable, "this file needs more time than %v to be read", o.Wall).WithHint(hintHeavy)
	}
	return nil, diagnose(cmd.ProcessState, err, stderr.buf, o)
}

// regularSize refuses what has no size: a child may read a pipe or a device for ever.
func regularSize(in *os.File) (int64, error) {
	info, err := in.Stat()
	switch {
	case err != nil:
		return 0, internal(err, "the file cannot be read")
	case !info.Mode().IsRegular():
		return 0, fault.New(fault.Invalid, "this is no regular file").WithHint("give the name of a file, not of a directory, a pipe or a device")
	}
	return info.Size(), nil
}

func (o Options) withDefaults(size int64) Options {
	if o.MaxOutput <= 0 {
		o.MaxOutput = 4*size + outputSlack
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory + 4*size
	}
	if o.CPU <= 0 {
		o.CPU = defaultTime
	}
	if o.Wall <= 0 {
		o.Wall = defaultTime
	}
	return o
}

func environment(job string, size int64, o Options) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		envJob + "=" + job,
		envMemory + "=" + number(o.Memory),
		envFile + "=" + number(4*size+outputSlack),
		envCPU + "=" + number(int64((o.CPU+time.Second-1)/time.Second)),
		envWall + "=" + o.Wall.String(),
		"GOMAXPROCS=2",
	}
}

// executable is this program. The link of /proc leads to it even after an update has replaced the file.
func executable() string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// bounded keeps what a child writes, up to a limit, and calls full above it.
type bounded struct {
	buf           bytes.Buffer
	limit, expect int64
	overflow      bool
	full          func()
}

// Write implements io.Writer. The first byte brings memory for a result of the size of the file, for
// that is what converters write; a child that refuses costs none.
func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.buf.Len())+int64(len(p)) > b.limit {
		b.overflow = true
		b.full()
		return 0, io.ErrShortWrite
	}
	if b.buf.Len() == 0 {
		b.buf.Grow(int(min(b.expect, b.limit)))
	}
	return b.buf.Write(p)
}

// head keeps the first bytes and lets the rest go by: a child that writes for ever is not blocked.
type head struct {
	buf   []byte
	limit int
}

func (h *head) Write(p []byte) (int, error) {
	h.buf = append(h.buf, p[:min(len(p), h.limit-len(h.buf))]...)
	return len(p), nil
}

func internal(err error, text string) error {
	return fault.New(fault.Internal, "%s", text).WithCause(err)
}

// errChild is the cause, for the log, of an error that a child's end stands for.
func errChild(err error, stderr []byte) error {
	if len(stderr) == 0 {
		return err
	}
	return errors.Join(err, errors.New(string(stderr)))
}
