package op

import (
	"fmt"
	"slices"

	"vizserver/internal/nn"
)

// N-dimensional operators work on samples of any rank: the value N×C×H×W holds for every sample
// of the batch a block of numbers in row-major order, whose sizes ("dims", without the batch) are
// an attribute of the operator. They treat every sample alike and keep N.

// maxRank is the largest number of dimensions of a sample: two more than window attention uses
// (Swin: windows, rows and columns in and of a window, heads, channels).
const maxRank = 8

// maxElems bounds the elements of one sample: 512 MiB of float32, as package nn does for a value.
const maxElems = 512 << 20 / 4

// Project returns the shape of the value that holds one sample of these dims, batch left out:
// [] → 1×1×1×1, [C] → 1×C×1×1, [C, L] → 1×C×1×L, [C, H, W] → 1×C×H×W, and from four dims on the
// last two are height and width and the others, multiplied, the channels. Dims that no value can
// have (a size below 1, more than 8 of them, too many elements) give the zero shape, which every
// graph refuses.
func Project(dims []int) nn.Shape {
	if _, ok := count(dims); !ok {
		return nn.Shape{}
	}
	s := nn.Shape{N: 1, C: 1, H: 1, W: 1}
	lead := dims
	switch r := len(dims); {
	case r >= 3:
		s.H, s.W, lead = dims[r-2], dims[r-1], dims[:r-2]
	case r == 2:
		s.W, lead = dims[1], dims[:1]
	}
	for _, d := range lead {
		s.C *= d
	}
	return s
}

// count multiplies dims; it says no to sizes below 1, a rank above maxRank and more than maxElems.
func count(dims []int) (n int, ok bool) {
	if len(dims) > maxRank {
		return 0, false
	}
	return multiply(maxElems, dims...)
}

// multiply returns the product of sizes; it says no to sizes below 1 and to a product above most.
func multiply(most int, sizes ...int) (n int, ok bool) {
	n = 1
	for _, d := range sizes {
		if d < 1 || d > most/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// maxWeight bounds the elements of one weight: 2 GiB of float32, the largest that a protobuf holds.
const maxWeight = 2 << 30 / 4

// weightFits demands that a weight of these sizes can be in a file.
func weightFits(kind string, got nn.Shape, sizes ...int) error {
	if _, ok := multiply(maxWeight, sizes...); !ok {
		return wrong(kind, got, "a weight of at least one value and at most %d, not %v", maxWeight, sizes)
	}
	return nil
}

// arity demands a number of inputs.
func arity(kind string, in []nn.Shape, n int) error {
	if len(in) == n {
		return nil
	}
	var got nn.Shape
	if len(in) > 0 {
		got = in[0]
	}
	return &nn.ShapeError{Op: kind, Got: got, Want: fmt.Sprintf("%d input(s), not %d", n, len(in))}
}

// holds demands that a sample of the input is as long as the dims say.
func holds(kind string, s nn.Shape, dims []int) error {
	n, ok := count(dims)
	if !ok || n != s.Sample() {
		return &nn.ShapeError{Op: kind, Got: s, Want: fmt.Sprintf("samples of %s", dimsText(dims))}
	}
	return nil
}

// oneND is what all N-dimensional operators of one input ask for.
func oneND(kind string, in []nn.Shape, dims []int) error {
	if err := arity(kind, in, 1); err != nil {
		return err
	}
	return holds(kind, in[0], dims)
}

// projected returns the output's shape for a batch of n, or an error where no value can have the dims.
func projected(kind string, got nn.Shape, dims []int, n int) (nn.Shape, error) {
	if _, ok := count(dims); !ok {
		want := fmt.Sprintf("an output that fits a value, not %s", dimsText(dims))
		return nn.Shape{}, &nn.ShapeError{Op: kind, Got: got, Want: want}
	}
	return Project(dims).WithN(n), nil
}

// wrong says that an attribute does not fit.
func wrong(kind string, got nn.Shape, format string, args ...any) error {
	return &nn.ShapeError{Op: kind, Got: got, Want: fmt.Sprintf(format, args...)}
}

// dimsText writes dims for a message, the first few of them: a hostile file may give any number.
func dimsText(dims []int) string {
	if len(dims) > maxRank {
		return fmt.Sprintf("%v and %d more dimensions", dims[:maxRank], len(dims)-maxRank)
	}
	return fmt.Sprint(dims)
}

// batchOf returns the batch of several inputs: their sizes are equal, or 1 and repeated.
func batchOf(kind string, in []nn.Shape) (int, error) {
	n := 1
	for _, s := range in {
		if s.N == 1 || s.N == n {
			continue
		}
		if n != 1 {
			return 0, wrong(kind, s, "a batch of %d or 1", n)
		}
		n = s.N
	}
	return n, nil
}

// sample returns sample n of a tensor, or its only one, which all samples of the batch share.
func sample(t *nn.Tensor, n int) []float32 {
	if t.Shape.N == 1 {
		return t.Data
	}
	return t.Sample(n)
}

// replaced returns dims with those from lo to hi−1 replaced by others.
func replaced(dims []int, lo, hi int, by ...int) []int {
	return slices.Concat(dims[:lo], by, dims[hi:])
}

// product multiplies dims that count has passed.
func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
