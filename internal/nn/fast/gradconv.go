package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// convGrad is the products of matrices that a convolution is: over columns (kernel.Columns) of some
// channels an item, whose number does not depend on the threads.
type convGrad struct {
	s                *steps
	what             convPart
	w                kernel.Columns // of a group
	groups, out      int            // outputs of a group
	batch            int
	perItem, items   int // channels of an item; items of a group
	x, y             []float32
	dx, weight, bias []float32
}

type convPart uint8

const (
	byInput convPart = iota
	byWeight
	forward
)

// Limits of the columns of an item: rows where there are that many channels, and floats.
const (
	gradRows   = 252
	gradFloats = 1 << 18
)

// newConvGrad describes a convolution, but for connection tables.
func (s *steps) newConvGrad(n *nn.Node, c op.Conv) (j *convGrad, ok bool) {
	if c.Table != nil {
		return nil, false
	}
	in, out := s.shapes[n.Inputs[0].Index], s.shapes[n.Output.Index]
	stride, dilation := c.Stride.OrOne(), c.Dilation.OrOne()
	groups := max(c.Groups, 1)
	s.conv = convGrad{
		s: s, groups: groups, out: out.C / groups, batch: in.N,
		w: kernel.Columns{
			C: in.C / groups, H: in.H, W: in.W, OutH: out.H, OutW: out.W, KH: c.Kernel.H, KW: c.Kernel.W,
			SH: stride.H, SW: stride.W, DH: dilation.H, DW: dilation.W, PadT: c.Pad.H, PadL: c.Pad.W,
		},
	}
	return &s.conv, true
}

// run does all items of a part; perItem is the channels of one.
func (j *convGrad) run(what convPart, perItem int) {
	j.what, j.perItem = what, max(1, min(j.w.C, perItem))
	j.items = (j.w.C + j.perItem - 1) / j.perItem
	items := j.items * j.groups
	if what == forward {
		items = j.batch
	}
	if int64(j.w.Rows())*int64(j.w.Places())*int64(j.out*j.groups*j.batch) < smallCost {
		alone{}.Run(items, j)
		return
	}
	j.s.pool.Run(items, j)
}

// Do implements Job.
func (j *convGrad) Do(worker, item int) {
	if j.what == forward {
		j.sample(worker, item)
		return
	}
	group, first := item/j.items, item%j.items*j.perItem
	last := min(first+j.perItem, j.w.C)
	if j.what == byInput {
		j.input(worker, group, first, last)
	} else {
		j.weights(worker, group, first, last)
	}
}

// input adds the gradient by channels first…last−1 of a group: dX = columnsᵀ(Wᵀ·dY).
func (j *convGrad) input(worker, group, first, last int) {
	taps, places := j.w.KH*j.w.KW, j.w.Places()
	rows, plane := (last-first)*taps, j.w.H*j.w.W
	w := j.weight[group*j.out*j.w.Rows()+first*taps:]
	m := kernel.Gemm{M: rows, N: places, K: j.out, LDA: j.w.Rows(), LDB: places, LDC: places, TransA: true}
	need := kernel.GemmScratch
	if !j.w.Plain() {
		need += rows * places
	}
	mem := j.s.memory(worker, need)
	for n := range j.batch {
		dx := j.dx[((n*j.groups+group)*j.w.C+first)*plane:][:(last-first)*plane]
		dy := j.y[(n*j.groups+group)*j.out*places:][:j.out*places]
		if j.w.Plain() {
			m.Add = true
			m.Run(j.s.set, dx, w, dy, mem)
			continue
		}
		m.Run(j.s.set, mem[kernel.GemmScratch:], w, dy, mem[:kernel.GemmScratch])
		part := j.w
		part.C = last - first
		part.AddTo(j.s.set, dx, mem[kernel.GemmScratch:], 0, last-first)
	}
}

// weights adds the gradient by the weights of channels first…last−1: dW = dY·columnsᵀ, several samples
// in one sum.
func (j *convGrad) weights(worker, group, first, last int) {
	taps, places := j.w.KH*j.w.KW, j.w.Places()
	rows, plane := (last-first)*taps, j.w.H*j.w.W
	sample := j.groups * j.w.C * plane
	some := max(1, min(j.batch, gradFloats/(rows*places)))
	dots := kernel.Dots{
		M: j.out, N: rows, K: places, LDA: places, LDB: places, LDC: j.w.Rows(),
		ABlock: j.groups * j.out * places, BBlock: rows * places, Add: true,
	}
	if j.w.Plain() {
		some, dots.BBlock = j.batch, sample
	}
	for n := 0; n < j.batch; n += some {
		dots.Blocks = min(some, j.batch-n)
		x := j.x[n*sample+(group*j.w.C+first)*plane:]
		if !j.w.Plain() {
			columns := j.s.memory(worker, some*rows*places)
			for b := range dots.Blocks {
				part := j.w
				part.C = last - first
				part.From(j.s.set, columns[b*rows*places:], x[b*sample:], 0, rows)
			}
			x = columns
		}
		dy := j.y[(n*j.groups+group)*j.out*places:]
		dots.Run(j.s.set, j.weight[group*j.out*j.w.Rows()+first*taps:], dy, x, 0, j.out)
	}
}

// sample is the forward pass of one: Y = W·columns + b.
func (j *convGrad) sample(worker, n int) {
	places, plane := j.w.Places(), j.w.H*j.w.W
	m := kernel.Gemm{M: j.out, N: places, K: j.w.Rows(), LDA: j.w.Rows(), LDB: places, LDC: places, Add: j.bias != nil}
	need := kernel.GemmScratch
	if !j.w.Plain() {
		need += j.w.Rows() * places
	}
	mem := j.s.memory(worker, need)
	for group := range j.groups {
		at := n*j.groups + group
		y := j.y[at*j.out*places:][:j.out*places]
		for o := range j.out {
			if j.bias != nil {
				fill(y[o*places:(o+1)*places], j.bias[group*j.out+o])
			}
		}
		x := j.x[at*j.w.C*plane:][:j.w.C*plane]
		if !j.w.Plain() {
			columns := mem[kernel.GemmScratch:]
			j.w.From(j.s.set, columns, x, 0, j.w.Rows())
			x = columns
		}
		m.Run(j.s.set, y, j.weight[group*j.out*j.w.Rows():], x, mem[:kernel.GemmScratch])
	}
}

// convBackward adds the gradients by input, weight and bias.
func (s *steps) convBackward(st nn.State, n *nn.Node, c op.Conv, g *nn.Grad) bool {
	j, ok := s.newConvGrad(n, c)
	if !ok {
		return false
	}
	taps, places := j.w.KH*j.w.KW, j.w.Places()
	j.y = g.DY.Data
	if g.DX[0] != nil {
		j.dx, j.weight = g.DX[0].Data, g.Params[0]
		j.run(byInput, min(gradRows/taps, gradFloats/(taps*places)))
	}
	if g.DP[0] != nil {
		j.x, j.weight = s.read(st, n.Inputs[0]), g.DP[0]
		j.run(byWeight, min(gradRows/taps, gradFloats/(taps*places)))
	}
	if len(g.DP) > 1 && g.DP[1] != nil {
		if len(s.ones) < places {
			s.ones = make([]float32, places)
			fill(s.ones, 1)
		}
		d := kernel.Dots{
			M: j.out * j.groups, N: 1, K: places, LDA: places, LDB: places, LDC: 1,
			Blocks: j.batch, ABlock: j.out * j.groups * places, Add: true,
		}
		d.Run(s.set, g.DP[1], g.DY.Data, s.ones, 0, d.M)
	}
	return true
}
