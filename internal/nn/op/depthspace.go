package op

import "vizserver/internal/nn"

// DepthToSpace moves channels into blocks of Block×Block places (sub-pixel convolution):
//
//	y[n, c, y·b+i, x·b+j] = x[n, (i·b + j)·C/b² + c, y, x], and with CRD x[n, c·b² + i·b + j, y, x]
//
// Input N×C×H×W, output N×(C/b²)×(H·b)×(W·b). Shi et al., CVPR 2016. ONNX: DepthToSpace, mode
// DCR or CRD; PyTorch: PixelShuffle is CRD.
type DepthToSpace struct {
	Block int
	CRD   bool // the channels' order is column, row, depth; else depth, column, row
}

// Kind names the operator.
func (DepthToSpace) Kind() string { return "DepthToSpace" }

// Infer demands channels that the block's places divide.
func (d DepthToSpace) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(d.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s, b := in[0], d.Block
	if b < 1 || b > s.C || s.C%(b*b) != 0 {
		return nn.Shape{}, wrong(d.Kind(), s, "channels that %d², the places of a block, divides", b)
	}
	return nn.Shape{N: s.N, C: s.C / (b * b), H: s.H * b, W: s.W * b}, nil
}

// Params is empty.
func (DepthToSpace) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (d DepthToSpace) blocks() blocks { return blocks{d.Block, d.CRD} }

// Forward copies every value to its place.
func (d DepthToSpace) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	d.blocks().each(in[0].Shape, func(deep, flat int) { out.Data[flat] = in[0].Data[deep] })
}

// Backward adds the gradient from its place.
func (d DepthToSpace) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	d.blocks().each(g.X[0].Shape, func(deep, flat int) { g.DX[0].Data[deep] += g.DY.Data[flat] })
}

// Sees returns the blocks' places and the channels that stand in them.
func (d DepthToSpace) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return d.blocks().deep(in[0].C, out)
}

// Feeds returns the channels' places in the blocks.
func (d DepthToSpace) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return d.blocks().flat(in[0].C, area)
}

// Slide says that Block places stand for one.
func (d DepthToSpace) Slide([]nn.Shape) [2]nn.Slide {
	s := nn.Slide{Extent: 1, Stride: 1 / float64(d.Block), Pad: (1 - 1/float64(d.Block)) / 2}
	return [2]nn.Slide{s, s}
}

// SpaceToDepth moves blocks of Block×Block places into channels: the inverse of DepthToSpace
// in the same order.
//
//	y[n, (i·b + j)·C + c, y, x] = x[n, c, y·b+i, x·b+j], and with CRD y[n, c·b² + i·b + j, y, x]
//
// Input N×C×H×W, output N×(C·b²)×(H/b)×(W/b). ONNX: SpaceToDepth; PyTorch: PixelUnshuffle is CRD.
type SpaceToDepth struct {
	Block int
	CRD   bool // the channels' order is column, row, depth; else depth, column, row
}

// Kind names the operator.
func (SpaceToDepth) Kind() string { return "SpaceToDepth" }

// Infer demands a map that the block divides.
func (d SpaceToDepth) Infer(in []nn.Shape) (nn.Shape, error) {
	if err := arity(d.Kind(), in, 1); err != nil {
		return nn.Shape{}, err
	}
	s, b := in[0], d.Block
	if b < 1 || s.H%b != 0 || s.W%b != 0 {
		return nn.Shape{}, wrong(d.Kind(), s, "a height and a width that the block's side %d divides", b)
	}
	return nn.Shape{N: s.N, C: s.C * b * b, H: s.H / b, W: s.W / b}, nil
}

// Params is empty.
func (SpaceToDepth) Params([]nn.Shape) []nn.ParamSpec { return nil }

func (d SpaceToDepth) blocks() blocks { return blocks{d.Block, d.CRD} }

// Forward copies every value to its place.
func (d SpaceToDepth) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	d.blocks().each(out.Shape, func(deep, flat int) { out.Data[deep] = in[0].Data[flat] })
}

// Backward adds the gradient from its place.
func (d SpaceToDepth) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	d.blocks().each(g.DY.Shape, func(deep, flat int) { g.DX[0].Data[flat] += g.DY.Data[deep] })
}

// Sees returns the channels' places in the blocks.
func (d SpaceToDepth) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return d.blocks().flat(in[0].C*d.Block*d.Block, out)
}

// Feeds returns the blocks' places and the channels that stand for the area.
func (d SpaceToDepth) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return d.blocks().deep(in[0].C*d.Block*d.Block, area)
}

// Slide steps from block to block.
func (d SpaceToDepth) Slide([]nn.Shape) [2]nn.Slide {
	s := nn.Slide{Extent: d.Block, Stride: float64(d.Block)}
	return [2]nn.Slide{s, s}
}

// blocks pairs the values of a deep tensor with those of a flat one, whose blocks of side×side
// places they are.
type blocks struct {
	side int
	crd  bool
}

// split returns the flat channel and the place in the block that a deep channel is.
func (b blocks) split(channels, ch int) (c, i, j int) {
	n := b.side * b.side
	if b.crd {
		return ch / n, ch % n / b.side, ch % b.side
	}
	c, k := ch%(channels/n), ch/(channels/n)
	return c, k / b.side, k % b.side
}

// each calls do for every value: its place in the deep tensor, of that shape, and in the flat one.
func (b blocks) each(s nn.Shape, do func(deep, flat int)) {
	flat := nn.Shape{N: s.N, C: s.C / (b.side * b.side), H: s.H * b.side, W: s.W * b.side}
	at := 0
	for n := range s.N {
		for ch := range s.C {
			c, i, j := b.split(s.C, ch)
			for y := range s.H {
				row := ((n*flat.C+c)*flat.H+y*b.side+i)*flat.W + j
				for x := range s.W {
					do(at, row+x*b.side)
					at++
				}
			}
		}
	}
}

// deep returns the area of the deep tensor, of so many channels, that holds an area of the flat one.
func (b blocks) deep(channels int, a nn.Area) nn.Area {
	want := map[int]bool{}
	for _, c := range a.Channels {
		want[c] = true
	}
	hit := make([]bool, channels)
	for ch := range channels {
		c, _, _ := b.split(channels, ch)
		hit[ch] = want[c]
	}
	return nn.Area{Channels: trueIndices(hit), Y0: a.Y0 / b.side, Y1: a.Y1 / b.side, X0: a.X0 / b.side, X1: a.X1 / b.side}
}

// flat returns the area of the flat tensor that holds an area of the deep one, of so many channels.
func (b blocks) flat(channels int, a nn.Area) nn.Area {
	hit := make([]bool, channels)
	i0, i1, j0, j1 := b.side, -1, b.side, -1
	for _, ch := range a.Channels {
		c, i, j := b.split(channels, ch)
		hit[c] = true
		i0, i1, j0, j1 = min(i0, i), max(i1, i), min(j0, j), max(j1, j)
	}
	return nn.Area{
		Channels: trueIndices(hit),
		Y0:       a.Y0*b.side + i0, Y1: a.Y1*b.side + i1,
		X0: a.X0*b.side + j0, X1: a.X1*b.side + j1,
	}
}
