package imgio

import (
	"context"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"vizserver/internal/fault"
)

// Limits bounds the pictures that a Decoder takes. Zero fields mean the defaults.
type Limits struct {
	MaxBytes  int64         // size of the file; default 32 MiB
	MaxPixels int64         // width × height; default 50,000,000
	MaxSide   int           // width or height; default 20,000
	Memory    int64         // bytes that all decodes at one time may need; default 1 GiB
	Parallel  int           // decodes at one time; default GOMAXPROCS
	Wait      time.Duration // for a turn, then fault.Busy; default 5 s
	Timeout   time.Duration // of one decode; default 10 s
}

func (l Limits) orDefaults() Limits {
	or := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	or(&l.MaxBytes, 32<<20)
	or(&l.MaxPixels, 50_000_000)
	or(&l.Memory, 1<<30)
	if l.MaxSide == 0 {
		l.MaxSide = 20_000
	}
	if l.Parallel == 0 {
		l.Parallel = runtime.GOMAXPROCS(0)
	}
	if l.Wait == 0 {
		l.Wait = 5 * time.Second
	}
	if l.Timeout == 0 {
		l.Timeout = 10 * time.Second
	}
	return l
}

// Decoder decodes pictures within limits that all its callers share. Safe for concurrent use.
type Decoder struct {
	limits Limits
	turns  *semaphore.Weighted
	memory *semaphore.Weighted
}

// New makes a Decoder; a process needs one.
func New(l Limits) *Decoder {
	l = l.orDefaults()
	return &Decoder{
		limits: l,
		turns:  semaphore.NewWeighted(int64(l.Parallel)),
		memory: semaphore.NewWeighted(l.Memory),
	}
}

// acquire waits for n of s, at most Wait; the error is fault.Busy.
func (d *Decoder) acquire(ctx context.Context, s *semaphore.Weighted, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, d.limits.Wait)
	defer cancel()
	if err := s.Acquire(ctx, n); err != nil {
		return fault.New(fault.Busy, "other pictures are being decoded").WithHint("try again in a few seconds").WithCause(err)
	}
	return nil
}

// patientReader fails once ctx has ended: the decoders read on and on, so this ends them.
type patientReader struct {
	ctx context.Context //nolint:containedctx // lives as long as one call of Decode
	r   io.Reader
}

func (p patientReader) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
