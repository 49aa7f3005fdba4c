package pull

import (
	"context"
	"crypto/md5" //nolint:gosec // as the code under test
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// content is what a file of n bytes holds: every place differs from its neighbours.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16*31)
	}
	return b
}

func shaOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func md5Of(b []byte) string {
	s := md5.Sum(b) //nolint:gosec // as the code under test
	return hex.EncodeToString(s[:])
}

// fileOf describes b as torchvision does.
func fileOf(b []byte) *File {
	return &File{
		Net: "net", Tag: "v1", Name: "net-" + shaOf(b)[:8] + ".pth", URL: "https://download.pytorch.org/models/net.pth",
		Prefix: shaOf(b)[:8], SizeMiB: float64(int(float64(len(b))/(1<<20)*1000+0.5)) / 1000,
	}
}

// origin is a server of one file that misbehaves as it is told: move answers request number i,
// from 0 on, and says whether it did; else the server is a good one.
type origin struct {
	body []byte
	etag string
	move func(i int, w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	calls []string // the Range of each request
	sent  int64
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	i := len(o.calls)
	o.calls = append(o.calls, r.Header.Get("Range"))
	o.mu.Unlock()
	if o.move != nil && o.move(i, w, r) {
		return
	}
	o.good(w, r, len(o.file()))
}

// file returns what is served now; replace serves something else from now on.
func (o *origin) file() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.body
}

func (o *origin) replace(body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.body = body
}

// good answers as a file server does, but sends no byte from place "to" on.
func (o *origin) good(w http.ResponseWriter, r *http.Request, to int) {
	from, body := 0, o.file()
	if o.etag != "" {
		w.Header().Set("Etag", o.etag)
	}
	if rng := r.Header.Get("Range"); rng != "" && r.Header.Get("If-Range") == o.etag {
		from, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(rng, "bytes="), "-"))
		if from >= len(body) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(body)))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)-from))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	n, _ := w.Write(body[from:max(from, to)])
	o.mu.Lock()
	o.sent += int64(n)
	o.mu.Unlock()
	if to < len(body) {
		panic(http.ErrAbortHandler)
	}
}

func (o *origin) start(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(o)
	t.Cleanup(s.Close)
	return s.URL
}

// notes keeps what a Watcher is told.
type notes struct {
	texts []string
	moved int64
}

func (*notes) Begin(int64, int64) {}
func (n *notes) Advance(b int64)  { n.moved += b }
func (n *notes) Note(text string) { n.texts = append(n.texts, text) }
func (n *notes) String() string   { return strings.Join(n.texts, "\n") }

// quick are options for a server on this machine.
func quick(mirror string) Options {
	return Options{Mirror: mirror, Stall: 300 * time.Millisecond, Retries: 3, FirstGo: time.Millisecond}
}

func pullNow(ctx context.Context, t *testing.T, c *Cache, f *File, o Options) (*Record, string, error) {
	t.Helper()
	n := &notes{}
	o.Watch = n
	r, err := c.Pull(ctx, f, o)
	return r, n.String(), err
}
