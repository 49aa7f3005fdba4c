package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Write writes a safetensors file: the same tensors and metadata give the same bytes, whatever
// the order of the slice, and they are the bytes of the reference implementation (wide dtypes
// first, then by name; header padded with spaces to a multiple of 8). Metadata may be nil.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	for i := range tensors {
		if err := checkData(&tensors[i]); err != nil {
			return err
		}
	}
	return Stream(w, tensors, metadata, func(w io.Writer, t *Tensor) error {
		_, err := w.Write(t.Data)
		return err
	})
}

// Stream writes the same file of tensors whose Data is not in memory: data is called for each,
// in the order of the file, and writes its bytes, as many as its shape needs.
func Stream(w io.Writer, tensors []Tensor, metadata map[string]string, data func(io.Writer, *Tensor) error) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int {
		if d := dtypes[b.Dtype].order - dtypes[a.Dtype].order; d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	header, err := encodeHeader(sorted, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	for i := range sorted {
		n := &counter{w: w}
		if err := data(n, &sorted[i]); err != nil {
			return fmt.Errorf("write tensor %q: %w", sorted[i].Name, err)
		}
		if size, err := sizeOf(&sorted[i]); err != nil || n.n != size {
			return badTensor(sorted[i].Name, "shape %v of %s needs %d bytes and got %d", sorted[i].Shape, sorted[i].Dtype, size, n.n)
		}
	}
	return nil
}

// counter counts the bytes on their way.
type counter struct {
	w io.Writer
	n uint64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += uint64(n) //nolint:gosec // not below zero
	return n, err
}

// encodeHeader returns the length, the JSON and its padding.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	if len(tensors) > maxTensors {
		return nil, fmt.Errorf("write %d tensors: at most %d", len(tensors), maxTensors)
	}
	var buf bytes.Buffer
	buf.Write(make([]byte, 8))
	e := headerEncoder{Encoder: jsontext.NewEncoder(&buf)}
	e.write(jsontext.BeginObject)
	e.metadata(metadata)
	at := uint64(0)
	for i := range tensors {
		size, err := check(&tensors[i])
		if err != nil {
			return nil, err
		}
		e.tensor(&tensors[i], at, at+size)
		at += size
	}
	e.write(jsontext.EndObject)
	if e.err != nil { // a name twice, or not UTF-8
		return nil, fmt.Errorf("write the header: %w", e.err)
	}
	b := bytes.TrimRight(buf.Bytes(), "\n")
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	if len(b)-8 > maxHeader {
		return nil, fmt.Errorf("write a header of %d bytes: at most %d", len(b)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
	return b, nil
}

// check refuses a tensor that Read would refuse, and returns the bytes of its data.
func check(t *Tensor) (uint64, error) {
	if _, ok := dtypes[t.Dtype]; !ok {
		return 0, badTensor(t.Name, "unknown dtype %q", t.Dtype)
	}
	if len(t.Name) > maxName || t.Name == metadataKey || len(t.Shape) > maxRank {
		return 0, badTensor(t.Name, "its name or its %d dimensions are not allowed", len(t.Shape))
	}
	return sizeOf(t)
}

// sizeOf is the number of bytes that the shape needs.
func sizeOf(t *Tensor) (uint64, error) {
	shape := make([]uint64, len(t.Shape))
	for i, d := range t.Shape {
		if d < 0 {
			return 0, badTensor(t.Name, "negative size in shape %v", t.Shape)
		}
		shape[i] = uint64(d)
	}
	size, err := byteSize(t.Name, t.Dtype, shape)
	if err != nil {
		return 0, fmt.Errorf("write: %w", err)
	}
	return size, nil
}

// checkData refuses a tensor whose data are not as long as its shape says.
func checkData(t *Tensor) error {
	size, err := check(t)
	if err == nil && size != uint64(len(t.Data)) {
		return badTensor(t.Name, "shape %v of %s needs %d bytes and has %d", t.Shape, t.Dtype, size, len(t.Data))
	}
	return err
}

// headerEncoder writes tokens and keeps the first error.
type headerEncoder struct {
	*jsontext.Encoder
	err error
}

func (e *headerEncoder) write(tokens ...jsontext.Token) {
	for _, t := range tokens {
		if e.err == nil {
			e.err = e.WriteToken(t)
		}
	}
}

func (e *headerEncoder) metadata(m map[string]string) {
	if m == nil {
		return
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	e.write(jsontext.String(metadataKey), jsontext.BeginObject)
	for _, k := range keys {
		e.write(jsontext.String(k), jsontext.String(m[k]))
	}
	e.write(jsontext.EndObject)
}

func (e *headerEncoder) tensor(t *Tensor, begin, end uint64) {
	e.write(jsontext.String(t.Name), jsontext.BeginObject,
		jsontext.String("dtype"), jsontext.String(string(t.Dtype)),
		jsontext.String("shape"), jsontext.BeginArray)
	for _, d := range t.Shape {
		e.write(jsontext.Int(int64(d)))
	}
	e.write(jsontext.EndArray,
		jsontext.String("data_offsets"), jsontext.BeginArray,
		jsontext.Uint(begin), jsontext.Uint(end), jsontext.EndArray,
		jsontext.EndObject)
}
