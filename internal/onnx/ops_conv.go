package onnx

import (
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// slide is how a window goes over maps: the attributes that convolutions and pools share.
type slide struct {
	kernel, stride, dilation, pad, extra op.Size
}

// readSlide reads the attributes for a value of rank 3 or 4; kernel may be nil: the attribute.
// auto_pad SAME is resolved from the input's sizes (ONNX: Conv, MaxPool).
func readSlide(n *node, x *live, kernel []int) (s slide, err error) {
	spatial := x.rank() - 2
	if k := n.ints("kernel_shape"); kernel == nil {
		kernel = k
	}
	strides, dilations, pads := n.ints("strides"), n.ints("dilations"), n.ints("pads")
	mode := n.str("auto_pad", "NOTSET")
	if err := n.err(); err != nil {
		return s, err
	}
	strides, dilations, pads = orOnes(strides, spatial), orOnes(dilations, spatial), orZeros(pads, 2*spatial)
	for _, list := range []struct {
		name string
		got  []int
		want int
		low  int
	}{
		{"kernel_shape", kernel, spatial, 1},
		{"strides", strides, spatial, 1},
		{"dilations", dilations, spatial, 1},
		{"pads", pads, 2 * spatial, 0},
	} {
		if len(list.got) != list.want {
			return s, damaged("%s: attribute %q has %d numbers and needs %d", n, list.name, len(list.got), list.want)
		}
		for _, v := range list.got {
			if v < list.low || v > maxWindow {
				return s, damaged("%s: attribute %q is %v; each must be %d…%d", n, list.name, list.got, list.low, maxWindow)
			}
		}
	}
	if pads, err = autoPads(n, mode, x.dims[2:], kernel, strides, dilations, pads); err != nil {
		return s, err
	}
	s.kernel, s.stride, s.dilation = pair(kernel, 1), pair(strides, 1), pair(dilations, 1)
	begin, end := pair(pads[:spatial], 0), pair(pads[spatial:], 0)
	s.pad, s.extra = begin, op.Size{H: end.H - begin.H, W: end.W - begin.W}
	return s, nil
}

// maxWindow bounds kernels, strides, dilations and paddings: far above any net, and their
// products with a size stay far from overflow.
const maxWindow = 1 << 20

func orOnes(list []int, n int) []int {
	if list != nil {
		return list
	}
	list = make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

func orZeros(list []int, n int) []int {
	if list != nil {
		return list
	}
	return make([]int, n)
}

// pair makes (height, width) of one or two numbers; a net of one dimension has one row.
func pair(list []int, row int) op.Size {
	if len(list) == 1 {
		return op.Size{H: row, W: list[0]}
	}
	return op.Size{H: list[0], W: list[1]}
}

func autoPads(n *node, mode string, size, kernel, strides, dilations, pads []int) ([]int, error) {
	switch mode {
	case "NOTSET", "":
		return pads, nil
	case "VALID":
		return make([]int, len(pads)), nil
	case "SAME_UPPER", "SAME_LOWER":
	default:
		return nil, damaged("%s: auto_pad is %s", n, show(mode))
	}
	out := make([]int, len(pads))
	for i := range size {
		places := (size[i] + strides[i] - 1) / strides[i]
		total := max((places-1)*strides[i]+(kernel[i]-1)*dilations[i]+1-size[i], 0)
		less, more := total/2, total-total/2
		if mode == "SAME_LOWER" {
			less, more = more, less
		}
		out[i], out[i+len(size)] = less, more
	}
	return out, nil
}

// pooled returns the value behind an operator on maps: its sizes are read from the operator.
func (im *importer) pooled(n *node, o nn.Op, params []nn.Param, x *live) error {
	s, err := o.Infer([]nn.Shape{x.shape()})
	if err != nil {
		return unfit(n, err)
	}
	dims := []int{s.N, s.C, s.H, s.W}
	if x.rank() == 3 {
		dims = []int{s.N, s.C, s.W}
	}
	return im.define(n, &live{name: im.emit(n, "", o, params, x), dims: dims, batched: true})
}

// unprocessableAt names the node in an operator's own error.
func unfit(n *node, err error) error {
	return damaged("%s: %v", n, err)
}

func importConv(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	w, err := weight(n, at(in, 1), "weight")
	if err != nil {
		return err
	}
	if len(w.dims) != x.rank() {
		return damaged("%s: its weight is %v for an input of %v", n, w.dims, x.dims)
	}
	s, err := readSlide(n, x, w.dims[2:])
	if err != nil {
		return err
	}
	if k := n.ints("kernel_shape"); k != nil && !slices.Equal(k, w.dims[2:]) {
		return damaged("%s: kernel_shape is %v and the weight %v", n, k, w.dims)
	}
	groups := n.int("group", 1)
	if groups < 1 || w.dims[0] < 1 || w.dims[1] < 1 || w.dims[1]*groups != x.dims[1] || w.dims[0]%groups != 0 {
		return damaged("%s: a weight of %v in %d groups does not fit an input of %v", n, w.dims, groups, x.dims)
	}
	c := op.Conv{
		Out: w.dims[0], Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Extra: s.extra, Dilation: s.dilation,
		Groups: groups, NoBias: at(in, 2).absent(),
	}
	params, err := convParams(n, in, w, s.kernel, c.Out)
	if err != nil {
		return err
	}
	return im.pooled(n, c, params, x)
}

// convParams returns the weight under the kernel's two sizes, and the bias where there is one.
func convParams(n *node, in []operand, w *constant, kernel op.Size, out int) ([]nn.Param, error) {
	params := []nn.Param{{Dims: []int{w.dims[0], w.dims[1], kernel.H, kernel.W}, Data: w.floats}}
	if at(in, 2).absent() {
		return params, nil
	}
	b, err := vector(n, in[2], "bias", out)
	return append(params, b), err
}

func importConvTranspose(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	w, err := weight(n, at(in, 1), "weight")
	if err != nil {
		return err
	}
	if len(w.dims) != x.rank() || w.dims[0] != x.dims[1] {
		return damaged("%s: its weight is %v for an input of %v", n, w.dims, x.dims)
	}
	s, outPad, err := transposedSlide(n, x, w.dims[2:])
	if err != nil {
		return err
	}
	groups := n.int("group", 1)
	if groups < 1 || w.dims[1] < 1 || w.dims[0]%groups != 0 {
		return damaged("%s: a weight of %v in %d groups", n, w.dims, groups)
	}
	c := op.ConvTranspose{
		Out: w.dims[1] * groups, Kernel: s.kernel, Stride: s.stride, Pad: s.pad, Dilation: s.dilation,
		OutPad: outPad, Groups: groups, NoBias: at(in, 2).absent(),
	}
	params, err := convParams(n, in, w, s.kernel, c.Out)
	if err != nil {
		return err
	}
	return im.pooled(n, c, params, x)
}

// transposedSlide resolves auto_pad and output_shape of ConvTranspose: the padding follows from
// the wanted size (ONNX: ConvTranspose).
func transposedSlide(n *node, x *live, kernel []int) (s slide, outPad op.Size, err error) {
	spatial := x.rank() - 2
	mode, want := n.str("auto_pad", "NOTSET"), n.ints("output_shape")
	given := n.attrs["auto_pad"]
	delete(n.attrs, "auto_pad") // readSlide would resolve it as a convolution's
	s, err = readSlide(n, x, kernel)
	if given != nil {
		n.attrs["auto_pad"] = given
	}
	if err != nil {
		return s, outPad, err
	}
	more := orZeros(n.ints("output_padding"), spatial)
	if len(more) != spatial || want != nil && len(want) != spatial {
		return s, outPad, damaged("%s: output_padding is %v and output_shape %v for %d dimensions", n, more, want, spatial)
	}
	for _, v := range append(append([]int{}, more...), want...) {
		if v < 0 || v > maxWindow {
			return s, outPad, damaged("%s: output_padding is %v and output_shape %v", n, more, want)
		}
	}
	outPad = pair(more, 0)
	if want == nil && (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
		for i, d := range x.dims[2:] {
			want = append(want, d*orOnes(n.ints("strides"), spatial)[i])
		}
	}
	if want == nil {
		outPad.H, outPad.W = outPad.H-s.extra.H, outPad.W-s.extra.W
		return s, outPad, nil
	}
	in, target := pair(x.dims[2:], 1), pair(want, 1)
	full := func(in, stride, kernel, dilation, more int) int {
		return (in-1)*stride + more + (kernel-1)*dilation + 1
	}
	totalH := full(in.H, s.stride.H, s.kernel.H, s.dilation.H, outPad.H) - target.H
	totalW := full(in.W, s.stride.W, s.kernel.W, s.dilation.W, outPad.W) - target.W
	s.pad, outPad = split(mode, totalH, totalW, outPad)
	return s, outPad, nil
}

// split shares the padding between begin and end: ONNX gives the odd one to the end for
// SAME_UPPER, else to the begin.
func split(mode string, h, w int, outPad op.Size) (pad, rest op.Size) {
	half := func(total int) int {
		if total < 0 {
			return 0 // the output is larger than the kernels reach
		}
		if mode == "SAME_UPPER" {
			return total / 2
		}
		return total - total/2
	}
	pad = op.Size{H: half(h), W: half(w)}
	// end = total − begin; the engine pads both sides by begin, OutPad makes up for the rest
	return pad, op.Size{H: outPad.H + 2*pad.H - h, W: outPad.W + 2*pad.W - w}
}

// importGemm reads α·A·B + β·C with constant B and C as a fully connected layer.
func importGemm(im *importer, n *node, in []operand) error {
	alpha, beta := n.float("alpha", 1), n.float("beta", 1)
	ta, tb := n.bool("transA", false), n.bool("transB", false)
	a, b, c := at(in, 0), at(in, 1), at(in, 2)
	if err := n.err(); err != nil {
		return err
	}
	if a.live == nil || b.c == nil || ta || !c.absent() && c.c == nil || !c.absent() && !biasLike(c.c, b.c, tb) {
		return im.gemmSteps(n, in, alpha, beta, ta, tb)
	}
	w, err := weight(n, b, "weight B")
	if err != nil {
		return err
	}
	if len(a.dims()) != 2 || len(w.dims) != 2 {
		return damaged("%s: it multiplies %v by %v; both must be matrices", n, a.dims(), w.dims)
	}
	x, err := im.value(n, a)
	if err != nil {
		return err
	}
	x = im.batch(x, n.outputs[0]+"/batch")
	weight := scaled(outIn(w, tb), alpha)
	if weight.Dims[1] != x.dims[1] {
		return damaged("%s: it multiplies %v by %v", n, x.dims, w.dims)
	}
	l := op.Linear{Out: weight.Dims[0], NoBias: c.absent() || beta == 0}
	params := []nn.Param{weight}
	if !l.NoBias {
		bias := nn.Param{Dims: []int{l.Out}, Data: spread(c.c.floats, l.Out)}
		params = append(params, scaled(bias, beta))
	}
	name := im.emit(n, "", l, params, x)
	return im.define(n, &live{name: name, dims: []int{x.dims[0], l.Out}, batched: true})
}

// biasLike says whether C of a Gemm is one number for each output, or one for all.
func biasLike(c, b *constant, transB bool) bool {
	if !c.isFloat() || len(b.dims) != 2 || len(c.dims) > 2 || len(c.dims) == 2 && c.dims[0] != 1 {
		return false
	}
	out := b.dims[1]
	if transB {
		out = b.dims[0]
	}
	return c.len() == out || c.len() == 1
}

// spread repeats a single value.
func spread(data []float32, n int) []float32 {
	if len(data) == n {
		return data
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = data[0]
	}
	return out
}

// outIn returns a matrix as outputs × inputs, which is how it lies when it was transposed.
func outIn(w *constant, already bool) nn.Param {
	if already {
		return nn.Param{Dims: w.dims, Data: w.floats}
	}
	rows, cols := w.dims[0], w.dims[1]
	data := make([]float32, len(w.floats))
	for r := range rows {
		for c := range cols {
			data[c*rows+r] = w.floats[r*cols+c]
		}
	}
	return nn.Param{Dims: []int{cols, rows}, Data: data}
}

func scaled(p nn.Param, by float32) nn.Param {
	if by == 1 {
		return p
	}
	data := make([]float32, len(p.Data))
	for i, v := range p.Data {
		data[i] = v * by
	}
	return nn.Param{Dims: p.Dims, Data: data}
}

// gemmSteps is Gemm where an operand that is usually a weight is computed by the net.
func (im *importer) gemmSteps(n *node, in []operand, alpha, beta float32, ta, tb bool) error {
	var m [2]*live
	for i, turned := range []bool{ta, tb} {
		v, err := im.value(n, at(in, i))
		if err != nil {
			return err
		}
		if v.rank() != 2 {
			return damaged("%s: it multiplies a value of %v; it must be a matrix", n, v.dims)
		}
		m[i] = im.unbatched(v, n.outputs[0]+"/matrix")
		if turned {
			m[i] = im.transpose(m[i], []int{1, 0}, n.outputs[0]+"/transposed")
		}
	}
	if m[0].dims[1] != m[1].dims[0] {
		return damaged("%s: it multiplies %v by %v", n, m[0].dims, m[1].dims)
	}
	suffix := func(last bool, s string) string {
		if last {
			return ""
		}
		return s
	}
	bare := at(in, 2).absent() || beta == 0
	dims := []int{m[0].dims[0], m[1].dims[1]}
	y := &live{dims: dims, name: im.emit(n, suffix(bare && alpha == 1, "/product"), op.MatMul{A: m[0].dims, B: m[1].dims}, nil, m[0], m[1])}
	if alpha != 1 {
		y = y.as(im.emit(n, suffix(bare, "/alpha"), op.Scale{Factor: float64(alpha)}, nil, y))
	}
	if bare {
		return im.define(n, y)
	}
	c, err := im.value(n, in[2])
	if err != nil {
		return err
	}
	if beta != 1 {
		c = c.as(im.emit(n, "/beta", op.Scale{Factor: float64(beta)}, nil, c))
	}
	return im.combine(n, op.Add{}, operand{live: y}, operand{live: c})
}

// importMatMul multiplies by a constant matrix as a layer: of a vector fully connected, of maps
// whose channels stand last a 1×1 convolution.
func importMatMul(im *importer, n *node, in []operand) error {
	a, b := at(in, 0), at(in, 1)
	if a.live != nil && b.c != nil && b.c.isFloat() && len(b.c.dims) == 2 {
		w := outIn(b.c, false)
		v := a.live
		switch {
		case v.perm == nil && v.batched && v.rank() == 2 && v.dims[1] == w.Dims[1]:
			name := im.emit(n, "", op.Linear{Out: w.Dims[0], NoBias: true}, []nn.Param{w}, v)
			return im.define(n, &live{name: name, dims: []int{v.dims[0], w.Dims[0]}, batched: true})
		case v.channelsLast() && v.dims[3] == w.Dims[1]:
			c := op.Conv{Out: w.Dims[0], Kernel: op.Square(1), NoBias: true}
			w.Dims = []int{w.Dims[0], w.Dims[1], 1, 1}
			name := im.emit(n, "", c, []nn.Param{w}, v)
			dims := []int{v.dims[0], v.dims[1], v.dims[2], c.Out}
			return im.define(n, &live{name: name, dims: dims, perm: v.perm, batched: true})
		}
	}
	var m [2]*live
	for i := range m {
		v, err := im.value(n, at(in, i))
		if err != nil {
			return err
		}
		m[i] = v
	}
	// The batch may stay where both have it in front of their matrices.
	x, y := m[0], m[1]
	together := x.batched && x.rank() > 2 && (y.batched && y.rank() == x.rank() && y.dims[0] == x.dims[0] || !y.batched && y.rank() <= 2)
	if !together {
		x, y = im.unbatched(x, n.outputs[0]+"/a"), im.unbatched(y, n.outputs[0]+"/b")
	}
	o := op.MatMul{A: x.sample(), B: y.sample()}
	s, err := o.Infer([]nn.Shape{x.shape(), y.shape()})
	if err != nil {
		return unfit(n, err)
	}
	dims, err := matmulDims(n, x.dims, y.dims)
	if err != nil {
		return err
	}
	v := &live{dims: dims, batched: together, name: im.emit(n, "", o, nil, x, y)}
	if v.shape() != s {
		return damaged("%s: it multiplies %v by %v", n, x.dims, y.dims)
	}
	return im.define(n, v)
}

// channelsLast says that the value is N×H×W×C to the file and N×C×H×W to the engine.
func (v *live) channelsLast() bool {
	return v.batched && slices.Equal(v.perm, []int{0, 2, 3, 1})
}

// matmulDims returns the sizes of a product in NumPy's sense.
func matmulDims(n *node, a, b []int) ([]int, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, damaged("%s: it multiplies %v by %v", n, a, b)
	}
	var tail []int
	if len(a) > 1 {
		tail = append(tail, a[len(a)-2])
	}
	if len(b) > 1 {
		tail = append(tail, b[len(b)-1])
	}
	lead, err := broadcast(n, a[:max(len(a)-2, 0)], b[:max(len(b)-2, 0)])
	return append(lead, tail...), err
}
