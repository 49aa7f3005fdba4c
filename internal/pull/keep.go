package pull

import (
	"context"
	"errors"
	"os"

	"vizserver/internal/fault"
)

// Verify reads a pulled file whole and compares its SHA-256 with the record's. One that
// differs is renamed to .bad; the error is then a *WrongFileError.
func (c *Cache) Verify(ctx context.Context, f *File) (*Record, error) {
	unlock, err := c.lock(ctx, f, nobody{})
	if err != nil {
		return nil, err
	}
	defer unlock()
	r, err := c.record(f)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &AbsentError{ID: f.ID()}
	}
	blob, err := os.Open(c.blobPath(r))
	if errors.Is(err, os.ErrNotExist) {
		return nil, &AbsentError{ID: f.ID()}
	}
	if err != nil {
		return nil, c.trouble("read", err)
	}
	s, err := sumOf(ctx, blob)
	_ = blob.Close() // it was only read
	if err != nil {
		return nil, c.trouble("read", err)
	}
	if s.sha256() != r.SHA256 {
		if err := os.Rename(c.blobPath(r), c.blobPath(r)+".bad"); err != nil {
			return nil, c.trouble("set aside a damaged file in", err)
		}
		return nil, &WrongFileError{ID: f.ID(), What: "SHA-256", Want: r.SHA256, Got: s.sha256()}
	}
	return r, nil
}

// Remove deletes a pulled file and what is left of a download. The record stays, so that the
// same name cannot become another file; forget deletes it too.
func (c *Cache) Remove(ctx context.Context, f *File, forget bool) error {
	unlock, err := c.lock(ctx, f, nobody{})
	if err != nil {
		return err
	}
	defer unlock()
	r, err := c.record(f)
	if err != nil {
		return err
	}
	names := []string{c.partPath(f), c.partPath(f) + ".json"}
	if r != nil {
		names = append(names, c.blobPath(r), c.blobPath(r)+".bad")
	}
	if forget {
		names = append(names, c.recordPath(f))
	}
	gone := 0
	for _, name := range names {
		switch err := os.Remove(name); {
		case err == nil:
			gone++
		case !errors.Is(err, os.ErrNotExist):
			return c.trouble("remove a file of", err)
		}
	}
	if gone == 0 {
		return fault.New(fault.NotFound, "there are no weights of %s to remove", f.ID())
	}
	return nil
}
