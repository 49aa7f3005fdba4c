package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/dustin/go-humanize"
	"github.com/gofrs/flock"

	"vizserver/internal/fault"
)

// Options say how to pull; the zero value does.
type Options struct {
	Mirror  string        // address that Name is appended to, instead of the publisher's; "": none
	Watch   Watcher       // is told how it goes; nil: nobody
	Stall   time.Duration // without 1 KiB in this time a connection is given up; 0: 30 s
	Retries int           // failures in a row, without a byte, until giving up; 0: 6
	FirstGo time.Duration // wait before the first retry; each is about 1.5 times the one before; 0: 0.5 s

	transport http.RoundTripper              // instead of the network; for tests
	free      func(dir string) (int64, bool) // for tests
}

// Watcher is told how a download goes, by one goroutine.
type Watcher interface {
	Begin(have, total int64) // bytes that are there, and all of them (−1: not known); again after a new start
	Advance(n int64)         // so many more
	Note(text string)        // something that a person wants to know
}

// nobody watches.
type nobody struct{}

func (nobody) Begin(int64, int64) {}
func (nobody) Advance(int64)      {}
func (nobody) Note(string)        {}

func (o Options) filled() Options {
	if o.Watch == nil {
		o.Watch = nobody{}
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 6
	}
	if o.FirstGo == 0 {
		o.FirstGo = 500 * time.Millisecond
	}
	if o.free == nil {
		o.free = free
	}
	return o
}

// maxBytes bounds a file of which no size is known: SENet-154, the largest of the registry,
// has 0.5 GB.
const maxBytes = 2 << 30

// Pull fetches a file into the cache, or goes on where an earlier process ended, and returns
// what is known of it. A file that is there already is not fetched again. It waits where
// another process pulls the same one.
//
// Kinds of errors: Forbidden (an address, or no permission to write), NotFound, Busy (the
// network; what came stays for the next try), TooLarge (the disk), Unprocessable (the wrong file).
func (c *Cache) Pull(ctx context.Context, f *File, o Options) (*Record, error) {
	o = o.filled()
	p, err := newPolicy(o.Mirror)
	if err != nil {
		return nil, err
	}
	unlock, err := c.lock(ctx, f, o.Watch)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, r, err := c.Path(f); err == nil {
		return r, nil
	}
	d := &download{c: c, f: f, o: o, policy: p}
	if err := d.open(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = d.part.Close() }() // what matters was synced
	for again := false; ; again = true {
		if err := d.fetch(ctx); err != nil {
			return nil, err
		}
		r, err := d.install()
		if _, wrong := errors.AsType[*WrongFileError](err); !wrong {
			return r, err
		}
		// A part may be rotten from a loss of power; a whole new one that is wrong stays wrong.
		if again || !d.resumed {
			_ = d.discard() // the error that matters is there
			return nil, err
		}
		o.Watch.Note("the part that was there is damaged; all is fetched anew")
		if err := d.restart(); err != nil {
			return nil, err
		}
	}
}

// Install puts a file that the user brought into the cache, after the same checks as Pull's.
func (c *Cache) Install(ctx context.Context, f *File, from string, o Options) (*Record, error) {
	o = o.filled()
	src, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }() // it was only read
	if info, err := src.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "%s is not a file", from).WithCause(err)
	}
	unlock, err := c.lock(ctx, f, o.Watch)
	if err != nil {
		return nil, err
	}
	defer unlock()
	d := &download{c: c, f: f, o: o, from: from}
	if err := d.open(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = d.part.Close() }()
	if err := d.restart(); err != nil {
		return nil, err
	}
	o.Watch.Begin(0, -1)
	err = d.copy(ctx, io.LimitReader(src, maxBytes), nil)
	if err == nil {
		var r *Record
		if r, err = d.install(); err == nil {
			return r, nil
		}
	}
	_ = d.discard() // the error that matters is there
	return nil, err
}

// lock gives this process the right to change what belongs to f.
func (c *Cache) lock(ctx context.Context, f *File, w Watcher) (unlock func(), err error) {
	if err := c.make(); err != nil {
		return nil, err
	}
	l := flock.New(c.lockPath(f))
	ok, err := l.TryLock()
	if err == nil && !ok {
		w.Note("another process is at work on " + f.ID() + "; waiting for it")
		_, err = l.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.trouble("lock", err)
	}
	c.sweep(f)
	return func() { _ = l.Unlock() }, nil
}

// fetch asks until the whole file is there. Any progress makes the patience new.
func (d *download) fetch(ctx context.Context) error {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = d.o.FirstGo
	b.Reset()
	for failures := 0; ; {
		before := d.have
		err := d.attempt(ctx)
		if err == nil {
			return nil
		}
		var temporary *temporaryError
		if !errors.As(err, &temporary) {
			return err
		}
		if d.have > before {
			failures = 0
			b.Reset()
		}
		if failures++; failures > d.o.Retries {
			hint := "look at the network and run the command again"
			if d.have > 0 {
				hint += ": the " + bytesText(d.have) + " that came are kept"
			}
			return fault.New(fault.Busy, "%s could not be fetched: %v, %d times in a row", d.f.ID(), temporary.cause, failures).
				WithCause(err).WithHint("%s", hint)
		}
		wait := max(b.NextBackOff(), temporary.after)
		d.o.Watch.Note(fmt.Sprintf("%v; trying again", temporary.cause))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// diskFull says that there is no room; need is what is still to come, 0 where that is not known.
func (c *Cache) diskFull(need int64) *fault.Error {
	have, known := free(c.Dir)
	text := "the disk of the cache directory " + c.Dir + " is full"
	if need > 0 {
		text += ": " + bytesText(need) + " are needed"
	}
	if known {
		text += ", " + bytesText(have) + " are free"
	}
	return fault.New(fault.TooLarge, "%s", text).WithHint("make room, or name another directory with --cache or VIZ_CACHE")
}

func bytesText(n int64) string { return humanize.IBytes(uint64(max(n, 0))) } //nolint:gosec // not below zero
