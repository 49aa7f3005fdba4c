// Package hdf5 reads the groups, text attributes and numbers of an HDF5 file, as Keras
// writes it. It wraps github.com/scigolib/hdf5, which a damaged file can bring down with
// the whole process (it asks for 16 TiB on the word of a heap's header, and panics): call
// it only in a confined child, package confine. The list of groups is read here, for the
// library gives up on large ones.
//
// Nothing outside the file is ever opened: links to other files are not followed, and a
// dataset whose numbers lie elsewhere is refused.
package hdf5

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/scigolib/hdf5"

	"vizserver/internal/fault"
)

// Limits on a file. They are those of the safetensors that the numbers go into.
const (
	maxObjects = 200_000 // groups and datasets
	maxRank    = 8
	minData    = 256 << 20 // bytes that the numbers of a small, well packed file may take
	maxUnfold  = 4         // … or this many times the file
)

// File is an open file. The zero value is of no use; Open makes it.
type File struct {
	// Datasets in the order of the file, depth first.
	Datasets []Dataset

	name    string
	raw     *os.File
	size    int64
	groups  map[string]group
	budget  int64        // bytes of numbers that may still be read
	current *hdf5.File   // what the library has open, with the group at currentAt as its root
	at      uint64       // address of that group
	foreign []*hdf5.File // groups of the newer formats, which the library reads with all below
}

// Dataset is an array of numbers.
type Dataset struct {
	Path string // "model_weights/conv1/conv1/kernel:0"
	Dims []int  // empty: a single number

	parent uint64        // address of the group that it stands in
	inner  *hdf5.Dataset // of a newer format: the library has it
}

// group is a group of the file.
type group struct {
	address uint64
	table   int64       // place of the type of its symbol table message
	inner   *hdf5.Group // of a newer format: the library has it
}

// Open reads the tree of the file of that name, without the numbers. It writes to the file, which
// must be a copy that nobody else uses. The caller closes it.
//
// The library alone reads whole trees only, and no group of more than some 256 members, which is
// where the layers of a ResNet-50 stand. So groups are listed here (tree.go), and the library is
// shown one of them at a time: the superblock of the copy is made to point at it as the root.
func Open(name string, size int64) (*File, error) {
	raw, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the copy of the file: %w", err)
	}
	f := &File{name: name, raw: raw, size: size, groups: map[string]group{}, budget: max(minData, maxUnfold*size)}
	if err := f.list(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	errs := []error{f.raw.Close()}
	for _, inner := range append(f.foreign, f.current) {
		if inner != nil {
			errs = append(errs, inner.Close())
		}
	}
	return errors.Join(errs...)
}

// walk adds a group of a newer format and all that lies below it. path ends with a slash, or is empty.
func (f *File) walk(g *hdf5.Group, path string) error {
	f.groups[strings.TrimSuffix(path, "/")] = group{inner: g}
	for _, child := range g.Children() {
		if err := f.count(); err != nil {
			return err
		}
		switch c := child.(type) {
		case *hdf5.Group:
			if err := f.walk(c, path+c.Name()+"/"); err != nil {
				return err
			}
		case *hdf5.Dataset:
			f.Datasets = append(f.Datasets, Dataset{Path: path + c.Name(), inner: c})
		}
	}
	return nil
}

// count refuses a file of too many objects.
func (f *File) count() error {
	if len(f.groups)+len(f.Datasets) >= maxObjects {
		return fault.New(fault.TooLarge, "the HDF5 file has more than %d groups and datasets", maxObjects)
	}
	return nil
}

// Has says whether there is a group of that path; "" is the root.
func (f *File) Has(path string) bool {
	_, ok := f.groups[path]
	return ok
}

// Groups yields the paths of all groups, in no order.
func (f *File) Groups() iter.Seq[string] { return maps.Keys(f.groups) }

// Strings returns a text attribute of a group, an array or one string; nil where there is
// none, or where it holds no text.
func (f *File) Strings(path, attribute string) ([]string, error) {
	g, ok := f.groups[path]
	if !ok {
		return nil, nil
	}
	if g.inner != nil {
		return attributeOf(g.inner, path, attribute)
	}
	// Its members are not needed, and may be too many: hide them.
	if err := f.write(g.table, 0, 0); err != nil {
		return nil, err
	}
	inner, err := f.enter(g.address)
	if err != nil {
		return nil, err
	}
	list, err := attributeOf(inner.Root(), path, attribute)
	f.leave()
	return list, errors.Join(err, f.write(g.table, messageSymbolTable, 0))
}

// attributeOf reads a text attribute of a group.
func attributeOf(g *hdf5.Group, path, attribute string) ([]string, error) {
	list, err := g.Attributes()
	if err != nil {
		return nil, damaged(fmt.Sprintf("the attributes of %q cannot be read", path), err)
	}
	for _, a := range list {
		if a.Name != attribute {
			continue
		}
		v, err := a.ReadValue()
		if err != nil {
			return nil, damaged(fmt.Sprintf("attribute %q of %q cannot be read", attribute, path), err)
		}
		switch v := v.(type) {
		case string:
			return []string{trim(v)}, nil
		case []string:
			out := make([]string, len(v))
			for i, s := range v {
				out[i] = trim(s)
			}
			return out, nil
		}
	}
	return nil, nil
}

// trim takes off what fills up a string of fixed length.
func trim(s string) string { return strings.TrimRight(s, "\x00") }

// described is what the library prints of a dataset: type, sizes, layout.
var described = regexp.MustCompile(`^Dataset: (\w+) \(size=(\d+) bytes\), (?:(scalar)|\d+D array \[([\dx ]*)\]), (\w+)(?: \((.*)\))?$`)

// undefined is the address of numbers that lie nowhere in the file.
const undefined = "address=0xFFFFFFFFFFFFFFFF"

// Read returns the numbers of a dataset, row by row, rounded to float32, in memory that
// belongs to the caller, and sets d.Dims.
func (f *File) Read(d *Dataset) ([]float32, error) {
	inner, err := f.find(d)
	if err != nil {
		return nil, err
	}
	elements, err := f.describe(d, inner)
	if err != nil {
		return nil, err
	}
	if elements == 0 {
		return nil, nil
	}
	wide, err := inner.Read()
	if err != nil {
		return nil, damaged(fmt.Sprintf("the numbers of %q cannot be read", d.Path), err)
	}
	if int64(len(wide)) != elements {
		return nil, damaged(fmt.Sprintf("%q has %d numbers, and its sizes %v ask for %d", d.Path, len(wide), d.Dims, elements), nil)
	}
	out := make([]float32, len(wide))
	for i, v := range wide {
		out[i] = float32(v)
	}
	return out, nil
}

// describe checks what a dataset claims before memory is taken for it, and returns the
// number of its elements.
func (f *File) describe(d *Dataset, inner *hdf5.Dataset) (int64, error) {
	text, err := inner.Info()
	if err != nil {
		return 0, damaged(fmt.Sprintf("the sizes of %q cannot be read", d.Path), err)
	}
	m := described.FindStringSubmatch(text)
	if m == nil {
		return 0, fault.New(fault.Unprocessable, "dataset %q is of a kind that is not read", d.Path).WithHint("%s", hintAgain)
	}
	class, width, sizes, layout, place := m[1], m[2], m[4], m[5], m[6]
	if class != "float" && class != "integer" || class == "float" && width != "4" && width != "8" {
		return 0, fault.New(fault.Unprocessable, "dataset %q holds %s numbers of %s bytes, and only float32, float64 and whole numbers are read",
			d.Path, class, width).WithHint("cast the weights to float32, and save the model again")
	}
	elements, err := d.setDims(sizes)
	if err != nil {
		return 0, err
	}
	if elements > 0 && (layout == "virtual" || strings.Contains(place, undefined)) {
		return 0, fault.New(fault.Unprocessable, "the numbers of %q do not lie in this file (external storage), and no other file is opened", d.Path).
			WithHint("%s", hintAgain)
	}
	bytes := elements * int64(width[0]-'0') // width is one digit: a float of 4 or 8, an integer of 1 … 8
	if len(width) != 1 || layout == "contiguous" && bytes > f.size {
		return 0, damaged(fmt.Sprintf("%q claims %d bytes in a file of %d", d.Path, bytes, f.size), nil)
	}
	if f.budget -= 4 * elements; f.budget < 0 {
		return 0, fault.New(fault.TooLarge, "the HDF5 file unfolds to more than %d times its size at %q", maxUnfold, d.Path).WithHint("%s", hintAgain)
	}
	return elements, nil
}

// setDims parses "7 5 3" or "7 x 5", and returns the product.
func (d *Dataset) setDims(sizes string) (int64, error) {
	elements := int64(1)
	d.Dims = nil
	for s := range strings.FieldsSeq(strings.ReplaceAll(sizes, "x", " ")) {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || len(d.Dims) == maxRank {
			return 0, damaged(fmt.Sprintf("the sizes [%s] of %q are out of range", sizes, d.Path), nil)
		}
		d.Dims = append(d.Dims, int(n))
		if elements *= n; elements > math.MaxInt32 { // a product of two such numbers fits 63 bits
			return 0, fault.New(fault.TooLarge, "the sizes [%s] of %q are too large", sizes, d.Path)
		}
	}
	return elements, nil
}

const hintAgain = "save the model again with model.save(\"name.keras\")"

func damaged(text string, cause error) error {
	return fault.New(fault.Unprocessable, "the HDF5 file is damaged, or of a kind that is not read: %s", text).WithHint("%s", hintAgain).WithCause(cause)
}
