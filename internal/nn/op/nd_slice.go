package op

import "vizserver/internal/nn"

// SliceAxes takes a part of a sample: along dimension k the places Starts[k], Starts[k] +
// Steps[k], … before Ends[k]. A step may be negative; its end is then −1 or more. Batch left
// out, one entry for each dimension, counted from 0 (no negative places). ONNX: Slice, Split.
type SliceAxes struct {
	Dims                []int // of the input
	Starts, Ends, Steps []int
}

// Kind names the operator.
func (SliceAxes) Kind() string { return "SliceAxes" }

// Infer demands at least one place along every dimension, all inside.
func (s SliceAxes) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := oneND(s.Kind(), in, s.Dims); err != nil {
		return nn.Shape{}, err
	}
	r := len(s.Dims)
	if len(s.Starts) != r || len(s.Ends) != r || len(s.Steps) != r {
		return nn.Shape{}, wrong(s.Kind(), in[0], "a start, an end and a step for each of %d dimensions", r)
	}
	out := make([]int, r)
	for k, d := range s.Dims {
		start, end, step := s.Starts[k], s.Ends[k], s.Steps[k]
		up := step > 0 && start < end && end <= d
		down := step < 0 && end < start && end >= -1
		if start < 0 || start >= d || !up && !down {
			return nn.Shape{}, wrong(s.Kind(), in[0],
				"places inside dimension %d of size %d, not from %d to %d by %d", k, d, start, end, step)
		}
		out[k] = s.places(k)
	}
	return projected(s.Kind(), in[0], out, in[0].N)
}

// places counts the places along dimension k.
func (s SliceAxes) places(k int) int {
	if s.Steps[k] > 0 {
		return (s.Ends[k]-s.Starts[k]-1)/s.Steps[k] + 1
	}
	return (s.Ends[k]-s.Starts[k]+1)/s.Steps[k] + 1 // both negative; no −Steps, which may overflow
}

// Params is empty.
func (SliceAxes) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (s SliceAxes) view() view {
	var v view
	steps := rowMajor(s.Dims)
	for k := range s.Dims {
		n, step := s.places(k), 0
		if n > 1 {
			step = s.Steps[k] * steps[k]
		}
		v.push(n, step)
		v.start += s.Starts[k] * steps[k]
	}
	return v
}

// Forward copies the part.
func (s SliceAxes) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) { s.view().read(in[0], out) }

// Backward adds the gradient to the part.
func (s SliceAxes) Backward(g *nn.Grad) { s.view().back(g) }

// Sees returns the units' places in the input.
func (s SliceAxes) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return s.view().joins(in[0]).sees(in[0], outOf(s, in), out)
}

// Feeds returns the units' places in the output.
func (s SliceAxes) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return s.view().joins(in[0]).feeds(in[0], outOf(s, in), area)
}
