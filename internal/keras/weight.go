package keras

import (
	"slices"

	"vizserver/internal/weights"
)

// weight is a weight of the layer of a call.
type weight struct {
	c *ctx
	t *weights.Tensor
}

// weights returns the layer's weights of these roles, in the order in which Keras makes them;
// nil after an error.
func (c *ctx) weights(roles ...string) []weight {
	if c.err != nil {
		return nil
	}
	list, err := c.b.store.find(c.layer, roles...)
	if err != nil {
		c.err = err
		return nil
	}
	out := make([]weight, len(list))
	for i, t := range list {
		out[i] = weight{c, t}
	}
	return out
}

// floats returns the numbers; the sizes must be these.
func (w weight) floats(dims ...int) []float32 {
	if !slices.Equal(w.t.Shape, dims) {
		w.c.fail("its weight %s is %v, and the config asks for %v", show(w.t.Name), w.t.Shape, dims)
		return nil
	}
	return w.t.Float32()
}

// turned returns the numbers with their dimensions in another order: dimension k of the result is
// dimension perm[k] of the file. dims are the file's.
func (w weight) turned(perm []int, dims ...int) []float32 {
	data := w.floats(dims...)
	if data == nil {
		return nil
	}
	return turn(data, dims, perm)
}

// turn transposes row-major data: dimension k of the result is dimension perm[k] of dims.
func turn(data []float32, dims, perm []int) []float32 {
	steps := make([]int, len(dims))
	for i, n := len(dims)-1, 1; i >= 0; i-- {
		steps[i] = n
		n *= dims[i]
	}
	out := make([]float32, 0, len(data))
	var walk func(k, at int)
	walk = func(k, at int) {
		if k == len(perm) {
			out = append(out, data[at])
			return
		}
		d := perm[k]
		for i := range dims[d] {
			walk(k+1, at+i*steps[d])
		}
	}
	walk(0, 0)
	return out
}
