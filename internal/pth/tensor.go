package pth

import (
	"archive/zip"
	"math"
	"math/bits"
	"slices"

	"vizserver/internal/weights"
)

const maxRank = 8 // as in package weights

// dtype is the type of a tensor's elements; name is "" for what safetensors has no word for here.
type dtype struct {
	name weights.Dtype
	size int // bytes
}

// storage is what a persistent id stands for: one member of the archive.
type storage struct {
	key    string
	member *zip.File
	dtype  dtype // none for an untyped one, whose tensors bring their own
	bytes  int64
	users  int    // tensors of the output that are yet to be made of it
	data   []byte // while there are any
}

// tensor is a view into a storage, with PyTorch's offset and strides, in elements.
type tensor struct {
	storage      *storage
	dtype        dtype
	offset       int64
	size, stride []int64
	elements     int64
}

// newTensor checks that the view lies inside its storage.
func newTensor(s *storage, dt dtype, offset int64, size, stride []int64) (*tensor, error) {
	t := &tensor{storage: s, dtype: dt, offset: offset, size: size, stride: stride, elements: 1}
	if len(size) != len(stride) || len(size) > maxRank {
		return nil, damaged("a tensor of storage %q has %d sizes and %d strides; at most %d are read", show(s.key), len(size), len(stride), maxRank)
	}
	last := uint64(offset) // the place of the last element
	for i, n := range size {
		if n < 0 || n > math.MaxInt32 || stride[i] < 0 || stride[i] > math.MaxInt64/2 {
			return nil, damaged("a tensor of storage %q has the sizes %v and the strides %v", show(s.key), size, stride)
		}
		hi, lo := bits.Mul64(uint64(t.elements), uint64(n))
		if hi != 0 || lo > math.MaxInt64 {
			return nil, damaged("a tensor of storage %q has the sizes %v, whose product overflows", show(s.key), size)
		}
		t.elements = int64(lo)
		hi, lo = bits.Mul64(uint64(max(n-1, 0)), uint64(stride[i]))
		sum, carry := bits.Add64(last, lo, 0)
		if hi != 0 || carry != 0 {
			sum = math.MaxUint64
		}
		last = max(last, sum)
	}
	have := uint64(s.bytes) / uint64(dt.size)
	if offset < 0 || t.elements > 0 && last >= have { // one without elements may start anywhere, as in torch
		return nil, damaged("a tensor (sizes %v, strides %v, offset %d) reaches beyond the %d elements of storage %q", size, stride, offset, have, show(s.key))
	}
	return t, nil
}

// contiguous says whether the elements lie row by row without a gap; sizes of 1 have any stride.
func (t *tensor) contiguous() bool {
	want := int64(1)
	for i, n := range slices.Backward(t.size) {
		if n != 1 && t.stride[i] != want {
			return false
		}
		want *= n
	}
	return true
}

// bytes returns the elements row by row: a part of data where they lie so, else a copy.
func (t *tensor) bytes(data []byte) []byte {
	size := int64(t.dtype.size)
	from := t.offset * size
	if t.elements == 0 {
		return nil
	}
	if t.contiguous() {
		return data[from : from+t.elements*size : from+t.elements*size]
	}
	out := make([]byte, 0, t.elements*size)
	at := make([]int64, len(t.size)) // the index of the next element
	inner := len(t.size) - 1         // not contiguous, so there is one
	for {
		for i, p := int64(0), from; i < t.size[inner]; i, p = i+1, p+t.stride[inner]*size {
			out = append(out, data[p:p+size]...)
		}
		d := inner - 1
		for ; d >= 0; d-- {
			at[d]++
			from += t.stride[d] * size
			if at[d] < t.size[d] {
				break
			}
			from -= t.stride[d] * size * t.size[d]
			at[d] = 0
		}
		if d < 0 {
			return out
		}
	}
}

// load brings the storage's bytes for one of its users; the last one lets them go.
func (s *storage) load() ([]byte, error) {
	if s.data == nil {
		b, err := read(s.member)
		if err != nil {
			return nil, err
		}
		s.data = b
	}
	b := s.data
	if s.users--; s.users <= 0 {
		s.data = nil
	}
	return b, nil
}
