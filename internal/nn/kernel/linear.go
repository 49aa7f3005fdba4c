package kernel

// Linear computes y = W·x + b for W of len(y) rows. Each output is one sum: bias
// first, then the products in order. Four rows run side by side, because one sum
// alone waits for its own additions.
func Linear(y, w, b, x []float32) {
	n := len(x)
	o := 0
	for ; o+4 <= len(y); o += 4 {
		w0 := w[o*n : o*n+n]
		w1 := w[(o+1)*n : (o+1)*n+n]
		w2 := w[(o+2)*n : (o+2)*n+n]
		w3 := w[(o+3)*n : (o+3)*n+n]
		var a0, a1, a2, a3 float32
		if b != nil {
			a0, a1, a2, a3 = b[o], b[o+1], b[o+2], b[o+3]
		}
		for i, v := range x {
			a0 += float32(w0[i] * v)
			a1 += float32(w1[i] * v)
			a2 += float32(w2[i] * v)
			a3 += float32(w3[i] * v)
		}
		y[o], y[o+1], y[o+2], y[o+3] = a0, a1, a2, a3
	}
	for ; o < len(y); o++ {
		var a float32
		if b != nil {
			a = b[o]
		}
		for i, v := range x {
			a += float32(w[o*n+i] * v)
		}
		y[o] = a
	}
}

// Axpy adds a·x to y.
func Axpy(y []float32, a float32, x []float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

// Add adds x to y.
func Add(y, x []float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += v
	}
}
