package op

// What a viewer draws of an operator besides its numbers: the sizes of its window, its
// connection table, the constants of its curve. Package trace asks for these by small
// interfaces of its own, so that no list of operator names stands outside this package.

func (w window) sizes() (kernel, stride, padding [2]int) {
	return [2]int{w.kernel.H, w.kernel.W}, [2]int{w.stride.H, w.stride.W}, [2]int{w.pad.H, w.pad.W}
}

// WindowSizes returns kernel size, stride and padding, each (height, width).
func (c Conv) WindowSizes() (kernel, stride, padding [2]int) { return c.window().sizes() }

// WindowSizes returns kernel size, stride and padding, each (height, width).
func (p MaxPool) WindowSizes() (kernel, stride, padding [2]int) { return p.window().sizes() }

// WindowSizes returns kernel size, stride and padding, each (height, width).
func (p AvgPool) WindowSizes() (kernel, stride, padding [2]int) { return p.window().sizes() }

// WindowSizes returns kernel size, stride and padding, each (height, width).
func (p LpPool) WindowSizes() (kernel, stride, padding [2]int) { return p.window().sizes() }

// WindowSizes returns kernel size, stride and padding, each (height, width).
func (s Subsample) WindowSizes() (kernel, stride, padding [2]int) { return s.window().sizes() }

// Connected returns, for each output map, the ascending input maps that it reads, or nil
// where it reads all of them. The caller must not change it.
func (c Conv) Connected() [][]int { return c.Table }

// Constants returns amplitude and slope of A·tanh(S·s).
func (ScaledTanh) Constants() (a, s float64) { return TanhA, TanhS }
