package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of ours, below those of the format (100,000,000 bytes of header): ResNet-152 needs a
// header of 80 kB and 932 tensors, and a header of 100,000 tensors only burns time.
const (
	maxHeader  = 16 << 20
	maxTensors = 65536
	maxRank    = 8
	maxName    = 512
)

const metadataKey = "__metadata__"

// File is a safetensors file that was read and checked.
type File struct {
	// Tensors in the order of their bytes in the file.
	Tensors []Tensor
	// Metadata holds the __metadata__ of the header; nil where there is none.
	Metadata map[string]string

	index map[string]int
}

// Tensor returns the tensor of that name, or nil.
func (f *File) Tensor(name string) *Tensor {
	i, ok := f.index[name]
	if !ok {
		return nil
	}
	return &f.Tensors[i]
}

// Read checks b against every rule of the format and returns its tensors, whose Data are views
// into b: the caller must not change b afterwards. The error is a *FormatError.
func Read(b []byte) (*File, error) {
	header, data, err := split(b)
	if err != nil {
		return nil, err
	}
	f := &File{index: map[string]int{}}
	entries, err := f.readHeader(header)
	if err != nil {
		return nil, err
	}
	if err := f.place(entries, data); err != nil {
		return nil, err
	}
	return f, nil
}

// split cuts the file in header and data, without looking into either.
func split(b []byte) (header, data []byte, err error) {
	if len(b) < 8 {
		return nil, nil, broken(RuleFileSize, "", "it has %d bytes", len(b))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader {
		return nil, nil, broken(RuleHeaderSize, "", "it claims a header of %d bytes", n)
	}
	rest := b[8:]
	if n > uint64(len(rest)) {
		return nil, nil, broken(RuleHeaderFits, "", "it claims a header of %d bytes and has %d", n, len(rest))
	}
	header = rest[:n]
	if !utf8.Valid(header) {
		return nil, nil, broken(RuleUTF8, "", "its header holds other bytes")
	}
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, broken(RuleBrace, "", "its header starts with %q", header[:min(1, len(header))])
	}
	return header, rest[n:], nil
}

// entry is what the header says of a tensor.
type entry struct {
	name       string
	dtype      Dtype
	shape      []uint64
	begin, end uint64
}

// readHeader parses the JSON by tokens: encoding/json would take duplicate keys and match names
// without regard to case.
func (f *File) readHeader(header []byte) ([]entry, error) {
	// Parsing 65,536 entries only to refuse the next one costs 100 ms; counting their fields costs one.
	if n := bytes.Count(header, []byte(`"data_offsets"`)); n > maxTensors {
		return nil, broken(RuleLimits, "", "it has %d tensors", n)
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(header)) // a bytes.Buffer is read in place, not copied
	var entries []entry
	err := readObject(d, func(name string) error {
		if name == metadataKey {
			return f.readMetadata(d)
		}
		if len(name) > maxName || len(entries) >= maxTensors {
			return broken(RuleLimits, name, "tensor number %d has a name of %d bytes", len(entries)+1, len(name))
		}
		e, err := readEntry(d, name)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, headerError(err)
	}
	if tail := bytes.TrimLeft(header[d.InputOffset():], " "); len(tail) > 0 {
		return nil, broken(RuleBrace, "", "%d bytes from %q on follow the object", len(tail), tail[:1])
	}
	return entries, nil
}

// headerError turns an error of the JSON decoder into the rule that it stands for.
func headerError(err error) error {
	if _, ok := errors.AsType[*FormatError](err); ok {
		return err
	}
	rule := RuleJSON
	if errors.Is(err, jsontext.ErrDuplicateName) {
		rule = RuleUniqueKeys
	}
	at := int64(-1)
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = syntax.ByteOffset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken(rule, "", "the header ends within the object")
	}
	return broken(rule, "", "the header has a fault at byte %d", at)
}

// readObject reads one JSON object and calls member with each name; member reads the value.
func readObject(d *jsontext.Decoder, member func(name string) error) error {
	if k := d.PeekKind(); k != '{' {
		return unexpected(d, "an object", k)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := member(t.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// unexpected reports a value of another kind than the format asks for; a syntax error there wins.
func unexpected(d *jsontext.Decoder, want string, got jsontext.Kind) error {
	at := d.InputOffset()
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	return broken(RuleJSON, "", "byte %d of the header should be %s and is a JSON %v", at, want, got)
}

func (f *File) readMetadata(d *jsontext.Decoder) error {
	f.Metadata = map[string]string{}
	if k := d.PeekKind(); k != '{' {
		return broken(RuleMetadata, "", "__metadata__ is a JSON %v", k)
	}
	return readObject(d, func(name string) error {
		if k := d.PeekKind(); k != '"' && k != 0 {
			return broken(RuleMetadata, "", "__metadata__ %.40q is a JSON %v", name, k)
		}
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		f.Metadata[name] = t.String()
		return nil
	})
}

func readEntry(d *jsontext.Decoder, name string) (entry, error) {
	e := entry{name: name}
	var offsets []uint64
	seen := 0
	err := readObject(d, func(field string) (err error) {
		seen++
		switch field {
		case "dtype":
			e.dtype, err = readDtype(d, name)
		case "shape":
			e.shape, err = readNumbers(d, name, field, maxRank)
		case "data_offsets":
			offsets, err = readNumbers(d, name, field, 2)
		default:
			err = broken(RuleJSON, name, "it has a field %.40q", field)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	// The three names differ, for the decoder refuses duplicates; so three fields are all of them.
	if seen != 3 || len(offsets) != 2 {
		return e, broken(RuleJSON, name, "it lacks dtype, shape or two data_offsets")
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, nil
}

func readDtype(d *jsontext.Decoder, name string) (Dtype, error) {
	if k := d.PeekKind(); k != '"' {
		return "", unexpected(d, "a dtype", k)
	}
	t, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	dt := Dtype(t.String())
	if _, ok := dtypes[dt]; !ok {
		return "", broken(RuleDtype, name, "its dtype is %.40q", string(dt))
	}
	return dt, nil
}

// readNumbers reads a list of whole numbers ≥ 0, written as digits, at most most of them.
func readNumbers(d *jsontext.Decoder, name, field string, most int) ([]uint64, error) {
	if k := d.PeekKind(); k != '[' {
		return nil, unexpected(d, field, k)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := []uint64{}
	for d.PeekKind() != ']' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(t.String(), 10, 64)
		if t.Kind() != '0' || err != nil {
			return nil, broken(RuleShape, name, "its %s holds %.40q, not a whole number of 64 bits", field, t.String())
		}
		if len(list) == most {
			return nil, broken(RuleLimits, name, "its %s has more than %d numbers", field, most)
		}
		list = append(list, n)
	}
	_, err := d.ReadToken()
	return list, err
}

// place checks the offsets of all entries and cuts data into tensors.
func (f *File) place(entries []entry, data []byte) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		if a.begin != b.begin {
			return cmp.Compare(a.begin, b.begin)
		}
		return cmp.Compare(a.end, b.end)
	})
	f.Tensors = make([]Tensor, 0, len(entries))
	at := uint64(0)
	for _, e := range entries {
		if e.begin != at || e.end < e.begin {
			return broken(RuleNoHole, e.name, "its data_offsets are %d to %d, and the tensor before it ends at %d", e.begin, e.end, at)
		}
		size, err := byteSize(e.name, e.dtype, e.shape)
		if err != nil {
			return err
		}
		if e.end-e.begin != size {
			return broken(RuleLength, e.name, "shape %v of %s needs %d bytes and has %d", e.shape, e.dtype, size, e.end-e.begin)
		}
		if e.end > uint64(len(data)) {
			return broken(RuleNoTrailer, e.name, "it ends at byte %d of the data, and the data have %d", e.end, len(data))
		}
		t, err := e.tensor(data)
		if err != nil {
			return err
		}
		f.index[e.name] = len(f.Tensors)
		f.Tensors = append(f.Tensors, t)
		at = e.end
	}
	if at != uint64(len(data)) {
		return broken(RuleNoTrailer, "", "%d bytes follow the last tensor", uint64(len(data))-at)
	}
	return nil
}

// tensor cuts e out of data. Sizes that do not fit an int occur only in tensors without elements.
func (e *entry) tensor(data []byte) (Tensor, error) {
	shape := make([]int, len(e.shape))
	for i, d := range e.shape {
		shape[i] = int(d)
		if shape[i] < 0 || uint64(shape[i]) != d {
			return Tensor{}, broken(RuleShape, e.name, "size %d of its shape does not fit an int", d)
		}
	}
	return Tensor{Name: e.name, Dtype: e.dtype, Shape: shape, Data: data[e.begin:e.end:e.end]}, nil
}
