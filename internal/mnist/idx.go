package mnist

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"vizserver/internal/fault"
)

// maxIDX bounds the data of one IDX file: the training images are 47,040,000 bytes.
const maxIDX = 64 << 20

// maxRank bounds the dimensions of an IDX file; MNIST has 3 at most.
const maxRank = 8

// typeU8 is IDX's code of unsigned bytes, the only one that MNIST uses.
const typeU8 = 0x08

// FormatError says what is wrong with a data file.
type FormatError struct {
	File   string // name of the file within its directory, or empty
	Detail string
}

// Error names the file and the fault.
func (e *FormatError) Error() string {
	if e.File == "" {
		return "not a usable IDX file: " + e.Detail
	}
	return e.File + " is not a usable IDX file: " + e.Detail
}

// Kind says that the file is damaged, or another one.
func (e *FormatError) Kind() fault.Kind { return fault.Unprocessable }

func badIDX(format string, args ...any) error {
	return &FormatError{Detail: fmt.Sprintf(format, args...)}
}

// ReadIDX reads an IDX file of unsigned bytes: two zero bytes, a type (0x08), the rank, the
// dimensions (32-bit big-endian), then the data in row-major order. It refuses more than maxBytes of data before it
// allocates them, data that end early, and bytes after the end. The result belongs to the caller.
//
// Format: "The IDX file format" on LeCun's MNIST page.
func ReadIDX(r io.Reader, maxBytes int) (dims []int, data []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, nil, badIDX("it ends within the first 4 bytes")
	}
	if head[0] != 0 || head[1] != 0 {
		return nil, nil, badIDX("it starts with %#02x %#02x, not with two zero bytes", head[0], head[1])
	}
	if head[2] != typeU8 {
		return nil, nil, badIDX("its values have type %#02x; only unsigned bytes (0x08) are read", head[2])
	}
	rank := int(head[3])
	if rank < 1 || rank > maxRank {
		return nil, nil, badIDX("it has %d dimensions; 1 to %d are read", rank, maxRank)
	}
	dims = make([]int, rank)
	size := 1
	for i := range dims {
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, nil, badIDX("it ends within dimension %d of %d", i+1, rank)
		}
		d := binary.BigEndian.Uint32(b[:])
		if uint64(d) > uint64(maxBytes) || (d > 0 && size > maxBytes/int(d)) {
			return nil, nil, badIDX("its dimensions make more than %d bytes", maxBytes)
		}
		dims[i] = int(d)
		size *= int(d)
	}
	// The copy grows with what arrives, so a header that lies about the size allocates nothing.
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(r, int64(size)+1))
	switch {
	case err != nil:
		return nil, nil, badIDX("reading its data: %v", err)
	case n < int64(size):
		return nil, nil, badIDX("its data end after %d of %d bytes", n, size)
	case n > int64(size):
		return nil, nil, badIDX("bytes follow its %d bytes of data", size)
	}
	return dims, buf.Bytes(), nil
}

// readFile reads name, or its gzip name.gz, from dir, at most maxIDX bytes and a header of it.
func readFile(dir fs.FS, name string) ([]byte, error) {
	plain, err := dir.Open(name)
	if err == nil {
		defer plain.Close()
		return readBounded(plain, name)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	zipped, err := dir.Open(name + ".gz")
	if err != nil {
		return nil, fmt.Errorf("open %s or %s.gz: %w", name, name, err)
	}
	defer zipped.Close()
	z, err := gzip.NewReader(zipped)
	if err != nil {
		return nil, &FormatError{File: name + ".gz", Detail: "it is not a gzip file"}
	}
	return readBounded(z, name+".gz")
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	const limit = maxIDX + 4 + 4*maxRank
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, &FormatError{File: name, Detail: err.Error()}
	}
	if len(b) > limit {
		return nil, &FormatError{File: name, Detail: fmt.Sprintf("it is longer than %d bytes", limit)}
	}
	return b, nil
}
