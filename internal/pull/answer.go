package pull

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/natefinch/atomic"

	"vizserver/internal/fault"
)

// answer reads the head of an answer and makes the part ready for its body; done means that
// there is nothing more to come.
func (d *download) answer(r *http.Response) (done bool, err error) {
	switch r.StatusCode {
	case http.StatusOK:
		if d.have > 0 {
			d.o.Watch.Note("the file has changed, or the server cannot go on in the middle: all is fetched anew")
		}
		linked := d.state.Linked
		if err := d.restart(); err != nil {
			return false, err
		}
		d.state = partState{
			URL: d.url(), ETag: r.Header.Get("Etag"), Modified: r.Header.Get("Last-Modified"), Total: r.ContentLength, Linked: linked,
		}
	case http.StatusPartialContent:
		if err := d.partial(r); err != nil {
			return false, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if d.have > 0 && d.have == d.state.Total {
			return true, nil
		}
		if err := d.restart(); err != nil {
			return false, err
		}
		return false, temporary("the server does not know the range that is missing")
	default:
		return false, d.refusal(r)
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return false, fault.New(fault.Unsupported, "the server of %s encodes the file as %.40q, unasked", d.f.ID(), e)
	}
	if err := d.room(); err != nil {
		return false, err
	}
	b, err := json.Marshal(d.state)
	if err != nil {
		return false, err
	}
	if err := atomic.WriteFile(d.c.partPath(d.f)+".json", bytes.NewReader(b)); err != nil {
		return false, d.c.trouble("write", err)
	}
	return false, nil
}

var contentRange = regexp.MustCompile(`^bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)$`)

// partial checks that the rest is of the same file, and begins where the part ends.
func (d *download) partial(r *http.Response) error {
	wrong := func(text string) error {
		if err := d.restart(); err != nil {
			return err
		}
		return temporary("%s", text)
	}
	m := contentRange.FindStringSubmatch(r.Header.Get("Content-Range"))
	if m == nil || d.have == 0 {
		return wrong("the server does not say which part it sends")
	}
	first, _ := strconv.ParseInt(m[1], 10, 64) // 18 digits fit
	if first != d.have {
		return wrong(fmt.Sprintf("the server sends from byte %d on, not from %d", first, d.have))
	}
	total, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		total = d.state.Total // "*"
	}
	etag := r.Header.Get("Etag")
	if total != d.state.Total || etag != "" && d.state.ETag != "" && etag != d.state.ETag {
		return wrong("the file has changed on the server")
	}
	d.resumed = true
	return nil
}

// refusal is the error for a status that brings no file.
func (d *download) refusal(r *http.Response) error {
	s := r.StatusCode
	switch {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		const longest = time.Minute
		seconds, _ := strconv.Atoi(r.Header.Get("Retry-After")) // a date counts as none
		after := min(time.Duration(max(seconds, 0))*time.Second, longest)
		return &temporaryError{cause: fmt.Errorf("the server answers %d %s", s, http.StatusText(s)), after: after}
	case s == http.StatusNotFound, s == http.StatusGone:
		return fault.New(fault.NotFound, "%s is not at %s", d.f.ID(), d.url()).
			WithHint("with a mirror, the file there is called %s", d.f.Name)
	}
	return fault.New(fault.Forbidden, "the server of %s answers %d %s", d.f.ID(), s, http.StatusText(s)).
		WithHint("fetch %s by other means and give it with --from", d.url())
}

// room says whether a file of this size can be the right one, and fits the disk.
func (d *download) room() error {
	if d.state.Total < 0 {
		return nil
	}
	if !d.f.fits(d.state.Total) || d.state.Total > maxBytes {
		return &WrongFileError{
			ID: d.f.ID(), What: "size", Want: mebibytes(d.f.SizeMiB), Got: sizeText(d.state.Total) + ", as the server says",
		}
	}
	if have, known := d.o.free(d.c.Dir); known && have < d.state.Total-d.have {
		_ = d.discard()
		return d.c.diskFull(d.state.Total - d.have)
	}
	return nil
}
