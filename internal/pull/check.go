package pull

import (
	"context"
	"crypto/md5" //nolint:gosec // Keras Applications give no other hash; beside it the SHA-256 is kept
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"vizserver/internal/fault"
)

// WrongFileError says that a file is not the one that its publisher names.
type WrongFileError struct {
	ID        string
	What      string // "SHA-256", "MD5", "size"
	Want, Got string
	Hint      string
}

func (e *WrongFileError) Error() string {
	return fmt.Sprintf("this is not the file of %s: its %s is %s, not %s", e.ID, e.What, e.Got, e.Want)
}

// Kind says that the file is damaged, or another.
func (e *WrongFileError) Kind() fault.Kind { return fault.Unprocessable }

// UserHint implements fault.Hinter.
func (e *WrongFileError) UserHint() string {
	if e.Hint != "" {
		return e.Hint
	}
	return "nothing was installed; try again, or another mirror or file: vizserver pull " + e.ID
}

// sums are the hashes of what was written to them.
type sums struct{ sha, md hash.Hash }

func newSums() *sums { return &sums{sha256.New(), md5.New()} } //nolint:gosec // see the import

// Write cannot fail.
func (s *sums) Write(b []byte) (int, error) {
	_, _ = s.sha.Write(b)
	return s.md.Write(b)
}

func (s *sums) sha256() string { return hex.EncodeToString(s.sha.Sum(nil)) }
func (s *sums) md5() string    { return hex.EncodeToString(s.md.Sum(nil)) }

// sumOf reads to the end.
func sumOf(ctx context.Context, r io.Reader) (*sums, error) {
	s, buf := newSums(), make([]byte, 1<<20)
	for {
		n, err := r.Read(buf)
		_, _ = s.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
}

// mebibytes writes a size as exactly as the registry gives it, so that two can be compared.
func mebibytes(n float64) string { return fmt.Sprintf("%.3f MiB", n) }

// sizeText writes the size of a file, both for people and to the byte.
func sizeText(n int64) string { return fmt.Sprintf("%s (%d bytes)", mebibytes(float64(n)/(1<<20)), n) }

// check compares a file with all that is known of it: what the publisher says, what its
// server said with it (linked, a SHA-256 or ""), and what was pulled under this name before
// (old, nil: nothing). It returns what of the publisher's was compared.
func (f *File) check(s *sums, size int64, linked string, old *Record) (string, error) {
	wrong := func(what, want, got string) error {
		return &WrongFileError{ID: f.ID(), What: what, Want: want, Got: got}
	}
	sha, by := s.sha256(), FirstUse
	if !f.fits(size) {
		return "", wrong("size", mebibytes(f.SizeMiB), sizeText(size))
	}
	if f.MD5 != "" {
		if s.md5() != f.MD5 {
			return "", wrong("MD5", f.MD5, s.md5())
		}
		by = "MD5 " + f.MD5
	}
	if f.Prefix != "" {
		if !strings.HasPrefix(sha, f.Prefix) {
			return "", wrong("SHA-256", f.Prefix+"…", sha)
		}
		by = "SHA-256 prefix " + f.Prefix
	}
	if linked != "" {
		if sha != linked {
			return "", wrong("SHA-256", linked+", as the server said", sha)
		}
		by = "SHA-256 of the server"
	}
	if old != nil && old.SHA256 != sha {
		return "", &WrongFileError{
			ID: f.ID(), What: "SHA-256", Want: fmt.Sprintf("%s, that of %s", old.SHA256, old.At.Format("2006-01-02")), Got: sha,
			Hint: "if you know that the publisher has replaced it: vizserver pull remove --forget " + f.ID(),
		}
	}
	return by, nil
}
