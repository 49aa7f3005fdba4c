package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// steps computes nodes on planar values by products of matrices: backward passes of all programs of
// this package, and the forward pass of those of CompilePlanar.
type steps struct {
	set    *kernel.Set
	pool   Pool
	shapes []nn.Shape  // by value, with the batch
	mem    [][]float32 // by worker: scratch memory
	value  []float32   // a value of the forward pass
	ones   []float32

	conv convGrad // the job at work
	plan *program // of a blocked program; nil: values are planar
}

// NewSteps returns the memory of one Backprop over blocked values.
func (p *program) NewSteps() nn.Steps {
	s := newSteps(p.set, p.pool, p.shapes)
	s.plan = p
	return s
}

// CompilePlanar is an nn.Compiler whose programs read the weights anew in every run, as training
// needs it: the reference's, with the kernels of this package for the nodes that cost time.
func (o Options) CompilePlanar(m *nn.Model, batch int) (nn.Program, error) {
	set, pool := o.Set, o.Pool
	if set == nil {
		set = kernel.Sets()[0]
	}
	if pool == nil {
		pool = alone{}
	}
	return nn.Planar(func(shapes []nn.Shape) nn.Steps { return newSteps(set, pool, shapes) })(m, batch)
}

func newSteps(set *kernel.Set, pool Pool, shapes []nn.Shape) *steps {
	return &steps{set: set, pool: pool, shapes: shapes, mem: make([][]float32, pool.Workers())}
}

// Begin wakes the pool.
func (s *steps) Begin() { s.pool.Wake() }

// End lets it rest.
func (s *steps) End() { s.pool.Rest() }

// memory returns n floats of a worker.
func (s *steps) memory(worker, n int) []float32 {
	if len(s.mem[worker]) < n {
		s.mem[worker] = kernel.Aligned(n)
	}
	return s.mem[worker][:n]
}

// read returns a value of the forward pass, planar. It is valid until the next read.
func (s *steps) read(st nn.State, v *nn.Value) []float32 {
	if s.plan == nil {
		return st.Tensor(v).Data
	}
	if at := &s.plan.places[v.Index]; at.stored && at.buf != none {
		return st.Tensor(v).Data
	}
	shape := s.shapes[v.Index]
	if len(s.value) < shape.Len() {
		s.value = make([]float32, shape.Len())
	}
	for n := range shape.N {
		r := nn.Whole(shape)
		r.N = n
		st.Read(v, s.value[n*shape.Sample():], r)
	}
	return s.value[:shape.Len()]
}

// Backward does the steps of convolutions, fully connected layers, clamps, pools, batch
// normalisation, sums, concatenations and flattening.
func (s *steps) Backward(st nn.State, n *nn.Node, g *nn.Grad) bool {
	if c, ok := clampOf(n.Op); ok {
		if g.DX[0] != nil {
			kernel.GateClamp(s.set, g.DX[0].Data, g.DY.Data, s.read(st, n.Output), c)
		}
		return true
	}
	switch o := n.Op.(type) {
	case op.Conv:
		return s.convBackward(st, n, o, g)
	case op.Linear:
		s.linearBackward(st, n, g)
	case op.MaxPool:
		if g.DX[0] != nil {
			w := poolWindow(o.Kernel, o.Stride, o.Pad, o.Extra, o.Dilation)
			maxBackward(s.set, &w, g.DX[0], g.DY, s.read(st, n.Inputs[0]))
		}
	case op.GlobalAvgPool:
		s.meanBackward(g)
	case op.BatchNorm:
		if g.DP[0] != nil || g.DP[1] != nil {
			return false
		}
		s.affineBackward(foldBN(o, g.Params).scale, g)
	case op.Add:
		return s.sumBackward(n, g)
	case op.Concat:
		s.concatBackward(n, g)
	case op.Flatten:
		s.add(g.DX[0], g.DY)
	default:
		return false
	}
	return true
}

func (s *steps) add(dx, dy *nn.Tensor) {
	if dx != nil {
		kernel.AddScaled(s.set, dx.Data, dy.Data, 1)
	}
}

func (s *steps) sumBackward(n *nn.Node, g *nn.Grad) bool {
	for _, v := range n.Inputs {
		if s.shapes[v.Index] != g.DY.Shape {
			return false
		}
	}
	for _, dx := range g.DX {
		s.add(dx, g.DY)
	}
	return true
}

func (s *steps) concatBackward(n *nn.Node, g *nn.Grad) {
	for b := range g.DY.Shape.N {
		at := 0
		for i, v := range n.Inputs {
			size := s.shapes[v.Index].Sample()
			if dx := g.DX[i]; dx != nil {
				kernel.AddScaled(s.set, dx.Sample(b), g.DY.Sample(b)[at:at+size], 1)
			}
			at += size
		}
	}
}

// affineBackward multiplies the gradient of each channel by its scale.
func (s *steps) affineBackward(scale []float32, g *nn.Grad) {
	for n := range g.DY.Shape.N {
		for c, k := range scale {
			kernel.AddScaled(s.set, g.DX[0].Plane(n, c), g.DY.Plane(n, c), k)
		}
	}
}

// meanBackward spreads the gradient of each map's mean over the map.
func (s *steps) meanBackward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	k := 1 / float32(g.DX[0].Shape.Plane())
	for i, d := range g.DY.Data {
		d *= k
		plane := g.DX[0].Data[i*g.DX[0].Shape.Plane():][:g.DX[0].Shape.Plane()]
		for j := range plane {
			plane[j] += d
		}
	}
}

// linearBackward adds dX = dY·W, dW = dYᵀ·X and the sums of dY.
func (s *steps) linearBackward(st nn.State, n *nn.Node, g *nn.Grad) {
	batch, out := g.DY.Shape.N, g.DY.Shape.C
	in := s.shapes[n.Inputs[0].Index].C
	if g.DX[0] != nil {
		m := kernel.Gemm{M: batch, N: in, K: out, LDA: out, LDB: in, LDC: in, Add: true}
		m.Run(s.set, g.DX[0].Data, g.DY.Data, g.Params[0], s.memory(0, kernel.GemmScratch))
	}
	if g.DP[0] != nil {
		m := kernel.Gemm{M: out, N: in, K: batch, LDA: out, LDB: in, LDC: in, TransA: true, Add: true}
		m.Run(s.set, g.DP[0], g.DY.Data, s.read(st, n.Inputs[0]), s.memory(0, kernel.GemmScratch))
	}
	if len(g.DP) > 1 && g.DP[1] != nil {
		for b := range batch {
			kernel.AddScaled(s.set, g.DP[1], g.DY.Sample(b), 1)
		}
	}
}
