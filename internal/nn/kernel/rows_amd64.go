//go:build amd64 && !noasm

package kernel

import "unsafe"

//go:generate go run ./gen -group maps -out maps_amd64.s -stubs maps_stubs_amd64.go -pkg kernel
//go:generate go run ./gen -group window -out window_amd64.s -stubs window_stubs_amd64.go -pkg kernel

// mapRows computes dst = clamp(op(x, y)) of h rows of w pixels.
func mapRows(set *Set, op mapOp, h, w int, dst, x, y patch, p *params) {
	if h < 1 || w < 1 {
		return
	}
	// What assembly goes over lies inside the slices.
	d, i, j := &dst.data[:(h-1)*dst.row+w*Lanes][0], &x.data[:(h-1)*x.row+w*Lanes][0], &y.data[:(h-1)*y.row+w*Lanes][0]
	dr, xr, yr, q := 4*dst.row, 4*x.row, 4*y.row, &p.a[0]
	switch set.isa {
	case avx512:
		mapRows512(op, d, i, j, h, w, dr, xr, yr, q)
	case avx2:
		mapRows256(op, d, i, j, h, w, dr, xr, yr, q)
	default:
		mapRowsGo(op, h, w, dst, x, y, p)
	}
}

// mapRows512 is a switch and no table, as arguments of a function value escape to the heap.
//
//nolint:dupl // names of the other width
func mapRows512(op mapOp, d, x, y *float32, h, w, dr, xr, yr int, p *float32) {
	switch op {
	case mapAffine:
		affine512(d, x, y, h, w, dr, xr, yr, p)
	case mapAdd:
		add512(d, x, y, h, w, dr, xr, yr, p)
	case mapMul:
		mul512(d, x, y, h, w, dr, xr, yr, p)
	case mapSigmoid:
		sigmoid512(d, x, y, h, w, dr, xr, yr, p)
	case mapSwish:
		swish512(d, x, y, h, w, dr, xr, yr, p)
	case mapTanh:
		tanh512(d, x, y, h, w, dr, xr, yr, p)
	case mapELU:
		elu512(d, x, y, h, w, dr, xr, yr, p)
	case mapLeaky:
		leaky512(d, x, y, h, w, dr, xr, yr, p)
	case mapHardSigmoid:
		hardSigmoid512(d, x, y, h, w, dr, xr, yr, p)
	case mapHardSwish:
		hardSwish512(d, x, y, h, w, dr, xr, yr, p)
	case mapGELU:
		gelu512(d, x, y, h, w, dr, xr, yr, p)
	case mapGELUTanh:
		geluTanh512(d, x, y, h, w, dr, xr, yr, p)
	case mapExp:
		exp512(d, x, y, h, w, dr, xr, yr, p)
	}
}

//nolint:dupl // names of the other width
func mapRows256(op mapOp, d, x, y *float32, h, w, dr, xr, yr int, p *float32) {
	switch op {
	case mapAffine:
		affine256(d, x, y, h, w, dr, xr, yr, p)
	case mapAdd:
		add256(d, x, y, h, w, dr, xr, yr, p)
	case mapMul:
		mul256(d, x, y, h, w, dr, xr, yr, p)
	case mapSigmoid:
		sigmoid256(d, x, y, h, w, dr, xr, yr, p)
	case mapSwish:
		swish256(d, x, y, h, w, dr, xr, yr, p)
	case mapTanh:
		tanh256(d, x, y, h, w, dr, xr, yr, p)
	case mapELU:
		elu256(d, x, y, h, w, dr, xr, yr, p)
	case mapLeaky:
		leaky256(d, x, y, h, w, dr, xr, yr, p)
	case mapHardSigmoid:
		hardSigmoid256(d, x, y, h, w, dr, xr, yr, p)
	case mapHardSwish:
		hardSwish256(d, x, y, h, w, dr, xr, yr, p)
	case mapGELU:
		gelu256(d, x, y, h, w, dr, xr, yr, p)
	case mapGELUTanh:
		geluTanh256(d, x, y, h, w, dr, xr, yr, p)
	case mapExp:
		exp256(d, x, y, h, w, dr, xr, yr, p)
	}
}

// windows computes a rectangle of outputs.
func windows(set *Set, op windowOp, w *window, p *params) {
	if set.isa == portable || w.h < 1 || w.n < 1 || w.kh < 1 || w.kw < 1 {
		windowsGo(op, w, p)
		return
	}
	a := windowArgs{
		dst: &w.dst[0], src: &w.src[0], p: &p.a[0], h: w.h, n: w.n, kh: w.kh, kw: w.kw,
		pix: 4 * w.pix, col: 4 * w.col, line: 4 * w.line, dstRow: 4 * w.dstRow, srcRow: 4 * w.srcRow, resRow: 4 * w.resRow,
	}
	if op == windowDot {
		a.weight = &w.weight[:w.kh*w.kw*Lanes][0]
	}
	if w.residual != nil {
		a.residual = &w.residual[0]
	}
	// The functions take the struct as bytes, as avo does not know its type.
	q := (*byte)(unsafe.Pointer(&a))
	wide := set.isa == avx512
	switch {
	case op == windowMax && wide:
		maxWindow512(q)
	case op == windowMax:
		maxWindow256(q)
	case op == windowSum && wide:
		sumWindow512(q)
	case op == windowSum:
		sumWindow256(q)
	case wide:
		dotWindow512(q)
	default:
		dotWindow256(q)
	}
}

// windowArgs are the arguments of the functions of gen/window.go, which knows their order. Steps are in
// bytes.
type windowArgs struct {
	dst, src, weight, residual, p *float32
	h, n, kh, kw                  int
	pix, col, line                int
	dstRow, srcRow, resRow        int
	at                            [3]uintptr // where the functions are in dst, src and residual
}

// sumRows adds up all pixels of a map, lane by lane.
func sumRows(set *Set, h, w int, src patch, sum *[Lanes]float64) {
	switch s := &src.data[:(h-1)*src.row+w*Lanes][0]; set.isa {
	case avx512:
		sumMap512(s, h, w, 4*src.row, &sum[0])
	case avx2:
		sumMap256(s, h, w, 4*src.row, &sum[0])
	default:
		sumRowsGo(h, w, src, sum)
	}
}
