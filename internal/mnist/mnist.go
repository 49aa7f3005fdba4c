// Package mnist reads the MNIST handwritten digits: the 10,000 test digits come with the binary,
// the 60,000 training digits are read from a directory or from the Go module that carries them.
//
// It knows the file format (IDX) and the data; it does not normalise, augment or batch.
//
// LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.
package mnist

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"sync"
)

// Side is the height and the width of a digit, in pixels.
const Side = 28

// Pixels is the number of pixels of a digit.
const Pixels = Side * Side

// Classes is the number of digit classes.
const Classes = 10

// Dataset is N digits with their labels. It is shared: callers must not change it.
type Dataset struct {
	// Images holds N×28×28 greys, 0 (paper) … 255 (ink), row by row.
	Images []byte
	// Labels holds N classes, 0 … 9.
	Labels []byte
}

// Len is the number of digits.
func (d *Dataset) Len() int { return len(d.Labels) }

// Image returns the 28×28 greys of digit i, as a view into Images.
func (d *Dataset) Image(i int) []byte {
	return d.Images[i*Pixels : (i+1)*Pixels : (i+1)*Pixels]
}

// Label returns the class of digit i.
func (d *Dataset) Label(i int) int { return int(d.Labels[i]) }

//go:embed data/t10k-images-idx3-ubyte.gz data/t10k-labels-idx1-ubyte.gz
var testFiles embed.FS

// loadTest decompresses the embedded set once; a damaged embedded file is a broken build.
var loadTest = sync.OnceValue(func() *Dataset {
	dir, err := fs.Sub(testFiles, "data")
	if err != nil {
		panic(err)
	}
	d, err := load(dir, "t10k", testCount)
	if err != nil {
		panic(fmt.Sprintf("embedded MNIST test set: %v", err))
	}
	return d
})

const (
	trainCount = 60000
	testCount  = 10000
)

// Test returns the 10,000 test digits. The first call decompresses them (about 35 ms);
// all calls share one Dataset. Safe for concurrent use.
func Test() *Dataset { return loadTest() }

// load reads one half of MNIST ("train" or "t10k") from dir and checks that it holds want digits.
func load(dir fs.FS, half string, want int) (*Dataset, error) {
	images, err := readSet(dir, half+"-images-idx3-ubyte", []int{want, Side, Side})
	if err != nil {
		return nil, err
	}
	labels, err := readSet(dir, half+"-labels-idx1-ubyte", []int{want})
	if err != nil {
		return nil, err
	}
	for i, c := range labels {
		if c >= Classes {
			return nil, &FormatError{File: half + "-labels-idx1-ubyte", Detail: fmt.Sprintf("label %d of digit %d is not a digit 0 to 9", c, i)}
		}
	}
	return &Dataset{Images: images, Labels: labels}, nil
}

// readSet reads the IDX file name, or name.gz, from dir and checks its dimensions.
func readSet(dir fs.FS, name string, dims []int) ([]byte, error) {
	b, err := readFile(dir, name)
	if err != nil {
		return nil, err
	}
	got, data, err := ReadIDX(bytes.NewReader(b), maxIDX)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !equalDims(got, dims) {
		return nil, &FormatError{File: name, Detail: fmt.Sprintf("it holds %v, not the %v of MNIST", got, dims)}
	}
	return data, nil
}

func equalDims(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
