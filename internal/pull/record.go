package pull

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/natefinch/atomic"

	"vizserver/internal/fault"
)

// Record says what was pulled under a name.
type Record struct {
	Net       string    `json:"net"`
	Tag       string    `json:"tag"`
	Blob      string    `json:"blob"` // name in blobs/
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"` // bytes
	URL       string    `json:"url"`
	CheckedBy string    `json:"checked_by"` // what the publisher gives that was compared; FirstUse: nothing
	At        time.Time `json:"at"`
}

// FirstUse is CheckedBy of a file whose publisher gives no hash: the SHA-256 of the first
// download is kept and compared from then on.
const FirstUse = "first use"

// Cache is the directory of what was pulled. The zero value is of no use: set Dir.
type Cache struct{ Dir string }

func (c *Cache) recordPath(f *File) string { return filepath.Join(c.Dir, "weights", f.ID()+".json") }
func (c *Cache) partPath(f *File) string   { return filepath.Join(c.Dir, "part", f.ID()+".part") }
func (c *Cache) lockPath(f *File) string   { return filepath.Join(c.Dir, "part", f.ID()+".lock") }
func (c *Cache) blobPath(r *Record) string { return filepath.Join(c.Dir, "blobs", r.Blob) }

// AbsentError says that weights are not in the cache.
type AbsentError struct{ ID string }

func (e *AbsentError) Error() string {
	return fmt.Sprintf("the weights of %s are not on this machine", e.ID)
}

// Kind says that the thing does not exist.
func (e *AbsentError) Kind() fault.Kind { return fault.NotFound }

// UserHint implements fault.Hinter.
func (e *AbsentError) UserHint() string { return "vizserver pull " + e.ID }

// Path returns where the file is, and what is known of it. It looks at the size, not at the
// bytes: Verify does. The error is an *AbsentError where the file was not pulled.
func (c *Cache) Path(f *File) (string, *Record, error) {
	r, err := c.record(f)
	if err != nil {
		return "", nil, err
	}
	if r == nil {
		return "", nil, &AbsentError{ID: f.ID()}
	}
	info, err := os.Stat(c.blobPath(r))
	if err != nil || info.Size() != r.Size {
		return "", r, &AbsentError{ID: f.ID()}
	}
	return c.blobPath(r), r, nil
}

var blobName = regexp.MustCompile(`^[0-9a-f]{64}\.[a-z0-9]{1,12}$`)

// record reads what was pulled; nil where nothing was. One that cannot be read, or that
// names a file outside the cache, is renamed to .bad and counts as nothing.
func (c *Cache) record(f *File) (*Record, error) {
	b, err := os.ReadFile(c.recordPath(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, c.trouble("read", err)
	}
	var r Record
	if json.Unmarshal(b, &r) != nil || r.Net != f.Net || r.Tag != f.Tag || !blobName.MatchString(r.Blob) ||
		!strings.HasPrefix(r.Blob, r.SHA256) || len(r.SHA256) != 64 {
		if err := os.Rename(c.recordPath(f), c.recordPath(f)+".bad"); err != nil {
			return nil, c.trouble("set aside a damaged record in", err)
		}
		return nil, nil
	}
	return &r, nil
}

// write puts the record in its place, whole or not at all.
func (c *Cache) write(f *File, r *Record) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := atomic.WriteFile(c.recordPath(f), bytes.NewReader(append(b, '\n'))); err != nil {
		return c.trouble("write", err)
	}
	return syncDir(filepath.Dir(c.recordPath(f)))
}

// make creates the directories.
func (c *Cache) make() error {
	for _, dir := range []string{"weights", "blobs", "part"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o750); err != nil {
			return c.trouble("write", err)
		}
	}
	return nil
}

// sweep removes what a process that was killed while it wrote a small file left beside it.
func (c *Cache) sweep(f *File) {
	for _, name := range []string{c.recordPath(f), c.partPath(f) + ".json"} {
		left, _ := filepath.Glob(name + "[0-9]*") // the pattern is a good one
		for _, l := range left {
			_ = os.Remove(l) // a leftover does no harm
		}
	}
}

// trouble says why the cache cannot be used.
func (c *Cache) trouble(act string, err error) error {
	switch {
	case full(err):
		return c.diskFull(0).WithCause(err)
	case errors.Is(err, fs.ErrPermission), readOnly(err):
		return fault.New(fault.Forbidden, "no permission to %s the cache directory %s", act, c.Dir).WithCause(err).
			WithHint("name another one with --cache or VIZ_CACHE")
	}
	return fmt.Errorf("%s the cache directory %s: %w", act, c.Dir, err)
}

// syncDir makes a rename last through a loss of power, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // Windows has no such thing, and some file systems refuse
	return d.Close()
}
