package nn

import (
	"fmt"
	"math"

	"vizserver/internal/fault"
)

// Shape is the size of a tensor in the order N×C×H×W: batch, channels, height, width.
type Shape struct{ N, C, H, W int }

// Vec returns the shape of a vector of c values: 1×c×1×1.
func Vec(c int) Shape { return Shape{N: 1, C: c, H: 1, W: 1} }

// Len returns the number of elements.
func (s Shape) Len() int { return s.N * s.C * s.H * s.W }

// Sample returns the number of elements of one sample of the batch.
func (s Shape) Sample() int { return s.C * s.H * s.W }

// Plane returns the number of elements of one feature map.
func (s Shape) Plane() int { return s.H * s.W }

// WithN returns the shape with another batch size.
func (s Shape) WithN(n int) Shape { s.N = n; return s }

// String writes the shape as N×C×H×W.
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d×%d", s.N, s.C, s.H, s.W) }

// maxElems bounds one activation: 512 MiB of float32.
const maxElems = 512 << 20 / 4

// check refuses sizes below one and activations above the limit.
func (s Shape) check() error {
	n := int64(1)
	for _, d := range [...]int{s.N, s.C, s.H, s.W} {
		if d < 1 || d > math.MaxInt32 {
			return &ShapeError{Op: "tensor", Got: s, Want: "every size ≥ 1"}
		}
		n *= int64(d) // n ≤ maxElems·2³¹ < 2⁶³ by the test below
		if n > maxElems {
			return &ShapeError{Op: "tensor", Got: s, Want: fmt.Sprintf("at most %d elements", int64(maxElems))}
		}
	}
	return nil
}

// ShapeError says that an operator cannot take an input of this shape.
type ShapeError struct {
	Op   string // kind of the operator
	Node string // name of the node, where known
	Got  Shape
	Want string
}

func (e *ShapeError) Error() string {
	where := e.Op
	if e.Node != "" {
		where = fmt.Sprintf("%s %q", e.Op, e.Node)
	}
	return fmt.Sprintf("%s: input is %v, want %s", where, e.Got, e.Want)
}

// Kind marks the error as the caller's to mend.
func (e *ShapeError) Kind() fault.Kind { return fault.Invalid }

// Tensor is a planar N×C×H×W block of float32. It owns nothing: Data may lie in an arena.
type Tensor struct {
	Shape Shape
	Data  []float32
}

// NewTensor allocates a tensor of zeros.
func NewTensor(s Shape) *Tensor { return &Tensor{Shape: s, Data: make([]float32, s.Len())} }

// Plane returns the feature map (n, c) as a slice of H·W values, row by row.
func (t *Tensor) Plane(n, c int) []float32 {
	p := t.Shape.Plane()
	o := (n*t.Shape.C + c) * p
	return t.Data[o : o+p : o+p]
}

// Sample returns the values of one sample of the batch.
func (t *Tensor) Sample(n int) []float32 {
	p := t.Shape.Sample()
	return t.Data[n*p : (n+1)*p : (n+1)*p]
}

// At returns one value.
func (t *Tensor) At(n, c, y, x int) float32 {
	s := t.Shape
	return t.Data[((n*s.C+c)*s.H+y)*s.W+x]
}
