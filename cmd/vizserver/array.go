package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/imgio"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
)

// maxNumbers bounds an array: 16,777,216 numbers are a photo of 5 megapixels, and 100 times
// the input of Inception-v3.
const maxNumbers = 16 << 20

// readArray reads a .npy or safetensors file; nil where the bytes are neither.
func readArray(b []byte) (*imgio.Tensor, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\x93NUMPY")):
		return imgio.ReadTensor(bytes.NewReader(b), maxNumbers)
	case len(b) > 8 && b[8] == '{' && binary.LittleEndian.Uint64(b) < uint64(len(b)):
		f, err := weights.Read(b)
		if err != nil {
			return nil, err
		}
		t := f.Tensor("input")
		if t == nil && len(f.Tensors) == 1 {
			t = &f.Tensors[0]
		}
		if t == nil {
			return nil, fault.New(fault.Unprocessable, "it holds %d tensors, and none is called \"input\"", len(f.Tensors)).
				WithHint("save one tensor alone, or the input under the name \"input\"")
		}
		return &imgio.Tensor{Dims: t.Shape, Values: t.Float32(), Bytes: t.Dtype == weights.U8}, nil
	}
	return nil, nil
}

// array writes the input from an array. One of the size of the input is the input itself,
// unless it holds bytes: these are greys or the pixels of a photo, and are prepared as such
// where --raw does not say otherwise.
func (s *source) array(m *nn.Model, a *imgio.Tensor, dst []float32) error {
	in := m.Graph.InputValue().Shape
	dims, whole := longer(a.Dims), longer([]int{in.C, in.H, in.W})
	if a.Bytes && !s.raw {
		return s.greys(m, a, dims, dst)
	}
	switch {
	case slices.Equal(dims, whole):
		copy(dst, a.Values)
		return nil
	case in.C == 3 && slices.Equal(dims, longer([]int{in.H, in.W, in.C})):
		_, _ = fmt.Fprintf(s.stderr, "note: the array is read as height×width×channels, %v\n", a.Dims)
		for c := range in.C {
			for p := range in.H * in.W {
				dst[c*in.H*in.W+p] = a.Values[p*in.C+c]
			}
		}
		return nil
	}
	return wrongSize(m, a)
}

// greys writes the input from unsigned bytes: greys of a digit, 0 paper to 255 ink, or the
// pixels of a photo, height×width×3, RGB.
func (s *source) greys(m *nn.Model, a *imgio.Tensor, dims []int, dst []float32) error {
	in, pre := m.Graph.InputValue().Shape, m.Pre
	switch {
	case m.Image.Size > 0:
		return photoOf(m, a, dst)
	case pre.Width == 0:
	case slices.Equal(dims, longer([]int{pre.Height, pre.Width})):
		greys := make([]byte, len(a.Values))
		for i, v := range a.Values {
			greys[i] = byte(v)
		}
		pre.Apply(dst, greys)
		return nil
	case slices.Equal(dims, longer([]int{in.H, in.W})):
		for i, v := range a.Values {
			dst[i] = pre.Value(byte(v))
		}
		return nil
	}
	return wrongSize(m, a)
}

// photoOf prepares an array of pixels as a photo.
func photoOf(m *nn.Model, a *imgio.Tensor, dst []float32) error {
	d := a.Dims
	for len(d) > 3 && d[0] == 1 {
		d = d[1:]
	}
	if len(d) != 3 || d[2] != 3 || d[0] < 1 || d[1] < 1 {
		return wrongSize(m, a)
	}
	picture := image.NewNRGBA(image.Rect(0, 0, d[1], d[0]))
	for p := range d[0] * d[1] {
		for c := range 3 {
			picture.Pix[4*p+c] = byte(a.Values[3*p+c])
		}
		picture.Pix[4*p+3] = 255
	}
	return imgio.Photo(dst, picture, m.Image)
}

// longer leaves out the sizes of one.
func longer(dims []int) []int {
	return slices.DeleteFunc(slices.Clone(dims), func(d int) bool { return d == 1 })
}

func wrongSize(m *nn.Model, a *imgio.Tensor) error {
	in, pre := m.Graph.InputValue().Shape, m.Pre
	e := fault.New(fault.Unprocessable, "an array of %v is not an input of %s", a.Dims, m.Name)
	switch {
	case m.Image.Size > 0:
		return e.WithHint("give %d×%d×%d numbers, one picture at a time, or the pixels of a photo as uint8, height×width×3", in.C, in.H, in.W)
	case pre.Width > 0:
		return e.WithHint("give %d×%d greys as uint8, or the input itself, %d×%d, as float32", pre.Height, pre.Width, in.H, in.W)
	}
	return e.WithHint("give %d×%d×%d numbers, one input at a time", in.C, in.H, in.W)
}
