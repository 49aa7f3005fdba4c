package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/natefinch/atomic"

	"vizserver/internal/fault"
)

// download is one file on its way into the cache.
type download struct {
	c      *Cache
	f      *File
	o      Options
	policy *policy
	from   string // where the bytes come from, for the record

	part    *os.File
	sums    *sums // of what stands in part
	have    int64 // length of part
	told    bool  // Watch knows have
	resumed bool  // part was made by more than one connection
	state   partState
}

// partState is what makes a part worth keeping: where it is from, and the mark by which the
// server can say whether the file is still the same.
type partState struct {
	URL      string `json:"url"`
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Total    int64  `json:"total"`            // bytes; −1: not known
	Linked   string `json:"linked,omitempty"` // SHA-256 that the publisher's server said
}

// validator is what If-Range may hold: a strong ETag, else the date.
func (s *partState) validator() string {
	if s.ETag != "" && !strings.HasPrefix(s.ETag, "W/") {
		return s.ETag
	}
	return s.Modified
}

// temporaryError is one that another try may mend.
type temporaryError struct {
	cause error
	after time.Duration // that the server asks for
}

func (e *temporaryError) Error() string { return e.cause.Error() }
func (e *temporaryError) Unwrap() error { return e.cause }

func temporary(format string, args ...any) error {
	return &temporaryError{cause: fmt.Errorf(format, args...)}
}

var errStalled = errors.New("the server stopped sending")

// open opens the part, reads what of it can be gone on with, and throws the rest away.
func (d *download) open(ctx context.Context) error {
	var err error
	if d.part, err = os.OpenFile(d.c.partPath(d.f), os.O_RDWR|os.O_CREATE, 0o640); err != nil {
		return d.c.trouble("write", err)
	}
	b, err := os.ReadFile(d.c.partPath(d.f) + ".json")
	if err != nil || json.Unmarshal(b, &d.state) != nil || d.from != "" || d.state.URL != d.url() {
		return d.restart()
	}
	if d.sums, err = sumOf(ctx, d.part); err != nil {
		return d.c.trouble("read", err)
	}
	if d.have, err = d.part.Seek(0, io.SeekEnd); err != nil {
		return d.c.trouble("read", err)
	}
	d.resumed = d.have > 0
	return nil
}

// url is where the file is asked for.
func (d *download) url() string {
	switch {
	case d.from != "":
		return d.from
	case d.policy.mirror != nil:
		return d.policy.mirror.JoinPath(d.f.Name).String()
	}
	return d.f.URL
}

// restart throws away what came.
func (d *download) restart() error {
	d.have, d.sums, d.told, d.resumed, d.state = 0, newSums(), false, false, partState{}
	if err := d.part.Truncate(0); err != nil {
		return d.c.trouble("write", err)
	}
	_, err := d.part.Seek(0, io.SeekStart)
	return err
}

// discard deletes the part.
func (d *download) discard() error {
	_ = d.part.Close()
	return errors.Join(os.Remove(d.c.partPath(d.f)), os.Remove(d.c.partPath(d.f)+".json"))
}

// attempt asks for what is missing, once. A *temporaryError may be tried again; nil means
// that the server has no more to send.
func (d *download) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.o.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	r, err := d.request(ctx)
	if err != nil {
		return err
	}
	resp, err := d.client().Do(r)
	if err != nil {
		return d.netError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	done, err := d.answer(resp)
	if done || err != nil {
		return err
	}
	if !d.told {
		d.o.Watch.Begin(d.have, d.state.Total)
		d.told = true
	}
	if err := d.copy(ctx, resp.Body, func() { stall.Reset(d.o.Stall) }); err != nil {
		return d.netError(ctx, err)
	}
	if d.state.Total >= 0 && d.have < d.state.Total {
		return d.netError(ctx, io.ErrUnexpectedEOF)
	}
	return nil
}

func (d *download) client() *http.Client {
	t := d.o.transport
	if t == nil {
		t = d.policy.transport()
	}
	return &http.Client{Transport: t, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		d.linked(r.Response)
		return d.policy.redirect(r, via)
	}}
}

var sha256Mark = regexp.MustCompile(`^"?([0-9a-f]{64})"?$`)

// linked keeps the SHA-256 that the Hugging Face hub gives with its redirect to the file
// (huggingface_hub: constants.HUGGINGFACE_HEADER_X_LINKED_ETAG).
func (d *download) linked(r *http.Response) {
	own, err := url.Parse(d.f.URL)
	if err != nil || r == nil || r.Request == nil || r.Request.URL.Host != own.Host {
		return // only the publisher's own host speaks for the publisher
	}
	if m := sha256Mark.FindStringSubmatch(r.Header.Get("X-Linked-Etag")); m != nil {
		d.state.Linked = m[1]
	}
}

func (d *download) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url(), nil)
	if err != nil {
		return nil, err
	}
	if err := d.policy.check(r.URL); err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "vizserver")
	r.Header.Set("Accept-Encoding", "identity")
	mark := d.state.validator()
	if d.have > 0 && mark == "" {
		// Nothing tells whether the rest is of the same file.
		if err := d.restart(); err != nil {
			return nil, err
		}
	}
	if d.have > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		r.Header.Set("If-Range", mark)
	}
	return r, nil
}

// netError says whether an error of the network is worth another try.
func (d *download) netError(ctx context.Context, err error) error {
	var refused *RefusedError
	var own *fault.Error
	switch cause := context.Cause(ctx); {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &own): // a limit, or our own disk
		return own
	case errors.Is(cause, errStalled):
		return temporary("%w for %v", errStalled, d.o.Stall)
	case cause != nil:
		return cause
	case errors.Is(err, io.ErrUnexpectedEOF):
		return temporary("the connection ended at byte %d of %d", d.have, d.state.Total)
	}
	if asked, ok := errors.AsType[*url.Error](err); ok { // its text is the whole address
		if u, bad := url.Parse(asked.URL); bad == nil {
			err = fmt.Errorf("%s: %w", u.Host, asked.Err)
		}
	}
	return &temporaryError{cause: err}
}

// copy appends what r holds to the part. Moved is called for each KiB, where it is given.
func (d *download) copy(ctx context.Context, r io.Reader, moved func()) error {
	buf, since := make([]byte, 64<<10), 0
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if d.have+int64(n) > d.limit() {
				_ = d.discard()
				return fault.New(fault.TooLarge, "%s is longer than the %d bytes that it may have", d.f.ID(), d.limit())
			}
			if _, err := d.part.Write(buf[:n]); err != nil {
				_ = d.discard()
				return d.writeError(err)
			}
			_, _ = d.sums.Write(buf[:n])
			d.have += int64(n)
			d.o.Watch.Advance(int64(n))
			if since += n; since >= 1<<10 && moved != nil {
				moved()
				since = 0
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// limit is how long the part may become.
func (d *download) limit() int64 {
	switch {
	case d.from == "" && d.state.Total >= 0:
		return d.state.Total
	case d.f.SizeMiB > 0:
		return int64(d.f.SizeMiB*(1<<20) + sizeSlack)
	}
	return maxBytes
}

func (d *download) writeError(err error) error {
	if full(err) {
		return d.c.diskFull(max(0, d.state.Total-d.have)).WithCause(err)
	}
	return fault.New(fault.Forbidden, "the cache directory %s cannot be written", d.c.Dir).WithCause(err)
}

// install checks the whole part and gives it its final name and its record.
func (d *download) install() (*Record, error) {
	old, err := d.c.record(d.f)
	if err != nil {
		return nil, err
	}
	by, err := d.f.check(d.sums, d.have, d.state.Linked, old)
	if err != nil {
		return nil, err
	}
	if err := d.part.Sync(); err != nil {
		return nil, d.writeError(err)
	}
	if err := d.part.Close(); err != nil {
		return nil, d.writeError(err)
	}
	sha := d.sums.sha256()
	rec := &Record{
		Net: d.f.Net, Tag: d.f.Tag, Blob: sha + d.f.ext(), SHA256: sha, Size: d.have, URL: d.url(), CheckedBy: by,
		At: time.Now().UTC().Truncate(time.Second),
	}
	if err := atomic.ReplaceFile(d.c.partPath(d.f), d.c.blobPath(rec)); err != nil {
		return nil, d.c.trouble("write", err)
	}
	if err := syncDir(filepath.Dir(d.c.blobPath(rec))); err != nil {
		return nil, d.c.trouble("write", err)
	}
	_ = os.Remove(d.c.partPath(d.f) + ".json") // a leftover does no harm
	return rec, d.c.write(d.f, rec)
}
